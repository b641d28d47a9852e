"""Jobs in the queue: the viewers who wait for each, how far it is, whose turn it is, and who is away.

A job's turn is that of whoever of its viewers has waited longest. Viewers take turns: a viewer whose
job begins goes to the back with what else that viewer has waiting of the same `background`, so that
nobody waits for two jobs of another.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Generic, Literal, TypeVar

from maskdemo.data.tasks import Task
from maskdemo.server.work import Work

T = TypeVar("T")
Phase = Literal["idle", "queued", "running", "finished", "cancelled", "failed"]
#: A viewer and a kind of work, of which a viewer has one job at a time.
Key = tuple[str, str]
#: Workers that a job may lose before it is given up.
MAX_DEATHS = 2
#: What a viewer is told of a job whose worker has died: until something new has come of it, and then.
BEGINS_AGAIN, HAS_BEGUN_AGAIN = "It begins again by itself.", "It has begun again by itself."
#: Unfinished results (of cancelled or failed jobs) that are kept for whoever asked for them.
UNFINISHED_KEPT = 8
#: Steps of a job's progress by which its pace is judged.
MAX_STEPS = 16
#: Seconds without a connection after which a viewer's work gives way to that of viewers who are there:
#: most breaks of a connection are over by then.
AWAY_S = 5.0


@dataclass(frozen=True)
class Status(Generic[T]):
    """How a viewer's request stands, at one moment; "idle" without one.

    position: 1 is next; only while queued. seconds: about how long until it begins (queued) or ends
    (running), None if unknown. newest: the result so far. error: a sentence, when failed. notice: a
    sentence on something that happened and mended itself. viewers: how many share the job, while it
    runs. work: what was asked for.
    """

    phase: Phase = "idle"
    position: int | None = None
    seconds: float | None = None
    newest: T | None = None
    error: str | None = None
    notice: str | None = None
    viewers: int = 1
    work: Work | None = field(default=None, compare=False)

    @property
    def active(self) -> bool:
        """Whether the work waits or runs."""
        return self.phase in ("queued", "running")


@dataclass(eq=False)
class Job:
    """Work in the queue, for all viewers who wait for it.

    newest: the result so far. done: the share (0 to 1) of the work that is done. deaths: workers that
    died of it. began: when this turn began, while it runs. ran: seconds in earlier turns, of work that
    goes on where they left it. steps: when `done` rose in this turn, and to what.
    """

    work: Work
    phase: Phase = "queued"
    newest: Any = None
    done: float = 0.0
    error: str | None = None
    notice: str | None = None
    deaths: int = 0
    began: float | None = None
    ran: float = 0.0
    steps: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MAX_STEPS))

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.phase in ("queued", "running")

    def begin(self, now: float) -> None:
        """Note that the job runs, with no `steps` yet. now: by the queue's clock, in seconds."""
        self.phase, self.began = "running", now
        self.steps.clear()

    def keep_newest(self, newest: Any, done: float, now: float) -> None:
        """Keep the result and `done`, whose first value and each rise are a step.

        A new result replaces `BEGINS_AGAIN` in the notice by `HAS_BEGUN_AGAIN`.
        """
        if not self.steps or done > self.steps[-1][1]:
            self.steps.append((now, done))
        if self.notice and newest is not self.newest:
            self.notice = self.notice.replace(BEGINS_AGAIN, HAS_BEGUN_AGAIN)
        self.newest, self.done = newest, done

    def requeue(self, why: str | None = None) -> None:
        """Queue the job, `done` and `ran` 0 unless it resumes. why: for the notice; None: unchanged."""
        self.phase = "queued"
        if not self.work.resumes:
            self.done = self.ran = 0.0
        if why is not None:
            self.notice = f"{why} {BEGINS_AGAIN}"

    def lose_worker(self, why: str) -> None:
        """Let the job wait again, or fail at the worker number `MAX_DEATHS`. why: how it died."""
        self.deaths += 1
        if self.deaths < MAX_DEATHS:
            self.requeue(why)
        else:
            self.fail(f"{why} It happened {self.deaths} times, so this was given up.")

    def fail(self, error: str) -> None:
        """End the job with an error, a sentence, and without a notice."""
        self.phase, self.error, self.notice = "failed", error, None


@dataclass(eq=False)
class Request:
    """A viewer's request for work of one kind.

    turn: its number; the lowest has waited longest. cancelled: phase and result, once cancelled.
    """

    job: Job
    turn: int
    cancelled: Status[Any] | None = None

    @property
    def active(self) -> bool:
        """Whether the viewer still waits for the job."""
        return self.cancelled is None and self.job.active


@dataclass
class Presence:
    """The viewers who have left, each with the time. Not thread-safe.

    grace: seconds for which a viewer who left may come back.
    """

    grace: float
    clock: Callable[[], float]
    _left: dict[str, float] = field(default_factory=dict)

    def leave(self, viewer: str) -> None:
        """Note that the viewer's connection is closed; the first time counts."""
        self._left.setdefault(viewer, self.clock())

    def come(self, viewer: str) -> None:
        """Note that the viewer is there."""
        self._left.pop(viewer, None)

    def has_left(self, viewer: str) -> bool:
        """Whether the viewer's connection is closed."""
        return viewer in self._left

    def is_away(self, viewer: str) -> bool:
        """Whether the viewer has left for `AWAY_S` seconds or more."""
        return viewer in self._left and self.clock() - self._left[viewer] >= AWAY_S

    def give_up(self, viewer: str) -> None:
        """End the grace of a viewer who has left, if so: another session has taken over."""
        if viewer in self._left:
            self._left[viewer] = -inf

    def pop_gone(self) -> list[str]:
        """Return, and forget, the viewers who have left for the grace or longer."""
        now = self.clock()
        gone = [viewer for viewer, left in self._left.items() if now - left >= self.grace]
        for viewer in gone:
            del self._left[viewer]
        return gone


