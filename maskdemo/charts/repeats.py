"""Which repeats of a running experiment may be compared, and what they say together."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

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


def interval(values: ArrayLike, *, level: float = 0.95) -> tuple[float, float] | None:
    """Student's t interval of the mean of (n,) shares of 1, cut at 0 and 1; None below two."""
    given = np.asarray(values, float)
    if given.size < 2:
        return None
    # scipy.stats.t.ppf is this function behind a second of importing.
    from scipy.special import stdtrit

    reach = float(stdtrit(given.size - 1, 0.5 + level / 2)) * given.std(ddof=1) / sqrt(given.size)
    mean = float(given.mean())
    return max(0.0, mean - reach), min(1.0, mean + reach)
