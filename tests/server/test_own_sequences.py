"""A viewer's own sequences at the server: they reach the worker, and nothing of them stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from maskdemo.experiment import Experiment
from maskdemo.results.digest import version
from maskdemo.results.finished_runs import FinishedRuns
from maskdemo.server import Run, StudyRun
from maskdemo.study.grid import Study
from maskdemo.study.runner import train_here
from maskdemo.training.run import train
from maskdemo.uploads.registry import Registry
from maskdemo.uploads.task import experiment_with
from tests.samples import SMALL
from tests.server.test_worker import ended, newest
from tests.uploads.test_registry import own_of
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def registry(shared) -> Iterator[Registry]:
    registry = Registry(shared.forget, grace=60.0)
    yield registry
    for viewer in "ab":
        registry.unregister(viewer)


def brought(registry: Registry, viewer: str, seed: int, **settings) -> Experiment:
    own = own_of(seed)
    registry.put(viewer, own)
    return experiment_with(own, Experiment(**{**SMALL, **settings}))


def test_the_worker_trains_on_them_as_this_process_does(shared, registry):
    mine, other = brought(registry, "a", 1), brought(registry, "b", 2)
    shared.submit("a", Run(mine))
    shared.submit("b", Run(other))
    for viewer, experiment in (("a", mine), ("b", other)):
        assert ended(shared, viewer) == "finished", shared.status(viewer, "run").error
        here = list(train(experiment))[-1]
        for one, wanted in zip(newest(shared, viewer).curves, here.curves, strict=True):
            assert (one.test_loss, one.leak) == (wanted.test_loss, wanted.leak)
    assert not np.array_equal(newest(shared, "a").probes.values, newest(shared, "b").probes.values)


def test_a_study_of_them_is_trained_and_not_kept(shared, registry):
    base = brought(registry, "a", 3, strategies=("no_mask",), epochs=1)
    study = Study(base=base, vary="padded_length", values=(4, 6))
    for reused in range(2):
        shared.submit("a", StudyRun(study))
        assert ended(shared, "a", "studyrun") == "finished", shared.status("a", "studyrun").error
        found = newest(shared, "a", "studyrun")
        assert found.finished and found.reused == 0, f"after {reused} studies"
        shared.cancel("a", "studyrun")
    for training, outcome in found.outcomes.items():
        assert train_here(training, version=version("training")).loss == outcome.loss


def test_a_worker_that_died_is_given_them_again(shared, registry):
    first = brought(registry, "a", 4)
    shared.submit("a", Run(first))
    assert ended(shared, "a") == "finished"
    os.kill(until(lambda: shared.worker), signal.SIGKILL)
    again = experiment_with(registry.find("a"), Experiment(**{**SMALL, "seed": 99}))
    shared.submit("a", Run(again))
    assert ended(shared, "a") == "finished", shared.status("a", "run").error


def test_what_is_taken_back_is_forgotten_everywhere(shared, registry):
    experiment = brought(registry, "a", 5)
    shared.submit("a", Run(experiment))
    assert ended(shared, "a") == "finished" and shared.find(experiment) is not None
    registry.unregister("a")
    assert shared.find(experiment) is None and newest(shared, "a") is None
    assert shared.status("a", "run").phase == "idle"
    shared.submit("b", Run(experiment))
    assert ended(shared, "b") == "failed"
    assert "needs their file" in shared.status("b", "run").error
    assert experiment.task not in shared.status("b", "run").error


def test_a_run_that_ends_when_its_data_are_gone_is_not_kept(registry):
    experiment = brought(registry, "b", 7)
    snapshot = list(train(experiment))[-1]
    results = FinishedRuns()
    registry.unregister("b")
    results.forget(experiment.task)
    results.keep(snapshot)
    assert results.find(experiment) is None
