"""A viewer's own sequences at the server: they reach the worker, and nothing of them stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from maskdemo.digest import version
from maskdemo.experiment import Experiment
from maskdemo.own.registry import Registry
from maskdemo.own.task import fitted
from maskdemo.server import Run, Server, StudyRun
from maskdemo.server.results import Results
from maskdemo.study.grid import Study
from maskdemo.study.running import train_here
from maskdemo.training import train
from tests.own.test_registry import own_of
from tests.samples import SMALL
from tests.server.test_worker import ended, newest, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKDEMO_STORE", str(tmp_path_factory.mktemp("store")))
        server = Server()
    yield server
    server.close()


@pytest.fixture
def registry(server) -> Iterator[Registry]:
    registry = Registry(server.forget)
    yield registry
    for viewer in "ab":
        registry.take_back(viewer)


def brought(registry: Registry, viewer: str, seed: int, **settings) -> Experiment:
    own = own_of(seed)
    registry.bring(viewer, own)
    return fitted(own, Experiment(**{**SMALL, **settings}))


def test_the_worker_trains_on_them_as_this_process_does(server, registry):
    mine, other = brought(registry, "a", 1), brought(registry, "b", 2)
    server.submit("a", Run(mine))
    server.submit("b", Run(other))
    for viewer, experiment in (("a", mine), ("b", other)):
        assert ended(server, viewer) == "finished", server.status(viewer, "run").error
        here = list(train(experiment))[-1]
        for one, wanted in zip(newest(server, viewer).curves, here.curves, strict=True):
            assert (one.test_loss, one.leak) == (wanted.test_loss, wanted.leak)
    assert not np.array_equal(newest(server, "a").probes.values, newest(server, "b").probes.values)


def test_a_study_of_them_is_trained_and_not_kept(server, registry):
    base = brought(registry, "a", 3, strategies=("no_mask",), epochs=1)
    study = Study(base=base, vary="padded_length", doses=(4, 6))
    for reused in range(2):
        server.submit("a", StudyRun(study))
        assert ended(server, "a", "studyrun") == "finished", server.status("a", "studyrun").error
        found = newest(server, "a", "studyrun")
        assert found.finished and found.reused == 0, f"after {reused} studies"
        server.cancel("a", "studyrun")
    for training, outcome in found.outcomes.items():
        assert train_here(training, version=version()).loss == outcome.loss


def test_a_worker_that_died_is_given_them_again(server, registry):
    first = brought(registry, "a", 4)
    server.submit("a", Run(first))
    assert ended(server, "a") == "finished"
    os.kill(until(lambda: server.worker), signal.SIGKILL)
    again = fitted(registry.find("a"), Experiment(**{**SMALL, "seed": 99}))
    server.submit("a", Run(again))
    assert ended(server, "a") == "finished", server.status("a", "run").error


def test_what_is_taken_back_is_forgotten_everywhere(server, registry):
    experiment = brought(registry, "a", 5)
    server.submit("a", Run(experiment))
    assert ended(server, "a") == "finished" and server.find(experiment) is not None
    registry.take_back("a")
    assert server.find(experiment) is None and newest(server, "a") is None
    assert server.status("a", "run").phase == "idle"
    server.submit("b", Run(experiment))
    assert ended(server, "b") == "failed"
    assert "needs their file" in server.status("b", "run").error
    assert experiment.task not in server.status("b", "run").error


def test_runs_of_them_are_never_moved_to_a_file(registry, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    mine, other = brought(registry, "a", 6), brought(registry, "b", 7)
    results = Results(in_memory=1)
    for experiment in (mine, other):
        results.keep(list(train(experiment))[-1])
    assert results.find(mine) is None and results.find(other) is not None
    snapshot = results.find(other)
    registry.take_back("b")
    results.forget(other.task)
    results.keep(snapshot)
    assert results.find(other) is None, "a run that ends when its data are gone"


