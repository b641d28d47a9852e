"""The playground's logic, without a browser: what each control, link and button leads to."""

from __future__ import annotations

import threading
from dataclasses import replace
from html import escape
from pathlib import Path
from types import FrameType

import pytest
from streamlit.testing.v1 import AppTest

import maskdemo
from maskdemo.data.tasks import TASKS
from maskdemo.errors import QueueFull
from maskdemo.evidence import RULES, headline, verdict, verdicts
from maskdemo.evidence.phrases import capital
from maskdemo.experiment import Experiment
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.server import Server
from maskdemo.strategies import STRATEGIES
from maskdemo.training.run import train
from maskdemo.ui import live_job, state, strategy_table
from tests.evidence.test_verdict import known
from tests.samples import made_up, small
from tests.server.fakes import FakeServer
from tests.ui import app
from tests.ui.app import (
    controls_show,
    experiment_of,
    fine,
    kept,
    keys,
    link_of,
    links,
    names,
    ran,
    set_link,
    shown,
    table,
    until,
)

pytestmark = pytest.mark.usefixtures("own_server")

PACKAGE = Path(maskdemo.__file__).parent
#: The way of one move of *Padded length*.
MAX_FILES = 28


@pytest.fixture(autouse=True)
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """What would be compiled ahead, noted instead: tests of training cover the compiling."""
    asked: list[Experiment] = []
    monkeypatch.setattr(Server, "prepare", lambda *args: asked.append(args[-1]))
    return asked


def opened(params: dict[str, str] | None = None) -> AppTest:
    return app.opened("playground", params)


def test_opens_on_the_opening_scenario():
    page = opened()
    opening = SCENARIOS[OPENING]
    assert page.title[0].value == "Is masking required for LSTMs?"
    assert experiment_of(page) == opening.experiment
    controls_show(page, opening.experiment)
    assert names(page).value == OPENING
    assert opening.look_for in shown(page)
    assert link_of(page) == {}
    assert not page.warning and not page.error
    assert not page.button(key="run_start").disabled


@pytest.mark.parametrize("name", ["pre_padding", "inflated_accuracy"])
def test_choosing_a_scenario_sets_every_control(name):
    page = opened()
    fine(names(page).set_value(name).run())
    wanted = SCENARIOS[name]
    assert experiment_of(page) == wanted.experiment
    controls_show(page, wanted.experiment)
    assert wanted.look_for in shown(page)
    assert SCENARIOS[OPENING].look_for not in shown(page)
    assert link_of(page) == wanted.experiment.to_params()


def test_leaving_a_scenario_is_said():
    page = opened(SCENARIOS["pre_padding"].experiment.to_params())
    assert names(page).value == "pre_padding"
    fine(page.number_input(key="seed").set_value(5).run())
    assert names(page).value is None
    assert "Your own settings" in shown(page)
    fine(page.number_input(key="seed").set_value(0).run())
    assert names(page).value == "pre_padding"


def test_a_mask_value_that_masks_nothing_is_said_where_it_is_set_and_is_set_right():
    page = opened(small(pad_value=-1.0, strategies=("no_mask", "masking_layer")).to_params())
    (warning,) = page.warning
    assert warning.value == "The Masking layer masks nothing: the mask value is 0, the padding −1."
    fine(page.button(key="mask_the_padding").click().run())
    assert experiment_of(page).mask_value == -1.0 and not page.warning
    assert link_of(page) == experiment_of(page).to_params()


def test_an_emptied_number_box_goes_back_to_its_number():
    """To the default of the box, see `url.number_box`; a journey does it in a browser."""
    page = opened(small(pad_value=-1.0).to_params())
    assert page.number_input(key="pad_value").proto.default == -1.0
    fine(page.number_input(key="pad_value").set_value(2.5).run())
    assert page.number_input(key="pad_value").proto.default == 2.5


