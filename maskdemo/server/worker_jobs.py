"""The worker's part of each kind of work in `maskdemo.server.work`: a stream of results.

TensorFlow is imported by whatever needs it, when it is begun.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from maskdemo.audit.sandbox import audit_in_sandbox
from maskdemo.experiment import Experiment
from maskdemo.loading import load_tensorflow
from maskdemo.machine import own_memory
from maskdemo.results.trainings import TrainingStore
from maskdemo.scenarios import SCENARIOS
from maskdemo.server.work import Audit, Run, StudyRun
from maskdemo.server.worker_limits import MAX_BYTES_FOR_LATER
from maskdemo.server.worker_messages import shrink, shrink_findings, unpack
from maskdemo.study.grid import Study
from maskdemo.study.runner import executor_of, run_study
from maskdemo.training import compile_cache
from maskdemo.training.snapshot import Outcome

#: Seconds between two results that are sent: pages look less often than that.
MIN_INTERVAL_S = 0.2

_STORE_WORKS = threading.Event()
_STORE_WORKS.set()

Stream = Generator[Any, None, None]
#: (newest result, the one that was sent last) -> what is new in it.
Shrink = Callable[[Any, Any], Any]


def begin(command: Mapping[str, Any]) -> tuple[Shrink, Stream]:
    """Return two parts of a job: a function that reduces a result to what is new, and the results.

    command: the bytes behind it are its "payload". Raises ValueError for work of an unknown kind.
    """
    payload = command.get("payload", b"")
    match command["kind"]:
        case Run.kind:
            return shrink, _run(Experiment.from_json(command["experiment"], unpack(payload)))
        case StudyRun.kind:
            study = Study.from_params(command["study"], unpack(payload))
            return shrink_findings, _study(study, command["outcomes"], command["reused"])
        case Audit.kind:
            return lambda newest, sent: newest, audit_in_sandbox(payload)
    raise ValueError("There is no work of this kind.")


def load() -> None:
    """Import TensorFlow and all that trains, once; other threads that call it wait."""
    load_tensorflow()
    import maskdemo.training.run  # noqa: F401


def prepare(command: Mapping[str, Any], stop: Callable[[], bool]) -> None:
    """Compile the programs of the command's experiment, until `stop` returns True."""
    load()
    from maskdemo.training.run import compile_ahead

    own = unpack(command.get("payload", b""))
    compile_ahead(Experiment.from_json(command["prepare"], own), stop=stop)


def compile_scenarios(stop: Callable[[], bool]) -> None:
    """Compile the programs of the scenarios that the disk does not have, until `stop` returns True.

    This process grows by each, so it leaves the rest to a later process before it holds too much.
    """
    from maskdemo.training.run import keep_on_disk

    def is_enough() -> bool:
        return stop() or (own_memory() or 0) > MAX_BYTES_FOR_LATER

    keep_on_disk((scenario.experiment for scenario in SCENARIOS.values()), stop=is_enough)


def disk_works() -> bool:
    """Return whether the last programs and trainings that were to be kept on disk could be written."""
    return compile_cache.disk_works() and _STORE_WORKS.is_set()


def _run(experiment: Experiment) -> Stream:
    """Yield the snapshots of a run, a few a second."""
    load()
    from maskdemo.training.run import train

    yield from train(experiment, interval_s=MIN_INTERVAL_S)


class _ResumedStore:
    """The store, behind the outcomes of the job itself, which survive a store that fails."""

    def __init__(self, outcomes: dict[tuple[Experiment, int], Outcome], store: TrainingStore) -> None:
        self._outcomes, self._store = outcomes, store

    def find(self, experiment: Experiment, repeat: int) -> Outcome | None:
        """Return the outcome of a training, from this job's earlier turns or the store; else None."""
        return self._outcomes.get((experiment, repeat)) or self._store.find(experiment, repeat)

    def keep(self, experiment: Experiment, repeat: int, outcome: Outcome) -> None:
        """Store the outcome in the store alone, and note for `disk_works` whether that works."""
        self._store.keep(experiment, repeat, outcome)
        if self._store.complaint:
            _STORE_WORKS.clear()
        else:
            _STORE_WORKS.set()


def _study(study: Study, trained: list[list[Any]], reused: int | None) -> Stream:
    """Yield the findings of a study.

    trained: of each outcome of earlier turns the training's index, then the fields of `Outcome`.
    reused: the first turn's `Findings.reused`, which replaces later ones; None in that turn.
    """
    trainings = study.trainings()
    outcomes: dict[tuple[Experiment, int], Outcome] = {}
    for index, *numbers in trained:
        outcomes[trainings[index].experiment, trainings[index].repeat] = Outcome(*numbers)
    store: Any = _ResumedStore(outcomes, TrainingStore())
    with executor_of(stay=study.base.is_own) as executor:
        if executor is None:
            load()
        for findings in run_study(study, executor=executor, store=store):
            yield findings if reused is None else replace(findings, reused=reused)
