"""Panels above one another on one step axis, each with its own heading and height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts import template as plot
from maskdemo.charts.style import hatch_entry, hatched
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.data.padding import Batch

BETWEEN = 30
AXIS_SPACE = 46
#: Marks hatches over whole steps for `ui/browser/numbers.js`.
WHOLE_STEPS = "steps"


@dataclass(frozen=True)
class Panel:
    """A panel: its title, its height in pixels, its vertical range.

    aside: goes on after the title, less strongly. note: stands at the right end. colour: of the title.
    ticks: Plotly's settings of the vertical axis. hatch: how padded and missing steps look: "full",
    with "lines" alone, as a tint would change what colours say, or not at all ("").
    """

    title: str
    height: int
    low: float
    high: float
    aside: str = ""
    note: str = ""
    colour: str = ""
    hatch: str = "full"
    ticks: PlotlyOptions = field(default_factory=dict)


def axis(index: int) -> str:
    """Return the y axis of panel `index` (0 at the top) as traces refer to it: "y", "y2", ..."""
    return "y" if index == 0 else f"y{index + 1}"


def note_name(index: int) -> str:
    """Return the name of the annotation that is the note of panel `index`."""
    return f"note {index}"


def hatched_steps(batch: Batch, row: int = 0) -> dict[str, NDArray[np.bool_]]:
    """Return "padding" -> `padding_there` and "missing" -> `missing` of a row (from 0), (T,) each."""
    return {"padding": batch.padding_there[row], "missing": batch.missing[row]}


def read_out_step(read_out: NDArray[np.intp], batch: Batch, row: int = 0) -> int:
    """Return the step (from 0) whose output is the answer of a row (from 0), at most its batch's last.

    read_out: (N,), steps of all rows. Beyond its batch a sequence keeps its state, and so its output.
    """
    last = len(batch.valid[row]) - 1 if batch.there is None else np.flatnonzero(batch.there[row])[-1]
    return min(int(read_out[row]), int(last))


def stacked(
    panels: Sequence[Panel],
    traces: Sequence[PlotlyTrace],
    *,
    title: str,
    detail: str,
    steps: int,
    dark: bool,
    name: str,
    hatches: Mapping[str, NDArray[np.bool_]] | None = None,
    legend: Sequence[PlotlyTrace] = (),
    between: int = BETWEEN,
    space_above: int = 0,
    space_below: int = 0,
    right_space: int = plot.RIGHT,
    cursor: int | None = None,
    shapes: Sequence[PlotlyOptions] = (),
    annotations: Sequence[PlotlyOptions] = (),
    xaxis: PlotlyOptions | None = None,
    legend_place: PlotlyOptions | None = None,
    **settings: Any,
) -> Figure:
    """Return the figure of all panels, with a legend between the title and the first panel.

    steps: how many there are on the common axis. hatches: see `hatched_steps`; they lie below all lines
    and come first in the legend. legend_place: where else the legend stands. space_above, space_below:
    pixels of further room above the first panel and below the axis. cursor: a step (from 1) marked in
    every panel. shapes, annotations: Plotly's, after the panels' own. xaxis, settings:
    Plotly's, in place of equal ones of the panels. name: as for `layout`.
    """
    ink = plot.inks(dark)
    occurring = {kind: cells for kind, cells in (hatches or {}).items() if cells.any()}
    legend = [*(hatch_entry(kind, dark=dark) for kind in occurring), *legend]
    hatch_traces = [
        hatch(panel, index, kind, cells, dark=dark)
        for index, panel in enumerate(panels)
        for kind, cells in occurring.items()
        if panel.hatch
    ]
    tops = [sum(each.height + between for each in panels[:index]) for index in range(len(panels))]
    inner = tops[-1] + panels[-1].height
    axes: PlotlyOptions = {}
    labels: list[PlotlyOptions] = []
    for index, (panel, top) in enumerate(zip(panels, tops, strict=True)):
        axes["yaxis" + axis(index)[1:]] = {
            "domain": [max(0.0, 1 - (top + panel.height) / inner), 1 - top / inner],
            "range": [panel.low, panel.high],
            "anchor": "x",
            "tickvals": [],
        } | panel.ticks
        over = {
            "xref": "paper",
            "y": 1 - top / inner,
            "yref": "paper",
            "yanchor": "bottom",
            "yshift": 1,
        }
        heading = f"<b>{panel.title}</b>{panel.aside}"
        labels.append(plot.text_note(heading, panel.colour or ink.text, x=0, xanchor="left", **over))
        if panel.note:
            right = over | {"x": 1, "xanchor": "right", "name": note_name(index)}
            labels.append(plot.text_note(panel.note, ink.muted, **right))
    above = plot.TITLE_SPACE + 28 + plot.legend_height(legend) + space_above
    cursors = [step_line(cursor, dark=dark, index=index) for index in range(len(panels)) if cursor]
    return Figure(
        [*hatch_traces, *traces, *legend],
        plot.layout(
            name,
            title,
            detail,
            inner=inner,
            above=above,
            below=AXIS_SPACE + space_below,
            right=right_space,
            dark=dark,
            xaxis={
                "range": [0.5, steps + 0.5],
                "tickvals": plot.nice_ticks(1, steps),
                "anchor": axis(len(panels) - 1),
                "title": {"text": "Step"},
            }
            | (xaxis or {}),
            legend=legend_place
            or plot.legend_below(inner, 0) | {"y": 1 + (above - plot.TITLE_SPACE) / inner},
            shapes=[*cursors, *shapes],
            annotations=[*labels, *annotations],
            # For the tables of numbers.
            meta=[each.title for each in panels],
            **axes,
        )
        | settings,
    )


def step_line(step: float, *, dark: bool, index: int, dash: str = "solid") -> PlotlyOptions:
    """Return the shape of a vertical line at a step (from 1, or between two), through panel `index`."""
    return {
        "type": "line",
        "xref": "x",
        "x0": step,
        "x1": step,
        "yref": f"{axis(index)} domain",
        "y0": 0,
        "y1": 1,
        "line": {"color": plot.inks(dark).text, "width": 1.5, "dash": dash},
        "opacity": 0.75,
    }


def hatch(panel: Panel, index: int, kind: str, steps: NDArray[np.bool_], *, dark: bool) -> PlotlyTrace:
    """Return the trace that hatches steps (T,) of a kind, at least one, over the whole panel."""
    (trace,) = hatched(
        steps[None],
        kind,
        bottom=[panel.low],
        top=[panel.high],
        dark=dark,
        showlegend=False,
        yaxis=axis(index),
        over_colours=panel.hatch == "lines",
    )
    return trace | {"meta": WHOLE_STEPS}
