"""Figures of the inside page: what is drawn, and that nothing jumps while one watches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maskdemo import charts
from maskdemo.charts.colour_scales import reach_of, reach_text
from maskdemo.charts.gradient_by_step import share_text
from maskdemo.data.inputs import inputs
from maskdemo.inside.activations import QUANTITIES, unit_order
from maskdemo.inside.gradient import gradient, landing
from tests.inside.test_activations import CASES, given, untrained
from tests.samples import network

BINARY = CASES["binary"]


def gates(strategy: str, *, seed: int = 0, step: int = 2, dark: bool = False):
    sequence = untrained(BINARY, seed=seed)
    activations = sequence.activations(strategy)
    looks = {"strategy": strategy, "unit": 1, "step": step, "dark": dark}
    return activations, charts.gate_heatmaps(sequence, activations, **looks)


def test_the_ring_is_no_later_than_the_sequence_s_own_batch():
    sequence = untrained(replace(BINARY, batches="longest", batch_size=1))
    there = sequence.batch.there
    assert there is not None and not there[0, -1]
    activations = sequence.activations("no_mask")
    figure = charts.gate_heatmaps(sequence, activations, strategy="no_mask", unit=0, step=1)
    (ring,) = (each for each in figure.data if "Read out" in (each.hovertemplate or ""))
    assert list(ring.x) == [np.flatnonzero(there[0])[-1] + 1]


def heatmap(figure, words: str):
    return next(
        each for each in figure.data if each.type == "heatmap" and words in (each.hovertemplate or "")
    )


def test_heatmaps_hold_every_number_in_the_order_given():
    activations, figure = gates("no_mask")
    order = unit_order(activations)
    for name, (_, words) in QUANTITIES.items():
        drawn = heatmap(figure, words)
        np.testing.assert_array_equal(drawn.z, getattr(activations, name)[0][:, order].T)
        np.testing.assert_array_equal(np.asarray(drawn.customdata)[:, 0], order + 1)


@pytest.mark.parametrize("strategy", ["held_state", "zeroed_state", "masking_layer"])
def test_gates_are_blank_where_they_are_not_used(strategy):
    _, figure = gates(strategy)
    unused = given("binary", strategy, 1).advance[0] == 0
    assert unused.any()
    assert np.isnan(heatmap(figure, "Forget gate").z[:, unused]).all()
    assert not np.isnan(heatmap(figure, "Hidden state").z).any()


def test_nothing_jumps_from_epoch_to_epoch_or_step_to_step():
    _, one = gates("held_state")
    _, other = gates("held_state", seed=5, step=7)
    assert one.layout.height == other.layout.height
    for axis in ("yaxis", "yaxis4", "yaxis9"):
        assert one.layout[axis].range == other.layout[axis].range
        assert one.layout[axis].domain == other.layout[axis].domain


def test_dark_figures_have_other_colours():
    (_, light), (_, dark) = gates("no_mask"), gates("no_mask", dark=True)
    assert heatmap(light, "Forget gate").colorscale != heatmap(dark, "Forget gate").colorscale


def test_strategies_share_one_scale_and_say_where_they_part():
    sequence = untrained(BINARY)
    activations = {name: sequence.activations(name) for name in ("no_mask", "held_state")}
    parts = {"held_state": 3}
    figure = charts.strategies_compared(sequence, activations, quantity="cells", parts=parts)
    scales = {(each.zmin, each.zmax) for each in figure.data if each.type == "heatmap"}
    assert len(scales) == 1
    assert any(each.text == "parts at step 4" for each in figure.layout.annotations)
    assert [each.x0 for each in figure.layout.shapes] == [3.5]


def test_gradient_bars_add_up_to_all_of_it():
    batch = inputs(BINARY).test
    kinds = {"padded": batch.padded[:6], "missing": batch.missing[:6]}
    landings = {
        name: landing(gradient(network(BINARY), given("binary", name)).inputs, **kinds)
        for name in ("no_mask", "held_state")
    }
    figure = charts.gradient_by_step(landings, subject="inputs", detail="")
    for axis, name in (("y", "no_mask"), ("y2", "held_state")):
        bars = [np.sum(each.y) for each in figure.data if each.type == "bar" and each.yaxis == axis]
        assert sum(bars) == pytest.approx(1, abs=1e-5)
        assert (sum(bars[1:]) == 0) == (name == "held_state")


def test_a_share_is_zero_or_all_only_where_it_is_exact():
    assert [share_text(each) for each in (0.0, 1.0)] == ["0%", "100%"]
    assert share_text(1e-9) == "below 0.1%" and share_text(1 - 1e-9) == "above 99.9%"
    assert share_text(0.1234) == "12.3%"


def test_a_scale_says_how_far_single_values_go_beyond_it():
    values = np.append(np.full(99, 0.5), 7.0)
    assert reach_of(values) == 0.5
    assert reach_text(values, 0.5) == "−0.5 to 0.5, single values to 7"
    assert reach_of(np.zeros(3)) == 1.0
    assert reach_text(np.array([-0.5]), 0.5) == "−0.5 to 0.5"


def test_a_unit_shows_its_numbers_at_the_step():
    sequence = untrained(BINARY)
    activations = sequence.activations("held_state")
    held = int(np.flatnonzero(sequence.arrays("held_state").keep[0])[0]) + 1
    for step in (1, held):
        figure = charts.unit_traces(sequence, activations, strategy="held_state", unit=2, step=step)
        notes = [each.text for each in figure.layout.annotations]
        assert f"{activations.cells[0, step - 1, 2]:.3f}".replace("-", "−") in notes
        assert ("not used" in notes) == (step == held)
    states = activations.states.copy()
    states[:, 0, 2] = np.nan
    diverged = replace(activations, states=states)
    figure = charts.unit_traces(sequence, diverged, strategy="held_state", unit=2, step=1)
    notes = [each.text for each in figure.layout.annotations]
    assert "nan" in notes and "not used" not in notes, "a training that diverged used all its gates"
