"""Who has asked for which job, and whose turn it is.

A job's turn is that of whoever of its viewers has waited longest. Viewers take turns: a viewer whose
job begins goes to the back with whatever else that viewer has waiting, so that nobody waits for two
jobs of another.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from maskdemo.server.jobs import Job, Status, Work
from maskdemo.server.presence import Presence

#: Unfinished results (of cancelled or failed jobs) that are kept for whoever asked for them.
UNFINISHED_KEPT = 8
#: A viewer and a kind of work, of which a viewer has one job at a time.
At = tuple[str, str]


@dataclass(eq=False)
class Place:
    """What a viewer has of one kind. since: when this viewer began to wait, as a number in a row."""

    job: Job
    since: int
    left: Status[Any] | None = None  # as it was when the viewer cancelled

    @property
    def going(self) -> bool:
        """Whether the viewer still waits for it."""
        return self.left is None and self.job.going

    @property
    def unfinished(self) -> bool:
        """Whether it is over and did not come to its end."""
        return not self.going and (self.left is not None or self.job.phase != "finished")

    def let_go(self) -> None:
        """Of what there was to see."""
        if self.left is not None:
            self.left = Status(self.left.phase)
        if not self.job.going:
            self.job.newest = None


class Places:
    """By viewer and kind of work. Not thread-safe.

    presence: which viewers are there. remembered: how many places of ended jobs are kept.
    """

    def __init__(self, presence: Presence, remembered: int) -> None:
        self._presence, self._remembered = presence, remembered
        self._places: OrderedDict[At, Place] = OrderedDict()  # last seen last
        self._turns = 0

    def find(self, at: At) -> Place | None:
        """The viewer's place of that kind, if there is one."""
        return self._places.get(at)

    def look(self, at: At) -> Place | None:
        """The same, which is kept for longer by that."""
        if at in self._places:
            self._places.move_to_end(at)
        return self._places.get(at)

    def put(self, at: At, job: Job) -> None:
        """Give the viewer this job. The turn of one that waits in its place has not been used."""
        earlier = self._places.get(at)
        kept = earlier is not None and earlier.going and earlier.job.phase == "queued"
        since = earlier.since if earlier is not None and kept else self._next_turn()
        self.leave(at)
        self._places[at] = Place(job, since)
        self._places.move_to_end(at)
        self.trim()

    def leave(self, at: At) -> None:
        """The viewer does not wait for it any more; what was seen until now stays."""
        place = self._places.get(at)
        if place is None or not place.going:
            return
        place.left = Status("cancelled", newest=place.job.newest)
        if not self.viewers_of(place.job):
            place.job.phase = "cancelled"

    def drop(self, *, viewer: str | None = None, task: str | None = None) -> tuple[str, ...]:
        """Cancel and forget what belongs to a viewer, or is about a task.

        Returns the kinds of work that are lost by that: they went on, or their result is not kept.
        """
        lost = []
        for at, place in list(self._places.items()):
            if at[0] == viewer or (task is not None and place.job.work.task == task):
                if place.going or not place.job.work.result_kept:
                    lost.append(at[1])
                self.leave(at)
                del self._places[at]
        return tuple(lost)

    def job_of(self, work: Work) -> Job | None:
        """The job that does this already, if one does."""
        going = (each.job for each in self._places.values() if each.going)
        return next((job for job in going if job.work == work), None)

    def viewers_of(self, job: Job) -> list[str]:
        """Who waits for it."""
        places = self._places.items()
        return [viewer for (viewer, _), each in places if each.job is job and each.left is None]

    def is_away(self, job: Job) -> bool:
        """Whether nobody who waits for it is there."""
        return all(self._presence.is_away(each) for each in self.viewers_of(job))

    def rank(self, job: Job) -> tuple[bool, bool]:
        """What comes before all turns: the lowest first."""
        return self.is_away(job), job.work.patient

    def waiting(self) -> list[Job]:
        """The queue: by rank, then who lost a worker comes first, then who waits longest."""
        since: dict[Job, int] = {}
        for place in self._places.values():
            if place.left is None and place.job.phase == "queued":
                since[place.job] = min(place.since, since.get(place.job, place.since))
        return sorted(since, key=lambda job: (*self.rank(job), -job.deaths, since[job]))

    def take_turns(self, job: Job) -> None:
        """The viewers of a job that begins go to the back with what they have waiting beside it."""
        viewers, patient = set(self.viewers_of(job)), job.work.patient
        others = [
            place
            for (viewer, _), place in self._places.items()
            if viewer in viewers and place.job.phase == "queued" and place.job.work.patient == patient
        ]
        for place in sorted(others, key=lambda place: place.since):
            place.since = self._next_turn()

    def trim(self) -> None:
        """Forget what nobody has looked at for longest, but nothing that goes on: that is bounded."""
        idle = [at for at, place in self._places.items() if not place.going]
        for at in idle[: max(0, len(idle) - self._remembered)]:
            del self._places[at]
        there = [place for at in idle if (place := self._places.get(at))]
        unfinished = [place for place in there if place.unfinished]
        for place in unfinished[: max(0, len(unfinished) - UNFINISHED_KEPT)]:
            place.let_go()

    def _next_turn(self) -> int:
        self._turns += 1
        return self._turns
