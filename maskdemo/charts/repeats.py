"""Which repeats of a running experiment may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskdemo.training.snapshot import Curve, Snapshot


def comparable(snapshot: Snapshot, strategy: str) -> list[Curve]:
    """The strategy's curves with as many epochs as its longest one, by repeat.

    A repeat still under way is left out: a mean over different repeats at different epochs would
    show a step where one of them ends, which no network made.
    """
    curves = [each for each in snapshot.curves if each.strategy == strategy]
    longest = max((len(each.test_accuracy) for each in curves), default=0)
    return [each for each in curves if longest and len(each.test_accuracy) == longest]