def test_a_slider_that_is_moving_is_not_taken_back_to_the_scenario_it_leaves():
    page = opened(SCENARIOS["pre_padding"].experiment.to_params())
    # A browser goes on sending what row and list held until it has drawn what was set there.
    chosen_in = [names(page), next(each for each in page.selectbox if each.label == "Scenario")]
    late = [each._widget_state for each in chosen_in]
    fine(page.slider(key="padded_length").set_value(61).run())
    page.slider(key="padded_length").set_value(62)
    sent = page._tree.get_widget_states()
    sent.widgets.extend(late)
    fine(page._run(sent))
    assert page.slider(key="padded_length").value == experiment_of(page).padded_length == 62


def test_a_click_leaves_the_row_that_was_clicked_where_it_is():
    page = opened()
    clicked = names(page).key
    fine(names(page).set_value("pre_padding").run())
    assert names(page).key == clicked, "so that it keeps the keyboard's focus"


def test_recorded_data_and_back_is_never_at_odds_with_itself():
    page = opened(small(min_length=3, max_length=7).to_params())
    fine(page.selectbox(key="task").set_value("japanese_vowels").run())
    assert page.slider(key="padded_length").value == 29, "lifted to the longest utterance"
    assert TASKS["japanese_vowels"].summary in shown(page)
    fine(page.selectbox(key="task").set_value("last_sign").run())
    assert experiment_of(page).task == "last_sign" and not page.error
    controls_show(page, experiment_of(page))


def test_sequences_too_long_for_the_padded_length_are_cut_and_what_is_lost_is_said():
    page = opened(small(min_length=12, max_length=12).to_params())
    assert "truncating" not in keys(page, "button_group") and "lose" not in shown(page)
    fine(page.slider(key="padded_length").set_value(10).run())
    assert "64 of 64 sequences lose 2 steps." in shown(page)
    (end,) = (each for each in page.get("button_group") if each.key == "truncating")
    fine(end.set_value("post").run())
    wanted = small(min_length=12, max_length=12, padded_length=10, truncating="post")
    assert experiment_of(page) == wanted and not page.error
    fine(page.slider(key="lengths").set_value((2, 9)).run())
    assert "lose" not in shown(page) and not page.error


def test_what_the_answer_is_read_from_and_what_a_batch_is_padded_to():
    page = opened(small().to_params())
    for name, value in (("read_out", "mean"), ("batches", "longest")):
        (control,) = (each for each in page.get("button_group") if each.key == name)
        fine(control.set_value(value).run())
    assert experiment_of(page) == small(read_out="mean", batches="longest")
    page = opened(small(task="running_sign").to_params())
    assert "read_out" not in keys(page, "button_group"), "every step answers for itself"


def test_without_a_strategy_nothing_can_be_ran():
    page = opened(small().to_params())
    fine(page.pills(key="strategies").set_value([]).run())
    assert [each.value for each in page.error] == [r"Choose at least one strategy\."]
    assert page.button(key="run_start").disabled
    assert experiment_of(page) == small(), "the last valid settings stay"
    fine(page.pills(key="strategies").set_value(["mask_feature", "no_mask"]).run())
    assert not page.error and not page.button(key="run_start").disabled
    assert experiment_of(page).strategies == ("no_mask", "mask_feature")


def test_what_would_take_too_long_is_said_and_not_ran():
    page = opened(small(units=128, epochs=200, padded_length=200, train_size=300).to_params())
    assert not page.error
    fine(page.slider(key="repeats").set_value(20).run())
    assert "train for too long" in page.error[0].value
    assert page.button(key="run_start").disabled


def test_the_label_switch_is_there_only_for_a_label_a_step():
    page = opened(small(task="running_sign", count_invalid=False).to_params())
    assert page.toggle(key="count_invalid").value is False
    fine(page.toggle(key="count_invalid").set_value(True).run())
    assert experiment_of(page).count_invalid is True
    fine(page.selectbox(key="task").set_value("sum_sign").run())
    assert not page.toggle


def test_a_label_a_step_is_counted_otherwise_beside_the_headline(monkeypatch: pytest.MonkeyPatch):
    run = made_up(small(task="running_sign"))
    monkeypatch.setattr(live_job, "find", lambda experiment: replace(run, experiment=experiment))
    page = opened(run.experiment.to_params())
    for counted in (False, True):
        fine(page.button(key="count_switch").click().run())
        assert page.toggle(key="count_invalid").value is experiment_of(page).count_invalid is counted
        assert link_of(page) == experiment_of(page).to_params()
    # One label a sequence: padding has no label to count.
    assert "count_switch" not in keys(opened(small().to_params()), "button")


