"""The cases in which a claim is tried, and the judgement: in how many of them it held.

No condition is read into a handful of cases: what they have in common is for the reader to see.
"""

from __future__ import annotations

from dataclasses import dataclass

from maskdemo.evidence.phrases import counted, number
from maskdemo.experiment import Experiment


@dataclass(frozen=True)
class Case:
    """A case in which a claim is tried.

    strategy: the strategy of the experiment that the claim is about. keras: the index of the result of
    `keras_checks` that belongs to this case, where the claim needs one.
    """

    title: str
    experiment: Experiment
    strategy: str = "masking_layer"
    keras: int = 0


#: How numbers of each unit are written: (multiplied by, format, text after the number).
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
    """A measured number with its limits low and high.

    name: what was measured. unit: one of `UNITS`, which scales it only in `text`. spread:
    what the limits are, such as "95% interval". of: how many measurements, such as "5 repeats". Both
    are empty where there is no spread.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    spread: str = ""
    of: str = ""

    @property
    def text(self) -> str:
        """As `UNITS` says, with limits if it has a spread; if all are 0 "exactly 0"; "yes", "no"."""
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
    """The result of a case: whether the claim held there (None: undecided), and the numbers."""

    case: Case
    held: bool | None
    numbers: tuple[MeasuredNumber, ...]


@dataclass(frozen=True)
class Judgement:
    """The results of a claim, one a case.

    statement, clearest, usually: of the claim. A claim that says "usually" held if it did in more than
    half of the cases, and did not if it could not even with all undecided ones.
    """

    results: tuple[CaseResult, ...]
    statement: str
    clearest: str = ""
    usually: bool = False

    @property
    def word(self) -> str:
        """The word for all `results`: held, not held, undecided or held in some cases.

        The last if True in some and False in others, else undecided if any is None. If `usually`: held
        if True in more than half, not held if True or None in at most half, else undecided.
        """
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
        """The `word`, but "held in 3 of 5" in place of "held in some cases"."""
        mixed = self.word == "held in some cases"
        return f"held in {self._count(True)} of {len(self.results)}" if mixed else self.word

    @property
    def counts(self) -> str:
        """The number of cases by answer: "5 of 7 cases held, 1 did not"; of zeros only held."""
        parts = [f"{self._count(True)} of {counted(len(self.results), 'case')} held"]
        if self._count(False):
            parts.append(f"{self._count(False)} did not")
        if self._count(None):
            parts.append(f"{self._count(None)} undecided")
        return ", ".join(parts)

    @property
    def numbers(self) -> tuple[MeasuredNumber, ...]:
        """The measured numbers of all cases."""
        return tuple(measured for result in self.results for measured in result.numbers)

    @property
    def sentence(self) -> str:
        """In how many cases the statement is true, and the largest |value| of the clearest number."""
        count, true, unknown = len(self.results), self._count(True), self._count(None)
        where = f"all {count}" if true == count else f"{true or 'none'} of {count}"
        text = f"{self.statement} in {where} cases."
        if unknown:
            text += f" {unknown} {'is' if unknown == 1 else 'are'} undecided."
        numbers = [(each, of.case.title) for of in self.results for each in of.numbers]
        if clearest := [pair for pair in numbers if pair[0].name == self.clearest]:
            largest, title = max(clearest, key=lambda pair: abs(pair[0].value))
            text += f" {self.clearest}: {largest.text} in the clearest case ({title})."
        return text

    def _count(self, held: bool | None) -> int:
        """Return how many cases have this answer; None is undecided."""
        return sum(result.held is held for result in self.results)
