"""Which repeats of a running experiment may be compared, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskdemo.evidence import former as verdict

if TYPE_CHECKING:
    from maskdemo.snapshot import Curve, Snapshot


def comparable(snapshot: Snapshot, strategy: str) -> list[Curve]:
    """The strategy's curves with as many epochs as its longest one, by repeat.

    A repeat still under way is left out: a mean over different repeats at different epochs would
    show a step where one of them ends, which no network made.
    """
    curves = [each for each in snapshot.curves if each.strategy == strategy]
    longest = max((len(each.test_accuracy) for each in curves), default=0)
    return [each for each in curves if longest and len(each.test_accuracy) == longest]


def interval(values: Sequence[float] | np.ndarray) -> tuple[float, float] | None:
    """`verdict.interval` of the mean of (n,) shares of 1, cut at 0 and 1; None below two."""
    if len(values) < 2:
        return None
    _, low, high = verdict.interval(values)
    return max(0.0, low), min(1.0, high)
