"""Figures: what is drawn where, in which colour, and what must not move while training."""

from __future__ import annotations

import base64
import json
import tomllib
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import stats

from maskdemo import charts
from maskdemo.charts.line_labels import LABEL_GAP, spread_apart
from maskdemo.charts.padded_batch import unseen_batch
from maskdemo.charts.style import NAMES, STYLES, outlines
from maskdemo.charts.template import LEARNING_CURVES, SHARE_TOP, as_json, inks, nice_ticks
from maskdemo.data.inputs import Chance
from maskdemo.data.padding import Batch
from maskdemo.strategies import STRATEGIES
from tests.charts.samples import FEW, NINE, PER_STEP, RUN, make_batch
from tests.samples import ALL, made_up, small, uploaded
from tests.test_architecture import ROOT


def named(figure, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


KINDS = ("padding", "missing")


def visible(figure, name: str) -> list:
    """The traces of a name that draw something (legend entries have only None)."""
    return [each for each in named(figure, name) if each.x[0] is not None]


def hatches(figure, kind: str) -> list:
    return visible(figure, NAMES[kind])


def cells_inside(trace, rows: int, steps: int) -> np.ndarray:
    """Which of (rows, steps) cell centres the outlines of a hatch trace enclose."""
    covered = np.zeros((rows, steps), bool)
    x, y = (np.append(np.asarray(each, float), np.nan) for each in (trace.x, trace.y))
    for left, right, low, high in zip(x[0::6], x[1::6], y[0::6], y[2::6], strict=True):
        row, step = np.arange(1, rows + 1)[:, None], np.arange(1, steps + 1)
        covered |= (low < row) & (row < high) & (left < step) & (step < right)
    return covered


def figures_of(snapshot, *, dark: bool = False) -> list:
    """Every chart of a run."""
    return [
        charts.learning_curves(snapshot, dark=dark),
        charts.learning_curves(snapshot, metric="loss", dark=dark),
        charts.final_accuracy(snapshot, dark=dark),
        charts.outputs_by_step(snapshot, probe=0, epoch=3, dark=dark),
    ]


def linear(shade: str) -> np.ndarray:
    """The light of a colour's red, green and blue, 0 to 1."""
    parts = np.array([int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(shade: str) -> float:
    return float(linear(shade) @ [0.2126, 0.7152, 0.0722])


def perceived(shade: str, vision: np.ndarray) -> np.ndarray:
    """The OKLab place of a colour as seen under a 3 x 3 simulation of colour blindness."""
    seen = np.clip(vision @ linear(shade), 0, 1)
    cones = np.array(
        [[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]]
    )
    lab = np.array(
        [[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]]
    )
    return lab @ np.cbrt(cones @ seen)


# Machado, Oliveira and Fernandes 2009, severity 1.
VISIONS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]
    ),
    "deuteranopia": np.array(
        [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]
    ),
    "tritanopia": np.array(
        [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]
    ),
}


class TestLooks:
    def test_every_strategy_has_its_own_marker_and_dash(self):
        assert len({each.marker for each in STYLES.values()}) == len(ALL)
        assert len({each.dash for each in STYLES.values()}) >= len(ALL) - 1

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("name", ALL)
    def test_colours_stand_out_from_the_page(self, name, dark):
        page = inks(dark).page
        themes = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
        assert themes["dark" if dark else "light"]["backgroundColor"].lower() == page
        light, dim = sorted((luminance(charts.colour(name, dark=dark)), luminance(page)))[::-1]
        assert (light + 0.05) / (dim + 0.05) >= 3

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("vision", VISIONS)
    def test_colours_are_told_apart_by_colour_blind_people(self, vision, dark):
        places = {each: perceived(charts.colour(each, dark=dark), VISIONS[vision]) for each in ALL}
        apart = {
            pair: np.linalg.norm(places[pair[0]] - places[pair[1]]) for pair in combinations(ALL, 2)
        }
        closest = min(apart, key=apart.__getitem__)
        assert apart[closest] > 0.07, f"{' and '.join(closest)} are too alike"

    @pytest.mark.parametrize("dark", [False, True])
    def test_a_strategy_looks_the_same_in_every_figure(self, dark):
        snapshot = made_up(replace(RUN, strategies=ALL))
        figures = (
            charts.learning_curves(snapshot, dark=dark),
            charts.final_accuracy(snapshot, dark=dark),
            charts.outputs_by_step(snapshot, probe=0, epoch=1, dark=dark),
        )
        for name in ALL:
            title, shade = STRATEGIES[name].title, charts.colour(name, dark=dark)
            curve, points, output = (named(each, title)[0] for each in figures)
            assert {curve.line.color, points.marker.color, output.line.color} == {shade}
            symbols = {each.marker.symbol for each in (curve, points, output)}
            assert symbols == {STYLES[name].marker}


