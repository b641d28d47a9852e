"""What padding that is added after training does to the outputs of a whole test set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from maskdemo.charts.panels import Panel, axis, stacked, upright
from maskdemo.charts.strategy_style import colour, line, marker, title
from maskdemo.charts.template import (
    ACCURACY_BY_PADDING,
    LEGEND_ROW,
    SHARES,
    PlotlyOptions,
    PlotlyTrace,
    chance_line,
    entry,
    figure,
    inks,
    layout,
    legend_below,
    legend_rows,
    names,
    scatter,
)
from maskdemo.inside.leak import Sweep

#: Of two lines a strategy: the sequence in the middle, and the one that moves furthest.
MEDIAN: PlotlyOptions = {"width": 2.2}
WORST: PlotlyOptions = {"width": 1.6, "dash": "dot"}
STEPS_AXIS: PlotlyOptions = {
    "title": {"text": "Padded steps added"},
    "tickvals": [0, 50, 100, 150, 200],
}


def change_by_padding(
    sweeps: Mapping[str, Sweep], *, cursor: int, detail: str, dark: bool = False
) -> go.Figure:
    """Draw a panel per strategy: how far the outputs move, in the median and in the worst sequence."""
    panels: list[Panel] = []
    traces: list[PlotlyTrace] = []
    for index, (name, sweep) in enumerate(sweeps.items()):
        median, worst = np.median(sweep.change, axis=1), sweep.change.max(axis=1)
        shade = colour(name, dark=dark)
        for values, label, style in ((median, "Median", MEDIAN), (worst, "Worst", WORST)):
            traces.append(
                scatter(
                    x=sweep.added,
                    y=values,
                    yaxis=axis(index),
                    name=f"{title(name)}, {label.lower()}",
                    mode="lines",
                    line={"color": shade} | style,
                    fill="tonexty" if label == "Worst" else None,
                    fillcolor=colour(name, dark=dark, opacity=0.12),
                    showlegend=False,
                    hovertemplate=f"%{{x}} steps added<br>{label} change %{{y:.4f}}<extra></extra>",
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
    shade = {"color": inks(dark).muted}
    return stacked(
        panels,
        traces,
        title="How far the outputs move",
        detail=f"Change of a probability, {detail}",
        steps=int(next(iter(sweeps.values())).added[-1]),
        dark=dark,
        legend=[
            entry("Median sequence", line=shade | MEDIAN),
            entry("Worst sequence", line=shade | WORST),
        ],
        shapes=[upright(cursor, dark=dark, index=index) for index in range(len(panels))],
        xaxis={"range": _range(sweeps)} | STEPS_AXIS,
        name="change_by_padding",
    )


def accuracy_by_padding(
    sweeps: Mapping[str, Sweep], *, cursor: int, chance: float, detail: str, dark: bool = False
) -> go.Figure:
    """Draw a line per strategy: accuracy on the test set against the padding added."""
    lines = [
        scatter(
            x=sweep.added,
            y=sweep.accuracy,
            name=title(name),
            mode="lines+markers",
            line=line(name, dark=dark),
            marker=marker(name, dark=dark, size=6),
            hovertemplate="%{y:.1%}",
        )
        for name, sweep in sweeps.items()
    ]
    lines.append(
        scatter(
            x=_range(sweeps),
            y=[chance, chance],
            name="Chance",
            mode="lines",
            line=chance_line(dark),
            hoverinfo="skip",
        )
    )
    return figure(
        lines,
        layout(
            "accuracy_by_padding",
            "Accuracy with padding added",
            detail,
            inner=ACCURACY_BY_PADDING,
            below=50 + LEGEND_ROW * legend_rows(names(lines)),
            dark=dark,
            hovermode="x unified",
            xaxis={
                "range": _range(sweeps),
                "showgrid": False,
                "unifiedhovertitle": {"text": "%{x} steps added"},
            }
            | STEPS_AXIS,
            yaxis=SHARES,
            legend=legend_below(ACCURACY_BY_PADDING, 48),
            shapes=[upright(cursor, dark=dark)],
        ),
    )


def _range(sweeps: Mapping[str, Sweep]) -> list[float]:
    counts = next(iter(sweeps.values())).added
    return [-2, float(counts[-1]) + 2]
