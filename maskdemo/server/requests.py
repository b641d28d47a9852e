"""What a viewer may ask the server for: plain, validated data, equal when it is the same work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from maskdemo.audit.limits import TIMEOUT_S
from maskdemo.experiment import Experiment
from maskdemo.study.grid import Study


@dataclass(frozen=True)
class _Asked:
    """What the queue asks of every request."""

    #: Whether it gives way to requests that are not patient.
    patient: ClassVar[bool] = False
    #: Whether it needs a process in which nothing else has happened.
    clean: ClassVar[bool] = False
    #: Seconds after which its process is ended from outside; None: it may take as long as it does.
    timeout_s: ClassVar[float | None] = None

    @property
    def work(self) -> float:
        """Multiply-adds, an upper estimate; 0 where nothing is known of it."""
        return 0.0

    @property
    def task(self) -> str:
        """The name of what is to be learned, if anything is; somebody may have brought it."""
        return ""


@dataclass(frozen=True)
class Run(_Asked):
    """Train an experiment, and show every epoch."""

    experiment: Experiment

    @property
    def work(self) -> float:
        """Multiply-adds, an upper estimate."""
        return self.experiment.work

    @property
    def task(self) -> str:
        """The name of what is to be learned."""
        return self.experiment.task


@dataclass(frozen=True)
class StudyRun(_Asked):
    """Train the trainings of a study that nobody has trained yet."""

    study: Study

    patient: ClassVar[bool] = True

    @property
    def work(self) -> float:
        """Multiply-adds of the whole study, an upper estimate."""
        return sum(self.study.experiment(cell).work for cell in self.study.cells)

    @property
    def task(self) -> str:
        """The name of what is to be learned."""
        return self.study.base.task


@dataclass(frozen=True)
class Audit(_Asked):
    """Find out whether padding leaks into a Keras model.

    content: a .keras file or a configuration, from anybody. Only the process of the audit reads it.
    """

    content: bytes = field(repr=False)

    #: Its limits stay with the process, which nobody else is to have. It takes the worker's place
    #: rather than one beside it, so that a host of 690 MB never holds TensorFlow twice.
    clean: ClassVar[bool] = True
    timeout_s: ClassVar[float | None] = TIMEOUT_S


def study_to_plain(study: Study) -> dict[str, Any]:
    """A study as what JSON can say, the name of a task that somebody brought included."""
    return {
        "base": study.base.to_json(),
        "vary": study.vary,
        "doses": study.doses,
        "and_vary": study.and_vary,
        "and_doses": study.and_doses,
    }


def study_from_plain(plain: Mapping[str, Any]) -> Study:
    """The study of `study_to_plain`."""
    doses = {name: tuple(plain[name]) for name in ("doses", "and_doses")}
    base = Experiment.from_json(plain["base"])
    return Study(base=base, vary=plain["vary"], and_vary=plain["and_vary"], **doses)


Request = Run | StudyRun | Audit


def kind_of(request: Request) -> str:
    """The name under which a viewer has one request at a time.

    >>> kind_of(Audit(b"{}"))
    'audit'
    """
    return type(request).__name__.lower()