class TestEveryFigure:
    @pytest.mark.parametrize("dark", [False, True])
    def test_background_is_transparent_and_sizes_are_fixed(self, dark):
        batch = charts.padded_batch(make_batch(), dark=dark)
        for figure in (batch, *figures_of(made_up(RUN), dark=dark)):
            base = figure.layout.template.layout
            assert base.paper_bgcolor == base.plot_bgcolor == "rgba(0,0,0,0)"
            assert base.margin.autoexpand is False
            assert figure.layout.height and figure.layout.uirevision and figure.layout.title.text

    @pytest.mark.parametrize("strategies", [ALL[:1], pytest.param(FEW, marks=pytest.mark.fuzz), ALL])
    def test_nothing_moves_while_training(self, strategies):
        """Heights, margins and axes are those of the finished run from the first look on."""
        run = replace(RUN, strategies=strategies)
        last = figures_of(made_up(run))
        for done in ((), (0,), (2,), (6, 3), (6, 6, 1)):
            now = figures_of(made_up(run, done=done))
            for at, (early, late) in enumerate(zip(now, last, strict=True)):
                assert early.layout.xaxis.range == late.layout.xaxis.range
                if at != 1:  # a loss has no upper limit to fix
                    assert early.layout.yaxis.range == late.layout.yaxis.range
                assert early.layout.height == late.layout.height
                assert early.layout.margin == late.layout.margin

    @pytest.mark.parametrize("done", [(), (1,), (6, 2)])
    @pytest.mark.parametrize(
        "task",
        [RUN, PER_STEP, NINE, uploaded(per_step=True)],
        ids=["two labels", "two labels a step", "nine labels", "nine labels a step"],
    )
    def test_drawn_at_any_moment_of_any_task(self, task, done):
        run = replace(task, strategies=ALL, epochs=6, repeats=2)
        for figure in figures_of(made_up(run, done=done)):
            assert json.loads(figure.to_json())["data"]

    def test_one_epoch_one_step(self):
        run = replace(RUN, epochs=1, repeats=1, padded_length=4)
        low, high = charts.learning_curves(made_up(run)).layout.xaxis.range
        assert low < 1 < high


def whole(drawn, numbers, steps: int) -> np.ndarray:
    """Numbers (R, K, ...) of the K steps that a heatmap draws, at their places among all, else NaN."""
    every = np.full((len(drawn.y), steps, *np.shape(numbers)[2:]), np.nan, np.float32)
    every[:, np.asarray(drawn.x) - 1] = numbers
    return every


