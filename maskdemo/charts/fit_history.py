"""What `Model.fit` reports while it trains: accuracy and loss, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from maskdemo.charts.panels import Panel, axis, stacked, upright
from maskdemo.charts.template import (
    FIT_HISTORY_PANEL,
    SHARE_TOP,
    Figure,
    PlotlyOptions,
    PlotlyTrace,
    inks,
    scatter,
)

#: Up to so many batches each has its number on the axis.
FEW = 12


def fit_history(
    accuracy: Sequence[float],
    loss: Sequence[float],
    *,
    epochs: int,
    batches: int,
    dark: bool = False,
) -> Figure:
    """Accuracy (0 to 1) and loss after each batch so far, of `epochs` times `batches` in all."""
    top = max(1, ceil(max(loss, default=0.0)))
    panels = (
        Panel(
            "Accuracy",
            FIT_HISTORY_PANEL,
            0,
            SHARE_TOP,
            ticks={"tickvals": [0, 0.5, 1], "tickformat": ".0%", "showgrid": True},
        ),
        Panel(
            "Loss", FIT_HISTORY_PANEL, 0, top, ticks={"tickvals": [0, top / 2, top], "showgrid": True}
        ),
    )
    lines = [
        _line(accuracy, "Accuracy %{y:.1%}", 0, batches, dark),
        _line(loss, "Loss %{y:.3f}", 1, batches, dark),
    ]
    numbers: PlotlyOptions = {"title": {"text": "Batch"}}
    if epochs * batches <= FEW:
        numbers["tickvals"] = list(range(1, epochs * batches + 1))
    return stacked(
        panels,
        lines,
        title="On its training sequences",
        detail="After each batch: the mean since the epoch began",
        steps=epochs * batches,
        dark=dark,
        shapes=[
            upright(epoch * batches + 0.5, dark=dark, dash="dot", index=index)
            for epoch in range(1, epochs)
            for index in range(len(panels))
        ],
        xaxis=numbers,
        name="fit_history",
    )


def _line(values: Sequence[float], hover: str, index: int, batches: int, dark: bool) -> PlotlyTrace:
    """Return a line per epoch: the mean begins anew, so nothing leads from one epoch to the next."""
    x: list[float | None] = []
    y: list[float | None] = []
    for index, value in enumerate(values):
        if index and index % batches == 0:
            x.append(None)
            y.append(None)
        x.append(index + 1)
        y.append(value)
    return scatter(
        x=x,
        y=y,
        yaxis=axis(index),
        mode="lines+markers",
        line={"color": inks(dark).text, "width": 2.2},
        marker={"color": inks(dark).text, "size": 7},
        showlegend=False,
        hovertemplate=f"Batch %{{x}}<br>{hover}<extra></extra>",
    )
