"""What a study has found so far, and what that entitles us to say about each cell.

For recorded data the repeats share their sequences, so that intervals speak of other trainings on
that data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from maskdemo import evidence
from maskdemo.data.inputs import chance
from maskdemo.errors import InvalidSettings
from maskdemo.evidence import BASELINE, Accuracies, Interval, Verdict
from maskdemo.evidence.phrases import counted, number
from maskdemo.study.grid import Study, Training
from maskdemo.study.variables import Cell
from maskdemo.training.snapshot import Outcome


@dataclass(frozen=True)
class Findings:
    """The outcomes of a study at one moment.

    reused: how many came from the store. failures: a sentence for each training that failed. seconds:
    since the start. finished: nothing more will come.
    """

    study: Study
    outcomes: Mapping[Training, Outcome]
    reused: int = 0
    failures: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: bool = False

    @property
    def total(self) -> int:
        """The number of trainings of the study."""
        return len(self.study.trainings())

    @property
    def done(self) -> int:
        """The number of trainings that have ended, failed ones among them."""
        return len(self.outcomes) + len(self.failures)

    @property
    def others(self) -> list[str]:
        """The names of all strategies except `no_mask`."""
        return [name for name in self.study.base.strategies if name != BASELINE]

    @property
    def comparisons(self) -> int:
        """The number of differences from `no_mask` in the whole study: cells times `others`."""
        return len(self.study.cells) * len(self.others)

    @property
    def needed(self) -> int:
        """`min_repeats` of `comparisons`, from which on words are decided; 1 if nothing is compared."""
        return evidence.min_repeats(self.comparisons) if self.comparisons else 1

    def chance(self, cell: Cell) -> float:
        """Return the accuracy of always giving the commonest label of the first repeat's test set."""
        return chance(self.study.experiment(cell)).valid

    def accuracies(self, cell: Cell, strategy: str) -> dict[int, float]:
        """Return accuracy (0 to 1) on unseen sequences (valid steps) by repeat, as far as finished."""
        outcomes = self._outcomes(cell, strategy)
        return {repeat: outcome.valid_accuracy for repeat, outcome in outcomes.items()}

    def mean(self, cell: Cell, strategy: str) -> Interval | None:
        """Return mean accuracy over the repeats and its 95 % interval; None before the first."""
        outcomes = self._outcomes(cell, strategy).values()
        if not outcomes:
            return None
        return evidence.accuracy_interval(
            tuple(outcome.valid_accuracy for outcome in outcomes),
            scored=min(outcome.scored for outcome in outcomes),
        )

    def verdict(self, cell: Cell, strategy: str) -> Verdict | None:
        """Return a strategy's verdict against `no_mask`; None for that, and until they share a repeat.

        Its intervals hold together with those of all other cells and strategies. Where repeats were
        added, the verdict of fewer repeats was looked at before: there `comparisons` is doubled.
        """
        if (cell, strategy) not in self._verdicts:
            added = self.study.repeats(cell) > self.study.base.repeats
            self._verdicts[cell, strategy] = self._judged(cell, strategy, looks=1 + added)
        return self._verdicts[cell, strategy]

    def repeats_to_decide(self) -> dict[Cell, int]:
        """Return the cells whose undecided words more repeats might decide -> how many repeats in all.

        That is a cell's largest `Verdict.enough`, with `comparisons` doubled, of the undecided
        strategies that have any; a cell is left out if none has, or if it has that many repeats.
        """
        wanted = {}
        for cell in self.study.cells:
            verdicts = {name: each for name in self.others if (each := self.verdict(cell, name))}
            undecided = [name for name, each in verdicts.items() if each.word == "undecided"]
            with_more = [self._judged(cell, name, looks=2) for name in undecided]
            enough = max((each.enough or 0 for each in with_more if each is not None), default=0)
            if enough > self.study.repeats(cell):
                wanted[cell] = enough
        return wanted

    def extended(self) -> Study | None:
        """Return the study with the repeats of `repeats_to_decide`; None for none or too many."""
        wanted = self.repeats_to_decide()
        try:
            return replace(self.study, more=(*self.study.more, *wanted.items())) if wanted else None
        except InvalidSettings:
            return None

    @cached_property
    def _verdicts(self) -> dict[tuple[Cell, str], Verdict | None]:
        """The cache of `verdict`, by cell and strategy; empty at first."""
        # Sentences and charts ask for the same verdicts many times.
        return {}

    def _judged(self, cell: Cell, strategy: str, *, looks: int) -> Verdict | None:
        """Compute a verdict; None before a repeat is shared. looks: a factor on `comparisons`."""
        mine, base = self._outcomes(cell, strategy), self._outcomes(cell, BASELINE)
        if not mine or not base:
            return None
        results = Accuracies(
            by_repeat={name: self.accuracies(cell, name) for name in (BASELINE, strategy)},
            chance=self.chance(cell),
            scored=min(outcome.scored for outcomes in (mine, base) for outcome in outcomes.values()),
            repeats=self.study.repeats(cell),
            comparisons=max(1, looks * self.comparisons),
        )
        effect = evidence.mask_effect(self.study.experiment(cell), strategy)
        return evidence.verdict(results, strategy, effect=effect)

    def _outcomes(self, cell: Cell, strategy: str) -> dict[int, Outcome]:
        """Return the finished outcomes of a strategy in a cell, by repeat."""
        repeats = range(self.study.repeats(cell))
        found = {each: self.outcomes.get(self.study.training(cell, strategy, each)) for each in repeats}
        return {repeat: outcome for repeat, outcome in found.items() if outcome is not None}


def detectable_effect(study: Study, measured: Iterable[Findings]) -> str:
    """Return a sentence on the smallest effects, in points, that a study can tell from none.

    measured: findings of the same task (unchecked), for median and largest scatter. Where repeats are
    too few for any effect, it says how many are needed; "" without a comparison or anything measured.
    """
    asked = Findings(study, {})
    repeats, comparisons, needed = study.base.repeats, asked.comparisons, asked.needed
    if not comparisons:
        return ""
    these = f"{counted(repeats, 'repeat')} and {counted(comparisons, 'comparison')}"
    if repeats < needed:
        return f"With {these} no effect can be told from luck: that takes {needed} repeats."
    rows = [row for findings in measured for row in _differences(findings)]
    if not rows:
        return ""
    resolution = 1 / study.base.test_size
    typical, largest = evidence.half_widths(
        rows, count=repeats, resolution=resolution, comparisons=comparisons
    )
    return (
        f"{these} can show an effect of {_points(typical)} points where networks scatter as they "
        f"typically do in the {len(rows)} comparisons measured, and of {_points(largest)} where they "
        "scatter most."
    )


def _differences(findings: Findings) -> Iterable[list[float]]:
    """Yield the differences to no mask (-1 to 1), by repeat, of cells and strategies with 2 or more."""
    for cell in findings.study.cells:
        base = findings.accuracies(cell, BASELINE)
        for name in findings.others:
            mine = findings.accuracies(cell, name)
            row = [value - base[repeat] for repeat, value in mine.items() if repeat in base]
            if len(row) > 1:
                yield row


def _points(share: float) -> str:
    """Return a share as points, such as "12", or "0.4" below 1; at most "100"."""
    return number(100 * min(share, 1), ".0f" if share >= 0.01 else ".1f")