class TestPaddedBatch:
    def test_each_step_is_drawn_once_as_what_it_is(self):
        batch = make_batch()
        figure = charts.padded_batch(batch)
        real, (padding,), (missing,) = figure.data[0], *(hatches(figure, each) for each in KINDS)
        assert np.array_equal(np.isfinite(whole(real, real.z, 12)), batch.valid)
        assert np.array_equal(cells_inside(padding, 8, 12), batch.padded)
        assert np.array_equal(cells_inside(missing, 8, 12), batch.missing)
        assert padding.fillpattern.shape != missing.fillpattern.shape
        assert not hatches(figure, "cut")

    @pytest.mark.parametrize("truncating", ["pre", "post"])
    def test_what_is_cut_off_stands_beside_the_batch(self, truncating):
        lost = np.array([0, 3, 0, 1, 0, 0, 0, 0])
        figure = charts.padded_batch(replace(make_batch(), lost=lost), truncating=truncating)
        (cut,) = hatches(figure, "cut")
        if truncating == "pre":
            cut.x = np.asarray(cut.x) + 3
            wanted = [[t >= 3 - each for t in range(15)] for each in lost]
            beside = (-2.5, 12.5)
            wanted = np.array(wanted) & (np.arange(15) < 3)
        else:
            wanted = [[12 <= t < 12 + each for t in range(15)] for each in lost]
            beside = (0.5, 15.5)
        assert np.array_equal(cells_inside(cut, 8, 15), wanted)
        assert figure.layout.xaxis.range == beside
        assert "2 of 8 sequences lose 1 to 3 steps, cut to length 12" in figure.layout.title.text

    @pytest.mark.parametrize("batches", ["fixed", "longest", "bucketed"])
    def test_sequences_that_are_shown_say_what_was_cut_of_them(self, batches):
        cut = small(task="sum_sign", max_length=15, padded_length=10, batches=batches)
        whole = unseen_batch(replace(cut, padded_length=15))
        shown = unseen_batch(cut)
        assert shown.lost is not None and shown.lost.any()
        assert np.array_equal(shown.lost, np.maximum(0, whole.lengths - 10))
        title = charts.padded_batch(shown).layout.title.text
        assert "cut to length 10" in title
        assert ("to its batch's longest" in title) == (batches != "fixed")

    def test_padding_and_gaps_have_the_colour_of_what_is_written_there(self):
        batch = make_batch()
        figure = charts.padded_batch(batch)
        real, *others = [each for each in figure.data if each.type == "heatmap"]
        assert len(others) == 2
        for drawn, cells in zip(others, (batch.padded, batch.missing), strict=True):
            assert np.array_equal(np.isfinite(drawn.z), cells)
            assert (np.asarray(drawn.z)[cells] == -9).all()
            assert (drawn.zmin, drawn.zmax) == (real.zmin, real.zmax)
            assert drawn.colorscale == real.colorscale
        # The hatch over it has no ground of its own, and the scale's end says that -9 is beyond it.
        assert all(hatches(figure, each)[0].fillpattern.bgcolor == "rgba(0,0,0,0)" for each in KINDS)
        assert real.zmin > -9 and real.colorbar.ticktext[0].startswith("≤")

    def test_values_are_exact_in_colour_and_hover(self):
        batch = make_batch()
        real = charts.padded_batch(batch).data[0]
        shade, hover = whole(real, real.z, 12), whole(real, real.customdata, 12)
        assert np.array_equal(shade[batch.valid], batch.values[..., 0][batch.valid])
        assert np.array_equal(hover[batch.valid], batch.values[batch.valid])
        assert "Feature 3" in real.hovertemplate and "Feature 4" not in real.hovertemplate

    def test_many_features_are_shown_by_their_mean(self):
        batch = make_batch(features=9)
        real = charts.padded_batch(batch).data[0]
        mean = batch.values.mean(axis=2)
        assert np.allclose(whole(real, real.z, 12)[batch.valid], mean[batch.valid])
        assert "9 features" in real.colorbar.title.text

    def test_no_hatch_without_padding(self):
        values = np.zeros((2, 3, 1), np.float32)
        every = np.ones((2, 3), bool)
        figure = charts.padded_batch(Batch(values, every, ~every, np.ones((2, 3), np.int32)))
        assert len(figure.data) == 1

    def test_padding_that_is_not_a_number(self):
        batch = make_batch()
        values = np.where(batch.valid[..., None], batch.values, np.nan).astype(np.float32)
        figure = charts.padded_batch(Batch(values, batch.valid, batch.padded, batch.labels))
        assert np.isfinite(figure.data[0].zmax)
        assert np.array_equal(cells_inside(hatches(figure, "padding")[0], 8, 12), batch.padded)

    def test_the_first_sequence_is_on_top(self):
        figure = charts.padded_batch(make_batch(rows=9))
        assert figure.layout.yaxis.range == (9.5, 0.5)
        assert "9 unseen sequences" in figure.layout.title.text

    def test_the_followed_sequence_is_marked(self):
        figure = charts.padded_batch(make_batch(), followed=2)
        (mark,) = figure.layout.shapes
        assert 2.5 <= mark.y0 < mark.y1 <= 3.5, "around row 3, from the first step to the last"
        assert (mark.x0, mark.x1) == figure.layout.xaxis.range
        assert not charts.padded_batch(make_batch()).layout.shapes

    def test_one_outlier_does_not_bleach_the_rest(self):
        batch = make_batch(rows=40, steps=40, features=1, missing=0)
        batch.values[0, 0, 0] = 1e6
        bar = charts.padded_batch(batch).data[0]
        assert bar.zmax < 1e6
        assert bar.colorbar.ticktext[-1].startswith("≥")

    @pytest.mark.parametrize("features", [1, 4, 12])
    def test_small(self, features):
        batch = make_batch(rows=40, steps=120, features=features, missing=0.3)
        assert len(charts.padded_batch(batch).to_json()) < 200_000


