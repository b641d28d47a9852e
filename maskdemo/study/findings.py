"""What a study has found so far, and what that entitles us to say about each cell.

A strategy is compared with `no_mask` in the same repeat: same data, same initial weights, same batch
order. Intervals are Student's t over the repeats (Student 1908; quantiles from SciPy). For recorded
data the repeats share their sequences, so that they speak of other trainings on that data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maskdemo.evidence.former import BASELINE, interval
from maskdemo.inputs import chance
from maskdemo.snapshot import Outcome
from maskdemo.study.grid import Cell, Study, Training


@dataclass(frozen=True)
class Estimate:
    """Mean accuracy (0 to 1) and its 95 % interval, infinite for a single repeat."""

    mean: float
    low: float
    high: float
    repeats: int


@dataclass(frozen=True)
class Difference:
    """One strategy's accuracy less `no_mask`'s in the same repeats (-1 to 1), with a 95 % interval.

    word: helps, hurts, no measurable difference, or undecided after a single repeat. sure: whether the
    difference still leaves zero when the interval is widened for all comparisons of the study
    (Bonferroni).
    """

    mean: float
    low: float
    high: float
    repeats: int
    word: str
    sure: bool


@dataclass(frozen=True)
class Findings:
    """Everything known at one moment. reused: how many outcomes came from the store.

    failures: a sentence for each training that failed. seconds: since the start. finished: nothing
    more will come.
    """

    study: Study
    outcomes: Mapping[Training, Outcome]
    reused: int = 0
    failures: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: bool = False

    @property
    def total(self) -> int:
        """How many trainings the study has."""
        return len(self.study.trainings())

    @property
    def done(self) -> int:
        """How many trainings have ended, well or not."""
        return len(self.outcomes) + len(self.failures)

    @property
    def comparisons(self) -> int:
        """How many differences from `no_mask` the whole study looks at."""
        return len(self.study.cells) * (len(self.study.base.strategies) - 1)

    def chance(self, cell: Cell) -> float:
        """Accuracy of always giving the commonest label of the first repeat's test set."""
        return chance(self.study.experiment(cell)).valid

    def accuracies(self, cell: Cell, strategy: str) -> dict[int, float]:
        """Accuracy on unseen sequences (valid steps) by repeat, as far as finished."""
        found = {}
        for repeat in range(self.study.base.repeats):
            outcome = self.outcomes.get(self.study.training(cell, strategy, repeat))
            if outcome is not None:
                found[repeat] = outcome.valid_accuracy
        return found

    def mean(self, cell: Cell, strategy: str) -> Estimate | None:
        """Mean accuracy over the repeats; None before the first."""
        values = list(self.accuracies(cell, strategy).values())
        if not values:
            return None
        mean, low, high = interval(values, resolution=1 / self.study.experiment(cell).test_size)
        if len(values) > 1:
            low, high = max(low, 0.0), min(high, 1.0)
        return Estimate(mean, low, high, len(values))

    def difference(self, cell: Cell, strategy: str) -> Difference | None:
        """The strategy against `no_mask`, paired by repeat; None before both have one in common."""
        mine, base = self.accuracies(cell, strategy), self.accuracies(cell, BASELINE)
        paired = [mine[repeat] - base[repeat] for repeat in sorted(mine.keys() & base.keys())]
        if strategy == BASELINE or not paired:
            return None
        resolution = 1 / self.study.experiment(cell).test_size
        mean, low, high = interval(paired, resolution=resolution)
        if len(paired) < 2:
            return Difference(mean, low, high, 1, "undecided", False)
        _, least, most = interval(paired, resolution=resolution, comparisons=self.comparisons)
        word = "helps" if low > 0 else "hurts" if high < 0 else "no measurable difference"
        sure = least > 0 or most < 0
        return Difference(mean, max(low, -1.0), min(high, 1.0), len(paired), word, sure)
