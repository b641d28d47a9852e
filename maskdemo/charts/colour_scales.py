"""Numbers of many units at many steps as colours, on scales that several panels share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.style import colour_bar
from maskdemo.charts.template import PlotlyTrace, heatmap, scatter
from maskdemo.inside.activations import GATES, Activations
from maskdemo.strategies import Arrays

#: From the lowest value over 0 to the highest, on a light and on a dark page.
VALUE_SCALES = (
    ((0.0, "#b4531b"), (0.25, "#e3a47a"), (0.5, "#eeeae4"), (0.75, "#86b3d1"), (1.0, "#22689b")),
    ((0.0, "#f0945a"), (0.25, "#a4653f"), (0.5, "#3a3b42"), (0.75, "#3f7398"), (1.0, "#6fb6e4")),
)
#: From 0 to 1, on a light and on a dark page.
GATE_SCALES = (
    ((0.0, "#f3f1ed"), (0.5, "#86b3d1"), (1.0, "#174d75")),
    ((0.0, "#2b2d34"), (0.5, "#3f7398"), (1.0, "#a9d8f7")),
)


def scaled_heatmap(
    values: NDArray,
    *,
    yaxis: str,
    hover: str,
    dark: bool,
    names: NDArray | Sequence[str] | None = None,
    reach: float | None = None,
) -> PlotlyTrace:
    """Return a heatmap of values (T, R), step t at x = t and row r at y = r, from 1; NaN stays blank.

    reach: colours from -reach to reach; None for a gate's 0 to 1. hover: a template, in which
    `%{customdata}` is the row's of `names` (R,), or its number from 1.
    """
    steps, rows = values.shape
    row_names = np.arange(1, rows + 1) if names is None else np.asarray(names)
    if row_names.dtype.kind == "i":
        row_names = row_names.astype(np.int16)
    return heatmap(
        x=np.arange(1, steps + 1),
        y=np.arange(1, rows + 1),
        z=values.T.astype(np.float32),
        customdata=np.repeat(row_names[:, None], steps, axis=1),
        yaxis=yaxis,
        zmin=0 if reach is None else -reach,
        zmax=1 if reach is None else reach,
        colorscale=GATE_SCALES[dark] if reach is None else VALUE_SCALES[dark],
        showscale=False,
        hoverongaps=False,
        hovertemplate=hover + "<extra></extra>",
        name="",
    )


def scale_bar(*, gates: bool, x: float, y: float, ends: tuple[str, str], dark: bool) -> PlotlyTrace:
    """Return a trace that draws nothing but a `colour_bar` at (x, y), which several panels share.

    gates: the bar "Gates i, f, o", from 0 to 1, not "All others", from -1 to 1. ends: texts at the
    lowest and the highest value; 0 has "0" instead, also where it is the lowest.
    """
    return scatter(
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        marker={
            "color": [0],
            "cmin": 0 if gates else -1,
            "cmax": 1,
            "colorscale": GATE_SCALES[dark] if gates else VALUE_SCALES[dark],
            "showscale": True,
            "colorbar": colour_bar(
                "Gates i, f, o" if gates else "All others",
                ticks=dict(zip((0.0, 1.0) if gates else (-1.0, 1.0), ends, strict=True)) | {0.0: "0"},
                x=x,
                y=y,
                dark=dark,
            ),
        },
    )


def quantity_of(activations: Activations, arrays: Arrays, name: str) -> NDArray:
    """Return one of `QUANTITIES` of the first sequence (T, H), units in the network's order.

    Gates and the candidate are NaN where `arrays.advance` is 0: there they do not change the state.
    """
    values = getattr(activations, name)[0]
    return np.where(arrays.advance[0, :, None] > 0, values, np.nan) if name in GATES else values


def reach_of(values: NDArray) -> float:
    """Return the limit that 98 % of finite absolute values keep to, rounded up to 2 significant digits.

    Where that is 0, the largest of all is rounded up instead; 1 where no value is finite and not 0.
    """
    finite = np.abs(values[np.isfinite(values)])
    usual = float(np.quantile(finite, 0.98)) if finite.size else 0.0
    usual = usual or float(finite.max(initial=0.0))
    if usual == 0:
        return 1.0
    power = 10.0 ** (np.floor(np.log10(usual)) - 1)
    return float(f"{np.ceil(usual / power - 1e-6) * power:.2g}")


def reach_text(values: NDArray, reach: float) -> str:
    """Return "−0.8 to 0.8", with ", single values to 1.3" if the largest is beyond `reach` by 0.5 %."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    beyond = f", single values to {largest:.2g}" if largest > 1.005 * reach else ""
    return f"−{reach:g} to {reach:g}{beyond}"