@given(
    arrays(
        st.sampled_from(["f4", "f8", "i1", "u1", "i2", "i4", "i8", "?"]),
        array_shapes(max_dims=2),
        elements={"min_value": 0, "max_value": 100},
    )
)
def test_the_browser_gets_every_number(numbers):
    trace = json.loads(as_json({"type": "heatmap", "z": numbers, "zmin": np.float32(0.5)}))
    assert trace["zmin"] == 0.5
    sent = trace["z"]
    if numbers.dtype != bool:
        shape = [int(each) for each in sent.get("shape", str(numbers.size)).split(",")]
        sent = np.frombuffer(base64.b64decode(sent["bdata"]), f"<{sent['dtype']}").reshape(shape)
    np.testing.assert_array_equal(sent, numbers)


class TestLearningCurves:
    def test_mean_and_band_of_repeats(self):
        snapshot = made_up(RUN)
        figure = charts.learning_curves(snapshot, metric="test_loss")
        values = np.array([c.test_loss for c in snapshot.curves if c.strategy == "no_mask"])
        (line,) = named(figure, "No mask")
        (band,) = named(figure, "No mask, lowest to highest")
        assert np.allclose(line.y, values.mean(axis=0))
        assert np.allclose(band.y[:6], values.max(axis=0))
        assert np.allclose(band.y[6:][::-1], values.min(axis=0))

    def test_no_band_of_one_repeat(self):
        figure = charts.learning_curves(made_up(RUN, done=(6,)))
        assert not [each for each in figure.data if each.fill == "toself"]

    def test_a_repeat_under_way_bends_no_line(self):
        alone = charts.learning_curves(made_up(RUN, done=(6,)))
        joined = charts.learning_curves(made_up(RUN, done=(6, 3)))
        assert np.allclose(named(alone, "No mask")[0].y, named(joined, "No mask")[0].y)

    @pytest.mark.parametrize("metric", ["test_accuracy", "accuracy"])
    def test_accuracy_axes_and_chance(self, metric):
        snapshot = made_up(RUN, done=(2,))
        figure = charts.learning_curves(snapshot, metric=metric)
        assert figure.layout.xaxis.range == (1, 6)
        low, high = figure.layout.yaxis.range
        assert low == 0 and 1 <= high <= 1.02
        (chance,) = named(figure, "Chance")
        assert set(chance.y) == {snapshot.chance.reported} and chance.line.dash == "dot"

    def test_no_chance_of_a_loss(self):
        assert not named(charts.learning_curves(made_up(RUN), metric="loss"), "Chance")

    def test_labels_at_line_ends_do_not_overlap(self):
        """All strategies end at the same accuracy: the hardest case."""
        snapshot = made_up(RUN)
        ends = (
            replace(each, test_accuracy=(*each.test_accuracy[:-1], 1.0)) for each in snapshot.curves
        )
        figure = charts.learning_curves(replace(snapshot, curves=tuple(ends)))
        heights = sorted(each.y for each in figure.layout.annotations)
        assert len(heights) == len(FEW) + 1
        # What is anchored to an axis widens the range that Plotly finds for it.
        assert {each.xref for each in figure.layout.annotations} == {"paper"}
        top = figure.layout.yaxis.range[1]
        assert all((b - a) / top * LEARNING_CURVES > LABEL_GAP - 1e-6 for a, b in pairwise(heights))
        assert heights[-1] <= top
        assert not figure.layout.showlegend

    def test_lines_say_that_they_are_one_only_where_nobody_can_tell_them_apart(self):
        snapshot = made_up(replace(RUN, strategies=ALL), done=(6,))
        pixel = SHARE_TOP / LEARNING_CURVES

        def said(**changes: float) -> list[str]:
            """Of equal curves, some of them raised by so many pixels at one epoch."""
            curves = []
            for each in snapshot.curves:
                first = 0.5 + pixel * changes.get(each.strategy, 0)
                curves.append(replace(each, test_accuracy=(first, *[0.5] * 5)))
            figure = charts.learning_curves(replace(snapshot, curves=tuple(curves)))
            return [each.text for each in figure.layout.annotations]

        assert said() == [f"({len(ALL)} coincide)"]
        assert said(held_state=2) == [f"({len(ALL) - 1} coincide)"]
        assert said(**{name: 3 * at for at, name in enumerate(ALL)}) == []

    def test_many_strategies_have_a_legend_from_the_start(self):
        figure = charts.learning_curves(made_up(replace(RUN, strategies=ALL), done=()))
        entries = {each.name for each in figure.data if each.showlegend}
        assert entries == {each.title for each in STRATEGIES.values()} | {"Chance"}
        assert figure.layout.showlegend

    def test_unknown_metric(self):
        with pytest.raises(ValueError, match="metric"):
            charts.learning_curves(made_up(RUN), metric="f1")

    def test_spread_keeps_order_and_moves_as_little_as_it_can(self):
        assert spread_apart([10, 50, 90], 16, 0, 100) == [10, 50, 90]
        assert np.allclose(spread_apart([50, 50], 16, 0, 100), [42, 58])
        assert np.allclose(spread_apart([100, 0, 99], 10, 0, 100), [100, 0, 90])


