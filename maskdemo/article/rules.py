"""When a measured number counts for a claim, when against it, and when for neither."""

from __future__ import annotations

from maskdemo.article.finding import Number
from maskdemo.article.measured import Interval, Measured

#: A difference in accuracy (0 to 1) that nobody would act on.
MARGIN = 0.02
#: A change of a probability (0 to 1) that nobody would see.
TRACE = 0.01
#: A ratio of computing times that nobody would act on.
SLIGHT = 1.05
#: Outputs are in single precision: below this a change is rounding.
ROUNDING = 1e-6

RULES = f"""
Each claim is tried in several cases. In each, networks are trained in some repeats, paired by data,
initial weights and batch order. A point is a hundredth: of accuracy, or of a probability.

- A difference in accuracy is there if its 95% interval (Student's t) leaves out 0. It is not there if
  the interval contains 0 or less and ends below {MARGIN * 100:.0f} points.
- An output moves if it does by more than {TRACE * 100:.0f} point of probability in every repeat.
- What lies between is undecided.

The verdict follows from the cases. **Holds**: in every case. **Does not hold**: in no case.
**Undecided**: the decided cases agree, but not every case is decided. **Holds only if**: in some cases
and not in others. The condition is the shortest that is true of the cases in which the claim held and
of none in which it did not. It is about these cases: others may ask for more.
"""


def rises(given: Interval) -> bool | None:
    """Whether a difference (mean, low, high) is above zero; None if that cannot be told."""
    _, low, high = given
    return True if low > 0 else False if high < MARGIN else None


def is_small(given: Interval) -> bool:
    """Whether a difference (mean, low, high) is surely within the margin on both sides."""
    _, low, high = given
    return low > -MARGIN and high < MARGIN


def moves(leak: Interval) -> bool | None:
    """Whether a leak (mean, smallest, largest) shows; None if in some repeats only."""
    _, low, high = leak
    return True if low > TRACE else False if high <= TRACE else None


def is_slower(ratio: Interval) -> bool | None:
    """Whether a ratio of times (mean, low, high) is above one; None if that cannot be told."""
    _, low, high = ratio
    return True if low > 1 else False if high < SLIGHT else None


def opposite(answer: bool | None) -> bool | None:
    """Not, where what is undecided stays so."""
    return None if answer is None else not answer


def points(what: str, given: Interval, run: Measured) -> Number:
    """A difference in accuracy with its interval."""
    return Number(what, *given, unit="points", spread="95% interval", of=_repeats(run))


def leak(what: str, run: Measured, strategy: str) -> Number:
    """A leak with its range."""
    given = run.leak(strategy)
    return Number(what, *given, unit="probability", spread="range", of=_repeats(run))


def exact(what: str, value: float, unit: str = "") -> Number:
    """A number without a spread."""
    return Number(what, value, value, value, unit)


def _repeats(run: Measured) -> str:
    count = len(next(iter(run.accuracies.values())))
    return f"{count} repeats"
