"""Taking away from the playground: what is offered when, made of what, and only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdemo.charts.padded_batch import typical_row
from maskdemo.evidence import headline
from maskdemo.export.keras_code import strategy_lines
from maskdemo.export.script_and_notebook import notebook, script
from maskdemo.export.table import run_table, study_table
from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Outcome, Snapshot
from maskdemo.ui import live_job, take_away
from tests.samples import made_up, small
from tests.ui import app
from tests.ui.app import Session, fine, link_of, links, set_link

pytestmark = pytest.mark.usefixtures("own_server")


@pytest.fixture(scope="module")
def run() -> Snapshot:
    return made_up(small(repeats=2, seed=71, epochs=3))


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Callable[[], str], str]]:
    """What the page's download buttons would make, and the name of the file: by label."""
    found: dict[str, tuple[Callable[[], str], str]] = {}
    whole = st.download_button

    def noted(label: str, data: Any, file_name: str, *rest: Any, **more: Any) -> bool:
        found[label] = (data, file_name)
        return whole(label, data, file_name, *rest, **more)

    monkeypatch.setattr(st, "download_button", noted)
    return found


def with_box(page: AppTest) -> AppTest:
    """The page with the box open, as somebody opens it."""
    page.session_state["take_away"] = True
    return fine(page.run())


def opened(params: dict[str, str]) -> AppTest:
    return with_box(app.opened("playground", params))


def test_before_training_there_is_code_and_no_result(offered):
    experiment = small(seed=72)
    page = opened(experiment.to_params())
    assert set(offered) == {"Keras script", "Notebook"}
    assert offered["Keras script"][0]() == script(experiment)
    assert offered["Notebook"][0]() == notebook(experiment)
    assert offered["Notebook"][1] == "maskdemo-sum_sign.ipynb"
    assert any("Train first" in each.value for each in page.caption)


def test_after_training_there_are_report_and_table_of_what_is_shown(offered, run):
    live_job.server().results.keep(run)
    page = opened(run.experiment.to_params())
    assert set(offered) == {"Keras script", "Notebook", "Report", "Table"}
    assert offered["Table"][0]() == run_table(run).to_csv(index=False)
    report = offered["Report"][0]()
    assert headline(run) in report and "seed=71" in report
    # The settings move on, the results stay: code of the ones, results of the others.
    with_box(page.number_input(key="seed").set_value(73).run())
    assert any("earlier settings" in each.value for each in page.caption)
    assert offered["Keras script"][0]() == script(replace(run.experiment, seed=73))
    assert offered["Table"][0]() == run_table(run).to_csv(index=False)
    assert "seed=71" in offered["Report"][0]()


def test_nothing_is_made_before_it_is_asked_for(offered, run, monkeypatch):
    def refuse(*args: Any) -> str:
        raise AssertionError("nobody asked")

    for name in ("script", "notebook", "run_report", "run_table"):
        monkeypatch.setattr(take_away, name, refuse)
    live_job.server().results.keep(run)
    opened(run.experiment.to_params())
    assert len(offered) == 4


def test_the_link_and_the_next_page_carry_what_is_looked_at(run):
    live_job.server().results.keep(run)
    page = opened(run.experiment.to_params())

    def followed() -> dict[str, str]:
        return dict(links(page))["See every gate of these networks"]

    wanted = run.experiment.to_params()
    usual = typical_row(run.probes, per_step=run.experiment.per_step) + 1
    other = 4 if usual != 4 else 5
    assert followed() == wanted | {"probe": str(usual), "epoch": "3"}
    fine(page.selectbox(key="playground_probe").set_value(other).run())
    set_link(page, link_of(page) | {"epoch": "2"})
    fine(page.run())
    assert followed() == wanted | {"probe": str(other), "epoch": "2"}
    fine(page.run())
    link, frame = (each.value for each in page.code)
    assert escape(f"{link}&embed=true") in frame
    assert dict(parse_qsl(urlsplit(link).query)) == wanted | {"probe": str(other), "epoch": "2"}


def test_the_code_of_every_chosen_strategy_is_shown():
    experiment = small(strategies=("no_mask", "masking_layer", "held_state"), seed=74)
    page = opened(experiment.to_params())
    assert len(page.code) == 2, "the link and the frame alone"
    page.session_state["code"] = True
    fine(page.run())
    assert [tab.label for tab in page.tabs] == ["No mask", "Masking layer", "Held state"]
    shown = [(each.value, each.language) for each in page.code if each.language == "python"]
    assert shown == [(strategy_lines(experiment, name), "python") for name in experiment.strategies]


def test_a_study_is_taken_away_whole(offered, monkeypatch):
    study = Study(base=small(repeats=1), vary="padded_length", values=(16, 20))
    outcomes = {each: Outcome(0.5, 0.5, 1.0, 1.0, 24) for each in study.trainings()}
    findings = Findings(study, outcomes, finished=True)
    monkeypatch.setattr(st, "session_state", Session(page="study"))
    monkeypatch.setattr(take_away.url, "params_of", lambda page: study.to_params())
    take_away.study_files(Findings(study, {}), study)
    assert set(offered) == {"Keras script", "Notebook"}
    take_away.study_files(findings, study)
    assert offered["Table"][0]() == study_table(findings).to_csv(index=False)
    assert offered["Table"][1] == "maskdemo-sum_sign-by-padded_length.csv"
    assert "doses=16_20" in offered["Report"][0]()
    assert offered["Keras script"][0]() == script(study.base)
