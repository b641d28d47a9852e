"""The article page without a browser: programs, what they did, and what can be learned instead."""

from __future__ import annotations

import keras
import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.article.examples import EXAMPLES, PROGRAMS
from maskdemo.article.program_run import Failure, Point, ProgramRun, Received
from maskdemo.scenarios import SCENARIOS, Scenario
from maskdemo.ui import live_job
from tests.samples import made_up, small
from tests.ui import app
from tests.ui.app import SOURCE, fine, links, shown, table

pytestmark = pytest.mark.usefixtures("own_server")

VERSIONS = {"Keras": "9.8.7", "Python": "3.99"}


def opened() -> AppTest:
    """The page, with the programs of all examples opened."""
    page = app.opened("article")
    for example in EXAMPLES:
        page.session_state[f"example_{example.number}"] = True
    return fine(page.run())


def recorded(monkeypatch: pytest.MonkeyPatch, **outcome) -> AppTest:
    """The page, where each program was recorded to do this."""
    runs = {name: ProgramRun(name, VERSIONS, **outcome) for name in PROGRAMS}
    monkeypatch.setattr("maskdemo.results.precomputed.provenance", lambda *_: SOURCE)
    monkeypatch.setattr("maskdemo.results.precomputed.programs", lambda: runs)
    return opened()


def test_the_page_shows_all_programs_and_how_to_run_them():
    page = opened()
    assert f"Keras {keras.__version__}" in shown(page)
    assert "30 January 2025" in shown(page)
    assert "Not run with this version of the app" in shown(page)
    for example in EXAMPLES:
        assert example.aim in shown(page) and example.question in shown(page)
        for at, program in enumerate(example.programs):
            fine(page.segmented_control(key=f"program_{example.number}").set_value(program.name).run())
            listings = [each.value for each in page.code]
            assert program.text.strip() in [each.strip() for each in listings]
            assert any(f"python {program.file_name}" in each for each in listings)
            assert program.reason in shown(page)
            assert any(f"+++ {program.file_name}" in each for each in listings) == bool(at)
            assert f"download_{program.name}" in {each.key for each in page.download_button}


def test_a_recorded_error_is_shown_with_its_line_versions_and_date(monkeypatch):
    failure = Failure("OddError", "nothing fits", 12, "nothing = fit()")
    page = recorded(monkeypatch, failure=failure)
    # Once beside each example, and once more with its program.
    assert shown(page).count("Stopped at line 12 with an OddError.") == 2 * len(EXAMPLES)
    assert "OddError: nothing fits" in shown(page) and "nothing = fit()" in shown(page)
    assert "Run on 24 November 2026 with Keras 9.8.7 and Python 3.99." in shown(page)


def test_a_recorded_run_says_what_it_found(monkeypatch):
    page = recorded(
        monkeypatch,
        epochs=1,
        batches=1,
        commonest=0.55,
        points=(Point(1, 1, 0.7, 0.5),),
        received=(Received("LSTM", 3, 8),),
        leak=0.125,
        output="said on the way",
        seconds=2.0,
    )
    for words in ("Ran to its end in 2.0 s", "50%", "55%", "3 of 8 steps", "0.12", "said on the way"):
        assert words in shown(page)


def test_a_finished_run_of_the_same_question_is_shown_as_a_table(monkeypatch):
    run = made_up(small())
    scenario = Scenario("fixed_length", "Small", "Look.", run.experiment)
    monkeypatch.setitem(SCENARIOS, "fixed_length", scenario)
    assert not table(opened())
    live_job.server().results.keep(run)
    assert table(opened())


def test_each_example_links_to_its_experiment():
    found = [params for _, params in links(opened())]
    for example in EXAMPLES:
        assert SCENARIOS[example.scenario].experiment.to_params() in found
