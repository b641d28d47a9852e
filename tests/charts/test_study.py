"""Figures of a study: what they say is what was found, and nothing jumps while points come in."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskdemo import charts
from maskdemo.charts.response_marks import EFFECT, SAME, UNDECIDED, response_axis
from maskdemo.charts.style import strategy_title, symbol
from maskdemo.evidence import BASELINE
from maskdemo.strategies import STRATEGIES
from maskdemo.study import Cell, Findings, Study
from maskdemo.study.variables import value_text
from maskdemo.training.snapshot import Outcome
from tests.samples import small

LENGTHS = (16, 20, 30, 60)
ONE = Study(
    base=small(strategies=("no_mask", "masking_layer", "held_state"), repeats=5),
    vary="padded_length",
    values=LENGTHS,
)
SIDES = Study(base=small(repeats=3), vary="side", values=("post", "pre"))
TWO = Study(
    base=small(repeats=5),
    vary="padded_length",
    values=LENGTHS,
    and_vary="pad_value",
    and_values=(-1.0, 0.0),
)


def found(
    study: Study,
    reached: Callable[[Cell, str, int], float] = lambda cell, name, repeat: 0.5,
    *,
    count: int | None = None,
    scored: int = 24,
) -> Findings:
    """Findings in which each training reached what is said; the first `count` trainings only."""
    outcomes = {}
    for training in study.trainings()[:count]:
        share = reached(*study.coordinates(training))
        outcomes[training] = Outcome(share, share, 0.1, 0.2, scored)
    return Findings(study=study, outcomes=outcomes, finished=count is None)


def noisy(cell: Cell, name: str, repeat: int) -> float:
    """No mask falls with the value, the Masking layer hardly, the held state is the same as no mask."""
    falling = 0.9 - 0.01 * (cell[0] if isinstance(cell[0], int) else 20)
    own = {"masking_layer": 0.9}.get(name, falling)
    return round(own + 0.02 * repeat, 6)


def of(figure, name: str):
    (trace,) = [each for each in figure.data if each.name == name]
    return trace


def test_lines_are_the_means_and_points_the_repeats():
    findings = found(ONE, noisy)
    figure = charts.response_curve(findings)
    axis = response_axis("padded_length", LENGTHS)
    for name in ONE.base.strategies:
        line = of(figure, strategy_title(name))
        np.testing.assert_allclose(line.x, axis.positions)
        means = [np.mean([noisy((value,), name, at) for at in range(5)]) for value in LENGTHS]
        np.testing.assert_allclose(line.y, means)
        points = of(figure, f"{strategy_title(name)}, repeats")
        given = [noisy((value,), name, at) for value in LENGTHS for at in range(5)]
        np.testing.assert_allclose(sorted(points.y), sorted(given))
        # Beside its value, but nearer to it than to any other.
        nearest = [min(axis.positions, key=lambda each: abs(each - x)) for x in points.x]
        assert nearest == [position for position in axis.positions for _ in range(5)]


def test_differences_are_paired_in_points_and_drawn_with_their_interval():
    findings = found(ONE, noisy)
    marks = of(charts.response_curve(findings), "Masking layer against no mask")
    verdicts = [findings.verdict((value,), "masking_layer") for value in LENGTHS]
    found_here = [each.difference for each in verdicts if each]
    assert marks.yaxis == "y2"
    np.testing.assert_allclose(marks.y, [value - 0 for value in LENGTHS], atol=1e-9)
    np.testing.assert_allclose(
        np.asarray(marks.y) + marks.error_y.array, [100 * each.high for each in found_here if each]
    )
    np.testing.assert_allclose(
        np.asarray(marks.y) - marks.error_y.arrayminus, [100 * each.low for each in found_here if each]
    )


def test_marks_tell_effects_from_what_is_undecided_and_what_is_the_same():
    def reached(cell: Cell, name: str, repeat: int) -> float:
        if name == BASELINE:
            return 0.1
        # Large and steady, then large for its spread, then small and steady.
        return (
            0.1
            + {16: [0.8] * 5, 20: [0.02, 0.1, 0.14, 0.18, 0.22]}.get(int(cell[0]), [0.001] * 5)[repeat]
        )

    findings = found(ONE, reached, scored=1000)
    each = [findings.verdict((value,), "masking_layer") for value in LENGTHS]
    words = [found and found.word for found in each]
    assert words == ["required", "undecided", "the same", "the same"]
    marks = of(charts.response_curve(findings), "Masking layer against no mask")
    square = symbol("masking_layer")
    assert list(marks.marker.symbol) == [square, f"{square}-open", square, square]
    assert marks.marker.size[0] == marks.marker.size[1] > marks.marker.size[2]
    for text, word in zip(marks.customdata, words, strict=True):
        assert text.endswith(word)
    explained = [each.text for each in charts.response_curve(findings).layout.annotations]
    assert any(text.startswith(f"● {EFFECT}   ○ {UNDECIDED}   • {SAME}") for text in explained)


def test_one_repeat_has_neither_band_nor_bar_nor_verdict():
    findings = found(ONE, noisy, count=len(ONE.cells) * 3)
    figure = charts.response_curve(findings)
    assert of(figure, "No mask, 95% band").x == (None,)
    marks = of(figure, "Masking layer against no mask")
    assert not any(marks.error_y.array) and not any(marks.error_y.arrayminus)
    assert all("one repeat" in text for text in marks.customdata)
    assert "One repeat so far" in figure.layout.title.text


def frame(figure) -> tuple:
    """What must stay where it is while points come in."""
    layout = figure.layout
    axes = (layout.xaxis, layout.yaxis, layout.yaxis2)
    return layout.height, layout.margin.to_plotly_json(), *(each.to_plotly_json() for each in axes)


@pytest.mark.parametrize("study", [ONE, SIDES], ids=["numbers", "columns"])
def test_nothing_jumps_while_points_come_in(study):
    total = len(study.trainings())
    figures = [
        charts.response_curve(found(study, noisy, count=count)) for count in range(0, total + 1, 4)
    ]
    assert all(frame(each) == frame(figures[0]) for each in figures)
    assert figures[0].layout.xaxis.ticktext


@given(
    st.lists(st.integers(1, 200), min_size=2, max_size=12, unique=True).map(sorted),
)
def test_values_stand_in_order_and_their_labels_fit(values):
    axis = response_axis("padded_length", values)
    assert list(axis.positions) == sorted(axis.positions) and len(set(axis.positions)) == len(values)
    assert axis.low < axis.positions[0] and axis.positions[-1] < axis.high
    said = axis.layout["title"]["text"]
    if "equally" in said:
        assert np.allclose(np.diff(axis.positions), 1)
    elif "log" in said:
        np.testing.assert_allclose(axis.positions, np.log10(values))
    else:
        np.testing.assert_allclose(axis.positions, values)


def test_few_values_keep_their_true_distances():
    assert response_axis("padded_length", (20, 40, 80)).positions == (20, 40, 80)
    assert "log" in response_axis("padded_length", (10, 16, 25, 40, 80, 200)).layout["title"]["text"]


def test_a_map_has_the_number_of_every_pair_and_outlines_what_is_to_come():
    def reached(cell: Cell, name: str, repeat: int) -> float:
        if name == BASELINE:
            return 0.2
        return 0.2 + 0.01 * LENGTHS.index(int(cell[0])) + (0.5 if cell[1] == 0.0 else 0.0)

    whole = charts.response_map(found(TWO, reached, scored=10_000), strategy="held_state")
    (cells,) = whole.data
    np.testing.assert_allclose(cells.z, [[0, 1, 2, 3], [50, 51, 52, 53]], atol=1e-9)
    assert cells.zmin == -cells.zmax
    texts = [each.text for each in whole.layout.annotations][:8]
    assert texts[4:] == ["+50", "+51", "+52", "+53"]
    assert texts[:4] == ["≈0"] * 4
    # Repeats of 24 test sequences agree by accident: only a large difference is more than that.
    few = charts.response_map(found(TWO, reached), strategy="held_state")
    texts = [each.text for each in few.layout.annotations][:8]
    assert texts == ["(0)", "(+1)", "(+2)", "(+3)", "+50", "+51", "+52", "+53"]
    # Four repeats get no word, however far apart.
    four = charts.response_map(found(TWO, reached, count=4 * 16, scored=10_000), strategy="held_state")
    texts = [each.text for each in four.layout.annotations][:8]
    assert texts == ["(0)", "(+1)", "(+2)", "(+3)", "(+50)", "(+51)", "(+52)", "(+53)"]
    assert not whole.layout.shapes

    some = charts.response_map(found(TWO, reached, count=2 * 4), strategy="held_state")
    assert len(some.layout.shapes) == 4
    texts = [each.text for each in some.layout.annotations][:8]
    assert texts.count("…") == 4 and sum(text.endswith("?") for text in texts) == 4
    assert some.layout.height == whole.layout.height


def test_the_map_of_no_mask_is_its_accuracy():
    figure = charts.response_map(found(TWO, lambda *_: 0.25), strategy=BASELINE)
    assert set(np.ravel(figure.data[0].z)) == {25.0}
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 100)


def test_a_line_of_a_grid_is_drawn_at_one_second_value():
    findings = found(TWO, lambda cell, name, repeat: 0.3 if cell[1] == 0.0 else 0.7)
    for second, level in ((0.0, 0.3), (-1.0, 0.7)):
        figure = charts.response_curve(findings, second=second)
        np.testing.assert_allclose(of(figure, "No mask").y, level)
        assert f"Pad value: {value_text('pad_value', second)}" in figure.layout.title.text


@pytest.mark.parametrize("dark", [False, True])
def test_every_strategy_is_named_once_and_figures_are_plain_json(dark):
    study = Study(
        base=small(strategies=tuple(STRATEGIES), repeats=2), vary="padded_length", values=LENGTHS
    )
    for one, many in ((ONE, False), (study, True)):
        figure = charts.response_curve(found(one, noisy), dark=dark)
        legend = [each.name for each in figure.data if each.showlegend is not False]
        named = [each.text for each in figure.layout.annotations]
        for name in one.base.strategies:
            assert legend.count(strategy_title(name)) == many
            assert (strategy_title(name) in named) != many
        json.loads(figure.to_json(), parse_constant=pytest.fail)
