"""What padding that is added after training does to the outputs of a whole test set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from maskdemo.charts.looks import DASHES, MARKERS, colour, title
from maskdemo.charts.panels import Panel, axis, stacked, upright
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
from maskdemo.inside.leak import Sweep

ACCURACY_HEIGHT = 230
STEPS_AXIS = {"title": {"text": "Padded steps added"}, "tickvals": [0, 50, 100, 150, 200]}


def change_by_padding(
    sweeps: Mapping[str, Sweep], *, cursor: int, detail: str, dark: bool = False
) -> go.Figure:
    """One panel a strategy: how far the outputs move, in the median and in the worst sequence."""
    panels, traces = [], []
    for index, (name, sweep) in enumerate(sweeps.items()):
        median, worst = np.median(sweep.change, axis=1), sweep.change.max(axis=1)
        shade = colour(name, dark=dark)
        for values, words, look in (
            (median, "Median", {"width": 2.2}),
            (worst, "Worst", {"width": 1.6, "dash": "dot"}),
        ):
            traces.append(
                go.Scatter(
                    x=sweep.counts,
                    y=values,
                    yaxis=axis(index),
                    mode="lines",
                    line={"color": shade} | look,
                    fill="tonexty" if words == "Worst" else None,
                    fillcolor=colour(name, dark=dark, opacity=0.12),
                    cliponaxis=False,
                    showlegend=False,
                    hovertemplate=f"%{{x}} steps added<br>{words} change %{{y:.4f}}<extra></extra>",
                )
            )
        flat = not sweep.change.any()
        panels.append(
            Panel(
                title(name),
                74,
                -0.04,
                1.04,
                note="exactly 0" if flat else f"up to {worst.max():.2g}",
                colour=shade,
                ticks={"tickvals": [0, 0.5, 1], "showgrid": True},
            )
        )
    ink = inks(dark)
    legend = [
        go.Scatter(
            x=[None],
            y=[None],
            mode="lines",
            line={"color": ink.muted} | look,
            name=words,
            hoverinfo="skip",
        )
        for words, look in (
            ("Median sequence", {"width": 2.2}),
            ("Worst sequence", {"width": 1.6, "dash": "dot"}),
        )
    ]
    figure = stacked(
        panels,
        traces,
        title="How far the outputs move",
        detail=f"Change of a probability, {detail}",
        steps=int(next(iter(sweeps.values())).counts[-1]),
        dark=dark,
        legend=legend,
        name="change_by_padding",
    )
    return figure.update_layout(
        xaxis={"range": _range(sweeps)} | STEPS_AXIS,
        shapes=[upright(cursor, dark=dark, index=at) for at in range(len(panels))],
    )


def accuracy_by_padding(
    sweeps: Mapping[str, Sweep], *, cursor: int, chance: float, detail: str, dark: bool = False
) -> go.Figure:
    """One line a strategy: accuracy on the test set against the padding added."""
    ink = inks(dark)
    lines = [
        go.Scatter(
            x=sweep.counts,
            y=sweep.accuracy,
            name=title(name),
            mode="lines+markers",
            line={"color": colour(name, dark=dark), "width": 2.2, "dash": DASHES[name]},
            marker={"symbol": MARKERS[name], "size": 6, "color": colour(name, dark=dark)},
            cliponaxis=False,
            hovertemplate="%{y:.1%}",
        )
        for name, sweep in sweeps.items()
    ]
    lines.append(
        go.Scatter(
            x=_range(sweeps),
            y=[chance, chance],
            name="Chance",
            mode="lines",
            line={"color": ink.muted, "width": 1.5, "dash": "dot"},
            hoverinfo="skip",
        )
    )
    rows = legend_rows([str(each.name) for each in lines])
    below = 50 + LEGEND_ROW * rows
    layout = go.Layout(
        template=template(dark),
        uirevision="accuracy_by_padding",
        title=heading("Accuracy with padding added", detail, dark=dark),
        height=TITLE_SPACE + ACCURACY_HEIGHT + below,
        margin={"l": LEFT, "r": RIGHT, "t": TITLE_SPACE, "b": below},
        hovermode="x unified",
        xaxis={
            "range": _range(sweeps),
            "showgrid": False,
            "unifiedhovertitle": {"text": "%{x} steps added"},
        }
        | STEPS_AXIS,
        yaxis={"range": [0, 1.02], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"},
        legend=legend_below(ACCURACY_HEIGHT, 48),
        shapes=[upright(cursor, dark=dark)],
    )
    return go.Figure(lines, layout)


def _range(sweeps: Mapping[str, Sweep]) -> list[float]:
    counts = next(iter(sweeps.values())).counts
    return [-2, float(counts[-1]) + 2]
