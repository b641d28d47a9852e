"""Jobs in the queue: for whom each is, how far it is, which viewers are there, and whose turn it is.

A job's turn is that of whoever of its viewers has waited longest. Viewers take turns: a viewer whose
job begins goes to the back with whatever else that viewer has waiting, so that nobody waits for two
jobs of another.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
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
#: Seconds without a connection after which a viewer's work gives way to that of viewers who are there:
#: most breaks of a connection are over by then.
AWAY_S = 5.0
#: Seconds for which a viewer who left may come back.
GRACE_S = 120.0
#: Steps of a job's progress by which its pace is judged.
MAX_STEPS = 16


@dataclass(frozen=True)
class Status(Generic[T]):
    """What viewers may know about what they asked for, at one moment.

    position: 1 is next; only while queued. seconds: about how long until it begins (queued) or ends
    (running), None before anything is known. error: one sentence, when failed. notice: one sentence
    on something that happened and mended itself. viewers: how many watch it, while it runs. work: what
    was asked for.
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
        """Whether it waits or runs."""
        return self.phase in ("queued", "running")


@dataclass(eq=False)
class Job:
    """Work in the queue, for all viewers who wait for it.

    newest: the last result that there is to see. done: the share (0 to 1) of the work behind it.
    began: when this turn began, while it runs. ran: seconds in earlier turns, of work that
    goes on where they left it. steps: when more was done in this turn, and the share then done.
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
        """Whether it waits or runs."""
        return self.phase in ("queued", "running")

    def begin(self, now: float) -> None:
        """It has its turn."""
        self.phase, self.began = "running", now
        self.steps.clear()

    def show(self, newest: Any, done: float, now: float) -> None:
        """All who wait for it see this from now on."""
        if not self.steps or done > self.steps[-1][1]:
            self.steps.append((now, done))
        if self.notice and newest is not self.newest:
            self.notice = self.notice.replace(BEGINS_AGAIN, HAS_BEGUN_AGAIN)
        self.newest, self.done = newest, done

    def requeue(self, why: str | None = None) -> None:
        """It waits to begin again. why: a sentence, where its viewers are to be told."""
        self.phase = "queued"
        if not self.work.resumes:
            self.done = self.ran = 0.0
        if why is not None:
            self.notice = f"{why} {BEGINS_AGAIN}"

    def lose_worker(self, why: str) -> None:
        """It waits to begin again, or is given up after `MAX_DEATHS`; why: how its worker died."""
        self.deaths += 1
        if self.deaths < MAX_DEATHS:
            self.requeue(why)
        else:
            self.fail(f"{why} It happened {self.deaths} times, so this was given up.")

    def fail(self, error: str) -> None:
        """It does not go on. error: a sentence."""
        self.phase, self.error, self.notice = "failed", error, None


@dataclass
class Presence:
    """Who has left, and when. Not thread-safe."""

    grace: float = GRACE_S
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, float] = field(default_factory=dict)

    def leave(self, viewer: str) -> None:
        """The viewer's connection is closed; the first time counts."""
        self._left.setdefault(viewer, self.clock())

    def come(self, viewer: str) -> None:
        """The viewer is there."""
        self._left.pop(viewer, None)

    def has_left(self, viewer: str) -> bool:
        """Whether the viewer's connection is closed."""
        return viewer in self._left

    def is_away(self, viewer: str) -> bool:
        """Whether the viewer has left for longer than a short break of the connection."""
        return viewer in self._left and self.clock() - self._left[viewer] >= AWAY_S

    def give_up(self, viewer: str) -> None:
        """A viewer who has left does not come back: another session has taken the place."""
        if viewer in self._left:
            self._left[viewer] = -inf

    def pop_gone(self) -> list[str]:
        """The viewers whose grace is over; from now on nothing is known of them."""
        now = self.clock()
        gone = [viewer for viewer, left in self._left.items() if now - left >= self.grace]
        for viewer in gone:
            del self._left[viewer]
        return gone


@dataclass(eq=False)
class Place:
    """What a viewer has of one kind. since: when this viewer began to wait, as a number in a row."""

    job: Job
    since: int
    cancelled: Status[Any] | None = None  # as it was when the viewer cancelled

    @property
    def active(self) -> bool:
        """Whether the viewer still waits for it."""
        return self.cancelled is None and self.job.active

    @property
    def unfinished(self) -> bool:
        """Whether it is over and did not come to its end."""
        return not self.active and (self.cancelled is not None or self.job.phase != "finished")

    def drop_result(self) -> None:
        """Keep only how it ended."""
        if self.cancelled is not None:
            self.cancelled = Status(self.cancelled.phase)
        elif not self.job.active:
            self.job.newest = None


