"""What the repeats entitle us to say.

`METHOD` and `RULES` say how, in the words that people read. For a label at each step the accuracy
compared is that on valid steps: what padding adds is no skill.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from maskdemo.snapshot import Snapshot
from maskdemo.strategies import STRATEGIES

BASELINE = "no_mask"
CONFIDENCE = 0.95
METHOD = (
    "Each strategy is compared with no mask in the same repeat: same data, same initial weights, same "
    "batch order. The mean difference in accuracy on unseen sequences has a 95% interval (Student's t)."
)
#: What each word means.
RULES = {
    "no measurable difference": "the interval contains zero.",
    "hurts": "the whole interval is below zero.",
    "helps": "the whole interval is above zero.",
    "required": "it helps, and without any handling less than half as much is learned above chance.",
    "undecided": "there is only one repeat, which cannot tell an effect from luck.",
}


@dataclass(frozen=True)
class Verdict:
    """One strategy against `no_mask`: accuracy difference and its interval (-1 to 1), in a word."""

    strategy: str
    word: str
    difference: float
    low: float
    high: float
    repeats: int
    sentence: str


@dataclass(frozen=True)
class Standing:
    """How far one strategy has come.

    accuracies: on unseen sequences (valid steps), of the repeats that are finished, else of the first
    one after its newest epoch. reported: the same with padding as it counts. leak: the largest of all
    repeats (0 to 1), None before one is finished.
    """

    strategy: str
    accuracies: tuple[float, ...]
    reported: tuple[float, ...]
    leak: float | None

    @property
    def leak_words(self) -> str:
        """The leak for people, in points of probability."""
        if self.leak is None:
            return "measured after the last epoch"
        return "none, exactly 0" if self.leak == 0 else f"{self.leak * 100:.2g} points"


def standing(snapshot: Snapshot, strategy: str) -> Standing:
    """How far the strategy has come in this run."""
    mine = [each for each in snapshot.curves if each.strategy == strategy and each.test_accuracy]
    leaks = [each.leak for each in mine if each.leak is not None]
    counted = [each for each in mine if each.leak is not None] or mine[:1]
    return Standing(
        strategy,
        accuracies=tuple(each.test_valid_accuracy[-1] for each in counted),
        reported=tuple(each.test_accuracy[-1] for each in counted),
        leak=max(leaks, default=None),
    )


def interval(
    values: Sequence[float] | np.ndarray, *, resolution: float = 0.0, comparisons: int = 1
) -> tuple[float, float, float]:
    """Mean and Student's t interval of few values; the limits are infinite for a single one.

    resolution: one test sequence as a share. Accuracies are multiples of it, so few repeats may agree
    by accident, and a standard deviation below it would claim to see what cannot be seen: it is at
    least that. comparisons: how many intervals are to hold together with 95 % (Bonferroni).

    >>> [round(x, 3) for x in interval([0.1, 0.2, 0.3])]
    [0.2, -0.048, 0.448]
    """
    data = np.asarray(values, float)
    mean = float(data.mean())
    if len(data) < 2:
        return mean, -math.inf, math.inf
    # Not scipy.stats: importing it takes a second, for this one quantile.
    quantile = special.stdtrit(len(data) - 1, 1 - (1 - CONFIDENCE) / (2 * comparisons))
    half = float(quantile * max(data.std(ddof=1), resolution) / math.sqrt(len(data)))
    return mean, mean - half, mean + half


def final_accuracies(snapshot: Snapshot, strategy: str) -> dict[int, float]:
    """Accuracy on unseen sequences (valid steps) after the last epoch, by repeat; finished ones."""
    return {
        curve.repeat: curve.test_valid_accuracy[-1]
        for curve in snapshot.curves
        if curve.strategy == strategy and curve.leak is not None
    }


def verdicts(snapshot: Snapshot) -> tuple[Verdict, ...]:
    """One verdict for each strategy but `no_mask`; empty until both have finished a repeat."""
    base = final_accuracies(snapshot, BASELINE)
    found = []
    for strategy in snapshot.experiment.strategies:
        mine = final_accuracies(snapshot, strategy)
        shared = sorted(base.keys() & mine.keys())
        if strategy == BASELINE or not shared:
            continue
        found.append(
            _compare(
                strategy,
                np.array([mine[repeat] for repeat in shared]),
                np.array([base[repeat] for repeat in shared]),
                snapshot.chance,
                1 / snapshot.experiment.test_size,
            )
        )
    return tuple(found)


def nothing_learned(snapshot: Snapshot) -> bool:
    """Whether no strategy with two repeats or more is measurably better than chance."""
    lows = []
    for strategy in snapshot.experiment.strategies:
        accuracies = list(final_accuracies(snapshot, strategy).values())
        if len(accuracies) > 1:
            lows.append(interval(accuracies)[1])
    return bool(lows) and max(lows) <= snapshot.chance


def headline(snapshot: Snapshot) -> str | None:
    """The page's one sentence: is masking required here? None until a verdict can be given."""
    found = [each for each in verdicts(snapshot) if each.word != "undecided"]
    if not found:
        return None
    if nothing_learned(snapshot):
        return (
            "Nothing to see here: no strategy does measurably better than chance "
            f"({snapshot.chance:.0%}) on unseen sequences."
        )
    bare = np.mean(list(final_accuracies(snapshot, BASELINE).values()))
    for word, answer in (
        ("required", "Here, yes: the padding must be handled."),
        ("helps", "Here it helps, but is not required."),
    ):
        earned = [each for each in found if each.word == word]
        if earned:
            best = max(earned, key=lambda each: each.difference).strategy
            reached = np.mean(list(final_accuracies(snapshot, best).values()))
            return (
                f"{answer} {STRATEGIES[best].title} reaches {reached:.0%}, no mask {bare:.0%}, "
                f"chance {snapshot.chance:.0%}."
            )
    harmful = [STRATEGIES[each.strategy].title.lower() for each in found if each.word == "hurts"]
    if harmful:
        return f"Here, no. What hurts: {', '.join(harmful)}."
    return f"Here, no: no strategy differs measurably from no mask, which reaches {bare:.0%}."


