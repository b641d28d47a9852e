"""How charts look: each strategy's colour, marker, dashes, line and band; the hatches of steps.

Padding is one grey hatch, a missing reading and what is cut off others, the same in every figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskdemo.charts.template import (
    PlotlyOptions,
    PlotlyTrace,
    chance_line,
    inks,
    legend_entry,
    scatter,
)
from maskdemo.evidence import Interval
from maskdemo.strategies import STRATEGIES

LINE_WIDTH = 2.2
#: Kind of hatched step -> its name in legends.
NAMES = {"padding": "Padding", "missing": "Missing reading", "cut": "Cut off"}
SHAPES = {"padding": "/", "missing": "x", "cut": "-"}


@dataclass(frozen=True)
class Style:
    """The looks of a strategy.

    colour: on a light and on a dark page. marker, dash: as Plotly calls them.
    """

    colour: tuple[str, str]
    marker: str
    dash: str


# Hues after Okabe and Ito, once for the light and once for the dark page (`Inks.page`): at least 3:1
# against it, and told apart under protanopia, deuteranopia and tritanopia. Strategies often give the
# very same curve (a Masking layer and a held state; no mask and a zeroed input where the padding is
# zero): the dashes of the later have gaps through which the earlier shows.
STYLES = {
    "no_mask": Style(("#31333f", "#e6e9ef"), "circle", "solid"),
    "masking_layer": Style(("#0157b4", "#0a7fdc"), "square", "solid"),
    "zeroed_input": Style(("#bc8400", "#fcb326"), "triangle-up", "8px,4px"),
    "zeroed_state": Style(("#bc4b00", "#f56d05"), "triangle-down", "9px,3px,2px,3px"),
    "held_state": Style(("#018968", "#0caf7c"), "diamond", "5px,5px"),
    "last_valid_step": Style(("#008fe2", "#00bffd"), "pentagon", "13px,4px"),
    "mask_feature": Style(("#d9489f", "#c83a95"), "star", "13px,3px,3px,3px"),
    "forward_fill": Style(("#6b3a12", "#875a2d"), "hexagon", "2px,4px"),
}


def colour(strategy: str, *, dark: bool = False, opacity: float = 1.0) -> str:
    """Return the strategy's colour on a light or a dark page, as hex, or as rgba if not opaque."""
    shade = STYLES[strategy].colour[dark]
    if opacity == 1.0:
        return shade
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def symbol(strategy: str, *, hollow: bool = False) -> str:
    """Return Plotly's name of the strategy's marker; hollow: of its outline."""
    return STYLES[strategy].marker + ("-open" if hollow else "")


def strategy_title(strategy: str) -> str:
    """Return the strategy's title."""
    return STRATEGIES[strategy].title


def line(strategy: str, *, dark: bool, width: float = LINE_WIDTH) -> PlotlyOptions:
    """Return the style of the strategy's line, whose dashes show equal lines below it."""
    return {"color": colour(strategy, dark=dark), "width": width, "dash": STYLES[strategy].dash}


def marker(strategy: str, *, dark: bool, hollow: bool = False, **settings: Any) -> PlotlyOptions:
    """Return symbol and colour of the strategy's marker, with Plotly's `settings`, such as size."""
    return {"symbol": symbol(strategy, hollow=hollow), "color": colour(strategy, dark=dark)} | settings


def blind_guess(classes: int, steps: int, *, yaxis: str, dark: bool) -> PlotlyTrace:
    """Return the line of 1 / classes, what a network without any knowledge gives to a label."""
    return scatter(
        x=[0.5, steps + 0.5],
        y=[1 / classes, 1 / classes],
        yaxis=yaxis,
        mode="lines",
        line=_guess_style(dark),
        name=_guess_name(classes),
        hoverinfo="skip",
    )


def blind_guess_entry(classes: int, *, dark: bool) -> PlotlyTrace:
    """Return the legend entry of the line of `blind_guess`."""
    return legend_entry(_guess_name(classes), line=_guess_style(dark))


def _guess_style(dark: bool) -> PlotlyOptions:
    """Return the style of the line of a blind guess."""
    # Not the line of chance: that is what always giving the commonest label reaches.
    return chance_line(dark) | {"dash": "dash", "width": 1}


def _guess_name(classes: int) -> str:
    """Return the legend's name of a blind guess, with its probability 1 / classes."""
    return f"Blind guess, {1 / classes:.0%}"


def ring(shade: str) -> PlotlyOptions:
    """Return the style of the ring around the read-out step."""
    return {"symbol": "circle-open", "size": 13, "color": shade, "line": {"width": 2}}


