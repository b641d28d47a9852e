"""What a viewer may ask the server for: plain, validated data, equal when it is the same work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from maskdemo.experiment import Experiment
from maskdemo.study.grid import Study


@dataclass(frozen=True)
class Run:
    """Train an experiment, and show every epoch."""

    experiment: Experiment

    #: Whether it gives way to requests that are not patient.
    patient: ClassVar[bool] = False
    #: Whether it needs a process in which nothing else has happened.
    clean: ClassVar[bool] = False

    @property
    def work(self) -> float:
        """Multiply-adds, an upper estimate; 0 where nothing is known of it."""
        return self.experiment.work


@dataclass(frozen=True)
class StudyRun:
    """Train the trainings of a study that nobody has trained yet."""

    study: Study

    patient: ClassVar[bool] = True
    clean: ClassVar[bool] = False

    @property
    def work(self) -> float:
        """Multiply-adds of the whole study, an upper estimate."""
        return sum(self.study.experiment(cell).work for cell in self.study.cells)


@dataclass(frozen=True)
class Claims:
    """Measure what the article's claims of these names need."""

    names: tuple[str, ...]

    patient: ClassVar[bool] = True
    clean: ClassVar[bool] = False
    work: ClassVar[float] = 0.0


@dataclass(frozen=True)
class Program:
    """Run the article's program of this name."""

    name: str

    patient: ClassVar[bool] = False
    clean: ClassVar[bool] = True
    work: ClassVar[float] = 0.0


@dataclass(frozen=True)
class Costs:
    """Time an epoch of each strategy, here and in Keras."""

    experiment: Experiment

    patient: ClassVar[bool] = True
    clean: ClassVar[bool] = True
    work: ClassVar[float] = 0.0


Request = Run | StudyRun | Claims | Program | Costs


def kind_of(request: Request) -> str:
    """The name under which a viewer has one request at a time.

    >>> kind_of(Program("example_1"))
    'program'
    """
    return type(request).__name__.lower()
