"""A viewer's own sequences at the server: they reach the worker, and nothing of them stays."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from maskdemo.results.digest import digest_of
from maskdemo.server import Run, StudyRun
from maskdemo.study.grid import Study
from maskdemo.study.runner import train_here
from maskdemo.training.run import train
from tests.server.test_worker import brought, ended, newest
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_the_worker_trains_on_them_as_this_process_does(shared):
    mine, other = brought(1), brought(2)
    shared.submit("a", Run(mine))
    shared.submit("b", Run(other))
    for viewer, experiment in (("a", mine), ("b", other)):
        assert ended(shared, viewer) == "finished", shared.status(viewer, "run").error
        here = list(train(experiment))[-1]
        for one, wanted in zip(newest(shared, viewer).curves, here.curves, strict=True):
            assert (one.test_loss, one.leak) == (wanted.test_loss, wanted.leak)
    assert not np.array_equal(newest(shared, "a").probes.values, newest(shared, "b").probes.values)


def test_a_study_of_them_is_trained_and_not_kept(shared):
    base = brought(3, strategies=("no_mask",), epochs=1)
    study = Study(base=base, vary="padded_length", values=(4, 6))
    for reused in range(2):
        shared.submit("a", StudyRun(study))
        assert ended(shared, "a", "studyrun") == "finished", shared.status("a", "studyrun").error
        found = newest(shared, "a", "studyrun")
        assert found.finished and found.reused == 0, f"after {reused} studies"
        shared.cancel("a", "studyrun")
    for training, outcome in found.outcomes.items():
        assert train_here(training, version=digest_of("training")).loss == outcome.loss


def test_what_is_taken_back_is_cancelled_and_gone(shared):
    experiment = brought(5)
    gone = weakref.ref(experiment.own)
    shared.submit("a", Run(experiment))
    assert ended(shared, "a") == "finished"
    assert shared.find(experiment) == newest(shared, "a")
    shared.submit("a", StudyRun(Study(base=experiment, vary="units", values=(4, 5))))
    shared.prepare("a", experiment)
    shared.forget(experiment.own)
    assert shared.status("a", "run").phase == shared.status("a", "studyrun").phase == "idle"
    del experiment
    until(lambda: gone() is None)


def test_equal_files_of_two_viewers_are_two(shared):
    mine, theirs = brought(6), brought(6)
    shared.submit("a", Run(mine))
    assert ended(shared, "a") == "finished"
    assert shared.find(mine) is not None and shared.find(theirs) is None
    assert Run(mine) != Run(theirs), "nobody joins the run of another"
