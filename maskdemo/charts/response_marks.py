"""What one strategy does along the values: its repeats, means and intervals, and its differences."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from maskdemo.charts.line_labels import End
from maskdemo.charts.panels import axis
from maskdemo.charts.response_axis import ResponseAxis
from maskdemo.charts.style import band, colour, error_bars, line, marker, symbol, title
from maskdemo.charts.template import PlotlyTrace, scatter
from maskdemo.evidence import Interval, Verdict, between, percent, points
from maskdemo.study.variables import value_text

if TYPE_CHECKING:
    from maskdemo.study import Cell, Findings, Value

#: What a mark in the lower panel says, by the word of its verdict.
EFFECT, UNDECIDED, SAME = "helps or hurts", "undecided", "the same"


def accuracies(
    findings: Findings,
    cells: dict[Value, Cell],
    x_axis: ResponseAxis,
    name: str,
    rank: float,
    dark: bool,
) -> tuple[list[PlotlyTrace], list[End]]:
    """Return band, line and repeats of a strategy along the values, and the end of its line.

    cells: by value along the axis. rank: the strategy's among those drawn, 0 in their middle.
    """
    shade = colour(name, dark=dark)
    # In a column the mean stands beside its repeats, on a line among them.
    apart = 0.03 if x_axis.columns else 0.0
    where, values, hover_texts = [], [], []
    means: dict[Value, Interval] = {}
    for value, cell in cells.items():
        found = findings.accuracies(cell, name)
        where += [x_axis.position(value) + _aside(x_axis, rank) - apart] * len(found)
        values += list(found.values())
        hover_texts += [
            f"{value_text(findings.study.vary, value)}, repeat {each + 1}" for each in found
        ]
        if (mean := findings.mean(cell, name)) is not None:
            means[value] = mean
    repeats = scatter(
        x=where,
        y=values,
        customdata=hover_texts,
        mode="markers",
        marker=marker(name, dark=dark, size=5, opacity=0.35),
        showlegend=False,
        name=f"{title(name)}, repeats",
        hovertemplate=f"{title(name)}<br>%{{customdata}}: %{{y:.1%}}<extra></extra>",
    )
    shift = _aside(x_axis, rank) + apart if x_axis.columns else 0.0
    mean_x = [x_axis.position(value) + shift for value in means]
    means_line = scatter(
        x=mean_x or [None],
        y=[each.mean for each in means.values()] or [None],
        customdata=[
            f"{value_text(findings.study.vary, value)}: {_mean_words(each)}"
            for value, each in means.items()
        ],
        mode="markers" if x_axis.columns else "lines+markers",
        line=line(name, dark=dark),
        marker=marker(name, dark=dark, size=9 if x_axis.columns else 7),
        error_y=error_bars(list(means.values()), shade) if x_axis.columns else None,
        showlegend=False,
        name=title(name),
        hovertemplate=f"{title(name)}<br>%{{customdata}}<extra></extra>",
    )
    bands = [] if x_axis.columns else _bands(means, x_axis, name, dark)
    ends = []
    if means:
        last = list(means)[-1]
        heights = [each.mean for each in means.values()]
        ends.append(End(heights[-1], x_axis.position(last), title(name), shade, heights))
    return [*bands, repeats, means_line], ends


def _bands(
    means: dict[Value, Interval], x_axis: ResponseAxis, name: str, dark: bool
) -> list[PlotlyTrace]:
    """The 95 % band between every two neighbouring values that both have an interval."""
    values = [value for value in means if means[value].bounded]
    x: list[float | None] = []
    y: list[float | None] = []
    for left, right in pairwise(values):
        here, there = means[left], means[right]
        x += [
            x_axis.position(left),
            x_axis.position(right),
            x_axis.position(right),
            x_axis.position(left),
            None,
        ]
        y += [here.low, there.low, there.high, here.high, None]
    return [band(name, x or [None], y or [None], dark=dark, name=f"{title(name)}, 95% band")]


def differences_to_no_mask(
    findings: Findings,
    cells: dict[Value, Cell],
    x_axis: ResponseAxis,
    name: str,
    rank: float,
    dark: bool,
) -> tuple[list[PlotlyTrace], list[End]]:
    """Return line, intervals and marks of a strategy's difference in points, and its line's end."""
    shade = colour(name, dark=dark)
    found: dict[Value, Verdict] = {}
    for value, cell in cells.items():
        if (each := findings.verdict(cell, name)) is not None:
            found[value] = each
    kinds = [_kind(each) for each in found.values()]
    differences = [each.difference for each in found.values()]
    marks = scatter(
        x=[x_axis.position(value) + _aside(x_axis, rank) for value in found] or [None],
        y=[100 * each.mean for each in differences] or [None],
        customdata=[
            f"{value_text(findings.study.vary, value)}: {_difference_words(each)}"
            for value, each in found.items()
        ],
        yaxis=axis(1),
        mode="markers" if x_axis.columns else "lines+markers",
        line=line(name, dark=dark, width=1.6),
        marker={
            "symbol": [_symbol(name, kind) for kind in kinds],
            "size": [9 if kind != SAME else 5 for kind in kinds],
            "color": shade,
            "line": {"width": [1.8 if kind == UNDECIDED else 0 for kind in kinds], "color": shade},
        },
        error_y=error_bars(differences, shade, scale=100),
        showlegend=False,
        name=f"{title(name)} against no mask",
        hovertemplate=f"{title(name)}<br>%{{customdata}}<extra></extra>",
    )
    ends = []
    if found:
        last = list(found)[-1]
        there = x_axis.position(last) + _aside(x_axis, rank)
        heights = [100 * each.mean for each in differences]
        ends.append(End(heights[-1], there, title(name), shade, heights))
    return [marks], ends


def _aside(x_axis: ResponseAxis, rank: float) -> float:
    """Return a strategy's shift along the axis, so that no strategy hides another."""
    return rank * (0.13 if x_axis.columns else 0.7 * x_axis.unit)


def _kind(verdict: Verdict) -> str:
    """Return which of three marks the word of a verdict has."""
    return verdict.word if verdict.word in (UNDECIDED, SAME) else EFFECT


def _symbol(name: str, kind: str) -> str:
    return symbol(name, hollow=kind == UNDECIDED)


def _mean_words(mean: Interval) -> str:
    if not mean.bounded:
        return f"{percent(mean.mean)}, one repeat"
    own = between(mean, percent)
    return f"{percent(mean.mean)}<br>95% interval by itself {own}, {mean.count} repeats"


def _difference_words(verdict: Verdict) -> str:
    found = verdict.difference
    if not found.bounded:
        return f"{points(found.mean)} points in one repeat"
    return (
        f"{points(found.mean)} points<br>95% interval, all together, {between(found)}, "
        f"{found.count} repeats<br>{verdict.word}{verdict.note and f', {verdict.note}'}"
    )
