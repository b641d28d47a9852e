"""The kinds of work that viewers may ask for, a class each: `Run`, `StudyRun`, `Audit`.

What the worker does for them is in `maskdemo.server.worker_jobs`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Any, ClassVar

from maskdemo.audit.resource_limits import TIMEOUT_S
from maskdemo.data.tasks import Task
from maskdemo.experiment import Experiment
from maskdemo.server.worker_messages import grow, grow_findings, pack
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study
from maskdemo.training.snapshot import Snapshot

#: What the worker is told to do, as JSON can say it.
Command = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """Something that the worker can do: plain, validated data, equal when it is the same work.

    It may be begun more than once, where the worker died or another job had its turn.
    """

    #: The name under which a viewer has one job at a time.
    kind: ClassVar[str]
    #: Whether it gives way to work that is not in the background.
    background: ClassVar[bool] = False
    #: Whether it needs a worker that has done nothing else, and that does nothing else afterwards.
    fresh_worker: ClassVar[bool] = False
    #: Whether it goes on where an earlier turn left it, rather than beginning anew.
    resumes: ClassVar[bool] = False
    #: Whether its result is found again when its viewer is gone, by whoever asks for the same.
    result_kept: ClassVar[bool] = True
    #: Seconds after which its process is ended from outside; None: it may take as long as it does.
    timeout_s: ClassVar[float | None] = None

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments that are trained; empty where nothing is."""
        return ()

    @property
    def multiply_adds(self) -> float:
        """An upper estimate of the multiply-adds of the trainings; 0 where nothing trains."""
        return sum(each.work for each in self.experiments)

    @property
    def own(self) -> Task | None:
        """The uploaded task that is trained on; None for a task of our own, or where nothing trains."""
        return next((each.own for each in self.experiments), None)

    @property
    def payload(self) -> bytes:
        """Bytes that go to the worker with the command: the uploaded task, if there is one."""
        return pack(self.own)

    def command(self, result: Any) -> Command:
        """Return the command for the worker, here its "kind". result: of an earlier turn, else None."""
        return {"kind": self.kind}

    def add(self, result: Any, message: Any) -> Any:
        """Return the result with what a message adds: here it is the message. result: None at first."""
        return message

    def progress(self, result: Any) -> float:
        """Return the share (0 to 1) of the work that is behind this result: its `done`."""
        return result.done


@dataclass(frozen=True)
class Run(Work):
    """Train an experiment, and show every epoch. It begins anew each time: its networks are gone."""

    experiment: Experiment

    kind: ClassVar[str] = "run"

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiment."""
        return (self.experiment,)

    def command(self, result: Snapshot | None) -> Command:
        """Return the command with the experiment as JSON under "experiment"."""
        return {"kind": self.kind, "experiment": self.experiment.to_json()}

    def add(self, result: Snapshot | None, message: Snapshot) -> Snapshot:
        """Return the snapshot with what is new in a message. result: None before the first message."""
        return grow(self.experiment, result, message)


@dataclass(frozen=True)
class StudyRun(Work):
    """Train the trainings of a study that nobody has trained yet."""

    study: Study

    kind: ClassVar[str] = "studyrun"
    background: ClassVar[bool] = True
    resumes: ClassVar[bool] = True

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiment of each cell."""
        return tuple(map(self.study.experiment, self.study.cells))

    def command(self, result: Findings | None) -> Command:
        """Return the command: "study", as its link; "outcomes", not trained again; and "reused"."""
        index = {training: number for number, training in enumerate(self.study.trainings())}
        outcomes = {} if result is None else result.outcomes
        return {
            "kind": self.kind,
            "study": self.study.to_params(),
            "outcomes": [[index[each], *astuple(outcome)] for each, outcome in outcomes.items()],
            "reused": None if result is None else result.reused,
        }

    def add(self, result: Findings | None, message: tuple[Findings, dict[int, Any]]) -> Findings:
        """Return the findings with the outcomes of a message. result: None before the first message."""
        return grow_findings(self.study, result, message)

    def progress(self, result: Findings) -> float:
        """Return the share of trainings that have ended."""
        return result.done / result.total


@dataclass(frozen=True)
class Audit(Work):
    """Find out whether padding leaks into a Keras model.

    content: a .keras file or a configuration, from anybody. Only the process of the audit reads it.
    """

    content: bytes = field(repr=False)

    kind: ClassVar[str] = "audit"
    #: Its limits stay with the process, which nobody else is to have. It takes the worker's place
    #: rather than one beside it, so that a host of 690 MB never holds TensorFlow twice.
    fresh_worker: ClassVar[bool] = True
    result_kept: ClassVar[bool] = False
    timeout_s: ClassVar[float | None] = TIMEOUT_S

    @property
    def payload(self) -> bytes:
        """The bytes of the file."""
        return self.content
