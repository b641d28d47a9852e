"""Dose and response: accuracy against what is varied, and the difference that a strategy makes."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from maskdemo.charts.doses import DoseAxis, differences, dose_axis, dose_text, reaches, short_title
from maskdemo.charts.ends import FEW, LABEL_SPACE, End, end_labels
from maskdemo.charts.looks import DASHES, MARKERS, colour, title
from maskdemo.charts.panels import AXIS_SPACE, Panel, axis, stacked
from maskdemo.charts.template import LEFT, LEGEND_ROW, inks, legend_below, legend_rows
from maskdemo.verdict import BASELINE

if TYPE_CHECKING:
    from maskdemo.study import Cell, Dose, Findings

ACCURACY_HEIGHT = 260
DIFFERENCE_HEIGHT = 190
MARKS_ROW = 24
TOP = 1.02
#: What a mark in the lower panel says, by whether the interval leaves zero, and still does after
#: correction for all comparisons.
SURE, UNSURE, LUCK = "Differs surely", "Differs perhaps", "Not measurable"


def dose_response(
    findings: Findings, *, second: Dose | None = None, dark: bool = False
) -> go.Figure:
    """Accuracy by strategy above, the difference to no mask below, on one axis of doses.

    second: of two things varied, the dose of the second one at which the first is drawn. Every
    repeat is a faint point. Bands and bars are 95 % intervals, drawn from two repeats on.
    """
    study, ink = findings.study, inks(dark)
    along = dose_axis(study.vary, study.doses)
    cells = {dose: (dose,) if second is None else (dose, second) for dose in study.doses}
    names = study.base.strategies
    direct = len(names) <= FEW and not along.columns
    others = [name for name in names if name != BASELINE]
    below, above = reaches(findings, cells.values(), others)
    accuracy = Panel(
        "Accuracy on unseen sequences",
        ACCURACY_HEIGHT,
        0,
        TOP,
        ticks={"tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%", "showgrid": True},
    )
    difference = Panel(
        "Difference to no mask, in points",
        DIFFERENCE_HEIGHT,
        -1.04 * below,
        1.04 * above,
        ticks=_points_ticks(below, above),
    )
    levels = [findings.chance(cell) for cell in cells.values()]
    traces = [_chance(levels, along, dark)]
    ends: list[End] = []
    gaps: list[End] = []
    for at, name in enumerate(names):
        drawn, end = _accuracies(findings, cells, along, name, at - (len(names) - 1) / 2, dark)
        traces += drawn
        ends += end
    for at, name in enumerate(others):
        drawn, end = _differences(findings, cells, along, name, at - (len(others) - 1) / 2, dark)
        traces += drawn
        gaps += end
    if direct:
        ends.append(End(levels[-1], along.high, "Chance", ink.muted))
    entries = _legend(names if not direct else (), dark)
    rows = legend_rows([str(each.name) for each in entries])
    inner = ACCURACY_HEIGHT + DIFFERENCE_HEIGHT + 30
    figure = stacked(
        [accuracy, difference],
        [*traces, *entries],
        title=f"{short_title(study.vary)}: dose and response",
        detail=_detail(findings, cells, second, along.columns),
        steps=1,
        dark=dark,
        space_below=MARKS_ROW + 8 * bool(rows) + LEGEND_ROW * rows,
        name="dose_response",
    )
    figure.update_layout(
        xaxis={"tickmode": "array"} | along.layout,
        legend=legend_below(inner, AXIS_SPACE + MARKS_ROW + 4),
    )
    figure.add_annotation(_marks_explained(AXIS_SPACE, ink.muted))
    figure.add_shape(
        type="line", xref="paper", x0=0, x1=1, yref="y2", y0=0, y1=0, layer="below",
        line={"color": ink.muted, "width": 1.2},
    )  # fmt: skip
    if direct:
        figure.update_layout(margin={"r": LABEL_SPACE})
        above_marks = end_labels(ends, edge=along.high, low=0, high=TOP, height=ACCURACY_HEIGHT)
        below_marks = end_labels(
            gaps,
            edge=along.high,
            low=difference.low,
            high=difference.high,
            height=DIFFERENCE_HEIGHT,
            yaxis=axis(1),
        )
        for shapes, labels in (above_marks, below_marks):
            for each in shapes:
                figure.add_shape(each)
            for each in labels:
                figure.add_annotation(each)
    return figure


def _accuracies(
    findings: Findings,
    cells: dict[Dose, Cell],
    along: DoseAxis,
    name: str,
    rank: float,
    dark: bool,
) -> tuple[list[go.Scatter], list[End]]:
    """Band, line with a mark a dose, and repeats of one strategy; and where its line ends."""
    shade = colour(name, dark=dark)
    # In a column the mean stands beside its repeats, on a line among them.
    apart = 0.03 if along.columns else 0.0
    where, values, said = [], [], []
    means: dict[Dose, Any] = {}
    for dose, cell in cells.items():
        found = findings.accuracies(cell, name)
        where += [along.place(dose) + _aside(along, rank) - apart] * len(found)
        values += list(found.values())
        said += [f"{dose_text(findings.study.vary, dose)}, repeat {each + 1}" for each in found]
        if (mean := findings.mean(cell, name)) is not None:
            means[dose] = mean
    points = go.Scatter(
        x=where,
        y=values,
        customdata=said,
        mode="markers",
        marker={"symbol": MARKERS[name], "size": 5, "color": shade, "opacity": 0.35},
        cliponaxis=False,
        showlegend=False,
        name=f"{title(name)}, repeats",
        hovertemplate=f"{title(name)}<br>%{{customdata}}: %{{y:.1%}}<extra></extra>",
    )
    shift = _aside(along, rank) + apart if along.columns else 0.0
    mean_x = [along.place(dose) + shift for dose in means]
    line = go.Scatter(
        x=mean_x or [None],
        y=[each.mean for each in means.values()] or [None],
        customdata=[
            f"{dose_text(findings.study.vary, dose)}: {_mean_words(each)}"
            for dose, each in means.items()
        ],
        mode="markers" if along.columns else "lines+markers",
        line={"color": shade, "width": 2.2, "dash": DASHES[name]},
        marker={"symbol": MARKERS[name], "size": 9 if along.columns else 7, "color": shade},
        error_y=_bars(list(means.values()), 1.0, shade) if along.columns else None,
        cliponaxis=False,
        showlegend=False,
        name=title(name),
        hovertemplate=f"{title(name)}<br>%{{customdata}}<extra></extra>",
    )
    bands = [] if along.columns else _bands(means, along, name, dark)
    ends = []
    if means:
        last = list(means)[-1]
        ends.append(End(means[last].mean, along.place(last), title(name), shade))
    return [*bands, points, line], ends


def _bands(means: dict[Dose, Any], along: DoseAxis, name: str, dark: bool) -> list[go.Scatter]:
    """The 95 % band between every two neighbouring doses that both have an interval."""
    doses = [dose for dose in means if isfinite(means[dose].low)]
    x: list[float | None] = []
    y: list[float | None] = []
    for left, right in pairwise(doses):
        here, there = means[left], means[right]
        x += [along.place(left), along.place(right), along.place(right), along.place(left), None]
        y += [max(here.low, 0), max(there.low, 0), min(there.high, 1), min(here.high, 1), None]
    return [
        go.Scatter(
            x=x or [None],
            y=y or [None],
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=colour(name, dark=dark, opacity=0.22 if dark else 0.15),
            showlegend=False,
            name=f"{title(name)}, 95% band",
            hoverinfo="skip",
        )
    ]


def _differences(
    findings: Findings,
    cells: dict[Dose, Cell],
    along: DoseAxis,
    name: str,
    rank: float,
    dark: bool,
) -> tuple[list[go.Scatter], list[End]]:
    """Line, intervals and marks of one strategy's paired difference, in points."""
    shade = colour(name, dark=dark)
    found: dict[Dose, Any] = {}
    for dose, cell in cells.items():
        if (each := findings.difference(cell, name)) is not None:
            found[dose] = each
    kinds = [_kind(each) for each in found.values()]
    marks = go.Scatter(
        x=[along.place(dose) + _aside(along, rank) for dose in found] or [None],
        y=[100 * each.mean for each in found.values()] or [None],
        customdata=[
            f"{dose_text(findings.study.vary, dose)}: {_difference_words(each)}"
            for dose, each in found.items()
        ],
        yaxis=axis(1),
        mode="markers" if along.columns else "lines+markers",
        line={"color": shade, "width": 1.6, "dash": DASHES[name]},
        marker={
            "symbol": [_symbol(name, kind) for kind in kinds],
            "size": [9 if kind != LUCK else 5 for kind in kinds],
            "color": shade,
            "line": {"width": [1.8 if kind == UNSURE else 0 for kind in kinds], "color": shade},
        },
        error_y=_bars(list(found.values()), 100.0, shade),
        showlegend=False,
        name=f"{title(name)} against no mask",
        hovertemplate=f"{title(name)}<br>%{{customdata}}<extra></extra>",
    )
    ends = []
    if found:
        last = list(found)[-1]
        there = along.place(last) + _aside(along, rank)
        ends.append(End(100 * found[last].mean, there, title(name), shade))
    return [marks], ends


