"""How well each strategy does in the end, with the spread that tells an effect from luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from maskdemo.charts.looks import MARKERS, colour, title
from maskdemo.charts.repeats import comparable, interval
from maskdemo.charts.template import (
    LEFT,
    LEGEND_ROW,
    RIGHT,
    TITLE_SPACE,
    heading,
    inks,
    legend_below,
    legend_rows,
    template,
)

if TYPE_CHECKING:
    from maskdemo.snapshot import Snapshot

PLOT_HEIGHT = 240
NUMBER_ROW = 17
AXIS_SPACE = 58
TOP = 1.02


def accuracy_by_strategy(snapshot: Snapshot, *, dark: bool = False) -> go.Figure:
    """One column a strategy: every repeat a point, their mean and its 95 % interval.

    With a label at each step, accuracy on valid steps only stands beside it, as open markers.
    """
    ink = inks(dark)
    names = snapshot.experiment.strategies
    both = snapshot.experiment.per_step
    traces: list[go.Scatter] = []
    labels: list[dict] = []
    epochs, counts = set(), set()
    for at, name in enumerate(names):
        curves = comparable(snapshot, name)
        if not curves:
            continue
        epochs.add(len(curves[0].test_accuracy))
        counts.add(len(curves))
        reported = np.array([each.test_accuracy[-1] for each in curves])
        traces += _group(name, at - 0.24 * both, reported, dark, both, open_marker=False)
        labels.append(
            _number(f"<b>{reported.mean():.0%}</b>", colour(name, dark=dark), at=at, row=both)
        )
        if both:
            valid = np.array([each.test_valid_accuracy[-1] for each in curves])
            traces += _group(name, at + 0.24, valid, dark, both, open_marker=True)
            labels.append(_number(f"{valid.mean():.0%}", colour(name, dark=dark), at=at))
    if labels and both:
        labels.append(_number("Reported", ink.muted, row=1))
        labels.append(_number("Valid", ink.muted))
    elif counts - {1}:
        labels.append(_number("Mean", ink.muted))
    entries = _legend(snapshot.experiment.repeats > 1, both, dark)
    rows = legend_rows([str(each.name) for each in entries])
    above = TITLE_SPACE + 12 + NUMBER_ROW * (1 + both)
    below = AXIS_SPACE + 4 + LEGEND_ROW * rows
    size = 13 if len(names) <= 4 else 12 if len(names) == 5 else 11
    layout = go.Layout(
        template=template(dark),
        uirevision="accuracy_by_strategy",
        title=heading("Accuracy on unseen sequences", _subtitle(epochs, counts), dark=dark),
        height=above + PLOT_HEIGHT + below,
        margin={"l": LEFT, "r": RIGHT, "t": above, "b": below},
        hovermode="closest",
        xaxis={
            "range": [-0.5, len(names) - 0.5],
            "tickvals": list(range(len(names))),
            "ticktext": [_wrapped(title(each)) for each in names],
            "tickfont": {"size": size, "color": ink.text},
            "tickangle": 0,
            "showgrid": False,
        },
        yaxis={"range": [0, TOP], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"},
        legend=legend_below(PLOT_HEIGHT, AXIS_SPACE),
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": snapshot.chance,
                "y1": snapshot.chance,
                "line": {"color": ink.muted, "width": 1.5, "dash": "dot"},
                "layer": "below",
            }
        ],
        annotations=labels,
    )
    return go.Figure([*traces, *entries], layout)


def _group(
    name: str, at: float, values: np.ndarray, dark: bool, both: bool, *, open_marker: bool
) -> list[go.Scatter]:
    """Every repeat a point and, where there are several, mean and interval to the right of them."""
    shade = colour(name, dark=dark)
    what = f"{title(name)}{', valid steps only' if open_marker else ''}"
    several = len(values) > 1
    aside = (0.1 if both else 0.13) * several
    points = go.Scatter(
        x=np.full(len(values), at - aside),
        y=values,
        customdata=np.arange(1, len(values) + 1),
        mode="markers",
        marker={
            "symbol": MARKERS[name] + ("-open" if open_marker else ""),
            "size": 7 if several else 10,
            "color": shade,
            "opacity": 0.7 if several and not open_marker else 1,
            "line": {"width": 1.5 if open_marker else 0, "color": shade},
        },
        cliponaxis=False,
        showlegend=False,
        name=what,
        hovertemplate=f"{what}<br>Repeat %{{customdata}}: %{{y:.1%}}<extra></extra>",
    )
    limits = interval(values)
    if limits is None:
        return [points]
    mean = float(values.mean())
    low, high = limits
    summary = go.Scatter(
        x=[at + aside],
        y=[mean],
        mode="markers",
        marker={
            "symbol": "line-ew-open",
            "size": 10 if both else 14,
            "color": shade,
            "line": {"width": 3},
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - mean],
            "arrayminus": [mean - low],
            "color": shade,
            "thickness": 1.6,
            "width": 0,
        },
        cliponaxis=False,
        showlegend=False,
        name=f"{what}, mean",
        hovertemplate=f"{what}<br>Mean of {len(values)} repeats: {mean:.1%}"
        f"<br>95% interval: {low:.1%} to {high:.1%}<extra></extra>",
    )
    return [points, summary]


def _number(text: str, shade: str, *, at: int | None = None, row: int = 0) -> dict:
    """A number over its column, or at the left edge the name of its row; row 0 is the lowest."""
    place = (
        {"x": at} if at is not None else {"x": 0, "xref": "paper", "xanchor": "right", "xshift": -3}
    )
    return place | {
        "text": text,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": 6 + NUMBER_ROW * row,
        "showarrow": False,
        "font": {"color": shade, "size": 13 if at is not None else 10},
    }


def _legend(several: bool, both: bool, dark: bool) -> list[go.Scatter]:
    """Entries without data that explain the marks, in no strategy's colour."""
    ink = inks(dark)
    kinds = [("One repeat", {"symbol": "circle", "size": 8, "color": ink.muted})]
    if both:
        kinds.append(
            (
                "Valid steps only",
                {"symbol": "circle-open", "size": 8, "color": ink.muted, "line": {"width": 1.6}},
            )
        )
    if several:
        bar = {"symbol": "line-ew-open", "size": 16, "color": ink.muted, "line": {"width": 3}}
        kinds.append(("Mean, interval", bar))
    entries = [
        go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=text, hoverinfo="skip")
        for text, marker in kinds
    ]
    chance = {"color": ink.muted, "width": 1.5, "dash": "dot"}
    entries.append(
        go.Scatter(x=[None], y=[None], mode="lines", line=chance, name="Chance", hoverinfo="skip")
    )
    return entries


def _subtitle(epochs: set[int], counts: set[int]) -> str:
    if not epochs:
        return "No epoch finished yet"
    after = "–".join(str(each) for each in sorted({min(epochs), max(epochs)}))
    repeats = "–".join(str(each) for each in sorted({min(counts), max(counts)}))
    plural = "s" if counts != {1} else ""
    what = f"After epoch {after}, {repeats} repeat{plural}"
    return f"{what}, mean with 95% interval" if plural else what


def _wrapped(text: str) -> str:
    """One word a line, short words joined to the next, so that seven columns fit on a phone."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) <= 2:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "<br>".join(lines)
