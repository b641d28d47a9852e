"""How long the sequences are, and what each way of making them one length would waste.

>>> found = lengths_of([2, 3, 3, 4, 8])
>>> found.longest, [f"{way.title}: {way.padding:.0%}" for way in found.ways][:1]
(8, ['to the longest, 8 steps: 50%'])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The length that so many of a hundred sequences do not exceed.
PERCENTILE = 95
BUCKETS = 4


@dataclass(frozen=True)
class PaddingWay:
    """A way to pad sequences of many lengths. padding: the share of all steps, 0 to 1, that is padding.

    cut: share of all real steps that is cut off, 0 to 1. short: the title where there is little room.
    """

    title: str
    short: str
    padding: float
    cut: float = 0.0

    @property
    def sentence(self) -> str:
        """The share of padding, and of steps cut off, as a sentence."""
        lost = f", and {self.cut:.1%} of the real steps are cut off" if self.cut else ""
        return f"Padded {self.title}: {self.padding:.0%} of the steps are padding{lost}."


@dataclass(frozen=True)
class Lengths:
    """A histogram of lengths, and ways to pad. counts: (longest + 1,), of sequences by their length."""

    counts: NDArray[np.intp]
    ways: tuple[PaddingWay, ...]

    @property
    def longest(self) -> int:
        """The steps of the longest sequence."""
        return len(self.counts) - 1


def lengths_of(lengths: Sequence[int] | NDArray[np.integer]) -> Lengths:
    """Return the histogram of lengths (N,), each at least 1, and two or three ways to pad them.

    To the longest, to the 95th percentile if it is less, and in four buckets of as many sequences.
    """
    steps = np.sort(lengths)
    longest, most = int(steps[-1]), int(np.percentile(steps, PERCENTILE, method="higher"))
    kept = np.minimum(steps, most)
    cut, buckets = float(1 - kept.sum() / steps.sum()), np.array_split(steps, min(BUCKETS, len(steps)))
    rectangles = sum(len(each) * int(each[-1]) for each in buckets)
    enough = f"to {most} steps, which {PERCENTILE}% of the sequences do not exceed"
    alike = f"in {len(buckets)} buckets of similar length"
    ways = (
        PaddingWay(
            f"to the longest, {longest} steps", f"to {longest} steps", float(1 - steps.mean() / longest)
        ),
        PaddingWay(
            enough, f"to {most} steps, enough for {PERCENTILE}%", float(1 - kept.mean() / most), cut
        ),
        PaddingWay(f"{alike}, each to its own longest", alike, float(1 - steps.sum() / rectangles)),
    )
    return Lengths(np.bincount(steps), ways if most < longest else (ways[0], ways[2]))