def _chance(levels: list[float], along: DoseAxis, dark: bool) -> go.Scatter:
    return go.Scatter(
        x=[along.low, *along.places, along.high],
        y=[levels[0], *levels, levels[-1]],
        name="Chance",
        mode="lines",
        line={"color": inks(dark).muted, "width": 1.5, "dash": "dot"},
        showlegend=False,
        hoverinfo="skip",
    )


def _aside(along: DoseAxis, rank: float) -> float:
    """Strategies stand beside each other, so that none hides what another found."""
    return rank * (0.13 if along.columns else 0.7 * along.unit)


def _bars(found: list[Any], scale: float, shade: str) -> dict:
    """Error bars of the intervals there are; none where a single repeat has none."""
    finite = [isfinite(each.low) for each in found]
    return {
        "type": "data",
        "symmetric": False,
        "array": [
            scale * (each.high - each.mean) if ok else 0
            for each, ok in zip(found, finite, strict=True)
        ],
        "arrayminus": [
            scale * (each.mean - each.low) if ok else 0
            for each, ok in zip(found, finite, strict=True)
        ],
        "color": shade,
        "thickness": 1.4,
        "width": 0,
    }


def _kind(difference: Any) -> str:
    if difference.word not in ("helps", "hurts"):
        return LUCK
    return SURE if difference.sure else UNSURE