class TestFinalAccuracy:
    def test_points_mean_and_interval(self):
        snapshot = made_up(RUN)
        figure = charts.final_accuracy(snapshot)
        values = [c.test_accuracy[-1] for c in snapshot.curves if c.strategy == "masking_layer"]
        (points,) = named(figure, "Masking layer")
        (mean,) = named(figure, "Masking layer, mean")
        low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
        assert np.allclose(points.y, values)
        assert mean.y[0] == pytest.approx(np.mean(values))
        assert mean.y[0] + mean.error_y.array[0] == pytest.approx(min(1, high))
        assert mean.y[0] - mean.error_y.arrayminus[0] == pytest.approx(max(0, low))

    def test_each_accuracy_has_the_resolution_of_its_own_labels(self):
        """Repeats that agree by accident: one label more or less could still be luck."""
        snapshot = made_up(PER_STEP)
        level = (0.5,) * 6
        agree = tuple(
            replace(each, test_accuracy=level, test_valid_accuracy=level) for each in snapshot.curves
        )

        def half(**settings: bool) -> tuple[float, float]:
            experiment = replace(snapshot.experiment, **settings)
            figure = charts.final_accuracy(replace(snapshot, curves=agree, experiment=experiment))
            means = ("No mask, mean", "No mask, valid steps only, mean")
            reported, valid = (named(figure, each)[0].error_y.array[0] for each in means)
            return reported, valid

        widest = stats.t.ppf(0.975, 2) / np.sqrt(3)
        rectangle = snapshot.experiment.test_size * snapshot.experiment.padded_length
        few = snapshot.curves[0].scored
        # With padding counted all steps are reported, else the valid ones alone.
        assert half(count_invalid=True) == pytest.approx((widest / rectangle, widest / few), abs=1e-12)
        assert half(count_invalid=False) == pytest.approx((widest / few, widest / few))

    def test_no_interval_of_one_repeat(self):
        figure = charts.final_accuracy(made_up(RUN, done=(6,)))
        assert not [each for each in figure.data if each.error_y.array is not None]
        assert "interval" not in figure.layout.title.text

    def test_valid_steps_stand_beside_as_open_markers(self):
        snapshot = made_up(PER_STEP)
        (points,) = named(charts.final_accuracy(snapshot), "No mask, valid steps only")
        curves = [each for each in snapshot.curves if each.strategy == "no_mask"]
        assert np.allclose(points.y, [each.test_valid_accuracy[-1] for each in curves])
        assert points.marker.symbol.endswith("-open")
        one_label = charts.final_accuracy(made_up(RUN))
        assert not [each for each in one_label.data if "valid steps only" in (each.name or "").lower()]

    def test_each_accuracy_has_the_chance_level_of_its_own_labels(self):
        """Where padding counts, always answering its label scores high: the line says so."""
        snapshot = replace(made_up(PER_STEP), chance=Chance(valid=0.5, reported=0.915))
        lines = charts.final_accuracy(snapshot).layout.shapes
        assert {line.y0 for line in lines} == {0.5, 0.915}
        for metric, level in (("test_accuracy", 0.5), ("accuracy", 0.915)):
            (curve,) = named(charts.learning_curves(snapshot, metric=metric), "Chance")
            assert set(curve.y) == {level}

    def test_what_padding_adds_stands_beside_the_accuracy_on_real_steps(self):
        snapshot = made_up(PER_STEP)
        curves = [each for each in snapshot.curves if each.strategy == "no_mask"]
        figure = charts.learning_curves(snapshot)
        (real,), (reported,) = (named(figure, each) for each in ("No mask", "No mask, reported"))
        assert np.allclose(real.y, np.mean([each.test_valid_accuracy for each in curves], axis=0))
        assert np.allclose(reported.y, np.mean([each.test_accuracy for each in curves], axis=0))
        assert "real steps" in figure.layout.title.text
        assert "No mask, reported" in charts.curves_frames(snapshot).cut
        # Where only real steps count both are one, and one line is drawn.
        only_real = replace(snapshot, experiment=replace(snapshot.experiment, count_invalid=False))
        assert not named(charts.learning_curves(only_real), "No mask, reported")

    def test_chance_is_a_line(self):
        snapshot = made_up(NINE)
        (line,) = charts.final_accuracy(snapshot).layout.shapes
        assert line.y0 == line.y1 == snapshot.chance.reported


