"""What a run has reached so far, strategy by strategy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from maskdemo.evidence.accuracies import accuracies, scored
from maskdemo.evidence.interval import Interval, interval
from maskdemo.evidence.mask_effect import mask_effect
from maskdemo.evidence.verdict import Verdict, verdict
from maskdemo.experiment import Experiment
from maskdemo.training.snapshot import Snapshot

LEAK = "Leak: the largest change of any output probability when the same unseen sequences are "


def leak_meaning(experiment: Experiment) -> str:
    """Return what the leak means in runs of these settings, in a sentence.

    Compared are outputs without padding or, of batches that are not "fixed", of each sequence alone.
    """
    if experiment.batches == "fixed":
        return f"{LEAK}given without their padding."
    # All padding comes from a sequence's neighbours in the batch.
    return f"{LEAK}answered alone rather than in a batch with others, whose lengths decide the padding."


@dataclass(frozen=True)
class StrategyResult:
    """The results of one strategy so far.

    accuracies: on unseen sequences (valid steps), of the repeats that are finished, else of the first
    one after its newest epoch. reported: the same with padding as it counts. scored: how many labels
    an accuracy counts. leak: the largest of all repeats (0 to 1), None before one is finished.
    """

    strategy: str
    accuracies: tuple[float, ...]
    reported: tuple[float, ...]
    scored: int
    leak: float | None

    @property
    def accuracy(self) -> Interval | None:
        """The mean of `accuracies` with its 95 % interval; None before the first epoch."""
        return accuracy_interval(self.accuracies, scored=self.scored) if self.accuracies else None

    @property
    def reported_mean(self) -> float | None:
        """The mean of `reported`; None before the first epoch."""
        return sum(self.reported) / len(self.reported) if self.reported else None


def strategy_result(snapshot: Snapshot, strategy: str) -> StrategyResult:
    """Return results of a strategy's finished repeats; before these, of its newest epoch, if any."""
    mine = [curve for curve in snapshot.curves if curve.strategy == strategy and curve.test_accuracy]
    finished = [curve for curve in mine if curve.finished]
    shown = finished or mine[:1]
    return StrategyResult(
        strategy,
        accuracies=tuple(curve.test_valid_accuracy[-1] for curve in shown),
        reported=tuple(curve.test_accuracy[-1] for curve in shown),
        scored=scored(shown),
        leak=max((curve.leak for curve in mine if curve.leak is not None), default=None),
    )


@lru_cache(maxsize=256)
def accuracy_interval(values: tuple[float, ...], *, scored: int) -> Interval:
    """Return mean and 95 % interval, cut to 0 to 1, of accuracies, each over `scored` labels."""
    # Cached, as a live page asks for the same several times a second.
    return interval(values, resolution=1 / scored).within(0, 1)


def verdicts(snapshot: Snapshot) -> tuple[Verdict, ...]:
    """Return a verdict against `no_mask` for each other strategy that shares a finished repeat."""
    results = accuracies(snapshot)
    against_baseline = (
        verdict(results, name, effect=mask_effect(snapshot.experiment, name))
        for name in results.by_repeat
    )
    return tuple(each for each in against_baseline if each is not None)
