"""Who is next: a fair queue of what viewers asked for, one request running at a time.

A state machine without processes or threads of its own. Viewers call `submit`, `status`, `cancel`,
`left` and `returned`; whoever does the work calls `take`, `show`, `end`, `give_way` and `died`.

The same request of several viewers is one job: all see the same, and the last one to leave stops it.
A job's turn is that of whoever of its viewers has waited longest. Jobs that are patient (studies)
come after all that are not, and give way when one of those arrives.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from maskdemo.experiment import Experiment
from maskdemo.server.job import Job, Place, QueueFull, Status
from maskdemo.server.pace import Pace
from maskdemo.server.requests import Request, kind_of

#: Unfinished results (of cancelled or failed jobs) that are kept for whoever asked for them.
UNFINISHED_KEPT = 8


@dataclass
class Queue:
    """Every method may be called from any thread and returns at once.

    capacity: how many jobs may wait. grace: seconds for which a viewer who left may come back.
    remembered: how many ended jobs are kept for their viewers.
    """

    capacity: int = 32
    grace: float = 5.0
    clock: Callable[[], float] = time.monotonic
    remembered: int = 64
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        if self.capacity < 0 or self.remembered < 1 or not self.grace >= 0:
            raise ValueError("A queue needs room for a result and no negative numbers.")
        # Reentrant: a finalizer may call in from inside.
        self._lock = threading.RLock()
        self._places: OrderedDict[tuple[str, str], Place] = OrderedDict()  # last seen last
        self._running: Job | None = None
        self._leaving: dict[str, float] = {}  # deadlines
        self._ahead: OrderedDict[str, Experiment] = OrderedDict()
        self._turns = 0

    # What viewers do.

    def submit(self, viewer: str, request: Request) -> None:
        """Queue a request in place of the viewer's earlier one of its kind; or join an equal one.

        A viewer who asks for something else while waiting keeps the turn, which has not been used.
        Raises QueueFull if no place is left; nothing has changed then.
        """
        with self._lock:
            self.sweep()
            at = (viewer, kind_of(request))
            earlier = self._places.get(at)
            if earlier is not None and earlier.going and earlier.job.request == request:
                return
            job = self._to_join(request)
            if job is None:
                self._check_room(earlier)
                job = Job(request)
            self._turns += 1
            kept = earlier is not None and earlier.going and earlier.job.phase == "queued"
            since = earlier.since if earlier is not None and kept else self._turns
            self._leave(at)
            self._places[at] = Place(job, since)
            self._places.move_to_end(at)
            self._ahead.pop(viewer, None)  # the job itself now does whatever it needs
            self._trim()

    def status(self, viewer: str, kind: str) -> Status[Any]:
        """The viewer's job of that kind as it is now; cheap enough to poll."""
        with self._lock:
            self.sweep()
            place = self._places.get((viewer, kind))
            if place is None:
                return Status()
            self._places.move_to_end((viewer, kind))
            if place.left is not None:
                return place.left
            job, position, seconds, viewers = place.job, None, None, 1
            if job.phase == "queued":
                waiting = self._waiting()
                position = waiting.index(job) + 1
                seconds = self._seconds_before(waiting[: position - 1], job)
            elif job.phase == "running":
                seconds, viewers = self._seconds_left(job), len(self._viewers_of(job))
            return Status(job.phase, position, seconds, job.newest, job.error, job.notice, viewers)

    def seconds_for(self, request: Request) -> float | None:
        """About how long all of it takes, once it runs; None before anything like it was done."""
        with self._lock:
            return self.pace.expected(request)

    def cancel(self, viewer: str, kind: str) -> None:
        """Leave a job; the last one to leave stops it. What was shown until now stays."""
        with self._lock:
            self.sweep()
            self._leave((viewer, kind))
            self._trim()

    def left(self, viewer: str) -> None:
        """The viewer is gone: after `grace` seconds without `returned`, cancel and forget.

        Nothing but `returned` counts as a return: a page's last script run may still submit.
        """
        with self._lock:
            self.sweep()
            self._leaving.setdefault(viewer, self.clock() + self.grace)

    def returned(self, viewer: str) -> None:
        """The viewer is back: within the grace nothing changes, after it they start afresh."""
        with self._lock:
            self.sweep()
            self._leaving.pop(viewer, None)

    def prepare(self, viewer: str, experiment: Experiment) -> None:
        """Compile this ahead when nothing else is to be done; replaces what the viewer had pending."""
        with self._lock:
            self.sweep()
            self._ahead[viewer] = experiment
            self._ahead.move_to_end(viewer)
            while len(self._ahead) > self.remembered:
                self._ahead.popitem(last=False)

    def forget(self, task: str) -> None:
        """Cancel and forget all that is about this task."""
        with self._lock:
            self._drop([at for at, each in self._places.items() if each.job.request.task == task])

    # What whoever does the work does.

    def take(self) -> Job | None:
        """The next job, from now on running; None while one runs or nobody waits."""
        with self._lock:
            self.sweep()
            if self._running is not None or not (waiting := self._waiting()):
                return None
            job = self._running = waiting[0]
            job.phase, job.began = "running", self.clock()
            return job

    def take_ahead(self, of: str | None = None) -> tuple[str, Experiment] | None:
        """Whose wish to compile ahead now, the newest first; None while there is work to be done.

        of: only a wish of this viewer, whose last one is being compiled.
        """
        with self._lock:
            self.sweep()
            if self._running is not None or self._waiting():
                return None
            viewer = of if of is not None else next(reversed(self._ahead), "")
            return (viewer, self._ahead.pop(viewer)) if viewer in self._ahead else None

    def is_wanted(self, job: Job) -> bool:
        """Whether anybody still waits for it."""
        with self._lock:
            self.sweep()
            return bool(self._viewers_of(job))

    def should_give_way(self, job: Job) -> bool:
        """Whether it is patient and somebody is not."""
        with self._lock:
            self.sweep()
            return job.request.patient and any(not each.request.patient for each in self._waiting())

    def show(self, job: Job, newest: Any, done: float) -> None:
        """All who wait for the job see this from now on."""
        with self._lock:
            if job is self._running and job.going:
                job.show(newest, done)

    def give_way(self, job: Job) -> None:
        """It waits again, in its old turn, and what it has found stays."""
        with self._lock:
            if self._put_down(job):
                job.phase = "queued"

    def died(self, job: Job, why: str) -> None:
        """Its worker died: it begins again before all others, or is given up."""
        with self._lock:
            if self._put_down(job):
                job.lose_worker(why)
                self._trim()

    def end(self, job: Job, *, error: str | None = None, newest: Any = None) -> None:
        """It is finished, or failed with a sentence. newest: what to show in place of the last."""
        with self._lock:
            if not self._put_down(job):
                return
            job.phase = "finished" if error is None else "failed"
            job.error, job.notice = error, None
            if newest is not None:
                job.newest = newest
            if error is None:
                self.pace.learn(job.request, job.ran)
            self._trim()

    def sweep(self) -> None:
        """Cancel and forget what belongs to viewers whose grace is over."""
        with self._lock:
            for viewer in [each for each, end in self._leaving.items() if end <= self.clock()]:
                del self._leaving[viewer]
                self._ahead.pop(viewer, None)
                self._drop([at for at in self._places if at[0] == viewer])

    # From here on the caller holds the lock.

    def _viewers_of(self, job: Job) -> list[Place]:
        return [each for each in self._places.values() if each.job is job and each.left is None]

    def _waiting(self) -> list[Job]:
        """The queue. Who lost a worker comes first, patient ones last, else by who waits longest."""
        since: dict[Job, int] = {}
        for place in self._places.values():
            if place.left is None and place.job.phase == "queued":
                since[place.job] = min(place.since, since.get(place.job, place.since))
        return sorted(since, key=lambda job: (job.request.patient, -job.deaths, since[job]))

    def _to_join(self, request: Request) -> Job | None:
        for place in self._places.values():
            if place.going and place.job.request == request:
                return place.job
        return None

    def _check_room(self, earlier: Place | None) -> None:
        waiting = self._waiting()
        if self._running is None and not waiting:
            return
        alone = earlier is not None and earlier.going and earlier.job.phase == "queued"
        if alone and earlier is not None and len(self._viewers_of(earlier.job)) == 1:
            return  # the one takes the place of the other
        if len(waiting) >= self.capacity + (self._running is None):
            raise QueueFull(
                f"The server is busy and its queue is full ({self.capacity} waiting). "
                "Yours was not started; try again in a moment."
            )

    def _leave(self, at: tuple[str, str]) -> None:
        place = self._places.get(at)
        if place is None or not place.going:
            return
        place.left = Status("cancelled", newest=place.job.newest)
        if not self._viewers_of(place.job):
            place.job.phase = "cancelled"

    def _drop(self, places: list[tuple[str, str]]) -> None:
        for at in places:
            self._leave(at)
            del self._places[at]

    def _put_down(self, job: Job) -> bool:
        """The job does not run any more; whether anybody still waits for it."""
        if job is not self._running:
            return False
        self._running = None
        job.ran += self.clock() - (self.clock() if job.began is None else job.began)
        job.began = None
        return job.going

    def _trim(self) -> None:
        # Live jobs are never forgotten here: the capacity bounds them already.
        idle = [at for at, place in self._places.items() if not place.going]
        for at in idle[: max(0, len(idle) - self.remembered)]:
            del self._places[at]
        there = [place for at in idle if (place := self._places.get(at))]
        unfinished = [place for place in there if place.unfinished]
        for place in unfinished[: max(0, len(unfinished) - UNFINISHED_KEPT)]:
            place.let_go()

    def _seconds_left(self, job: Job) -> float | None:
        ran = job.ran + (0.0 if job.began is None else self.clock() - job.began)
        return self.pace.left(job.request, job.done, ran)

    def _seconds_before(self, ahead: list[Job], job: Job) -> float | None:
        total = 0.0
        running = self._running
        if running is not None and (job.request.patient or not running.request.patient):
            ahead = [running, *ahead]
        for each in ahead:
            seconds = self._seconds_left(each)
            if seconds is None:
                return None
            total += seconds
        return total
