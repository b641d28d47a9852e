"""A claim is tried in several cases: it held in these, did not in those, and is open in others.

No condition is read into a handful of cases: what they have in common is for the reader to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskdemo.evidence.phrases import counted, number
from maskdemo.experiment import Experiment


@dataclass(frozen=True)
class Case:
    """One case in which a claim is tried.

    strategy: the one that is looked at in the experiment. keras: which of the answers of real Keras
    is about this case, where the claim asks for some.
    """

    title: str
    experiment: Experiment
    strategy: str = "masking_layer"
    keras: int = 0


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
class MeasuredNumber:
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
        scale, form, unit = UNITS[self.unit]
        value, low, high = (number(scale * x, form) for x in (self.value, self.low, self.high))
        if not self.spread:
            return f"{value}{unit}"
        return f"{value}{unit} ({self.spread} {low} to {high}, {self.of})"


@dataclass(frozen=True)
class CaseResult:
    """What came of a case: whether the claim held there (None: undecided), and the numbers."""

    case: Case
    held: bool | None
    numbers: tuple[MeasuredNumber, ...]


@dataclass(frozen=True)
class Judgement:
    """A claim, case by case; sentence: what was found, in words.

    usually: it claims no more than that: it is to hold in more than half of the cases, not in all.
    """

    results: tuple[CaseResult, ...]
    sentence: str
    usually: bool = False

    @property
    def word(self) -> str:
        """For all cases: held, not held or undecided; or held in some of them."""
        answers = {result.held for result in self.results}
        if self.usually:
            half, held = len(self.results) / 2, self._count(True)
            if held > half:
                return "held"
            return "not held" if held + self._count(None) <= half else "undecided"
        if {True, False} <= answers:
            return "held in some cases"
        if None in answers:
            return "undecided"
        return "held" if True in answers else "not held"

    @property
    def title(self) -> str:
        """The word, but for a claim that held here and there: in how many of its cases."""
        mixed = self.word == "held in some cases"
        return f"held in {self._count(True)} of {len(self.results)}" if mixed else self.word

    @property
    def counts(self) -> str:
        """In how many cases: "5 of 7 held, 1 did not, 1 undecided"."""
        parts = [f"{self._count(True)} of {counted(len(self.results), 'case')} held"]
        if self._count(False):
            parts.append(f"{self._count(False)} did not")
        if self._count(None):
            parts.append(f"{self._count(None)} undecided")
        return ", ".join(parts)

    @property
    def numbers(self) -> tuple[MeasuredNumber, ...]:
        """Every measured number."""
        return tuple(measured for result in self.results for measured in result.numbers)

    def _count(self, held: bool | None) -> int:
        return sum(result.held is held for result in self.results)


def judgement_sentence(results: Sequence[CaseResult], statement: str, clearest: str = "") -> str:
    """In how many cases the statement is true, and the number `clearest` where it is largest."""
    count = len(results)
    true, unknown = (sum(result.held is held for result in results) for held in (True, None))
    where = f"all {count}" if true == count else f"{true or 'none'} of {count}"
    said = f"{statement} in {where} cases."
    if unknown:
        said += f" {unknown} {'is' if unknown == 1 else 'are'} undecided."
    found = [
        (measured, result.case.title)
        for result in results
        for measured in result.numbers
        if measured.what == clearest
    ]
    if found:
        most, title = max(found, key=lambda pair: abs(pair[0].value))
        said += f" {clearest}: {most.words} in the clearest case ({title})."
    return said
