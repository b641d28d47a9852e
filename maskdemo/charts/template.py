"""What all figures share: fonts, margins, grid, hover box, titles, legends, heights, and their making.

Figures are plain dictionaries, and Plotly's Python package has no part in drawing a page: its objects
take ten times as long as all that a figure needs to say. The mistakes that they would find are found by
the tests, which check every figure in full.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: A trace, and options of a trace or a layout, by their names in Plotly's reference.
PlotlyTrace = dict[str, Any]
PlotlyOptions = dict[str, Any]

FONT = '"Source Sans", "Source Sans Pro", "Segoe UI", system-ui, sans-serif'
LEGEND_ROW = 21
LEFT, RIGHT = 48, 12
TITLE_SPACE = 60
# Room above 100 %, or a line that runs along it would be cut in half.
SHARE_TOP = 1.02
#: A vertical axis of shares, from 0 to 100 %.
SHARES: PlotlyOptions = {
    "range": [0, SHARE_TOP],
    "tickvals": [0, 0.25, 0.5, 0.75, 1],
    "tickformat": ".0%",
}
#: For figures in files: a tap, which Plotly takes for a double click, moves no axis.
CONFIG: PlotlyOptions = {"displaylogo": False, "doubleClick": "reset"}
# The narrowest page that figures are laid out for; a Python process cannot know the real width.
NARROW = 340

# The heights of the charts, in pixels: of a plot, or of each panel where a chart has several. Titles,
# axes and legends come on top. The padded batch and the heatmaps of gates are as high as their rows
# need: see `padded_batch.py` and `gates.py`.
FINAL_ACCURACY = 240
EXAMPLE_PANEL = 76
LEARNING_CURVES = 220
OUTPUTS_PANEL = 56
RESPONSE_ACCURACY = 240
RESPONSE_DIFFERENCE = 190
LENGTHS_HISTOGRAM = 130


@dataclass(frozen=True)
class Inks:
    """Colours that carry no strategy. page: what a page is drawn on, by `.streamlit/config.toml`."""

    text: str
    muted: str
    grid: str
    paper: str
    page: str


@cache
def inks(dark: bool) -> Inks:
    """Return the colours of text, lesser text, grid lines, hover boxes and the page."""
    if dark:
        return Inks("#fafafa", "#a9aebb", "rgba(250,250,250,0.13)", "#262730", "#11161c")
    return Inks("#31333f", "#636775", "rgba(49,51,63,0.12)", "#ffffff", "#ffffff")


@cache
def template(dark: bool = False) -> PlotlyOptions:
    """Return the template of all charts: transparent, left-aligned, thin grid, fixed margins."""
    ink = inks(dark)
    axis = {
        "gridcolor": ink.grid,
        "zeroline": False,
        "ticks": "",
        "spikecolor": ink.muted,
        # Plotly lays 2 more pixels of white under the hover line of a transparent plot: on a dark
        # page those are the line.
        "spikethickness": 0 if dark else 1,
        "spikedash": "solid",
        "tickfont": {"color": ink.muted, "size": 12},
        "title": {"font": {"color": ink.muted, "size": 13}, "standoff": 6},
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": ink.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "title": {
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "top",
                "pad": {"t": 20, "l": 2},
                "font": {"size": 17, "color": ink.text, "weight": 600},
            },
            "xaxis": axis | {"showgrid": False},
            "yaxis": axis,
            "legend": {
                "orientation": "h",
                "bgcolor": "rgba(0,0,0,0)",
                "font": {"size": 13, "color": ink.text},
                "itemclick": False,
                "itemdoubleclick": False,
            },
            "hoverlabel": {
                "bgcolor": ink.paper,
                "bordercolor": ink.muted,
                "align": "left",
                "namelength": -1,
                "font": {"family": FONT, "size": 13, "color": ink.text},
            },
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": ink.muted, "activecolor": ink.text},
            "margin": {"l": LEFT, "r": RIGHT, "t": TITLE_SPACE, "b": 44, "autoexpand": False},
            # A finger that scrolls the page must not zoom; the toolbar still offers it.
            "dragmode": False,
        },
        # Marks at the edge of a plot are whole.
        "data": {"scatter": [{"type": "scatter", "cliponaxis": False}]},
    }


def chance_line(dark: bool) -> PlotlyOptions:
    """Return the line style of the chance level, the accuracy of always giving the commonest label."""
    return {"color": inks(dark).muted, "width": 1.5, "dash": "dot"}


def text_note(text: str, shade: str, **position: Any) -> PlotlyOptions:
    """Return an annotation that is only text: no arrow, and in size 13 unless `size` is given."""
    size = position.pop("size", 13)
    return {"text": text, "showarrow": False, "font": {"color": shade, "size": size}} | position


def heading(text: str, detail: str, *, dark: bool) -> PlotlyOptions:
    """Return a title in HTML: what is seen (`text`), over a lighter line of what and how much."""
    # Not Plotly's own subtitle: it stands off as far as a paragraph would.
    style = f"font-size:13px;font-weight:400;color:{inks(dark).muted}"
    return {"text": f'{text}<br><span style="{style}">{detail}</span>'}


def layout(
    name: str,
    title: str,
    detail: str,
    *,
    inner: int,
    below: int,
    dark: bool,
    above: int = TITLE_SPACE,
    left: int = LEFT,
    right: int = RIGHT,
    **settings: Any,
) -> PlotlyOptions:
    """Return a layout of fixed size: `inner` pixels high between `above` (with the title) and `below`.

    title, detail: see `heading`. settings: further ones of Plotly's. name: as long as it stays the
    same, a redrawn chart keeps its zoom.
    """
    return {
        "template": template(dark),
        "uirevision": name,
        "title": heading(title, detail, dark=dark),
        "height": above + inner + below,
        "margin": {"l": left, "r": right, "t": above, "b": below},
    } | settings


def legend_below(height: int, axis_space: int) -> PlotlyOptions:
    """Return the position of a legend at the left, below a plot of `height` pixels and its axis."""
    return {"x": 0, "xref": "container", "xanchor": "left", "y": -axis_space / height, "yanchor": "top"}


def legend_height(traces: Sequence[PlotlyTrace]) -> int:
    """Return the height in pixels of these traces' legend on the narrowest page; 0 without an entry."""
    names = [each["name"] for each in traces if each["showlegend"]]
    # Plotly gives every entry the width of the widest.
    widest = 48 + 6.6 * max(map(len, names), default=0)
    return LEGEND_ROW * ceil(len(names) / max(1, int(NARROW // widest)))


def nice_ticks(low: int, high: int, *, max_ticks: int = 7) -> list[int]:
    """Return `low`, then multiples up to `high` of a step of 1, 2 or 5 times a power of 10.

    They are at most `max_ticks`; a multiple nearer to `low` than 0.6 steps is left out.
    """
    span = max(high - low, 1)
    steps = (step * 10**power for power in range(9) for step in (1, 2, 5))
    step = next(each for each in steps if span / each <= max_ticks - 1)
    return [low, *(tick for tick in range(step, high + 1, step) if tick > low + 0.6 * step)]


@dataclass(frozen=True)
class Figure:
    """Traces and layout as in Plotly's reference; arrays are NumPy's."""

    data: list[PlotlyTrace]
    layout: PlotlyOptions

    @property
    def height(self) -> int:
        """The height in pixels."""
        return int(self.layout["height"])

    def plotly(self) -> go.Figure:
        """Return Plotly's own object, which writes files; its properties are not checked."""
        from plotly.graph_objects import Figure

        return Figure({"data": self.data, "layout": self.layout}, _validate=False)


def packed(values: NDArray, number: str = "f4") -> dict[str, str]:
    """Return numbers, (n,) or (m, n), as Plotly's typed arrays: Base64. number: NumPy's type."""
    numbers = np.ascontiguousarray(values, f"<{number}")
    data = {"dtype": number, "bdata": base64.b64encode(numbers.tobytes()).decode("ascii")}
    return data if numbers.ndim == 1 else data | {"shape": ", ".join(map(str, numbers.shape))}


def as_json(part: PlotlyTrace | PlotlyOptions) -> str:
    """Return a trace or layout as JSON, its arrays `packed`.

    Raises ValueError for a number outside an array that is NaN or infinite.
    """
    return json.dumps(part, default=_json_value, allow_nan=False)


def _json_value(value: Any) -> Any:
    """Return a Python number; an array of floats or integers (at most i4) `packed`, others as lists."""
    if not isinstance(value, np.ndarray):
        return value.item()
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind in "iu":
        return packed(value, "i4" if size > 2 else f"{kind}{size}")
    return packed(value, f"f{size}") if kind == "f" and size > 2 else value.tolist()


def scatter(**options: Any) -> PlotlyTrace:
    """Return a trace of points or lines. An option that is None is left to Plotly."""
    return _trace("scatter", options)


def heatmap(**options: Any) -> PlotlyTrace:
    """Return a trace of values as colours in cells. An option that is None is left to Plotly."""
    return _trace("heatmap", options)


def bar(**options: Any) -> PlotlyTrace:
    """Return a trace of bars. An option that is None is left to Plotly."""
    return _trace("bar", options)


def legend_entry(
    name: str, *, line: PlotlyOptions | None = None, marker: PlotlyOptions | None = None
) -> PlotlyTrace:
    """Return a trace without data, which adds a line, a marker or both to the legend."""
    kinds = [kind for kind, style in (("lines", line), ("markers", marker)) if style is not None]
    style = {"mode": "+".join(kinds), "line": line, "marker": marker}
    return scatter(x=[None], y=[None], **style, name=name, showlegend=True, hoverinfo="skip")


def _trace(kind: str, options: PlotlyOptions) -> PlotlyTrace:
    """Return a trace of this kind, without the options that are None, by default not in the legend."""
    given = {key: value for key, value in options.items() if value is not None}
    return {"type": kind, "showlegend": False} | given
