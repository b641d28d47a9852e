"""Labels at the ends of lines, at a plot's right edge, so that no legend is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.template import PlotlyOptions, text_note

# Up to so many strategies the labels stand at the line ends, beyond that in a legend. It depends on
# the settings and not on where the lines happen to end, so that nothing jumps during a run.
MAX_DIRECT_LABELS = 4
LABEL_GAP = 16
LABEL_SPACE = 118


class LineEnd(NamedTuple):
    """The end of a line: its last value (y), its position on the x axis (along), its name and colour.

    heights: all its values (y), by which coinciding lines are found; () for a line never compared.
    """

    value: float
    along: float
    text: str
    shade: str
    heights: Sequence[float] | NDArray = ()


def coinciding_ends(ends: Sequence[LineEnd], *, pixel: float) -> list[LineEnd]:
    """Return, for each group of two lines or more that look like their first, the end of their last.

    Its text is "(2 coincide)" for two. pixel: a pixel's height in units of the y axis, here and below.
    """
    groups: list[list[LineEnd]] = []
    for end in ends:
        same = (each for each in groups if _is_one_line(each[0], end, pixel))
        if (group := next(same, None)) is None:
            groups.append([end])
        else:
            group.append(end)
    return [
        group[-1]._replace(text=f"({len(group)} coincide)", heights=())
        for group in groups
        if len(group) > 1
    ]


def _is_one_line(one: LineEnd, other: LineEnd, pixel: float) -> bool:
    """Whether two lines of as many values, two or more, differ by at most half a pixel everywhere."""
    if len(one.heights) != len(other.heights) or len(one.heights) < 2:
        return False
    return np.allclose(one.heights, other.heights, rtol=0, atol=pixel / 2, equal_nan=True)


def inner_labels(ends: Sequence[LineEnd], *, pixel: float) -> list[PlotlyOptions]:
    """Return the annotations of `coinciding_ends`, within the plot at its right edge."""
    right = {"x": 1, "xref": "paper", "xanchor": "right", "yref": "y", "yanchor": "bottom"}
    return [
        text_note(each.text, each.shade, y=each.value, size=12, **right)
        for each in coinciding_ends(ends, pixel=pixel)
    ]


def end_labels(
    ends: Sequence[LineEnd], *, edge: float, low: float, high: float, height: float, yaxis: str = "y"
) -> tuple[list[PlotlyOptions], list[PlotlyOptions]]:
    """Return shapes and annotations: leads from the lines' ends to their names at the right edge.

    Names stand at least `LABEL_GAP` pixels apart, from low up; `coinciding_ends` get labels too. edge:
    the x axis's right end. low, high, height: the y axis's range and its pixels.
    """
    pixel = (high - low) / height
    ends = [*ends, *coinciding_ends(ends, pixel=pixel)]
    wanted = [(min(max(end.value, low), high) - low) / pixel for end in ends]
    positions = spread_apart(wanted, LABEL_GAP, 0, height)
    shapes, labels = [], []
    for end, position in zip(ends, positions, strict=True):
        there = low + position * pixel
        line = {
            "type": "line",
            "yref": yaxis,
            "y0": end.value,
            "line": {"color": end.shade, "width": 1},
            "opacity": 0.6,
        }
        if end.along < edge:
            # Sparse dots: a line that goes on would look like a forecast.
            dots = {"line": {"color": end.shade, "width": 1, "dash": "1px,6px"}, "opacity": 0.5}
            shapes.append(line | dots | {"x0": end.along, "x1": edge, "y1": end.value})
        # In paper, because Plotly cuts off at the plot's edge what is anchored to an axis.
        lead = {"xref": "paper", "xsizemode": "pixel", "xanchor": 1, "x0": 5, "x1": 15, "y1": there}
        shapes.append(line | lead)
        # In paper as well: what is anchored to an axis widens the range that Plotly finds for it.
        beside = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 18}
        labels.append(text_note(end.text, end.shade, y=there, yref=yaxis, yanchor="middle", **beside))
    return shapes, labels


def spread_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions in the order of `wanted`, nearest by least squares, at least `gap` apart.

    They lie from `low` to `high`; where there is no room for all, the lowest go below `low`.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    # Places less their rank times the gap need only not fall: merge neighbours that do.
    blocks: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        total, size = wanted[index] - rank * gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
            total, size = total + blocks[-1][0], size + blocks[-1][1]
            blocks.pop()
        blocks.append((total, size))
    levels = [total / size for total, size in blocks for _ in range(size)]
    highest = high - (len(wanted) - 1) * gap
    positions = [0.0] * len(wanted)
    for rank, (index, level) in enumerate(zip(order, levels, strict=True)):
        positions[index] = min(max(level, low), highest) + rank * gap
    return positions