def band(
    strategy: str,
    x: Sequence[float | None] | NDArray,
    y: Sequence[float | None] | NDArray,
    *,
    dark: bool,
    name: str,
) -> PlotlyTrace:
    """Return the filled area inside closed outlines, in the strategy's colour. Gaps: None or NaN."""
    return scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=colour(strategy, dark=dark, opacity=0.22 if dark else 0.15),
        name=name,
        hoverinfo="skip",
    )


def error_bars(intervals: Sequence[Interval], shade: str, *, scale: float = 1.0) -> PlotlyOptions:
    """Return bars from each mean to its limits, of length 0 for one repeat. scale: 100 for points."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [scale * (each.high - each.mean) if each.bounded else 0 for each in intervals],
        "arrayminus": [scale * (each.mean - each.low) if each.bounded else 0 for each in intervals],
        "color": shade,
        "thickness": 1.5,
        "width": 0,
    }


def pattern(kind: str, *, dark: bool, over_colours: bool = False) -> PlotlyOptions:
    """Return the `fillpattern` of a kind in `NAMES`; over colours it has lines and no ground."""
    line = {
        "padding": ("rgba(110,116,132,0.65)", "rgba(170,176,192,0.55)"),
        "missing": ("rgba(70,74,88,0.95)", "rgba(215,219,230,0.95)"),
        "cut": ("rgba(70,74,88,0.95)", "rgba(215,219,230,0.95)"),
    }
    ground = {
        "padding": ("rgba(110,116,132,0.12)", "rgba(170,176,192,0.12)"),
        "missing": ("rgba(110,116,132,0.26)", "rgba(170,176,192,0.26)"),
        "cut": ("rgba(0,0,0,0)", "rgba(0,0,0,0)"),
    }
    return {
        "shape": SHAPES[kind],
        "fgcolor": line[kind][dark],
        "bgcolor": "rgba(0,0,0,0)" if over_colours else ground[kind][dark],
        "fillmode": "overlay",
        "size": 5 if kind == "missing" else 7,
        "solidity": 0.26 if kind == "missing" else 0.16,
    }


def outlines(
    cells: NDArray[np.bool_], bottom: ArrayLike, top: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return closed outlines of the runs of True in each row, as x and y with NaN between them.

    cells: (R, T), column t spanning t + 0.5 to t + 1.5. bottom, top: (R,) heights of each row.
    """
    edges = np.diff(np.pad(cells.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    low, high = np.asarray(bottom, float)[rows], np.asarray(top, float)[rows]
    left, right, gap = starts + 0.5, ends + 0.5, np.full(len(rows), np.nan)
    x = np.stack([left, right, right, left, left, gap], axis=1)
    y = np.stack([low, low, high, high, low, gap], axis=1)
    return x.ravel()[:-1].astype(np.float32), y.ravel()[:-1].astype(np.float32)


def hatched(
    cells: NDArray[np.bool_],
    kind: str,
    *,
    bottom: ArrayLike,
    top: ArrayLike,
    dark: bool,
    showlegend: bool = True,
    yaxis: str = "y",
    over_colours: bool = False,
    first: int = 1,
) -> list[PlotlyTrace]:
    """Return a trace that hatches all True cells (R, T) of a kind, or no trace if there are none.

    over_colours: lines only, for a tint would change what the colours beneath them say. first: the
    step at which the first column stands.

    One outline a run of cells keeps the figure small: a bar or a shape for each would not.
    """
    if not cells.any():
        return []
    x, y = outlines(cells, bottom, top)
    return [
        scatter(
            x=x + np.float32(first - 1),
            y=y,
            yaxis=yaxis,
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillpattern=pattern(kind, dark=dark, over_colours=over_colours),
            hoverinfo="skip",
            name=NAMES[kind],
            showlegend=showlegend,
        )
    ]


def hatch_entry(kind: str, *, dark: bool) -> PlotlyTrace:
    """Return the legend entry of the hatch of a kind."""
    (trace,) = hatched(np.ones((1, 1), bool), kind, bottom=[0], top=[0], dark=dark)
    return trace | {"x": [None], "y": [None]}


def colour_bar(
    title: str, *, ticks: Mapping[float, str], x: float, y: float, dark: bool
) -> PlotlyOptions:
    """Return a horizontal colour bar, top left at (x, y) in paper units. ticks: value -> text."""
    ink = inks(dark)
    return {
        **{"orientation": "h", "len": 0.43, "thickness": 10, "outlinewidth": 0},
        **{"x": x, "xanchor": "left", "xpad": 0, "y": y, "yanchor": "top", "ypad": 0},
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "tickfont": {"color": ink.muted, "size": 12},
        "title": {"text": title, "side": "top", "font": {"size": 13, "color": ink.muted}},
    }