def _compare(
    strategy: str, mine: np.ndarray, base: np.ndarray, chance: float, resolution: float
) -> Verdict:
    # Equal in every repeat is no accident; a difference that happens to be the same may be one.
    floor = resolution if (mine != base).any() else 0.0
    difference, low, high = interval(mine - base, resolution=floor)
    word = _word(low, high, float(mine.mean()), float(base.mean()), chance)
    title = STRATEGIES[strategy].title
    if not math.isinf(low):
        # Two shares differ by 1 at most, whatever Student's t says of few repeats.
        low, high = max(low, -1.0), min(high, 1.0)
    if word == "undecided":
        sentence = (
            f"{title}: {points(difference)} points against no mask in one repeat. One repeat cannot "
            "tell an effect from luck."
        )
    elif low == high == 0:
        sentence = f"{title}: the same accuracy as no mask in each of {len(mine)} repeats."
    else:
        sentence = (
            f"{title}: {points(difference)} points against no mask "
            f"(95% interval {points(low)} to {points(high)}, {len(mine)} repeats)."
        )
    return Verdict(strategy, word, difference, low, high, len(mine), sentence)


def points(share: float) -> str:
    """A difference of shares (-1 to 1) in points, with its sign: `+2.5`."""
    # A minus sign rather than a hyphen, and none before a zero.
    return f"{round(share * 100, 1) + 0.0:+.1f}".replace("-", "\N{MINUS SIGN}")


def _word(low: float, high: float, mine: float, base: float, chance: float) -> str:
    if math.isinf(low):
        return "undecided"
    if high < 0:
        return "hurts"
    if low <= 0:
        return "no measurable difference"
    return "required" if mine > chance and base - chance < 0.5 * (mine - chance) else "helps"
