"""The article page without a browser: programs to read and to run, and what can be learned instead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import keras
import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.article.examples import EXAMPLES, PROGRAMS, Program
from maskdemo.article.outcome import Failure, Point, ProgramRun, Received
from maskdemo.scenarios import SCENARIOS, Scenario
from maskdemo.server import Program as RunProgram
from maskdemo.server import QueueFull
from maskdemo.ui import server
from maskdemo.ui.library import CHART
from tests.samples import small
from tests.server.fakes import FakeServer
from tests.ui import app
from tests.ui.app import fine, keys, links, shown, table
from tests.waiting import PATIENCE

Tells = Callable[[Program], Iterator[ProgramRun]]
VERSIONS = {"Keras": "9.8.7"}
FIRST, THIRD = EXAMPLES[0].programs[0].name, EXAMPLES[2].programs[0].name


@pytest.fixture(autouse=True)
def own_server() -> Iterator[None]:
    with app.own_server():
        yield


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Tells], None]]:
    """Let programs do this instead of running: what they really do is tested elsewhere."""
    fakes: list[FakeServer] = []

    def instead(of_running: Tells) -> None:
        def answer(order) -> Iterator[ProgramRun]:
            return of_running(PROGRAMS[order["name"]]) if order["kind"] == "program" else iter(())

        fakes.append(FakeServer(answer))
        monkeypatch.setattr(server, "shared", lambda: fakes[0])

    yield instead
    for each in fakes:
        each.close()


def opened() -> AppTest:
    return with_programs(app.opened("article"))


def with_programs(page: AppTest) -> AppTest:
    """The page, with the programs of all examples opened."""
    for example in EXAMPLES:
        page.session_state[f"example_{example.number}"] = True
    return fine(page.run())


def until(page: AppTest, words: str, times: int = 1) -> AppTest:
    return app.until(page, lambda each: shown(each).count(words) >= times)


def charts_of(page: AppTest) -> int:
    return sum(each.proto.component_name == CHART for each in page.get("bidi_component"))


def test_the_page_shows_all_programs_and_which_keras_will_run_them():
    page = opened()
    assert f"Keras {keras.__version__}" in shown(page)
    assert "30 January 2025" in shown(page)
    for example in EXAMPLES:
        assert example.aim in shown(page) and example.question in shown(page)
        assert not page.button(key=f"program_start_{example.programs[0].name}").disabled
        for at, program in enumerate(example.programs):
            fine(page.segmented_control(key=f"program_{example.number}").set_value(program.name).run())
            listings = [each.value for each in page.code]
            assert program.text.strip() in [each.strip() for each in listings]
            assert program.reason in shown(page)
            assert any(f"+++ {program.file_name}" in each for each in listings) == bool(at)


def test_an_error_is_shown_with_its_line_and_stays(tell):
    def fails(program: Program) -> Iterator[ProgramRun]:
        yield ProgramRun(program.name, versions=VERSIONS)
        failure = Failure("OddError", "nothing fits", 12, "nothing = fit()")
        yield ProgramRun(program.name, versions=VERSIONS, failure=failure, finished=True)

    tell(fails)
    page = opened()
    page.button(key=f"program_start_{THIRD}").click().run()
    until(page, "Stopped at line 12 with an OddError.")
    assert "OddError: nothing fits" in shown(page) and "nothing = fit()" in shown(page)
    assert "Keras 9.8.7" in shown(page)
    assert charts_of(page) == 0
    page.switch_page("pages/inside.py").run()
    with_programs(page.switch_page("pages/article.py").run())
    assert "Stopped at line 12" in shown(page)
    # What another program does later takes nothing away.
    page.button(key=f"program_start_{FIRST}").click().run()
    until(page, "Stopped at line 12", times=2)


def test_live_numbers_then_cancel(tell):
    cancelled, ended = threading.Event(), threading.Event()

    def endless(program: Program) -> Iterator[ProgramRun]:
        points = (Point(1, 1, 0.7, 0.5), Point(1, 2, 0.6, 0.75))
        try:
            while True:
                yield ProgramRun(program.name, VERSIONS, 2, 4, points=points)
                cancelled.wait()
        finally:
            ended.set()

    tell(endless)
    page = opened()
    page.button(key=f"program_start_{FIRST}").click().run()
    until(page, "Epoch 1 of 2, batch 2 of 4.")
    assert charts_of(page) == 1
    assert page.button(key=f"program_start_{THIRD}").disabled
    page.button(key=f"program_cancel_{FIRST}").click().run()
    until(page, "Cancelled.")
    cancelled.set()
    assert ended.wait(PATIENCE)
    assert not page.button(key=f"program_start_{FIRST}").disabled


def test_a_run_that_ended_says_what_it_found(tell):
    def ends(program: Program) -> Iterator[ProgramRun]:
        yield ProgramRun(
            program.name,
            VERSIONS,
            1,
            1,
            commonest=0.55,
            points=(Point(1, 1, 0.7, 0.5),),
            received=(Received("LSTM", 3, 8),),
            leak=0.125,
            output="said on the way",
            finished=True,
            seconds=2.0,
        )

    tell(ends)
    page = opened()
    page.button(key=f"program_start_{FIRST}").click().run()
    until(page, "Ran to its end in 2.0 s")
    for words in ("50%", "55%", "3 of 8 steps", "0.12", "said on the way"):
        assert words in shown(page)


def test_who_waits_is_told_the_place(tell):
    hold = threading.Event()

    def waits(program: Program) -> Iterator[ProgramRun]:
        assert program.name == FIRST or hold.wait(PATIENCE)
        yield ProgramRun(program.name, finished=True)

    tell(waits)
    server.shared().submit("somebody", RunProgram(THIRD))
    page = opened()
    page.button(key=f"program_start_{FIRST}").click().run()
    assert any("number 1 in the queue" in each.proto.text for each in page.get("progress"))
    hold.set()
    until(page, "Ran to its end")


def test_a_process_that_breaks_down_is_a_sentence(tell):
    def breaks(program: Program) -> Iterator[ProgramRun]:
        yield ProgramRun(program.name)
        raise ValueError("The process stopped early.")

    tell(breaks)
    page = opened()
    page.button(key=f"program_start_{FIRST}").click().run()
    until(page, "The process stopped early")
    assert not page.button(key=f"program_start_{FIRST}").disabled


def test_a_full_queue_is_a_sentence(monkeypatch):
    def refuse(*_: object) -> None:
        raise QueueFull("The queue is full.")

    page = opened()
    monkeypatch.setattr(server.shared(), "submit", refuse)
    page.button(key=f"program_start_{FIRST}").click().run()
    assert shown(fine(page)).count("The queue is full.") == 1


def test_the_same_question_can_be_trained_in_place(monkeypatch):
    experiment = small(repeats=2, seed=23)
    scenario = Scenario("fixed_length", "Small", "Look.", experiment)
    monkeypatch.setitem(SCENARIOS, "fixed_length", scenario)
    page = opened()
    page.button(key="run_start_fixed_length").click().run()
    app.until(page, lambda each: table(each) and "run_start_fixed_length" in keys(each, "button"))
    assert charts_of(page) == 1
    found = server.find(experiment)
    assert found is not None and found.finished


def test_each_example_links_to_its_experiment():
    found = [params for _, params in links(opened())]
    for example in EXAMPLES:
        assert SCENARIOS[example.scenario].experiment.to_params() in found
