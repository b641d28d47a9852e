"""What the server makes of a job's messages: which order comes next, and the newest that is known.

One class a kind of request. `order` is what the worker is to do now, as plain data, or None when all
is done; `take` adds a message's content. An order may be given again, after the worker has died or
another job had its turn: then what is known already is not done again, where it is worth knowing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass, replace
from typing import Any

from maskdemo.audit.confined import AuditRun
from maskdemo.server.increments import grow, grow_findings
from maskdemo.server.job import Job
from maskdemo.server.requests import Audit, Request, Run, StudyRun, study_to_plain
from maskdemo.server.results import Results
from maskdemo.snapshot import Snapshot
from maskdemo.study.findings import Findings

Order = dict[str, Any]


class Following(ABC):
    """How one job is followed. newest: for whoever asked. done: its share (0 to 1)."""

    newest: Any = None
    done = 0.0
    #: Bytes that go with each order, as they are.
    payload = b""
    _over = False

    @abstractmethod
    def order(self) -> Order | None:
        """What is to be done next, from now on."""

    @abstractmethod
    def take(self, content: Any) -> None:
        """Something new has come of the order."""

    def ended(self) -> None:
        """The order has come to its own end, without an error."""
        self._over = True


class RunFollowed(Following):
    """A run begins anew with each order: its networks live in the worker."""

    def __init__(self, request: Run, results: Results) -> None:
        self._experiment, self._results = request.experiment, results
        self._so_far: Snapshot | None = None
        self.newest: Snapshot | None = None

    def order(self) -> Order | None:
        """See `Following`."""
        self._so_far = None
        return None if self._over else {"kind": "run", "experiment": self._experiment.to_json()}

    def take(self, content: Snapshot) -> None:
        """See `Following`."""
        self.newest = self._so_far = grow(self._so_far, content)
        self.done = self.newest.done
        self._results.keep(self.newest)


class StudyFollowed(Following):
    """A study goes on with the trainings that are not known yet."""

    def __init__(self, request: StudyRun) -> None:
        self._study = request.study
        self._so_far: Findings | None = None
        self._reused: int | None = None
        self.newest: Findings | None = None

    def order(self) -> Order | None:
        """See `Following`."""
        if self._over:
            return None
        places = {training: at for at, training in enumerate(self._study.trainings())}
        known = {} if self.newest is None else self.newest.outcomes
        self._so_far = None
        return {
            "kind": "study",
            "study": study_to_plain(self._study),
            "known": [[places[training], *astuple(found)] for training, found in known.items()],
        }

    def take(self, content: tuple[Findings, dict[int, Any]]) -> None:
        """See `Following`."""
        self._so_far = grow_findings(self._study, self._so_far, content)
        if self._reused is None:
            self._reused = self._so_far.reused
        # What this job itself has found before it had to wait was not there from the beginning.
        self.newest = replace(self._so_far, reused=self._reused)
        self.done = self.newest.done / self.newest.total


class AuditFollowed(Following):
    """An audit's messages each hold all that is known."""

    def __init__(self, request: Audit) -> None:
        self.payload = request.content
        self.newest: AuditRun | None = None

    def order(self) -> Order | None:
        """See `Following`."""
        return None if self._over else {"kind": "audit"}

    def take(self, content: AuditRun) -> None:
        """See `Following`."""
        self.newest = content
        self.done = content.done


@dataclass
class Doing:
    """The order under way. number: as the worker was given it. told: to stop, or to give way.

    began, heard: when it was given, and when the worker last said anything of it.
    """

    job: Job
    following: Following
    number: int
    began: float
    heard: float
    told: str | None = None

    def is_late(self, now: float) -> str:
        """A sentence once it has taken longer than its request may; empty until then."""
        timeout_s = self.job.request.timeout_s
        if timeout_s is None or now - self.began <= timeout_s:
            return ""
        return f"It took longer than {timeout_s:.0f} seconds, so it was ended."


def follow(request: Request, results: Results) -> Following:
    """The one for this request."""
    match request:
        case Run():
            return RunFollowed(request, results)
        case StudyRun():
            return StudyFollowed(request)
        case Audit():
            return AuditFollowed(request)
