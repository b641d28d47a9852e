"""What each strategy reaches along the values of a study: repeats, means, intervals, differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10

from maskdemo.charts.line_labels import LABEL_SPACE, LineEnd
from maskdemo.charts.panels import axis
from maskdemo.charts.style import band, colour, error_bars, line, marker, strategy_title, symbol
from maskdemo.charts.template import LEFT, NARROW, PlotlyOptions, PlotlyTrace, scatter
from maskdemo.evidence import Interval, Verdict, between, percent, points
from maskdemo.study import VARIABLES, Cell, Findings, Value
from maskdemo.study.variables import short_title, value_text

#: What a mark in the lower panel says, by the word of its verdict.
EFFECT, UNDECIDED, SAME = "helps or hurts", "undecided", "the same"
# A label's pixels a letter, and between two labels.
LETTER, GAP = 6.2, 3


@dataclass(frozen=True)
class ResponseAxis:
    """The position of each value on the axis, the axis's range, and Plotly's settings of the axis.

    positions: logarithms on a logarithmic scale. columns: whether each value has a column of its own,
    not a place on a scale.
    """

    values: tuple[Value, ...]
    positions: tuple[float, ...]
    low: float
    high: float
    columns: bool
    layout: PlotlyOptions

    def position(self, value: Value) -> float:
        """Return the position of the value on the axis."""
        return self.positions[self.values.index(value)]

    def shift(self, rank: float) -> float:
        """Return how far right of a value a rank is: in columns 0.13 each, else 0.7 % of the range."""
        return rank * (0.13 if self.columns else 0.007 * (self.high - self.low))


def response_axis(vary: str, values: Sequence[Value]) -> ResponseAxis:
    """Return the axis of the values: a column for each if the variable is categorical, else a scale.

    The scale is linear, else logarithmic, else equally spaced: the first on which the labels of
    neighbouring values fit beside each other on the narrowest page; the title says which.
    """
    variable = VARIABLES[vary]
    texts = [value_text(vary, each) for each in values]
    columns = variable.categorical
    positions, note = [float(at) for at in range(len(values))], ""
    numbers = [float(each) for each in values if not isinstance(each, str)]
    if not columns:
        note = ", equally spaced"
        width = NARROW - LEFT - LABEL_SPACE
        if _fits(numbers, texts, width):
            positions, note = numbers, ""
        elif min(numbers) > 0 and _fits(logs := [log10(each) for each in numbers], texts, width):
            positions, note = logs, ", log scale"
    margin = 0.5 if columns else 0.04 * (positions[-1] - positions[0])
    low, high = positions[0] - margin, positions[-1] + margin
    layout = {
        "range": [low, high],
        "tickvals": positions,
        "ticktext": texts,
        "title": {"text": short_title(vary, unit=True) + note},
    }
    return ResponseAxis(tuple(values), tuple(positions), low, high, columns, layout)


def _fits(positions: Sequence[float], texts: Sequence[str], width: float) -> bool:
    """Whether texts at these positions fit side by side on an axis of `width` pixels."""
    pixel = 1.08 * (positions[-1] - positions[0]) / width
    return all(
        (right - left) / pixel >= LETTER * (len(here) + len(there)) / 2 + GAP
        for (left, right), (here, there) in zip(pairwise(positions), pairwise(texts), strict=True)
    )


def accuracy_marks(
    findings: Findings,
    cells: dict[Value, Cell],
    x_axis: ResponseAxis,
    name: str,
    rank: float,
    dark: bool,
) -> tuple[list[PlotlyTrace], list[LineEnd]]:
    """Return band, repeats and line of a strategy's means (0 to 1) along the values, and its end.

    In columns, error bars replace band and line. The end is at the last mean, [] without one.
    cells: by value along the axis. rank: the strategy's among those drawn, 0 in their middle.
    """
    shade = colour(name, dark=dark)
    # In a column the mean stands beside its repeats, on a line among them.
    apart = 0.03 if x_axis.columns else 0.0
    where, values, hover_texts = [], [], []
    means: dict[Value, Interval] = {}
    for value, cell in cells.items():
        by_repeat = findings.accuracies(cell, name)
        where += [x_axis.position(value) + x_axis.shift(rank) - apart] * len(by_repeat)
        values += list(by_repeat.values())
        text = value_text(findings.study.vary, value)
        hover_texts += [f"{text}, repeat {each + 1}" for each in by_repeat]
        if (mean := findings.mean(cell, name)) is not None:
            means[value] = mean
    repeats = scatter(
        x=where,
        y=values,
        customdata=hover_texts,
        mode="markers",
        marker=marker(name, dark=dark, size=5, opacity=0.35),
        name=f"{strategy_title(name)}, repeats",
        hovertemplate=f"{strategy_title(name)}<br>%{{customdata}}: %{{y:.1%}}<extra></extra>",
    )
    shift = x_axis.shift(rank) + apart if x_axis.columns else 0.0
    means_line = scatter(
        x=[x_axis.position(value) + shift for value in means] or [None],
        y=[each.mean for each in means.values()] or [None],
        customdata=[
            f"{value_text(findings.study.vary, value)}: {_mean_text(each)}"
            for value, each in means.items()
        ],
        mode="markers" if x_axis.columns else "lines+markers",
        line=line(name, dark=dark),
        marker=marker(name, dark=dark, size=9 if x_axis.columns else 7),
        error_y=error_bars(list(means.values()), shade) if x_axis.columns else None,
        name=strategy_title(name),
        hovertemplate=f"{strategy_title(name)}<br>%{{customdata}}<extra></extra>",
    )
    bands = [] if x_axis.columns else [_band(means, x_axis, name, dark)]
    ends = []
    if means:
        last = list(means)[-1]
        heights = [each.mean for each in means.values()]
        ends.append(LineEnd(heights[-1], x_axis.position(last), strategy_title(name), shade, heights))
    return [*bands, repeats, means_line], ends


def _band(means: dict[Value, Interval], x_axis: ResponseAxis, name: str, dark: bool) -> PlotlyTrace:
    """Return the 95 % band, from each value that has an interval straight to the next that has."""
    values = [value for value in means if means[value].bounded]
    x: list[float | None] = []
    y: list[float | None] = []
    for left, right in pairwise(values):
        here, there = means[left], means[right]
        start, end = x_axis.position(left), x_axis.position(right)
        x += [start, end, end, start, None]
        y += [here.low, there.low, there.high, here.high, None]
    return band(name, x or [None], y or [None], dark=dark, name=f"{strategy_title(name)}, 95% band")


def difference_marks(
    findings: Findings,
    cells: dict[Value, Cell],
    x_axis: ResponseAxis,
    name: str,
    rank: float,
    dark: bool,
) -> tuple[list[PlotlyTrace], list[LineEnd]]:
    """Return line, intervals and marks of a strategy's difference in points, and its end, if any.

    cells, rank: as for `accuracy_marks`.
    """
    shade = colour(name, dark=dark)
    verdicts = {
        value: verdict
        for value, cell in cells.items()
        if (verdict := findings.verdict(cell, name)) is not None
    }
    words = [each.word for each in verdicts.values()]
    kinds = [word if word in (UNDECIDED, SAME) else EFFECT for word in words]
    differences = [each.difference for each in verdicts.values()]
    marks = scatter(
        x=[x_axis.position(value) + x_axis.shift(rank) for value in verdicts] or [None],
        y=[100 * each.mean for each in differences] or [None],
        customdata=[
            f"{value_text(findings.study.vary, value)}: {_difference_text(each)}"
            for value, each in verdicts.items()
        ],
        yaxis=axis(1),
        mode="markers" if x_axis.columns else "lines+markers",
        line=line(name, dark=dark, width=1.6),
        marker={
            "symbol": [symbol(name, hollow=kind == UNDECIDED) for kind in kinds],
            "size": [9 if kind != SAME else 5 for kind in kinds],
            "color": shade,
            "line": {"width": [1.8 if kind == UNDECIDED else 0 for kind in kinds], "color": shade},
        },
        error_y=error_bars(differences, shade, scale=100),
        name=f"{strategy_title(name)} against no mask",
        hovertemplate=f"{strategy_title(name)}<br>%{{customdata}}<extra></extra>",
    )
    ends = []
    if verdicts:
        there = x_axis.position(list(verdicts)[-1]) + x_axis.shift(rank)
        heights = [100 * each.mean for each in differences]
        ends.append(LineEnd(heights[-1], there, strategy_title(name), shade, heights))
    return [marks], ends


def _mean_text(mean: Interval) -> str:
    """Return the hover text of a mean accuracy."""
    if not mean.bounded:
        return f"{percent(mean.mean)}, one repeat"
    own = between(mean, percent)
    return f"{percent(mean.mean)}<br>95% interval by itself {own}, {mean.count} repeats"


def _difference_text(verdict: Verdict) -> str:
    """Return the hover text of a difference to no mask: points, interval, repeats, word and note.

    In one repeat only the points: "+4.2 points in one repeat".
    """
    difference = verdict.difference
    if not difference.bounded:
        return f"{points(difference.mean)} points in one repeat"
    return (
        f"{points(difference.mean)} points<br>95% interval, all together, {between(difference)}, "
        f"{difference.count} repeats<br>{verdict.word}{verdict.note and f', {verdict.note}'}"
    )
