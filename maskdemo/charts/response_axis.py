"""The axis of varied values that the charts of a study share, and paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import TYPE_CHECKING

from maskdemo.charts.line_labels import LABEL_SPACE
from maskdemo.charts.template import LEFT, NARROW, PlotlyOptions
from maskdemo.evidence import BASELINE
from maskdemo.study import VARIABLES
from maskdemo.study.variables import short_title, value_text

if TYPE_CHECKING:
    from maskdemo.study import Cell, Findings, Value

# A label's pixels a letter, and between two labels.
LETTER, GAP = 6.2, 3


@dataclass(frozen=True)
class ResponseAxis:
    """Where each value stands on its axis, the axis's range, and Plotly's settings of it."""

    values: tuple[Value, ...]
    positions: tuple[float, ...]
    low: float
    high: float
    columns: bool
    layout: PlotlyOptions

    @property
    def unit(self) -> float:
        """A hundredth of the axis."""
        return (self.high - self.low) / 100

    def position(self, value: Value) -> float:
        """Return the position of the value on the axis."""
        return self.positions[self.values.index(value)]


def response_axis(vary: str, values: Sequence[Value], *, width: int = NARROW) -> ResponseAxis:
    """Numbers, in rising order, on a scale where all can be read; in columns what is no number.

    The scale is linear, else logarithmic, else equally spaced: the first on which the labels of
    neighbouring values fit beside each other on the narrowest page; the title says which.
    """
    variable = VARIABLES[vary]
    texts = [value_text(vary, each) for each in values]
    columns = variable.categorical
    positions, note = [float(at) for at in range(len(values))], ""
    numbers = [float(each) for each in values if not isinstance(each, str)]
    if not columns:
        note = ", equally spaced"
        room = width - LEFT - LABEL_SPACE
        if _fits(numbers, texts, room):
            positions, note = numbers, ""
        elif min(numbers) > 0 and _fits(logs := [log10(each) for each in numbers], texts, room):
            positions, note = logs, ", log scale"
    margin = 0.5 if columns else 0.04 * (positions[-1] - positions[0])
    low, high = positions[0] - margin, positions[-1] + margin
    layout = {
        "range": [low, high],
        "tickvals": positions,
        "ticktext": texts,
        "title": {"text": short_title(vary, unit=True) + note},
        "showgrid": False,
    }
    return ResponseAxis(tuple(values), tuple(positions), low, high, columns, layout)


def differences(findings: Findings, cell: Cell, strategy: str) -> dict[int, float]:
    """Repeat -> accuracy less that of no mask in the same repeat, -1 to 1."""
    mine = findings.accuracies(cell, strategy)
    base = findings.accuracies(cell, BASELINE)
    return {repeat: mine[repeat] - base[repeat] for repeat in sorted(mine.keys() & base.keys())}


def _fits(positions: Sequence[float], texts: Sequence[str], width: float) -> bool:
    pixel = 1.08 * (positions[-1] - positions[0]) / width
    return all(
        (right - left) / pixel >= LETTER * (len(here) + len(there)) / 2 + GAP
        for (left, right), (here, there) in zip(pairwise(positions), pairwise(texts), strict=True)
    )