class Places:
    """By viewer and kind of work. Not thread-safe.

    presence: which viewers are there. remembered: how many places of ended jobs are kept.
    """

    def __init__(self, presence: Presence, remembered: int) -> None:
        self._presence, self._remembered = presence, remembered
        self._places: OrderedDict[Key, Place] = OrderedDict()  # last seen last
        self._turns = 0

    def find(self, key: Key) -> Place | None:
        """The viewer's place of that kind, if there is one."""
        return self._places.get(key)

    def look(self, key: Key) -> Place | None:
        """The same, which is kept for longer by that."""
        if key in self._places:
            self._places.move_to_end(key)
        return self._places.get(key)

    def put(self, key: Key, job: Job) -> None:
        """Give the viewer this job. The turn of one that waits in its place has not been used."""
        earlier = self._places.get(key)
        kept = earlier is not None and earlier.active and earlier.job.phase == "queued"
        since = earlier.since if earlier is not None and kept else self._next_turn()
        self.leave(key)
        self._places[key] = Place(job, since)
        self._places.move_to_end(key)
        self.trim()

    def leave(self, key: Key) -> None:
        """The viewer does not wait for it any more; what was seen until now stays."""
        place = self._places.get(key)
        if place is None or not place.active:
            return
        place.cancelled = Status("cancelled", newest=place.job.newest)
        if not self.viewers_of(place.job):
            place.job.phase = "cancelled"

    def drop(self, *, viewer: str | None = None, own: Task | None = None) -> tuple[str, ...]:
        """Cancel and forget what belongs to a viewer, or is about an uploaded task.

        Returns the kinds of work that are lost by that: they went on, or their result is not kept.
        """
        lost = []
        for key, place in list(self._places.items()):
            if key[0] == viewer or (own is not None and place.job.work.own is own):
                if place.active or not place.job.work.result_kept:
                    lost.append(key[1])
                self.leave(key)
                del self._places[key]
        return tuple(lost)

    def job_of(self, work: Work) -> Job | None:
        """The job that does this already, if one does."""
        active = (each.job for each in self._places.values() if each.active)
        return next((job for job in active if job.work == work), None)

    def viewers_of(self, job: Job) -> list[str]:
        """Who waits for it."""
        places = self._places.items()
        return [viewer for (viewer, _), each in places if each.job is job and each.cancelled is None]

    def is_away(self, job: Job) -> bool:
        """Whether nobody who waits for it is there."""
        return all(self._presence.is_away(each) for each in self.viewers_of(job))

    def rank(self, job: Job) -> tuple[bool, bool]:
        """What comes before all turns: the lowest first."""
        return self.is_away(job), job.work.background

    def waiting(self) -> list[Job]:
        """The queue: by rank, then who lost a worker comes first, then who waits longest."""
        since: dict[Job, int] = {}
        for place in self._places.values():
            if place.cancelled is None and place.job.phase == "queued":
                since[place.job] = min(place.since, since.get(place.job, place.since))
        return sorted(since, key=lambda job: (*self.rank(job), -job.deaths, since[job]))

    def take_turns(self, job: Job) -> None:
        """The viewers of a job that begins go to the back with what they have waiting beside it."""
        viewers, background = set(self.viewers_of(job)), job.work.background
        others = [
            place
            for (viewer, _), place in self._places.items()
            if viewer in viewers
            and place.job.phase == "queued"
            and place.job.work.background == background
        ]
        for place in sorted(others, key=lambda place: place.since):
            place.since = self._next_turn()

    def trim(self) -> None:
        """Forget what nobody has looked at for longest, but nothing that goes on: that is bounded."""
        idle = [key for key, place in self._places.items() if not place.active]
        for key in idle[: max(0, len(idle) - self._remembered)]:
            del self._places[key]
        kept = [place for key in idle if (place := self._places.get(key))]
        unfinished = [place for place in kept if place.unfinished]
        for place in unfinished[: max(0, len(unfinished) - UNFINISHED_KEPT)]:
            place.drop_result()

    def _next_turn(self) -> int:
        self._turns += 1
        return self._turns
