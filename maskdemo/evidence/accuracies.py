"""What the finished trainings of a run reached: the numbers that are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maskdemo.training.snapshot import Curve, Snapshot

BASELINE = "no_mask"


@dataclass(frozen=True, kw_only=True)
class Accuracies:
    """The accuracies that are judged, on the valid steps of unseen sequences (0 to 1).

    by_repeat: strategy -> repeat -> accuracy, of finished trainings. chance: the accuracy of always
    giving the commonest label. scored: how many labels each accuracy counts. repeats: how many were
    asked for. comparisons: how many differences, as those from `no_mask`, are to hold together.
    """

    by_repeat: Mapping[str, Mapping[int, float]]
    chance: float
    scored: int
    repeats: int
    comparisons: int


def accuracies(snapshot: Snapshot) -> Accuracies:
    """Return the accuracies of a run's finished trainings: an empty mapping for a strategy without.

    comparisons: the number of strategies other than `no_mask`, at least 1.
    """
    names = snapshot.experiment.strategies
    finished = [curve for curve in snapshot.curves if curve.finished]
    return Accuracies(
        by_repeat={
            name: {
                curve.repeat: curve.test_valid_accuracy[-1]
                for curve in finished
                if curve.strategy == name
            }
            for name in names
        },
        chance=snapshot.chance.valid,
        scored=scored(finished),
        repeats=snapshot.experiment.repeats,
        comparisons=max(1, len(names) - (BASELINE in names)),
    )


def scored(curves: Sequence[Curve]) -> int:
    """Return the least `scored` of these trainings, the labels of an accuracy; 1 for no trainings."""
    # Repeats draw test sets of their own: the smallest resolves least.
    return min((curve.scored for curve in curves), default=1)
