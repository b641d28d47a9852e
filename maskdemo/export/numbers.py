"""Shares of 1 over the repeats as text: their mean, its interval, their spread."""

from __future__ import annotations

from collections.abc import Sequence

from maskdemo.charts import repeats
from maskdemo.evidence import former as verdict

NOTHING = "–"


def mean(values: Sequence[float]) -> str:
    """The mean as a percentage."""
    return f"{verdict.interval(values)[0]:.1%}" if values else NOTHING


def interval(values: Sequence[float]) -> str:
    """The 95 % interval of the mean, cut at 0 and 1; none for fewer than two values."""
    limits = repeats.interval(values)
    return f"{limits[0]:.1%} to {limits[1]:.1%}" if limits else NOTHING


def spread(values: Sequence[float]) -> str:
    """The lowest and the highest value, where there are several."""
    return f"{min(values):.1%} to {max(values):.1%}" if len(values) > 1 else NOTHING
