"""From cases to a verdict: a claim is tried in several cases, and holds in some of them or in all.

- *holds*: in every case.
- *does not hold*: in no case.
- *holds only if ...*: in some cases and not in others. The condition is the shortest that is true of
  the cases in which it held and of no case in which it did not; undecided cases count for neither.
- *undecided*: nothing speaks against it (or for it), but a case could not be decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from maskdemo.experiment import Experiment

#: How each verdict begins.
VERDICTS = ("holds", "holds only if", "does not hold", "undecided")


class Facet(NamedTuple):
    """Something that is true of a case, as half a sentence: what it is about, and what of it."""

    subject: str
    predicate: str


@dataclass(frozen=True)
class Trial:
    """One case in which a claim is tried; strategy: the one that is looked at in the experiment."""

    title: str
    experiment: Experiment
    facets: tuple[Facet, ...]
    strategy: str = "masking_layer"


#: How numbers of each unit are written: by what they are multiplied, the format, what follows.
UNITS = {
    "points": (100, "+.1f", " points"),
    "probability": (100, ".1f", " points"),
    "%": (100, ".1f", "%"),
    "times": (1, ".2f", " times"),
    "": (1, ".3g", ""),
    "yes or no": (1, "", ""),
}


@dataclass(frozen=True)
class Number:
    """A measured number and what it may be: low to high, of which `spread` says what they are.

    unit: one of `UNITS`. spread: for people, such as "95% interval"; of: how many there were. Both
    empty for what has no spread.
    """

    what: str
    value: float
    low: float
    high: float
    unit: str = ""
    spread: str = ""
    of: str = ""

    @property
    def words(self) -> str:
        """The number with its unit, and what it may be."""
        if self.unit == "yes or no":
            return "yes" if self.value else "no"
        if self.value == self.low == self.high == 0:
            return f"exactly 0 in {self.of}" if self.of else "exactly 0"
        unit = UNITS[self.unit][2]
        if not self.spread:
            return f"{self._written(self.value)}{unit}"
        low, high = self._written(self.low), self._written(self.high)
        return f"{self._written(self.value)}{unit} ({self.spread} {low} to {high}, {self.of})"

    def _written(self, value: float) -> str:
        scale, form, _ = UNITS[self.unit]
        text = format(scale * value, form)
        # A zero has no sign, and a minus is not a hyphen.
        return text[1:] if text[0] in "+-" and not float(text) else text.replace("-", "−", 1)


@dataclass(frozen=True)
class Tried:
    """What came of a trial: whether the claim held there (None: undecided), and the numbers."""

    trial: Trial
    holds: bool | None
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim; condition: what follows "holds only if", else empty."""

    verdict: str
    condition: str
    sentence: str
    tried: tuple[Tried, ...]

    @property
    def words(self) -> str:
        """The verdict as a sentence without its full stop."""
        whole = f"{self.verdict} {self.condition}".strip()
        return whole[0].upper() + whole[1:]

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every measured number."""
        return tuple(number for each in self.tried for number in each.numbers)


def conclude(tried: Sequence[Tried], sentence: str) -> Finding:
    """The verdict that the module's rules give on these cases."""
    held = [each.trial for each in tried if each.holds is True]
    failed = [each.trial for each in tried if each.holds is False]
    if held and failed:
        verdict, only_if = "holds only if", condition(held, failed)
    elif len(held) + len(failed) < len(tried):
        verdict, only_if = "undecided", ""
    else:
        verdict, only_if = ("holds" if held else "does not hold"), ""
    return Finding(verdict, only_if, sentence, tuple(tried))


def condition(held: list[Trial], failed: list[Trial]) -> str:
    """The shortest condition, in words, that is true of all that held and of none that failed."""
    for alternatives in _conditions(tuple(dict.fromkeys(each for t in held for each in t.facets))):
        if all(_true(alternatives, trial) for trial in held) and not any(
            _true(alternatives, trial) for trial in failed
        ):
            return ", or ".join(map(_said, alternatives))
    # No words for what they share: the cases themselves.
    return "it is one of these cases: " + "; ".join(trial.title for trial in held)


Alternatives = tuple[tuple[Facet, ...], ...]


def _conditions(facets: tuple[Facet, ...]) -> Iterator[Alternatives]:
    """Conditions in order of length: alternatives, each of facets that must all be true."""
    singles = [(each,) for each in facets]
    pairs = list(combinations(facets, 2))
    yield from ((each,) for each in singles)
    yield from ((each,) for each in pairs)
    yield from combinations(singles, 2)
    yield from ((single, pair) for single in singles for pair in pairs)


def _true(alternatives: Alternatives, trial: Trial) -> bool:
    return any(set(each) <= set(trial.facets) for each in alternatives)


def _said(facets: tuple[Facet, ...]) -> str:
    by_subject: dict[str, list[str]] = {}
    for facet in facets:
        by_subject.setdefault(facet.subject, []).append(facet.predicate)
    return " and ".join(f"{who} {' and '.join(what)}" for who, what in by_subject.items())

