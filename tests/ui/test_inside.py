"""The inside page without a browser: what it trains, shows, says and keeps in its link."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.experiment import Experiment
from maskdemo.inside.flips import flips, lead_change
from maskdemo.inside.inspected_sequence import InspectedSequence, unpadded_test_sequences
from maskdemo.inside.leak import sweep
from maskdemo.server import Server
from maskdemo.training.run import train
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import inside_page, live_job
from maskdemo.ui.inside_text import (
    cell_equation,
    share_in_mean,
    what_padding_did,
    what_step_did,
)
from tests.inside.test_activations import CASES, untrained
from tests.samples import small
from tests.ui.app import charts, kept, opened, shown, spare_what_is_there, until

#: Of the shape that other tests have compiled; the others are not trained.
TINY = small(
    task="last_sign",
    max_length=6,
    strategies=("no_mask", "zeroed_state", "held_state"),
    epochs=3,
    seed=11,
)
VOWELS = small(task="japanese_vowels", padded_length=30, strategies=("no_mask", "masking_layer"))
STEPS = small(task="running_sign", max_length=6, missing_rate=0.4, epochs=1)


def finished(experiment: Experiment) -> Snapshot:
    found = live_job.find(experiment)
    if found is None:
        found = list(train(experiment))[-1]
        live_job.server().results.keep(found)
        spare_what_is_there()
    return found


def page(experiment: Experiment, **view: str) -> AppTest:
    """The page as a link opens it."""
    return opened("inside", experiment.to_params() | view)


def labelled(elements, label: str):
    return next(each for each in elements if each.label == label)


def test_opening_a_link_without_a_run_starts_nothing_and_the_button_trains(monkeypatch):
    experiment = Experiment.from_params(TINY.to_params() | {"seed": "12"})
    with monkeypatch.context() as nothing:
        for asked in ("submit", "prepare"):
            nothing.setattr(Server, asked, lambda *_: pytest.fail("The link asks for work."))
        app = page(experiment)
        app.run()
    assert live_job.server().status(app.session_state["viewer"], "run").phase == "idle"
    assert "Training makes 3 networks, of 3 epochs each" in shown(app)
    app.button(key="run_start").click().run()
    until(app, lambda page: live_job.find(experiment) is not None)
    app.run()
    assert not app.exception
    assert "moves on" in shown(app)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (12.3, "Training makes 1 network, of 1 epoch each, in about 12 s."),
        (600.0, "in about 10 min."),
        (None, "each; how long that takes cannot be told yet."),
    ],
)
def test_how_long_a_training_takes_is_told_where_it_is_known(monkeypatch, seconds, said):
    monkeypatch.setattr(live_job.server().queue, "seconds_for", lambda work: seconds)
    assert said in inside_page.not_trained_yet(replace(STEPS, strategies=("no_mask",)))


@pytest.mark.parametrize(
    ("view", "experiment"),
    [
        ("gates", VOWELS),
        ("gradient", STEPS),
        pytest.param("compare", STEPS, marks=pytest.mark.fuzz),
        pytest.param("gradient", VOWELS, marks=pytest.mark.fuzz),
    ],
    ids=lambda each: each if isinstance(each, str) else each.task,
)
def test_every_view_draws_every_kind_of_task(view, experiment):
    """One label of two is what all other tests look at."""
    kept(experiment)
    app = page(experiment, view=view, scope="one")
    assert not app.exception and not app.error and not app.warning
    assert charts(app)


def test_the_equation_adds_up():
    snapshot = finished(TINY)
    sequence = InspectedSequence(snapshot, probe=0, epoch=3, label=1)
    activations = sequence.activations("no_mask")
    text = cell_equation(sequence, "no_mask", unit=2, step=2)
    number = r"\(?(-?\d\.\d{3})\)?"
    product = rf"{number} \\cdot {number}"
    found = re.search(rf"= {product} \+ {product} = ", text)
    assert found is not None
    f, c, i, g = map(float, found.groups())
    assert f * c + i * g == pytest.approx(activations.cells[0, 1, 2], abs=3e-3)
    assert f"{activations.states[0, 1, 2]:.3f}" in text


def test_the_first_sentence_is_what_padding_did_by_the_numbers_below_it():
    snapshot = finished(TINY)
    sequence = InspectedSequence(snapshot, probe=0, epoch=3, label=1)
    said, activations = what_padding_did(sequence, "no_mask"), sequence.activations("no_mask")
    last = int(sequence.batch.valid[0].nonzero()[0][-1])
    states, says = activations.states[0], activations.probabilities[0, :, 1]
    assert sequence.batch.padded[0, last + 1 :].all(), "All that is not there comes after the end."
    assert (
        f"**No mask:** moved the hidden state by up to {abs(states[-1] - states[last]).max():.2f}, and "
        f"the probability of label 1 from {says[last]:.2f} to {says[-1]:.2f}." in said
    )
    assert "**Held state:** the state did not move" in said
    assert "did here. **No mask:** moved the hidden state" in shown(page(TINY, strategy="no_mask"))


def test_held_and_reset_steps_say_so():
    finished(TINY)
    app = page(TINY, strategy="held_state", step="16")
    assert "the state is held" in shown(app)
    app = page(TINY, strategy="zeroed_state", step="16")
    assert "the state is reset" in shown(app)
    app = page(TINY, strategy="no_mask", step="16")
    assert "a padded step, and the state moves on" in shown(app)


def test_a_step_that_the_batch_has_not_is_not_said_to_be_padded():
    experiment = replace(TINY, batches="longest")
    finished(experiment)
    for name in experiment.strategies:
        text = shown(page(experiment, strategy=name, step="16"))
        assert "Step 16 is beyond the longest sequence of its batch" in text
        assert "a padded step" not in text


def test_a_step_is_said_to_have_the_share_that_the_mean_gives_it():
    experiment = replace(TINY, read_out="mean", min_length=4, max_length=4)
    sequence = untrained(experiment)
    assert "after 16 steps: this step is 6.2% of it." in share_in_mean(sequence, "no_mask", step=16)
    assert "after 4 steps: this step is 25.0% of it." in share_in_mean(sequence, "held_state", step=4)
    assert "4 steps: this step is not one of them." in share_in_mean(sequence, "held_state", step=5)
    last = untrained(replace(experiment, read_out="last"))
    assert share_in_mean(last, "no_mask", step=1) == ""


def test_no_gradient_lands_on_padding_where_the_state_is_held():
    finished(TINY)
    for what in ("inputs", "states", "weights"):
        said = shown(page(TINY, view="gradient", gradient=what))
        assert "**Held state** exactly 0" in said
        assert re.search(r"\*\*No mask\*\* [\d.]+%|\*\*No mask\*\* above", said)


def test_choices_are_in_the_link_and_defaults_are_not():
    finished(TINY)
    app = page(TINY)
    assert set(app.query_params) == set(TINY.to_params())
    labelled(app.select_slider, "After epoch").set_value(2).run()
    labelled(app.select_slider, "Step").set_value(9).run()
    assert app.query_params["epoch"] == "2" and app.query_params["step"] == "9"
    again = page(TINY, epoch="2", step="9")
    assert labelled(again.select_slider, "After epoch").value == 2
    assert labelled(again.select_slider, "Step").value == 9


@pytest.mark.parametrize(
    "view",
    [
        {"view": "nowhere", "probe": "99", "epoch": "0", "unit": "-3", "step": "x", "label": "7"}
        | {"strategy": "mask_feature"},
        {"view": "compare", "compared": "nobody.", "quantity": "?", "weights": "mine"},
        {"view": "gradient", "gradient": "", "scope": "<b>"},
    ],
)
def test_a_link_with_nonsense_shows_the_defaults(view):
    finished(TINY)
    app = page(TINY, **view)
    assert not app.exception
    assert charts(app)
    (said,) = [each.value for each in app.warning]
    for name, text in view.items():
        assert (f"{name.capitalize()} cannot be" in said) == (text not in ("compare", "gradient"))


def test_playing_goes_through_the_epochs_and_stops_at_the_last():
    finished(TINY)
    app = page(TINY)
    labelled(app.button, "Play").click().run()
    seen = []
    while (playing := app.session_state["playing"]) is not None:
        seen.append(playing)
        app.run()
    assert seen == [1, 2, 3] and not app.exception
    assert labelled(app.select_slider, "After epoch").value == 3
    labelled(app.select_slider, "After epoch").set_value(1).run()
    labelled(app.button, "Play").click().run()
    labelled(app.button, "Pause").click().run()
    assert labelled(app.select_slider, "After epoch").value == 2, "where it was paused"


def test_the_page_shows_what_the_run_measured():
    snapshot = finished(TINY)
    test = unpadded_test_sequences(TINY)
    curve = next(each for each in snapshot.curves if each.strategy == "held_state")
    network = snapshot.networks["held_state"][-1]
    found = sweep(network, "held_state", TINY, test, side="post", value=0.0, added=(0, 10))
    assert found.accuracy[0] == pytest.approx(curve.test_accuracy[-1])
    sequence = InspectedSequence(snapshot, probe=0, epoch=3, label=1)
    for name in TINY.strategies:
        np.testing.assert_allclose(
            sequence.activations(name).probabilities[0], snapshot.probes.outputs[name][-1][0], atol=1e-5
        )


def test_what_a_step_did_is_told_with_the_numbers_of_the_networks():
    sequence = untrained(CASES["binary"], seed=3)
    seen, held = sequence.activations("no_mask"), sequence.arrays("held_state")
    turned = flips(seen.probabilities[0], 1)
    for step in range(2, sequence.experiment.padded_length + 1):
        said = what_step_did(sequence, "no_mask", step=step).replace("−", "-")
        before, after = seen.probabilities[0, step - 2 : step, 1]
        assert f"goes from {before:.2f} to {after:.2f}" in said
        verb = "to" if after > 0.5 else "away from"
        assert (f"turns the output {verb} label 1" in said) == turned[step - 1]
        unit = lead_change(sequence.networks["no_mask"], seen, step=step - 1, label=1).unit
        (cell,) = re.findall(r"memory \*c\* from (\S+) to (\S+),", said)
        assert np.allclose(
            [float(each) for each in cell], seen.cells[0, step - 2 : step, unit], atol=0.006
        )
    assert held.keep[0].any()
    waiting = int(np.flatnonzero(held.keep[0])[-1])
    said = what_step_did(sequence, "held_state", step=waiting + 1)
    assert said.startswith("the probability of label 1 stays")
