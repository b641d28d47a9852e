"""Figures as plain dictionaries, handed to Plotly once.

Plotly checks every property that is set on its objects, which takes longer than all that a figure
needs to say. The mistakes it would find are found by the tests, which check every figure in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

#: One thing drawn, and a part of a layout: what Plotly's reference says of each, by name.
Drawn = dict[str, Any]
Settings = dict[str, Any]


def figure(traces: Iterable[Drawn], layout: Mapping[str, Any]) -> go.Figure:
    """The figure of traces and layout as they are, unchecked."""
    return go.Figure({"data": list(traces), "layout": dict(layout)}, _validate=False)


def scatter(**settings: Any) -> Drawn:
    """Points or lines. A setting that is None is left to Plotly."""
    return _trace("scatter", settings)


def heatmap(**settings: Any) -> Drawn:
    """Values as colours in cells. A setting that is None is left to Plotly."""
    return _trace("heatmap", settings)


def bar(**settings: Any) -> Drawn:
    """Bars. A setting that is None is left to Plotly."""
    return _trace("bar", settings)


def entry(name: str, *, line: Settings | None = None, marker: Settings | None = None) -> Drawn:
    """A legend entry without data: what a line, a mark or both of this look mean."""
    kinds = [kind for kind, look in (("lines", line), ("markers", marker)) if look is not None]
    return scatter(
        x=[None],
        y=[None],
        mode="+".join(kinds),
        line=line,
        marker=marker,
        name=name,
        hoverinfo="skip",
    )


def names(entries: Sequence[Drawn]) -> list[str]:
    """What the legend says of these traces."""
    return [each["name"] for each in entries]


def _trace(kind: str, settings: Settings) -> Drawn:
    return {"type": kind} | {key: value for key, value in settings.items() if value is not None}
