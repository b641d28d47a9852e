"""Each strategy against no mask: an interval, a word and a sentence.

A word can be wrong only if an interval misses the true value. All k intervals of a comparison hold
together with 95 %, so all its words do, "required" included. Student's t assumes that
repeats scatter evenly; below `min_repeats` no word rests on it. `METHOD` and `RULES` say how, in the
words that people read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskdemo.evidence.accuracies import BASELINE, Accuracies
from maskdemo.evidence.interval import CONFIDENCE, Interval, Limits, count_for, interval_limits
from maskdemo.evidence.mask_effect import AS_NAMED, MaskEffect
from maskdemo.evidence.phrases import between, counted, number, points
from maskdemo.experiment import NUMBERS
from maskdemo.strategies import STRATEGIES

#: A difference in accuracy (0 to 1) that nobody would act on.
MARGIN = 0.05
#: The same in points, for sentences.
MARGIN_POINTS = number(100 * MARGIN)
#: Every word rests on at least so many repeats, however few strategies are compared.
MIN_REPEATS = 5
#: The most comparisons for which these are enough, see `min_repeats`.
_MAX_COMPARISONS_AT_MIN = math.floor(4**MIN_REPEATS * (1 - CONFIDENCE) / 2)
METHOD = (
    "Each strategy is compared with no mask in the same repeat: same data, same initial weights, same "
    "batch order. The mean difference in accuracy on unseen sequences has an interval (Student's t), "
    "wide enough that all intervals of a comparison hold together with 95% (Bonferroni). The interval "
    "speaks of what happened in these repeats: a failure too rare to be among them is not in it."
)
#: What each word means.
RULES = {
    "required": "it helps, and a second interval says that less than half of what can be learned "
    "above chance is learned without it.",
    "helps": "the whole interval of the difference is above zero.",
    "hurts": "the whole interval of the difference is below zero.",
    "the same": f"the whole interval lies within {MARGIN_POINTS} points of zero. This word wins over "
    "the other three: a difference that small is told, but nobody would act on it.",
    "undecided": "anything else: more repeats would narrow the interval. From fewer than "
    f"{MIN_REPEATS} repeats it is the only word, and more than {_MAX_COMPARISONS_AT_MIN} comparisons "
    "take still more repeats: where some networks learn and others do not, few repeats often agree by "
    "luck.",
}
#: How many repeats can be asked for.
MAX_REPEATS = int(NUMBERS["repeats"].high)


def min_repeats(comparisons: int) -> int:
    """Return how many repeats a verdict needs where so many differences are compared.

    Networks may learn or fail. Of two equal strategies that sometimes fail, one succeeds where the
    other fails with a probability of at most 1 / 4 a repeat, so it wins all n repeats by luck with at
    most 4 ** -n, and the interval is narrow for no reason. With k comparisons and two directions that
    is at most 2 k / 4 ** n. From the returned number of repeats on, it is rarer than a miss of the
    intervals.

    >>> [min_repeats(comparisons) for comparisons in (1, 6, 25, 26, 102, 103)]
    [5, 5, 5, 6, 6, 7]
    """
    alike = math.log(2 * max(1, comparisons) / (1 - CONFIDENCE), 4)
    return max(MIN_REPEATS, math.ceil(alike))


@dataclass(frozen=True)
class Verdict:
    """One strategy against `no_mask`, or another that is named.

    word: "required", "helps", "hurts", "the same" or "undecided", as in `RULES`. difference: in
    accuracy, paired by repeat (-1 to 1). short_of_half: the midpoint between chance and this strategy's
    accuracy, less the other strategy's accuracy. so_far: repeats are still to come. withheld: there are
    too few repeats for any word but "undecided". enough: how many repeats might decide what is
    undecided, if their mean and scatter stayed as they are; None where that is more than can be asked
    for, or unknown, and for other words. note: of the strategy's `MaskEffect`.
    """

    strategy: str
    word: str
    difference: Interval
    short_of_half: Interval
    so_far: bool
    withheld: bool
    enough: int | None
    sentence: str
    note: str = ""

    @property
    def surely_not_required(self) -> bool:
        """Whether the word is "the same" or "hurts", or more than half is surely learned without it."""
        return self.word in ("the same", "hurts") or self.short_of_half.high < 0


class Compared(NamedTuple):
    """The words (`RULES`) and limits of many comparisons at once, in arrays of one shape (...)."""

    word: NDArray[np.str_]
    difference: Limits
    short_of_half: Limits


def compare(mine: NDArray, base: NDArray, *, chance: float, scored: int, comparisons: int) -> Compared:
    """Return words and limits for accuracies (..., n) of a strategy and of another, paired by repeat.

    The first word that holds: "undecided" where n is below `min_repeats`; "the same" where the interval
    of the difference is inside ±`MARGIN`; "required" where it, that of short_of_half and that of
    the accuracy less chance are above 0; "helps" or "hurts" where it is above or below 0; "undecided".
    chance: accuracy (0 to 1). scored: labels that each accuracy counts. comparisons: how many intervals
    hold together.
    """

    def bounds(values: NDArray) -> Limits:
        return interval_limits(values, resolution=1 / scored, comparisons=comparisons)

    difference, short_of_half = bounds(mine - base), bounds((mine + chance) / 2 - base)
    # Half of what is learned is a question only where something is learned.
    required = (short_of_half.low > 0) & (bounds(mine - chance).low > 0)
    enough = mine.shape[-1] >= min_repeats(comparisons)
    word = np.select(
        [
            enough & (difference.low > -MARGIN) & (difference.high < MARGIN),
            enough & (difference.low > 0) & required,
            enough & (difference.low > 0),
            enough & (difference.high < 0),
        ],
        ["the same", "required", "helps", "hurts"],
        "undecided",
    )
    return Compared(word, difference, short_of_half)


def verdict(
    results: Accuracies, strategy: str, over: str = BASELINE, *, effect: MaskEffect = AS_NAMED
) -> Verdict | None:
    """Return the verdict on a strategy against another; None before they share a finished repeat.

    None also of a strategy against itself. effect: of the strategy's mask. Where it is inert, the word
    is "the same", not withheld, whatever the numbers are.
    """
    mine, base = results.by_repeat.get(strategy, {}), results.by_repeat.get(over, {})
    shared = sorted(mine.keys() & base.keys())
    if not shared or strategy == over:
        return None
    compared = _compared(
        tuple(mine[repeat] for repeat in shared),
        tuple(base[repeat] for repeat in shared),
        chance=results.chance,
        scored=results.scored,
        comparisons=results.comparisons,
    )
    difference, short_of_half = (
        Interval(float(each.mean), float(each.low), float(each.high), len(shared))
        for each in (compared.difference, compared.short_of_half)
    )
    word, needed = str(compared.word), min_repeats(results.comparisons)
    withheld = len(shared) < needed and not effect.inert
    undecided = word == "undecided" and not effect.inert
    enough = _enough(difference, results) if undecided else None
    text = _numbers_clause(difference, over, results.repeats)
    if effect.inert:
        word = "the same"
        text += f". It {effect.note}, so both train the same networks."
    elif withheld:
        text += f". At least {needed} repeats are needed before a word is given here."
    else:
        text += _meaning(word, difference, short_of_half)
        if undecided and len(shared) == results.repeats:
            text += " More repeats would narrow it"
            text += f": about {enough} might decide." if enough else "."
    if effect.note and not effect.inert:
        text += f" It {effect.note}."
    return Verdict(
        strategy,
        word,
        difference.within(-1, 1),
        short_of_half.within(-1, 1),
        so_far=len(shared) < results.repeats,
        withheld=withheld,
        enough=enough,
        sentence=f"{STRATEGIES[strategy].title}: {text}",
        note=effect.note,
    )


@lru_cache(maxsize=256)
def _compared(mine: tuple[float, ...], base: tuple[float, ...], **settings: Any) -> Compared:
    """Return `compare` of one comparison: cached, as a live page asks several times a second."""
    return compare(np.array(mine), np.array(base), **settings)


def _numbers_clause(difference: Interval, over: str, requested: int) -> str:
    """Return `+2.5 points against no mask (95% interval +1.0 to +4.0, 5 repeats)`.

    Of one repeat, in brackets only `1 repeat`. over: the strategy that is compared with. requested: how
    many repeats were asked for; of fewer, `3 of 5 repeats so far`.
    """
    against = f"{points(difference.mean)} points against {STRATEGIES[over].title.lower()}"
    repeats = counted(difference.count, "repeat")
    if difference.count < requested:
        repeats = f"{difference.count} of {requested} repeats so far"
    if not difference.bounded:
        return f"{against} ({repeats})"
    return f"{against} (95% interval {between(difference.within(-1, 1))}, {repeats})"


def _meaning(word: str, difference: Interval, short_of_half: Interval) -> str:
    """Return what follows the numbers, as ", within the margin of 5 points.": what the word means."""
    match word:
        case "required":
            return ". Without it less than half of what can be learned above chance is learned."
        case "helps" if short_of_half.high < 0:
            return ". Not required: more than half of what can be learned is learned without it."
        case "helps":
            return ". Whether it is required cannot be told."
        case "hurts":
            return "."
        case "the same" if difference.low > 0 or difference.high < 0:
            return f", a small difference within the margin of {MARGIN_POINTS} points."
        case "the same":
            return f", within the margin of {MARGIN_POINTS} points."
    width = number(100 * difference.within(-1, 1).width, ".0f")
    return f", an interval {width} points wide that decides nothing."


def _enough(difference: Interval, results: Accuracies) -> int | None:
    """Return the repeats after which the interval might leave zero or fit into the margin.

    At least `min_repeats`; None if more than `MAX_REPEATS`, or if the interval has no limits.
    """
    half = max(abs(difference.mean), MARGIN - abs(difference.mean))
    count = count_for(half, of=difference, comparisons=results.comparisons, max_count=MAX_REPEATS)
    return count and max(count, min_repeats(results.comparisons))