class Requests:
    """The viewers' requests, by viewer and kind of work. Not thread-safe.

    presence: which viewers are there. remembered: how many requests of ended jobs are kept.
    """

    def __init__(self, presence: Presence, remembered: int) -> None:
        self._presence, self._remembered = presence, remembered
        self._requests: OrderedDict[Key, Request] = OrderedDict()  # last seen last
        self._turns = 0

    def find(self, key: Key) -> Request | None:
        """Return the viewer's request of this kind, None without one."""
        return self._requests.get(key)

    def touch(self, key: Key) -> Request | None:
        """Return what `find` does, and let `trim` forget this request after all others."""
        if key in self._requests:
            self._requests.move_to_end(key)
        return self._requests.get(key)

    def put(self, key: Key, job: Job, turn_of: Iterable[str] = ()) -> None:
        """Request a job for a viewer, whose earlier request of this kind is cancelled; then `trim`.

        Its turn is that of the earlier request, if its job is still queued, else the lowest of
        the viewers `turn_of`, who asked for the same job, else the last.
        """
        earlier = self._requests.get(key)
        turns = [self._requests[viewer, key[1]].turn for viewer in turn_of]
        if earlier is not None and earlier.active and earlier.job.phase == "queued":
            turns = [earlier.turn]
        turn = min(turns) if turns else self._next_turn()
        self.cancel(key)
        self._requests[key] = Request(job, turn)
        self._requests.move_to_end(key)
        self.trim()

    def cancel(self, key: Key) -> None:
        """Cancel the viewer's active request, if any, at once its job if left by all; results stay."""
        request = self._requests.get(key)
        if request is None or not request.active:
            return
        request.cancelled = Status("cancelled", newest=request.job.newest)
        if not self.viewers_of(request.job):
            request.job.phase = "cancelled"

    def drop(self, *, viewer: str | None = None, own: Task | None = None) -> tuple[str, ...]:
        """Cancel and forget the requests of a viewer, or all that are about an uploaded task.

        Returns each lost request's kind of work: of active ones, and of any without `result_kept`.
        """
        lost = []
        for key, request in list(self._requests.items()):
            if key[0] == viewer or (own is not None and request.job.work.own is own):
                if request.active or not request.job.work.result_kept:
                    lost.append(key[1])
                self.cancel(key)
                del self._requests[key]
        return tuple(lost)

    def job_of(self, work: Work) -> Job | None:
        """Return the active job of equal work, None without one."""
        active = (each.job for each in self._requests.values() if each.active)
        return next((job for job in active if job.work == work), None)

    def viewers_of(self, job: Job) -> list[str]:
        """Return the viewers who have asked for a job and have not cancelled."""
        requests = self._requests.items()
        return [viewer for (viewer, _), each in requests if each.job is job and each.cancelled is None]

    def is_away(self, job: Job) -> bool:
        """Whether all viewers of the job who have not cancelled are away; True without any."""
        return all(self._presence.is_away(each) for each in self.viewers_of(job))

    def rank(self, job: Job) -> tuple[bool, bool]:
        """Return (all viewers are away, background): a lower rank comes first, whatever the turn."""
        return self.is_away(job), job.work.background

    def waiting(self) -> list[Job]:
        """Return the queued jobs, the next first: by rank, then those of most deaths, then by turn."""
        turns: dict[Job, int] = {}
        for request in self._requests.values():
            if request.cancelled is None and request.job.phase == "queued":
                turns[request.job] = min(request.turn, turns.get(request.job, request.turn))
        return sorted(turns, key=lambda job: (*self.rank(job), -job.deaths, turns[job]))

    def move_others_back(self, job: Job) -> None:
        """Give its viewers' queued requests with the same `background` the last turns, in order."""
        viewers, background = set(self.viewers_of(job)), job.work.background
        for (viewer, _), request in sorted(self._requests.items(), key=lambda each: each[1].turn):
            alike = request.job.phase == "queued" and request.job.work.background == background
            if viewer in viewers and alike:
                request.turn = self._next_turn()

    def trim(self) -> None:
        """Forget ended requests beyond `remembered`, first those not touched for longest.

        Of the others, unfinished ones beyond `UNFINISHED_KEPT` lose their result, in the same order.
        """
        idle = [key for key, request in self._requests.items() if not request.active]
        excess = max(0, len(idle) - self._remembered)
        for key in idle[:excess]:
            del self._requests[key]
        kept = [self._requests[key] for key in idle[excess:]]
        unfinished = [each for each in kept if each.cancelled or each.job.phase != "finished"]
        for request in unfinished[:-UNFINISHED_KEPT]:
            if request.cancelled:
                request.cancelled = Status("cancelled")
            else:
                request.job.newest = None

    def _next_turn(self) -> int:
        """Return the number of the next turn, larger than all before."""
        self._turns += 1
        return self._turns
