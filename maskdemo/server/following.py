"""What the server makes of a job's messages: which order comes next, and the newest that is known.

One class a kind of request. `order` is what the worker is to do now, as plain data, or None when all
is done; `take` adds a message's content. An order may be given again, after the worker has died or
another job had its turn: then what is known already is not done again, where it is worth knowing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any

from maskdemo.article.claims import CLAIMS
from maskdemo.article.measured import Measurements, measure
from maskdemo.article.outcome import ProgramRun
from maskdemo.article.progress import Progress, checks_of, experiments_of
from maskdemo.audit.confined import AuditRun
from maskdemo.server.increments import grow, grow_findings
from maskdemo.server.requests import (
    Audit,
    Claims,
    Costs,
    Program,
    Request,
    Run,
    StudyRun,
    study_to_plain,
)
from maskdemo.server.results import Results
from maskdemo.snapshot import Snapshot
from maskdemo.study.costs import CostTable
from maskdemo.study.findings import Findings

Order = dict[str, Any]


class Following(ABC):
    """How one job is followed. newest: for whoever asked. done: its share (0 to 1)."""

    newest: Any = None
    done = 0.0
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


class ClaimsFollowed(Following):
    """Claims are runs, one after another, and what real Keras says; each is known once it is done."""

    def __init__(self, request: Claims, results: Results, checks: dict[str, Mapping[str, Any]]) -> None:
        self._claims = [CLAIMS[name] for name in request.names]
        self._results, self._checks = results, checks
        self._run: RunFollowed | None = None
        self._total = sum(each.work for each in experiments_of(self._claims, Measurements()))
        self.newest = Progress(Measurements(), "Preparing.")

    def order(self) -> Order | None:
        """See `Following`."""
        self._find()
        found = self.newest.found
        for experiment in experiments_of(self._claims, found):
            self._run = RunFollowed(Run(experiment), self._results)
            self._tell("Training.")
            return self._run.order()
        self._run = None
        checks = checks_of(self._claims, found)
        if not checks:
            self._tell("Measured.")
            return None
        self._tell("Asking Keras.")
        return {"kind": "checks", "names": checks}

    def take(self, content: Any) -> None:
        """See `Following`."""
        if self._run is None:
            name, answer = content
            self._checks[name] = answer
            self._find()
        else:
            self._run.take(content)
        self._tell(self.newest.doing)

    def _find(self) -> None:
        """Add what is known by now, whoever wanted to know it."""
        found = self.newest.found
        for experiment in experiments_of(self._claims, found):
            snapshot = self._results.find(experiment)
            if snapshot is not None:
                found |= Measurements(runs={experiment: measure(snapshot)})
        wanted = checks_of(self._claims, found)
        known = {name: self._checks[name] for name in wanted if name in self._checks}
        self.newest = Progress(found | Measurements(checks=known), self.newest.doing, self.done)

    def _tell(self, doing: str) -> None:
        rest = experiments_of(self._claims, self.newest.found)
        behind = self._total - sum(each.work for each in rest)
        if self._run is not None:
            behind += self._run.done * rest[0].work if rest else 0.0
        self.done = behind / self._total if self._total else 0.0
        self.newest = Progress(self.newest.found, doing, self.done)


class WholeFollowed(Following):
    """One order, whose content is all that is known each time."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def order(self) -> Order | None:
        """See `Following`."""
        return None if self._over else self._order

    def take(self, content: ProgramRun | CostTable | AuditRun) -> None:
        """See `Following`."""
        self.newest = content
        self.done = content.done


def follow(request: Request, results: Results, checks: dict[str, Mapping[str, Any]]) -> Following:
    """The one for this request. checks: what Keras has answered so far, by check."""
    match request:
        case Run():
            return RunFollowed(request, results)
        case StudyRun():
            return StudyFollowed(request)
        case Claims():
            return ClaimsFollowed(request, results, checks)
        case Program():
            return WholeFollowed({"kind": "program", "name": request.name})
        case Costs():
            return WholeFollowed({"kind": "costs", "experiment": request.experiment.to_json()})
        case Audit():
            return WholeFollowed({"kind": "audit", "config": request.config})
