"""What was computed in advance: shown at once and called so, and given up for what is trained here."""

from __future__ import annotations

import pytest

from maskdemo.data.inputs import inputs
from maskdemo.evidence.phrases import time_taken
from maskdemo.results import precomputed
from maskdemo.strategies import STRATEGIES
from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Outcome, Snapshot
from maskdemo.ui import live_job
from tests.samples import made_up, small
from tests.ui import app
from tests.ui.app import SOURCE, ran, shown, table

pytestmark = pytest.mark.usefixtures("own_server")

EXPERIMENT = small(repeats=2, seed=61)


@pytest.fixture(scope="module")
def run() -> Snapshot:
    return made_up(EXPERIMENT)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch, run: Snapshot) -> None:
    monkeypatch.setattr(precomputed, "provenance", lambda *_: SOURCE)
    monkeypatch.setattr(precomputed, "run", lambda one: run if one == EXPERIMENT else None)
    monkeypatch.setattr(precomputed, "study", lambda one: None)


@pytest.mark.slow
def test_a_precomputed_run_is_there_at_once_and_training_takes_its_place(run):
    page = app.opened("playground", EXPERIMENT.to_params())
    assert len(table(page)) == 2 and SOURCE.sentence in shown(page)
    ran(page)
    assert len(table(page)) == 2 and SOURCE.sentence not in shown(page)


def test_nothing_is_said_of_scenarios_whose_runs_are_stale(monkeypatch):
    monkeypatch.setattr(precomputed, "run", lambda one: None)
    monkeypatch.setattr(precomputed, "provenance", lambda *_: None)
    page = app.opened("playground", EXPERIMENT.to_params())
    assert precomputed.marks() == {} and "cases tried here" not in shown(page)
    assert not [each for each in app.names(page).options if "badge" in each]


def test_it_stays_when_a_control_moves_and_its_details_say_what_an_epoch_took(run):
    live_job.server().results.clear()
    page = app.opened("playground", EXPERIMENT.to_params())
    numbers = table(page)
    app.fine(page.slider(key="padded_length").set_value(30).run())
    assert "Result for padded length 16; you set 30." in shown(page) and table(page) == numbers
    app.fine(page.button(key="run_back").click().run())
    assert "Result for" not in shown(page) and app.experiment_of(page) == EXPERIMENT
    page.session_state["more"] = True
    said = shown(app.fine(page.run()))
    times = [time_taken(run.epoch_seconds(name) or 0) for name in EXPERIMENT.strategies]
    titles = [STRATEGIES[name].title for name in EXPERIMENT.strategies]
    share = f"{inputs(EXPERIMENT).train.padded.mean():.0%}"
    took = f"An epoch took {times[0]} ({titles[0]}) and {times[1]} ({titles[1]})"
    assert f"{took}; {share} of its steps are padding." in said


def test_its_networks_can_be_looked_into_without_training():
    live_job.server().results.clear()
    page = app.opened("inside", EXPERIMENT.to_params())
    assert SOURCE.sentence in shown(page) and "Step" in shown(page)
    assert "run_cancel" not in {each.key for each in page.button}


def test_a_precomputed_study_is_shown_and_called_so(monkeypatch, tmp_path):
    study = Study(base=small(repeats=2), vary="side", values=("post", "pre"))
    outcomes = {each: Outcome(0.5, 0.5, 1.0, 1.0, 24) for each in study.trainings()}
    findings = Findings(study, outcomes, finished=True)
    monkeypatch.setattr(precomputed, "study", lambda one: findings if one == study else None)
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path))
    live_job.store.clear()
    page = app.opened("study", study.to_params())
    assert f"8 trainings. {SOURCE.sentence}" in shown(page)
    assert "trainings to run" not in shown(page)
    # Repeats are added where they might decide, and what there is of them is not trained again.
    asked: list[Study] = []
    monkeypatch.setattr(live_job, "submit", lambda work: asked.append(work.study))
    wanted = findings.extended()
    app.fine(page.button(key="studyrun_start_more").click().run())
    assert wanted is not None and wanted.more
    assert asked == [wanted] and app.study_of(page) == wanted
    assert all(live_job.store().find(each.experiment, each.repeat) for each in study.trainings())
    assert "8 of " in shown(page)
    live_job.store.clear()