def test_words_explain_themselves_and_the_keyboard_stops_once_at_each():
    """Where they are hovered over and focused: see `term` in the pages' style."""
    results = known(no_mask=[0.5, 0.51] * 3, held_state=[0.9] * 6, masking_layer=[0.5, 0.9] * 3)
    judged = [verdict(results, name) for name in ("held_state", "no_mask", "masking_layer")]
    cells = strategy_table.word_cells([*judged, *judged])
    words = [each and each.word for each in judged]
    assert words == ["required", None, "undecided"] and cells[1] == ""
    for cell, word in zip(cells, words * 2, strict=True):
        assert word is None or (f'data-tip="{escape(capital(RULES[word]))}"' in cell)
    assert ["tabindex" in cell for cell in cells] == [True, False, True, False, False, False]


def test_a_link_sets_every_control_and_stays():
    experiment = small(task="running_sign", count_invalid=False, strategies=tuple(STRATEGIES))
    page = opened(experiment.to_params())
    assert experiment_of(page) == experiment
    controls_show(page, experiment)
    assert link_of(page) == experiment.to_params()
    assert not page.warning


def test_a_change_is_written_into_the_link():
    page = opened(small().to_params())
    fine(page.segmented_control(key="side").set_value("pre").run())
    assert link_of(page) == small(side="pre").to_params()
    again = opened(link_of(page))
    assert experiment_of(again) == small(side="pre")


def test_a_link_that_lags_behind_undoes_no_control():
    """A browser sends the address it has: while controls move quickly, an older one."""
    page = opened(small(padded_length=16).to_params())
    fine(page.slider(key="padded_length").set_value(17).run())
    set_link(page, small(padded_length=16).to_params())
    fine(page.slider(key="padded_length").set_value(18).run())
    assert experiment_of(page).padded_length == 18
    assert page.slider(key="padded_length").value == 18
    assert link_of(page) == small(padded_length=18).to_params()


def test_a_link_changed_from_outside_is_taken():
    """The browser's Back, for one: nothing was touched but the address."""
    page = opened(small(padded_length=16).to_params())
    fine(page.slider(key="padded_length").set_value(30).run())
    set_link(page, small(padded_length=16, side="pre").to_params())
    fine(page.run())
    assert experiment_of(page) == small(padded_length=16, side="pre")
    controls_show(page, small(padded_length=16, side="pre"))


def test_a_mangled_link_gives_sentences_and_goes_on():
    mangled = {"units": "many", "side": "left"}
    unknown = {"scenario": "real_speech", "added": "much", "probe": "999", "utm_source": "course"}
    page = opened(small().to_params() | mangled | unknown)
    (said,) = [each.value.replace("\\", "") for each in page.warning]
    assert said.startswith("5 parts of the link could not be used.") and said.count("\n- ") == 5
    parts = ("Units must be a whole number", "setting 'scenario'", "Added cannot be 'much'")
    for part in (*parts, "Probe cannot be '999', only 1 to 8. It is left out."):
        assert part in said
    assert not page.button(key="run_start").disabled
    controls_show(page, state.RUN.from_params(small().to_params() | mangled)[0])
    # Nobody chose anything yet, so the address stays; with the first change it names what is shown.
    assert link_of(page) == small().to_params() | mangled | unknown
    fine(page.number_input(key="seed").set_value(8).run())
    again = opened(link_of(page))
    assert experiment_of(again) == experiment_of(page) and not again.warning and not page.warning


def test_complaints_go_when_another_scenario_is_chosen():
    page = opened({"units": "many"})
    assert page.warning
    fine(names(page).set_value("pre_padding").run())
    assert not page.warning
    page = opened({"units": "many", "seed": "3"})
    fine(page.button(key="usual_settings").click().run())
    assert not page.warning and link_of(page) == SCENARIOS[OPENING].experiment.to_params()


