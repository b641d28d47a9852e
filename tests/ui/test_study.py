"""The study page without a browser: questions, values, links, a study run through, and cancelling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.errors import QueueFull
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES, Findings, Study, default_study, run_study, summary
from maskdemo.study.questions import OPENING, QUESTIONS, question_of
from maskdemo.ui import live_job, study_progress
from tests.samples import small
from tests.ui import app
from tests.ui.app import charts, fine, keys, link_of, links, names, shown, study_of, until

pytestmark = pytest.mark.usefixtures("own_server")

#: Both values have the shape that most tests have.
TINY = Study(base=small(repeats=2), vary="side", values=("post", "pre"))


def opened(params: dict[str, str] | None = None) -> AppTest:
    return app.opened("study", params)


def ran(page: AppTest) -> AppTest:
    return app.ran(page, "studyrun")


def controls_show(page: AppTest, study: Study) -> None:
    assert page.selectbox(key="study_task").value == study.base.task
    assert page.selectbox(key="study_vary").value == study.vary
    assert page.selectbox(key="study_and_vary").value == (study.and_vary or "nothing else")
    for which, name, values in (
        ("", study.vary, study.values),
        ("and_", study.and_vary, study.and_values),
    ):
        there = f"study_{which}doses" in keys(page, "text_input")
        assert there == (name is not None and not VARIABLES[name].categorical)
        if there:
            written = page.text_input(key=f"study_{which}doses").value.split(",")
            assert tuple(float(each) for each in written) == values
    assert ["no_mask", *page.pills(key="study_strategies").value] == list(study.base.strategies)
    assert page.slider(key="study_repeats").value == study.base.repeats
    assert ("study_padded_length" in keys(page, "slider")) == ("padded_length" not in study.varied)


def test_opens_on_the_first_question_with_empty_axes():
    page = opened()
    assert study_of(page) == default_study() == QUESTIONS[OPENING].study
    controls_show(page, default_study())
    assert QUESTIONS[OPENING].asks in shown(page)
    assert link_of(page) == {}
    assert charts(page) and not page.warning and not page.error
    assert "140 trainings to run" in shown(page)


@pytest.mark.parametrize("name", ["missing", "published"])
def test_a_question_sets_every_control(name):
    page = opened()
    fine(names(page).set_value(name).run())
    study = QUESTIONS[name].study
    assert study_of(page) == study and question_of(study) is QUESTIONS[name]
    controls_show(page, study)
    assert QUESTIONS[name].asks in shown(page).replace("&nbsp;", "")
    assert Study.from_params(link_of(page)) == study
    # Maps of no mask and of a strategy, and the curves of one line.
    assert len(charts(page)) == (1 if study.and_vary is None else 3)


def test_what_is_varied_starts_with_values_of_its_own_and_is_no_setting_besides():
    page = opened()
    fine(page.selectbox(key="study_vary").set_value("units").run())
    assert study_of(page).values == VARIABLES["units"].usual_values(default_study().base)
    assert page.slider(key="study_padded_length").value == default_study().base.padded_length
    assert "study_units" not in keys(page, "select_slider")
    fine(page.selectbox(key="study_and_vary").set_value("side").run())
    assert study_of(page).and_values == ("post", "pre")
    # The same thing twice is no grid: the second one goes.
    fine(page.selectbox(key="study_vary").set_value("side").run())
    assert study_of(page).varied == ("side",)
    assert not page.error


def test_bad_values_get_a_sentence_and_lose_nothing():
    page = opened()
    fine(page.text_input(key="study_doses").set_value("29, fifty").run())
    (error,) = page.error
    assert "'fifty' is no value of padded length: write numbers." in error.value.replace("\\", "")
    assert page.text_input(key="study_doses").value == "29, fifty"
    assert page.button(key="studyrun_start").disabled
    assert study_of(page) == default_study() and link_of(page) == {}
    fine(page.text_input(key="study_doses").set_value("60 30;45").run())
    assert study_of(page).values == (30, 45, 60)
    assert not page.error and not page.button(key="studyrun_start").disabled


def test_a_mangled_link_is_used_as_far_as_it_goes():
    page = opened({"doses": "0_4", "task": "japanese_vowels"})
    (warning,) = page.warning
    assert "part of the link could not be used" in warning.value
    controls_show(page, study_of(page))
    # Choosing anything afresh takes the complaint away, and the address then names what is shown.
    fine(names(page).set_value("side").run())
    assert not page.warning and Study.from_params(link_of(page)) == QUESTIONS["side"].study


def test_a_small_study_runs_through_and_a_second_viewer_has_it_at_once():
    page = ran(opened(TINY.to_params()))
    said = shown(page)
    assert "8 of 8 trainings" in said and "Run the study" not in said
    kept = next(run_study(TINY, store=live_job.store()))
    assert kept.finished and kept.reused == 8
    assert summary(kept)[0] in said
    # The table has a row for every value and strategy, with the numbers found.
    frame = page.dataframe[0].value
    assert len(frame) == 4
    assert frame["Accuracy"][0] == f"{kept.mean(('post',), 'no_mask').mean:.1%}"

    other = opened(link_of(page))
    assert study_of(other) == TINY
    assert "All 8 trainings were in the store" in shown(other)
    assert summary(kept)[0] in shown(other)
    ran(other)
    assert "All 8 trainings were in the store" in shown(other)

    # More repeats of it: what is there counts, the rest is asked for.
    fine(other.slider(key="study_repeats").set_value(3).run())
    assert "8 of 12 trainings, 8 of them from the store. Run the study to add the rest" in shown(other)

    # Of other settings nothing is known: what was found stays, and what it is of is said.
    table = other.dataframe[0].value
    fine(other.number_input(key="study_seed").set_value(8).run())
    assert "Result for seed 7; you set 8." in shown(other) and "12 trainings to run." in shown(other)
    assert other.dataframe[0].value.equals(table)
    fine(other.button(key="studyrun_back").click().run())
    assert study_of(other).base.seed == 7 and "Result for" not in shown(other)


def test_cancelling_keeps_what_is_there():
    study = replace(TINY, base=replace(TINY.base, epochs=200, repeats=20, seed=3))
    page = opened(study.to_params())
    page.button(key="studyrun_start").click().run()
    until(page, lambda each: " of 80 trainings" in bar(each) and not bar(each).startswith("0 "))
    fine(page.button(key="studyrun_cancel").click().run())
    until(page, lambda each: "studyrun_start" in keys(each, "button"))
    said = shown(page)
    assert "of 80 trainings" in said and "Run the study to add the rest" in said
    assert charts(page)


def bar(page: AppTest) -> str:
    found = page.get("progress")
    return found[0].proto.text if found else ""


def test_a_full_queue_is_said_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch):
    def full(study: Study) -> None:
        raise QueueFull("The queue is full.")

    monkeypatch.setattr(study_progress, "start_study", full)
    page = opened(TINY.to_params())
    fine(page.button(key="studyrun_start").click().run())
    assert "The queue is full." in shown(page)
    assert study_of(page) == TINY


def test_one_value_opens_in_the_playground_as_it_is():
    page = opened(TINY.to_params())
    (link,) = (params for label, params in links(page) if label.startswith("Open it"))
    assert Experiment.from_params(link) == TINY.experiment(("pre",))


def test_it_is_said_where_studies_are_computed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MASKDEMO_DASK", "tcp://127.0.0.1:9")
    assert "Dask cluster at tcp://127.0.0.1:9" in shown(opened(TINY.to_params() | {"seed": "99"}))


def test_every_strategy_may_take_part():
    page = opened(TINY.to_params())
    names = [name for name in STRATEGIES if name != "no_mask"]
    fine(page.pills(key="study_strategies").set_value(names).run())
    assert study_of(page).base.strategies == tuple(STRATEGIES)
    fine(page.pills(key="study_strategies").set_value([]).run())
    assert study_of(page).base.strategies == ("no_mask",)
    assert charts(page)


def test_what_happened_to_the_worker_is_told_while_the_study_runs():
    def progress(findings):
        from maskdemo.server import Status
        from maskdemo.ui import study_view

        study_view.study_progress_line(Status("running", notice="It was killed."), findings)

    page = AppTest.from_function(progress, kwargs={"findings": Findings(TINY, {})}).run()
    assert [each.value for each in fine(page).info] == ["It was killed."]
