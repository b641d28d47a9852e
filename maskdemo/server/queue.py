"""Who is next: a fair queue of what viewers asked for, one job running at a time.

A state machine without processes or threads of its own. Viewers call `submit`, `status`, `cancel`,
`left` and `returned`; whoever does the work calls `take`, `keep_newest`, `end`, `give_way` and `died`.

The same work for several viewers is one job: all see the same, and the last one to leave stops it.
Whose turn it is, `maskdemo.server.jobs` says. Background jobs (studies) come after all
that are not, and those whose viewers are all away come last; either gives way when a job that comes
before it arrives.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from maskdemo.data.tasks import Task
from maskdemo.errors import QueueFull
from maskdemo.experiment import Experiment
from maskdemo.server.jobs import Job, Presence, Request, Requests, Status
from maskdemo.server.time_left import Durations
from maskdemo.server.work import Work

#: What is told of a job that did so, to viewers who come back.
GAVE_WAY = "The connection was away, so this gave way to others."
MADE_ROOM = "The connection was away and the queue was full, so this was given up for others."

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Queue:
    """The jobs that wait and run, and whose they are. Any thread may call any method; none waits.

    grace: seconds for which a viewer who left may come back. capacity: how many jobs may wait.
    remembered: how many ended jobs are kept for their viewers.
    """

    grace: float
    capacity: int = 32
    clock: Callable[[], float] = time.monotonic
    remembered: int = 64
    durations: Durations = field(default_factory=Durations)

    def __post_init__(self) -> None:
        # Reentrant: a finalizer may call in from inside.
        self._lock = threading.RLock()
        self._presence = Presence(self.grace, self.clock)
        self._requests = Requests(self._presence, self.remembered)
        self._running: Job | None = None
        self._ahead: OrderedDict[str, Experiment] = OrderedDict()
        self._lost: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    # What viewers do.

    def submit(self, viewer: str, work: Work) -> None:
        """Queue work in place of the viewer's earlier work of its kind; or join an equal job.

        Nothing changes if the earlier work is active and equal; else a wish of `prepare` goes too. Who
        asks for something else while waiting keeps the turn. Raises QueueFull, with nothing changed.
        """
        with self._lock:
            self.sweep()
            key = (viewer, work.kind)
            earlier = self._requests.find(key)
            if earlier is not None and earlier.active and earlier.job.work == work:
                return
            job = self._requests.job_of(work)
            if job is None:
                self._check_room(earlier)
                job = Job(work)
            self._requests.put(key, job)
            self._ahead.pop(viewer, None)  # the job itself now does whatever it needs

    def take_over(self, viewer: str, work: Work) -> None:
        """Have a viewer without a request of this kind join an equal active job, if all others left it.

        It keeps its turn. So does a page that is loaded anew: it begins another session.
        """
        with self._lock:
            self.sweep()
            key, job = (viewer, work.kind), self._requests.job_of(work)
            if job is None or self._requests.find(key) is not None:
                return
            viewers = self._requests.viewers_of(job)
            if all(map(self._presence.has_left, viewers)):
                self._requests.put(key, job, turn_of=viewers)

    def status(self, viewer: str, kind: str) -> Status[Any]:
        """Return the status of the viewer's last request of this kind; cheap enough to poll."""
        with self._lock:
            self.sweep()
            request = self._requests.touch((viewer, kind))
            if request is None:
                return Status()
            if request.cancelled is not None:
                return request.cancelled
            job, position, seconds, viewers = request.job, None, None, 1
            if job.phase == "queued":
                waiting = self._requests.waiting()
                position = waiting.index(job) + 1
                seconds = self._seconds_before(waiting[: position - 1], job)
            elif job.phase == "running":
                seconds = self.durations.seconds_left(job, self.clock())
                viewers = len(self._requests.viewers_of(job))
            now = (job.newest, job.error, job.notice, viewers, job.work)
            return Status(job.phase, position, seconds, *now)

    def seconds_for(self, work: Work) -> float | None:
        """Return about how many seconds the work takes; None before work like it was done."""
        with self._lock:
            return self.durations.expected(work)

    def cancel(self, viewer: str, kind: str) -> None:
        """Cancel the viewer's job, which goes on for its other viewers; its results so far stay."""
        with self._lock:
            self.sweep()
            self._requests.cancel((viewer, kind))
            self._requests.trim()

    def left(self, viewer: str) -> None:
        """Note that the viewer is gone: after `grace` seconds without `returned`, cancel and forget.

        Nothing but `returned` counts as a return: a page's last script run may still submit.
        """
        with self._lock:
            self.sweep()
            self._presence.leave(viewer)

    def returned(self, viewer: str) -> None:
        """Note that the viewer is back: nothing changes, but after the grace they start afresh."""
        with self._lock:
            self.sweep()
            self._presence.come(viewer)

    def lost(self, viewer: str) -> tuple[str, ...]:
        """Return the kinds of work that a viewer has lost by not coming back in time; told once.

        First it ends the grace of a viewer who has left: the session that asks has taken the place.
        """
        with self._lock:
            self._presence.give_up(viewer)
            self.sweep()
            return self._lost.pop(viewer, ())

    def prepare(self, viewer: str, experiment: Experiment) -> None:
        """Wish that an experiment is compiled while nobody waits, in place of a viewer's last wish."""
        with self._lock:
            self.sweep()
            self._ahead[viewer] = experiment
            self._ahead.move_to_end(viewer)
            while len(self._ahead) > self.remembered:
                self._ahead.popitem(last=False)

    def forget(self, own: Task) -> None:
        """Cancel and forget all requests and wishes that are about this uploaded task."""
        with self._lock:
            self._requests.drop(own=own)
            for viewer in [name for name, each in self._ahead.items() if each.own is own]:
                del self._ahead[viewer]

    # What whoever does the work does.

    def take(self) -> Job | None:
        """Return the next job, from now on running; None while a job runs or nobody waits.

        Its viewers' other requests go to the back, if as `background` as it is: a run moves no study.
        """
        with self._lock:
            self.sweep()
            if self._running is not None or not (waiting := self._requests.waiting()):
                return None
            job = self._running = waiting[0]
            job.begin(self.clock())
            self._requests.move_others_back(job)
            return job

    def take_ahead(self, of: str | None = None) -> tuple[str, Experiment] | None:
        """Return, and forget, the newest wish to compile ahead: viewer and experiment.

        None without a wish, or while a job runs or waits. of: whose it must be, None for anybody's.
        """
        with self._lock:
            self.sweep()
            if self._running is not None or self._requests.waiting():
                return None
            viewer = of if of is not None else next(reversed(self._ahead), "")
            return (viewer, self._ahead.pop(viewer)) if viewer in self._ahead else None

    def is_wanted(self, job: Job) -> bool:
        """Whether the job has a viewer who has not cancelled it."""
        with self._lock:
            self.sweep()
            return bool(self._requests.viewers_of(job))

    def should_give_way(self, job: Job) -> bool:
        """Whether a waiting job has a lower rank than this running job, whatever their turns."""
        with self._lock:
            self.sweep()
            waiting = self._requests.waiting()
            return bool(waiting) and self._requests.rank(waiting[0]) < self._requests.rank(job)

    def keep_newest(self, job: Job, newest: Any, done: float) -> None:
        """Keep the newest result of a job, if it still runs. done: the share (0 to 1) of its work."""
        with self._lock:
            if job is self._running and job.active:
                job.keep_newest(newest, done, self.clock())

    def give_way(self, job: Job) -> None:
        """Let the job, if it runs, wait again in its turn, with a notice unless it is `background`."""
        with self._lock:
            if self._stop_running(job):
                job.requeue(None if job.work.background else GAVE_WAY)

    def died(self, job: Job, why: str) -> None:
        """Let a job whose worker died wait, before others of its rank, or fail. why: how it died."""
        with self._lock:
            if self._stop_running(job):
                job.lose_worker(why)
                self._requests.trim()

    def end(self, job: Job, *, error: str | None = None, newest: Any = None) -> None:
        """End the running job, failed if there is an `error`, a sentence; if not, learn its duration.

        newest: in place of the last result.
        """
        with self._lock:
            if not self._stop_running(job):
                return
            job.phase = "finished" if error is None else "failed"
            job.error, job.notice = error, None
            if newest is not None:
                job.newest = newest
            if error is None:
                self.durations.learn(job.work, job.ran)
            self._requests.trim()

    def sweep(self) -> None:
        """Cancel and forget what belongs to viewers whose grace is over."""
        with self._lock:
            for viewer in self._presence.pop_gone():
                self._ahead.pop(viewer, None)
                if lost := self._requests.drop(viewer=viewer):
                    log.info("A viewer did not come back in time, so this is lost: %s", lost)
                    self._lost[viewer] = lost
                    while len(self._lost) > self.remembered:
                        self._lost.popitem(last=False)

    # From here on the caller holds the lock.

    def _check_room(self, earlier: Request | None) -> None:
        """Make room for one more job: in a full queue, fail the last if its viewers are all away.

        Raises `QueueFull` if they are not. earlier: the viewer's request that the new one replaces; if
        nobody else waits for its job, that is the room.
        """
        waiting = self._requests.waiting()
        if self._running is None and not waiting:
            return
        alone = earlier is not None and earlier.active and earlier.job.phase == "queued"
        if alone and earlier is not None and len(self._requests.viewers_of(earlier.job)) == 1:
            return  # the one takes the place of the other
        if len(waiting) < self.capacity + (self._running is None):
            return
        if self._requests.is_away(waiting[-1]):
            waiting[-1].fail(MADE_ROOM)
        else:
            raise QueueFull(
                f"The server is busy and its queue is full ({self.capacity} waiting). "
                "Yours was not started; try again in a moment."
            )

    def _stop_running(self, job: Job) -> bool:
        """End the job's turn, added to `ran`; return False if it did not run or had been cancelled."""
        if job is not self._running:
            return False
        assert job.began is not None
        job.ran += self.clock() - job.began
        self._running = job.began = None
        return job.active

    def _seconds_before(self, ahead: list[Job], job: Job) -> float | None:
        """Return seconds left of `ahead`, and of what runs unless `job` stops it; None if unknown."""
        running = self._running
        if running is not None and self._requests.rank(running) <= self._requests.rank(job):
            ahead = [running, *ahead]
        seconds = [self.durations.seconds_left(each, self.clock()) for each in ahead]
        known = [each for each in seconds if each is not None]
        return sum(known, 0.0) if len(known) == len(seconds) else None
