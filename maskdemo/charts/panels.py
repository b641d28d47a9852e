"""Panels above one another on one step axis, each with its own heading and height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from maskdemo.charts.hatch import hatched
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

BETWEEN = 30
AXIS_SPACE = 46


@dataclass(frozen=True)
class Panel:
    """One panel: what it shows, a note at its right end, its height in pixels, its vertical range."""

    title: str
    height: int
    low: float
    high: float
    note: str = ""
    colour: str = ""
    ticks: dict[str, Any] = field(default_factory=dict)


def axis(index: int) -> str:
    """The y axis of panel `index`, counted from 0 at the top."""
    return "y" if index == 0 else f"y{index + 1}"


def stacked(
    panels: Sequence[Panel],
    traces: Sequence[Any],
    *,
    title: str,
    detail: str,
    steps: int,
    dark: bool,
    legend: Sequence[go.Scatter] = (),
    space_below: int = 0,
    cursor: int | None = None,
    shapes: Sequence[dict] = (),
    annotations: Sequence[dict] = (),
    name: str,
) -> go.Figure:
    """The figure of all panels; a legend stands between the title and the first panel.

    steps: how many there are on the common axis. cursor: a step (from 1) marked in every panel.
    shapes, annotations: Plotly's, in addition to the panels' own.
    """
    ink = inks(dark)
    tops = [sum(each.height + BETWEEN for each in panels[:at]) for at in range(len(panels))]
    inner = tops[-1] + panels[-1].height
    axes, labels = {}, []
    for index, (panel, top) in enumerate(zip(panels, tops, strict=True)):
        axes["yaxis" + axis(index)[1:]] = {
            "domain": [max(0.0, 1 - (top + panel.height) / inner), 1 - top / inner],
            "range": [panel.low, panel.high],
            "anchor": "x",
            "showgrid": False,
            "tickvals": [],
        } | panel.ticks
        heads = ((f"<b>{panel.title}</b>", 0, "left", panel.colour or ink.text),)
        heads += ((panel.note, 1, "right", ink.muted),)
        labels += [
            {
                "text": text,
                "x": at,
                "xref": "paper",
                "xanchor": side,
                "y": 1 - top / inner,
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": 1,
                "showarrow": False,
                "font": {"size": 13, "color": shade},
            }
            for text, at, side, shade in heads
            if text
        ]
    rows = legend_rows([str(each.name) for each in legend])
    above = TITLE_SPACE + 28 + LEGEND_ROW * rows
    below = AXIS_SPACE + space_below
    layout = go.Layout(
        template=template(dark),
        uirevision=name,
        title=heading(title, detail, dark=dark),
        height=above + inner + below,
        margin={"l": LEFT, "r": RIGHT, "t": above, "b": below},
        hovermode="closest",
        xaxis={
            "range": [0.5, steps + 0.5],
            "tickvals": nice_ticks(1, steps),
            "showgrid": False,
            "anchor": axis(len(panels) - 1),
            "title": {"text": "Step"},
        },
        legend=legend_below(inner, 0) | {"y": 1 + (above - TITLE_SPACE) / inner},
        shapes=[
            *(upright(cursor, dark=dark, index=at) for at in range(len(panels)) if cursor),
            *shapes,
        ],
        annotations=[*labels, *annotations],
        **axes,
    )
    return go.Figure([*traces, *legend], layout)


def upright(at: float, *, dark: bool, dash: str = "solid", index: int | None = None) -> dict:
    """A line at one step, through all panels or through panel `index` only."""
    return {
        "type": "line",
        "xref": "x",
        "x0": at,
        "x1": at,
        "yref": "paper" if index is None else f"{axis(index)} domain",
        "y0": 0,
        "y1": 1,
        "line": {"color": inks(dark).text, "width": 1.5, "dash": dash},
        "opacity": 0.75,
    }


def hatches(
    panel: Panel,
    index: int,
    *,
    padded: NDArray[np.bool_],
    missing: NDArray[np.bool_],
    dark: bool,
    over_colours: bool = False,
) -> list[go.Scatter]:
    """Padded and missing steps (T,) hatched over the whole height of a panel.

    over_colours: lines only, for a tint would change what the colours beneath them say.
    """
    found = []
    for kind, cells in (("padding", padded), ("missing", missing)):
        found += hatched(
            cells[None],
            kind,
            bottom=[panel.low],
            top=[panel.high],
            dark=dark,
            showlegend=False,
            yaxis=axis(index),
        )
    if over_colours:
        for each in found:
            each.update(fillpattern={"bgcolor": "rgba(0,0,0,0)"})
    return found


def hatch_legend(
    *, padded: NDArray[np.bool_], missing: NDArray[np.bool_], dark: bool
) -> list[go.Scatter]:
    """Legend entries of the hatches that occur."""
    entries = []
    for kind, cells in (("padding", padded), ("missing", missing)):
        if cells.any():
            (entry,) = hatched(np.ones((1, 1), bool), kind, bottom=[0], top=[0], dark=dark)
            entry.update(x=[None], y=[None])
            entries.append(entry)
    return entries
