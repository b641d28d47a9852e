"""The one place that makes an interval: Student's t (Student 1908) over few repeats.

Limits may be computed for many rows at once, so that simulations go through the very arithmetic
that people are shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """The mean of `count` values with its confidence limits, infinite for a single value."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def bounded(self) -> bool:
        """Whether the interval has finite limits: it has none for a single value."""
        return math.isfinite(self.low)

    @property
    def width(self) -> float:
        """The distance of the limits; infinite without limits."""
        return self.high - self.low

    def within(self, lowest: float, highest: float) -> Interval:
        """Return the interval, its limits (not its mean) cut to these; without limits, it stays so."""
        if not self.bounded:
            return self
        return replace(self, low=max(self.low, lowest), high=min(self.high, highest))


class Limits(NamedTuple):
    """Means and limits of many rows, arrays of one shape."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def interval(
    values: Sequence[float] | NDArray, *, resolution: float = 0.0, comparisons: int = 1
) -> Interval:
    """Return mean and 95 % interval (Student's t) of few values (n,); infinite limits for one value.

    resolution: the least standard deviation that is believed. comparisons: how many intervals are to
    hold together (Bonferroni).

    >>> one = interval([0.1, 0.2, 0.3])
    >>> round(one.mean, 3), round(one.low, 3), round(one.high, 3), one.count
    (0.2, -0.048, 0.448, 3)
    """
    data = np.asarray(values, float)
    bounds = interval_limits(data, resolution=resolution, comparisons=comparisons)
    return Interval(float(bounds.mean), float(bounds.low), float(bounds.high), len(data))


def interval_limits(values: NDArray, *, resolution: float = 0.0, comparisons: int = 1) -> Limits:
    """Return means and limits, (...), of rows (..., n); infinite limits where n is 1.

    resolution: the smallest difference that could be seen, one scored label as a share of all.
    Accuracies are multiples of it, so few repeats may agree by accident, and a standard deviation
    below it would claim to see what cannot be seen: it is taken to be at least that. Labels of steps
    of one sequence hang together, so that they tell less than as many sequences would; that lies in
    the scatter between repeats, which is what the interval is made of, and not in this floor.
    comparisons: how many intervals are to hold together with 95 % (Bonferroni). Each interval keeps a
    scatter of its own: networks that read padding scatter far more than those that do not, and a
    pooled scatter (Dunnett) would call the luck of the former an effect.
    """
    count = values.shape[-1]
    mean = values.mean(axis=-1)
    if count < 2:
        return Limits(mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf))
    scatter = np.maximum(values.std(axis=-1, ddof=1), resolution)
    half = scatter * _half_width(count, comparisons)
    return Limits(mean, mean - half, mean + half)


def count_for(half: float, *, of: Interval, comparisons: int, max_count: int) -> int | None:
    """Return the least number of values whose interval reaches at most `half` to each side.

    Their scatter is taken to be that of the values which made the interval `of`, with as many
    `comparisons`. None where more than `max_count` would be needed, or `of` is infinite.
    """
    if not of.bounded:
        return None
    scatter = of.width / 2 / _half_width(of.count, comparisons)
    wanted = (n for n in range(2, max_count + 1) if scatter * _half_width(n, comparisons) <= half)
    return next(wanted, None)


def half_widths(
    rows: Sequence[Sequence[float]], *, count: int, resolution: float = 0.0, comparisons: int = 1
) -> tuple[float, float]:
    """Return half the width of an interval of `count` values that scatter as a row does.

    Two numbers: the median and the largest over the rows, each of 2 values or more.

    >>> widths = half_widths([[0.1, 0.2, 0.3], [0.1, 0.5, 0.9], [0.0, 0.1, 0.2]], count=3)
    >>> round(widths[0], 3), round(widths[1], 3)
    (0.248, 0.994)
    """
    scatter = np.maximum([np.std(row, ddof=1) for row in rows], resolution)
    half = _half_width(count, comparisons)
    return float(np.median(scatter) * half), float(np.max(scatter) * half)


@lru_cache(maxsize=1024)
def _half_width(count: int, comparisons: int) -> float:
    """Return half the width of the interval of `count` (2 or more) values of standard deviation 1."""
    # Not scipy.stats: importing it takes a second, for this one quantile.
    quantile = special.stdtrit(count - 1, 1 - (1 - CONFIDENCE) / (2 * comparisons))
    return float(quantile) / math.sqrt(count)
