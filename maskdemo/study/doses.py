"""What varies and its doses in words, for axes, tables and controls."""

from __future__ import annotations

from maskdemo.evidence.words import number
from maskdemo.study.variables import VARIABLES, Dose
from maskdemo.titles import SIDES


def short_title(vary: str, *, unit: bool = False) -> str:
    """What varies, in few words, with its unit where it has one and that is wanted."""
    variable = VARIABLES[vary]
    counted = ", in steps" if unit and variable.unit == "steps" else ""
    return variable.title.split(",")[0] + counted


def dose_text(vary: str, dose: Dose) -> str:
    """The dose for people.

    >>> dose_text("missing_rate", 0.3), dose_text("side", "pre"), dose_text("pad_value", -9.0)
    ('30%', 'In front', '−9')
    """
    if isinstance(dose, str):
        return SIDES[dose].title if dose in SIDES else dose
    if VARIABLES[vary].unit == "share":
        return f"{number(100 * dose, '.3g')}%"
    return number(dose, ".4g")
