"""How fast each strategy learns: accuracy or loss, epoch by epoch."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from maskdemo.charts.ends import FEW, LABEL_SPACE, End, end_labels
from maskdemo.charts.looks import DASHES, MARKERS, colour, title
from maskdemo.charts.repeats import comparable
from maskdemo.charts.template import (
    LEFT,
    LEGEND_ROW,
    RIGHT,
    TITLE_SPACE,
    heading,
    inks,
    legend_below,
    legend_rows,
    nice_ticks,
    template,
)

if TYPE_CHECKING:
    from maskdemo.snapshot import Snapshot

TITLES = {
    "test_accuracy": "Accuracy on unseen sequences, by epoch",
    "test_loss": "Loss on unseen sequences, by epoch",
    "accuracy": "Accuracy on training sequences, by epoch",
    "loss": "Loss on training sequences, by epoch",
}
PLOT_HEIGHT = 260
AXIS_SPACE = 46
# Room above 100 %, or a line that runs along it would be cut in half.
TOP = 1.02


def learning_curves(
    snapshot: Snapshot, *, metric: str = "test_accuracy", dark: bool = False
) -> go.Figure:
    """One line a strategy: the mean of its repeats, with a band from lowest to highest.

    metric: "test_accuracy", "test_loss", "accuracy" or "loss". Repeats still under way wait until
    they have as many epochs as the longest one.
    """
    if metric not in TITLES:
        raise ValueError(f"metric must be one of {', '.join(TITLES)}, not '{metric}'.")
    ink = inks(dark)
    share = metric.endswith("accuracy")
    epochs, names = snapshot.experiment.epochs, snapshot.experiment.strategies
    direct = len(names) <= FEW
    bands, lines, ends, repeats = [], [], [], set()
    highest = 0.0
    for at, name in enumerate(names):
        curves = comparable(snapshot, name)
        values = np.array([getattr(each, metric) for each in curves], float)
        if not values.size:
            # An empty line keeps the strategy's place in the legend before its first epoch.
            lines.append(
                _line(name, np.full(1, np.nan), values, epochs, at, share, dark, not direct)
            )
            continue
        mean = values.mean(axis=0)
        highest = max(highest, float(values.max()))
        repeats.add(len(curves))
        if len(curves) > 1:
            bands.append(_band(name, values.min(axis=0), values.max(axis=0), dark))
        lines.append(_line(name, mean, values, epochs, at, share, dark, not direct))
        ends.append(End(float(mean[-1]), len(mean), title(name), colour(name, dark=dark)))

    edge = epochs if epochs > 1 else 1.5
    top = TOP if share else _round_up(highest)
    y_axis = {"range": [0, top]}
    if share:
        y_axis |= {"tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"}
    if share and direct:
        ends.append(End(snapshot.chance, edge, "Chance", ink.muted))
    if share:
        lines.insert(0, _chance(snapshot.chance, epochs, dark, not direct))
    marks = ([], [])
    if direct:
        marks = end_labels(ends, edge=edge, low=0, high=top, height=PLOT_HEIGHT)
    if not repeats:
        marks[1].append(_waiting(ink.muted))
    entries = [] if direct else [title(each) for each in names] + ["Chance"] * share
    below = AXIS_SPACE + (8 + LEGEND_ROW * legend_rows(entries) if entries else 0)
    layout = go.Layout(
        template=template(dark),
        uirevision=f"learning_curves {metric}",
        title=heading(TITLES[metric], _repeats(repeats), dark=dark),
        height=TITLE_SPACE + PLOT_HEIGHT + below,
        margin={"l": LEFT, "r": LABEL_SPACE if direct else RIGHT, "t": TITLE_SPACE, "b": below},
        hovermode="x unified",
        xaxis={
            "range": [1, epochs] if epochs > 1 else [0.5, 1.5],
            "tickvals": nice_ticks(1, epochs),
            "showgrid": False,
            "title": {"text": "Epoch"},
            "unifiedhovertitle": {"text": "Epoch %{x}"},
        },
        yaxis=y_axis,
        showlegend=not direct,
        legend=legend_below(PLOT_HEIGHT, AXIS_SPACE + 4),
        shapes=marks[0],
        annotations=marks[1],
    )
    return go.Figure(bands + lines, layout)


def _line(name, mean, values, epochs, at, share, dark, showlegend) -> go.Scatter:
    """A line with a few markers, each strategy's at other epochs, so that equal lines show both."""
    count = len(mean)
    stride = max(1, ceil(epochs / 6))
    sizes = [7 if (epoch - at) % stride == 0 or epoch == count - 1 else 0 for epoch in range(count)]
    digits = ".1%" if share else ".3f"
    spread = None
    hover = f"%{{y:{digits}}}"
    if len(values) > 1:
        spread = np.stack([values.min(axis=0), values.max(axis=0)], axis=1)
        hover += f" (%{{customdata[0]:{digits}}} to %{{customdata[1]:{digits}}})"
    return go.Scatter(
        x=np.arange(1, count + 1),
        y=mean,
        customdata=spread,
        name=title(name),
        showlegend=showlegend,
        mode="lines+markers",
        line={"color": colour(name, dark=dark), "width": 2.2, "dash": DASHES[name]},
        marker={
            "color": colour(name, dark=dark),
            "symbol": MARKERS[name],
            "size": sizes or 7,
            "line": {"width": 0},
        },
        cliponaxis=False,
        hovertemplate=hover,
    )


def _band(name: str, low: np.ndarray, high: np.ndarray, dark: bool) -> go.Scatter:
    epoch = np.arange(1, len(low) + 1)
    return go.Scatter(
        x=np.concatenate([epoch, epoch[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        name=f"{title(name)}, lowest to highest",
        showlegend=False,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=colour(name, dark=dark, opacity=0.22 if dark else 0.15),
        hoverinfo="skip",
    )


def _chance(chance: float, epochs: int, dark: bool, showlegend: bool) -> go.Scatter:
    ends = [1, epochs] if epochs > 1 else [0.5, 1.5]
    return go.Scatter(
        x=ends,
        y=[chance, chance],
        name="Chance",
        mode="lines",
        line={"color": inks(dark).muted, "width": 1.5, "dash": "dot"},
        showlegend=showlegend,
        legendrank=2000,
        hoverinfo="skip",
    )


def _repeats(counts: set[int]) -> str:
    if not counts:
        return "No epoch finished yet"
    if counts == {1}:
        return "One repeat"
    low, high = min(counts), max(counts)
    number = f"{high}" if low == high else f"{low} to {high}"
    return f"Mean of {number} repeats, band from lowest to highest"


def _waiting(shade: str) -> dict:
    return {
        "text": "Waiting for the first epoch",
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.75,
        "showarrow": False,
        "font": {"color": shade, "size": 14},
    }


def _round_up(value: float) -> float:
    """The next of few round numbers, so that a loss axis seldom moves."""
    if not value > 0 or not np.isfinite(value):
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10, 15) if step * power > value)
