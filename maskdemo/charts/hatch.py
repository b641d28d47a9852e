"""Padding is one grey hatch, a missing reading and what is cut off others, the same in every figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskdemo.charts.template import PlotlyOptions, PlotlyTrace, scatter

NAMES = {"padding": "Padding", "missing": "Missing reading", "cut": "Cut off"}
SHAPES = {"padding": "/", "missing": "x", "cut": "-"}


def pattern(kind: str, *, dark: bool, over_colours: bool = False) -> PlotlyOptions:
    """The `fillpattern` of a kind in `NAMES`; over colours it has lines and no ground."""
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
    """Closed outlines of the runs of True in each row, as x and y with gaps between them.

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


def hatch_entries(
    *, padded: NDArray[np.bool_], missing: NDArray[np.bool_], dark: bool
) -> list[PlotlyTrace]:
    """Legend entries of the hatches that occur."""
    entries = []
    for kind, cells in (("padding", padded), ("missing", missing)):
        if cells.any():
            (entry,) = hatched(np.ones((1, 1), bool), kind, bottom=[0], top=[0], dark=dark)
            entries.append(entry | {"x": [None], "y": [None]})
    return entries
