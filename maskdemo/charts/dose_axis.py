"""What the figures of a study share: doses on an axis, and how far differences reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import TYPE_CHECKING

from maskdemo.charts.ends import LABEL_SPACE
from maskdemo.charts.figure import Settings
from maskdemo.charts.template import LEFT, NARROW
from maskdemo.evidence import BASELINE
from maskdemo.study import VARIABLES
from maskdemo.study.doses import dose_text, short_title

if TYPE_CHECKING:
    from maskdemo.study import Cell, Dose, Findings

# A label's pixels a letter, and between two labels.
LETTER, GAP = 6.2, 3


@dataclass(frozen=True)
class DoseAxis:
    """Where each dose stands on its axis, the axis's range, and Plotly's settings of it."""

    doses: tuple[Dose, ...]
    places: tuple[float, ...]
    low: float
    high: float
    columns: bool
    layout: Settings

    @property
    def unit(self) -> float:
        """A hundredth of the axis."""
        return (self.high - self.low) / 100

    def place(self, dose: Dose) -> float:
        """Where the dose stands."""
        return self.places[self.doses.index(dose)]


def dose_axis(vary: str, doses: Sequence[Dose], *, width: int = NARROW) -> DoseAxis:
    """Numbers, in rising order, on a scale where all can be read; in columns what is no number.

    The scale is linear, else logarithmic, else equally spaced: the first on which the labels of
    neighbouring doses fit beside each other on the narrowest page; the title says which.
    """
    variable = VARIABLES[vary]
    texts = [dose_text(vary, each) for each in doses]
    columns = variable.categorical
    places, note = [float(at) for at in range(len(doses))], ""
    numbers = [float(each) for each in doses if not isinstance(each, str)]
    if not columns:
        note = ", equally spaced"
        room = width - LEFT - LABEL_SPACE
        if _fits(numbers, texts, room):
            places, note = numbers, ""
        elif min(numbers) > 0 and _fits(logs := [log10(each) for each in numbers], texts, room):
            places, note = logs, ", log scale"
    margin = 0.5 if columns else 0.04 * (places[-1] - places[0])
    low, high = places[0] - margin, places[-1] + margin
    layout = {
        "range": [low, high],
        "tickvals": places,
        "ticktext": texts,
        "title": {"text": short_title(vary, unit=True) + note},
        "showgrid": False,
    }
    return DoseAxis(tuple(doses), tuple(places), low, high, columns, layout)


def differences(findings: Findings, cell: Cell, strategy: str) -> dict[int, float]:
    """Repeat -> accuracy less that of no mask in the same repeat, -1 to 1."""
    mine = findings.accuracies(cell, strategy)
    base = findings.accuracies(cell, BASELINE)
    return {repeat: mine[repeat] - base[repeat] for repeat in sorted(mine.keys() & base.keys())}


def _fits(places: Sequence[float], texts: Sequence[str], room: float) -> bool:
    pixel = 1.08 * (places[-1] - places[0]) / room
    return all(
        (right - left) / pixel >= LETTER * (len(here) + len(there)) / 2 + GAP
        for (left, right), (here, there) in zip(pairwise(places), pairwise(texts), strict=True)
    )