@pytest.mark.parametrize("probe", ["99", "²"])
def test_a_mangled_view_does_no_harm(probe):
    run = kept(small(seed=21))
    page = opened(run.experiment.to_params() | {"probe": probe, "epoch": probe})
    assert 1 <= page.selectbox(key="playground_probe").value <= 8
    assert dict(links(page))["See every gate of these networks"]["epoch"] == str(small().epochs)


def test_training_ends_with_what_the_run_found():
    experiment = small(repeats=2, seed=31)
    page = ran(opened(experiment.to_params()))
    final = list(train(experiment))[-1]
    said = shown(page).replace("\\", "")
    assert headline(final) in said
    for each in verdicts(final):
        assert each.sentence in said
        assert f"**{each.word.capitalize()}.**" in said
    for row, name in zip(table(page), experiment.strategies, strict=True):
        mine = [c.test_valid_accuracy[-1] for c in final.curves if c.strategy == name]
        assert row[0] == f"■ {STRATEGIES[name].title} {STRATEGIES[name].does}"
        assert row[1].startswith(f"{sum(mine) / len(mine):.1%} {min(mine):.1%} to {max(mine):.1%}")
    assert [row[3] for row in table(page)][1] == "none, exactly 0"
    assert not page.warning and not page.error


def test_the_probe_and_the_epoch_are_part_of_the_link():
    page = opened(kept(small(seed=32, epochs=3)).experiment.to_params())
    fine(page.selectbox(key="playground_probe").set_value(4).run())
    assert link_of(page)["probe"] == "4"
    # The run is kept, so a fresh visitor with this link sees the same at once.
    link = link_of(page) | {"epoch": "2"}
    other = opened(link)
    assert table(other) == table(page)
    assert other.selectbox(key="playground_probe").value == 4
    assert dict(links(other))["See every gate of these networks"]["epoch"] == "2"
    assert link_of(other) == link
    # Another run begins at its newest epoch, wherever the replay of this one rests.
    fine(other.number_input(key="seed").set_value(36).run())
    newest = ran(other)
    assert experiment_of(newest).seed == 36 and "epoch" not in link_of(newest)
    assert dict(links(newest))["See every gate of these networks"]["epoch"] == "3"


def test_results_of_earlier_settings_are_called_so():
    page = opened(kept(small(seed=33)).experiment.to_params())
    numbers = table(page)
    assert "Result for" not in shown(page)
    fine(page.number_input(key="seed").set_value(34).run())
    assert "Result for seed 33; you set 34." in shown(page)
    assert table(page) == numbers
    fine(page.button(key="run_back").click().run())
    assert experiment_of(page) == small(seed=33) and page.number_input(key="seed").value == 33
    assert "Result for" not in shown(page)
    fine(page.number_input(key="seed").set_value(34).run())
    page.button(key="run_start").click().run()
    until(page, lambda each: "Result for" not in shown(each) and "run_start" in keys(each, "button"))
    assert table(page) != numbers and experiment_of(page) == small(seed=34)


def test_another_page_and_back_keeps_settings_and_results():
    page = ran(opened(small(seed=35, side="pre").to_params()))
    numbers = table(page)
    fine(page.switch_page("pages/inside.py").run())
    assert page.title[0].value == "Inside the LSTM"
    fine(page.switch_page("pages/playground.py").run())
    assert experiment_of(page) == small(seed=35, side="pre")
    controls_show(page, small(seed=35, side="pre"))
    assert table(page) == numbers


def test_cancelling_keeps_what_was_trained_and_lets_train_again():
    page = opened(small(seed=36, epochs=200, repeats=20).to_params())
    page.button(key="run_start").click().run()
    until(page, table)
    assert "run_start" not in keys(page, "button")
    fine(page.button(key="run_cancel").click().run())
    until(page, lambda p: "run_start" in keys(p, "button"))
    assert "Cancelled" in shown(page)
    assert table(page)
    numbers = table(page)
    page.slider(key="repeats").set_value(1)
    fine(page.slider(key="epochs").set_value(2).run())
    assert "Result for epochs 200 and repeats 20; you set 2 and 1." in shown(page)
    assert table(page) == numbers
    ran(page)
    assert "Cancelled" not in shown(page)