class TestOutputsByStep:
    def test_follows_the_true_label_after_the_chosen_epoch(self):
        snapshot = made_up(NINE)
        figure = charts.outputs_by_step(snapshot, probe=2, epoch=4)
        true = snapshot.probes.labels[2].max()
        for name in FEW:
            (line,) = named(figure, STRATEGIES[name].title)
            assert np.allclose(line.y, snapshot.probes.outputs[name][3, 2, :, true])
        marks = visible(figure, "True label")
        assert {each.y[0] for each in marks} == {1}

    def test_read_out_is_where_the_strategy_reads(self):
        snapshot = made_up(RUN)
        figure = charts.outputs_by_step(snapshot, probe=1, epoch=1)
        last_valid = np.flatnonzero(snapshot.probes.valid[1])[-1] + 1
        assert named(figure, "Read-out, No mask")[0].x == (12,)
        assert named(figure, "Read-out, Masked read-out")[0].x == (last_valid,)

    def test_flips_are_marked_where_the_lead_changes(self):
        snapshot = made_up(NINE)
        followed = int(snapshot.probes.labels[6].max())
        figure = charts.outputs_by_step(snapshot, probe=6, epoch=4)
        for name in FEW:
            outputs = snapshot.probes.outputs[name][3, 6]
            leads = [row.argmax() == followed for row in outputs]
            wanted = [at for at in range(1, len(leads)) if leads[at] != leads[at - 1]]
            (marks,) = named(figure, f"Flips, {charts.style.strategy_title(name)}")
            assert np.flatnonzero(np.isfinite(marks.y)).tolist() == wanted != []
            assert np.allclose(np.asarray(marks.y)[wanted], outputs[wanted, followed])
        # No box over the heading or over the read-out: a number at each line.
        assert figure.layout.hovermode == "x"

    def test_hatched_exactly_where_padded_or_missing_in_every_panel(self):
        snapshot = made_up(RUN)
        probes = snapshot.probes
        for probe in range(4):
            figure = charts.outputs_by_step(snapshot, probe=probe, epoch=1)
            cells = {
                "padding": probes.padded[probe],
                "missing": ~probes.padded[probe] & ~probes.valid[probe],
            }
            for kind, wanted in cells.items():
                drawn = hatches(figure, kind)
                assert len(drawn) == (len(FEW) if wanted.any() else 0)
                for trace in drawn:
                    edges = np.asarray(trace.x)
                    centre = np.arange(1, 13)
                    pairs = zip(edges[0::6], edges[1::6], strict=True)
                    inside = np.any([(a < centre) & (centre < b) for a, b in pairs], axis=0)
                    assert np.array_equal(inside, wanted)

    def test_per_step_labels_are_marked_on_valid_steps(self):
        snapshot = made_up(PER_STEP)
        figure = charts.outputs_by_step(snapshot, probe=0, epoch=1)
        marks = visible(figure, "True label")
        at = np.flatnonzero(snapshot.probes.valid[0])
        assert len(marks) == len(FEW)
        assert np.array_equal(marks[0].x, at + 1)
        assert np.array_equal(marks[0].y, snapshot.probes.labels[0][at])
        assert not named(figure, "Read-out, No mask")

    def test_a_strategy_with_fewer_epochs_shows_its_newest_and_says_so(self):
        snapshot = made_up(RUN)
        short = snapshot.probes.outputs["no_mask"][:2]
        snapshot.probes.outputs["no_mask"] = short
        figure = charts.outputs_by_step(snapshot, probe=0, epoch=5)
        (line,) = named(figure, "No mask")
        assert np.allclose(line.y, short[1, 0, :, snapshot.probes.labels[0].max()])
        assert any("(epoch 2)" in each.text for each in figure.layout.annotations)

    def test_panels_share_their_axes_and_do_not_overlap(self):
        figure = charts.outputs_by_step(made_up(replace(RUN, strategies=ALL)), probe=0, epoch=1)
        axes = [getattr(figure.layout, f"yaxis{at or ''}") for at in (0, *range(2, len(ALL) + 1))]
        assert len({each.range for each in axes}) == 1
        assert all(lower.domain[1] < upper.domain[0] for upper, lower in pairwise(axes))
        shorter = charts.outputs_by_step(made_up(RUN), probe=0, epoch=1)
        assert figure.layout.height > shorter.layout.height

    def test_only_so_many_numbers_travel(self):
        snapshot = made_up(replace(NINE, strategies=ALL, padded_length=120))
        assert len(charts.outputs_by_step(snapshot, probe=0, epoch=1).to_json()) < 60_000


def test_outlines_close_around_runs():
    cells = np.array([[True, True, False, True]])
    x, y = outlines(cells, [0.0], [1.0])
    assert np.array_equal(x[:5], [0.5, 2.5, 2.5, 0.5, 0.5])
    assert np.isnan(x[5]) and np.array_equal(x[6:11], [3.5, 4.5, 4.5, 3.5, 3.5])
    assert np.array_equal(y[:5], [0, 0, 1, 1, 0])


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(1, 1, [1]), (1, 5, [1, 2, 3, 4, 5]), (1, 40, [1, 10, 20, 30, 40]), (1, 7, None)],
)
def test_ticks_are_whole_and_few(low, high, ticks):
    got = nice_ticks(low, high)
    assert ticks is None or got == ticks
    assert all(isinstance(each, int) for each in got) and len(got) <= 8
    assert got[0] == low and got[-1] <= high