def _symbol(name: str, kind: str) -> str:
    return MARKERS[name] + "-open" * (kind == UNSURE)


def _mean_words(mean: Any) -> str:
    if not isfinite(mean.low):
        return f"{mean.mean:.1%}, one repeat"
    return (
        f"{mean.mean:.1%}<br>95% interval {max(mean.low, 0):.1%} to {min(mean.high, 1):.1%}, "
        f"{mean.repeats} repeats"
    )


def _difference_words(found: Any) -> str:
    if not isfinite(found.low):
        return f"{100 * found.mean:+.1f} points in one repeat"
    return (
        f"{100 * found.mean:+.1f} points<br>95% interval {100 * found.low:+.1f} to "
        f"{100 * found.high:+.1f}, {found.repeats} repeats<br>{_kind(found)}"
    )


def _points_ticks(below: int, above: int) -> dict:
    step = max(below, above) / 2
    ticks = [at * step for at in (-2, -1, 0, 1, 2) if -below <= at * step <= above]
    texts = ["0" if not each else f"{each:+g}".replace("-", "−") for each in ticks]
    return {"tickvals": ticks, "ticktext": texts, "showgrid": True}


def _legend(names: tuple[str, ...], dark: bool) -> list[go.Scatter]:
    """Entries without data for the strategies whose names stand at no line's end."""
    entries = [
        go.Scatter(
            x=[None],
            y=[None],
            mode="lines+markers",
            line={"color": colour(name, dark=dark), "width": 2.2, "dash": DASHES[name]},
            marker={"symbol": MARKERS[name], "size": 7, "color": colour(name, dark=dark)},
            name=title(name),
            hoverinfo="skip",
        )
        for name in names
    ]
    chance = {"color": inks(dark).muted, "width": 1.5, "dash": "dot"}
    if names:
        entries.append(
            go.Scatter(
                x=[None], y=[None], mode="lines", line=chance, name="Chance", hoverinfo="skip"
            )
        )
    return entries


def _marks_explained(below: int, shade: str) -> dict:
    """What the marks in the lower panel mean, in no strategy's colour, under the axis."""
    return {
        "text": f"● {SURE.lower()}   ○ {UNSURE.lower()}   • {LUCK.lower()}",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 2 - LEFT,
        "y": 0,
        "yref": "paper",
        "yanchor": "top",
        "yshift": -below,
        "showarrow": False,
        "font": {"color": shade, "size": 12},
    }


def _detail(
    findings: Findings, cells: dict[Dose, Cell], second: Dose | None, columns: bool
) -> str:
    study = findings.study
    counts = {
        len(differences(findings, cell, name))
        for cell in cells.values()
        for name in study.base.strategies
    }
    where = ""
    if second is not None and study.and_vary is not None:
        where = f"{short_title(study.and_vary)}: {dose_text(study.and_vary, second).lower()}. "
    low, high = min(counts), max(counts)
    if high < 2:
        return f"{where}{'One repeat so far' if high else 'No training finished yet'}"
    number = f"{high}" if low == high else f"{low} to {high}"
    return f"{where}Mean of {number} repeats, 95% {'interval' if columns else 'band'}"
