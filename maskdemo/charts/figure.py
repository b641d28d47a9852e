"""Figures as plain dictionaries, handed to Plotly once.

Plotly checks every property that is set on its objects, which takes longer than all that a figure
needs to say. The mistakes it would find are found by the tests, which check every figure in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

#: A trace, and options of a trace or a layout, by their names in Plotly's reference.
PlotlyTrace = dict[str, Any]
PlotlyOptions = dict[str, Any]


def figure(traces: Iterable[PlotlyTrace], layout: Mapping[str, Any]) -> go.Figure:
    """Return the figure of these traces and this layout, without Plotly's checks."""
    return go.Figure({"data": list(traces), "layout": dict(layout)}, _validate=False)


def scatter(**options: Any) -> PlotlyTrace:
    """Return a trace of points or lines. An option that is None is left to Plotly."""
    return _trace("scatter", options)


def heatmap(**options: Any) -> PlotlyTrace:
    """Return a trace of values as colours in cells. An option that is None is left to Plotly."""
    return _trace("heatmap", options)


def bar(**options: Any) -> PlotlyTrace:
    """Return a trace of bars. An option that is None is left to Plotly."""
    return _trace("bar", options)


def entry(
    name: str, *, line: PlotlyOptions | None = None, marker: PlotlyOptions | None = None
) -> PlotlyTrace:
    """Return a trace without data, which adds a line, a marker or both to the legend."""
    kinds = [kind for kind, style in (("lines", line), ("markers", marker)) if style is not None]
    return scatter(
        x=[None],
        y=[None],
        mode="+".join(kinds),
        line=line,
        marker=marker,
        name=name,
        hoverinfo="skip",
    )


def names(entries: Sequence[PlotlyTrace]) -> list[str]:
    """Return the names of the traces, as the legend shows them."""
    return [each["name"] for each in entries]


def _trace(kind: str, options: PlotlyOptions) -> PlotlyTrace:
    return {"type": kind} | {key: value for key, value in options.items() if value is not None}