def test_the_page_stays_usable_while_a_run_goes_on():
    page = opened(small(seed=37, epochs=200, repeats=20).to_params())
    page.button(key="run_start").click().run()
    until(page, table)
    # A page that is loaded anew has another session, and goes on with the run; the tab then tells whose
    # place it has taken.
    earlier = page.session_state["viewer"]
    live_job.server().queue.left(earlier)
    page = opened(link_of(page))
    assert live_job.server().queue.lost(earlier)
    assert table(page) and "run_cancel" in keys(page, "button")
    fine(page.slider(key="padded_length").set_value(30).run())
    assert experiment_of(page).padded_length == 30
    assert "run_cancel" in keys(page, "button")
    # The curves are those of the run, and so is the way to its networks.
    assert "The results under way are for padded length 16; you set 30." in shown(page)
    (to_networks,) = [params for label, params in links(page) if label.startswith("See every gate")]
    assert to_networks["padded_length"] == "16"
    fine(page.selectbox(key="playground_probe").set_value(2).run())
    assert page.selectbox(key="playground_probe").value == 2
    fine(page.button(key="run_cancel").click().run())
    until(page, lambda each: "run_start" in keys(each, "button"))


def test_a_run_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    def broken(order):
        raise ValueError("Something is not as it should be.")
        yield

    page = opened(small(seed=38).to_params())
    fake = FakeServer(broken)
    with monkeypatch.context() as patch:
        patch.setattr(live_job, "server", lambda: fake)
        fine(page.button(key="run_start").click().run())
        until(page, lambda p: p.error)
        assert page.error[0].value == "Something is not as it should be."
        assert not page.button(key="run_start").disabled
    fake.close()
    ran(fine(page.run()))
    assert not page.error


def test_a_full_queue_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    def full(experiment):
        raise QueueFull("The server is busy. Try again in a moment.")

    page = opened(small(seed=39).to_params())
    with monkeypatch.context() as patch:
        patch.setattr(live_job, "submit", full)
        fine(page.button(key="run_start").click().run())
    assert [each.value for each in page.warning] == ["The server is busy. Try again in a moment."]
    study = fine(page.switch_page("pages/study.py").run())
    assert not study.warning, "a refusal is that of the work that was refused"
    assert not study.button(key="studyrun_start").disabled
    fine(page.switch_page("pages/playground.py").run())
    ran(page)
    assert not page.warning


def test_only_settings_that_can_be_trained_are_compiled_ahead(prepared):
    page = opened(small(seed=40).to_params())
    assert prepared == [small(seed=40)]
    page.run()
    assert prepared == [small(seed=40)], "once is enough"
    fine(page.pills(key="strategies").set_value([]).run())
    assert prepared == [small(seed=40)]
    fine(page.pills(key="strategies").set_value(["zeroed_state"]).run())
    assert prepared[1:] == [small(seed=40, strategies=("zeroed_state",))]


def test_a_slider_reaches_its_charts_through_few_files(monkeypatch: pytest.MonkeyPatch):
    """All files of the app of which a function runs while a page without results is drawn anew.

    Whoever wants to know how a control reaches a chart reads these. More of them is a longer way: look
    for a module that only passes something on.
    """
    ran_in: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            ran_in.add(frame.f_code.co_filename)

    fake = FakeServer(lambda command: iter(()))
    monkeypatch.setattr(live_job, "server", lambda: fake)
    page = opened(small(strategies=("no_mask",)).to_params())
    threading.setprofile(note)  # of the thread that is to draw the page
    try:
        fine(page.slider(key="padded_length").set_value(77).run())
    finally:
        threading.setprofile(None)
        fake.close()
    paths = (path for each in ran_in if (path := Path(each)).is_relative_to(PACKAGE))
    files = {path.relative_to(PACKAGE).as_posix() for path in paths}
    assert {"ui/controls.py", "ui/components.py", "charts/padded_batch.py"} <= files, "they are noted"
    assert len(files) <= MAX_FILES, " ".join(sorted(files))
