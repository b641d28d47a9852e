"""The answer to a setup: which measured experiments are like it, a word for each, a sentence over all.

No rule is written here: a case has the word that its run has in the playground, and what no interval
decides stays undecided.

>>> [case.title for case in cases_of(Setup(side="pre"))]
['Real speech: who is speaking?', 'Sign of the first value', 'Sign of the last value']
>>> {case.experiment.padded_length for case in cases_of(Setup(ratio="4"))} == {116, 60}
True
>>> cases_of(Setup(collides=True, labels="step"))
()
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from typing import Any

from maskdemo.data.tasks import TASKS
from maskdemo.evidence import BASELINE, Accuracies, Verdict, mask_effect, need, over_all, verdict
from maskdemo.evidence.headline import NEEDS
from maskdemo.evidence.phrases import capital, listed
from maskdemo.experiment import Experiment
from maskdemo.guide.setup import QUESTIONS, Setup
from maskdemo.scenarios import SYNTHETIC
from maskdemo.settings import Choice

#: (a real step can equal the pad value, a label each step) -> the tasks that are so.
TASKS_LIKE: Mapping[tuple[bool, bool], tuple[str, ...]] = {
    (False, False): ("japanese_vowels", "first_sign", "last_sign"),
    (True, False): ("last_bit", "majority_bit"),
    (False, True): ("running_sign",),
    (True, True): (),
}
#: The share of the readings that are missing where some are.
MISSING_RATE = 0.3
#: Sizes of the tasks that are drawn, as in the scenarios.
DRAWN: Mapping[str, Any] = {**SYNTHETIC, "min_length": 5, "max_length": 15}


@dataclass(frozen=True)
class Case:
    """A measured case that fits a setup: a task, in the experiment that pads it so."""

    title: str
    experiment: Experiment


def cases_of(setup: Setup) -> tuple[Case, ...]:
    """Return the cases that fit a setup; none where no task is like it."""
    setup = setup.relevant
    names = TASKS_LIKE[setup.collides, setup.labels == "step"]
    # Recorded sequences have the lengths that they have.
    fitting = (name for name in names if setup.lengths == "differ" or not TASKS[name].fixed)
    return tuple(Case(TASKS[name].title, _experiment(name, setup)) for name in fitting)


def experiments() -> tuple[Experiment, ...]:
    """Return the experiments of all setups, each once."""
    answers = (_answers(each) for each in QUESTIONS)
    setups = (
        Setup(**dict(zip(QUESTIONS, combination, strict=True))) for combination in product(*answers)
    )
    return tuple(dict.fromkeys(case.experiment for setup in setups for case in cases_of(setup)))


def _answers(question: str) -> tuple[Any, ...]:
    described = QUESTIONS[question]
    return tuple(described.options) if isinstance(described, Choice) else (False, True)


def _experiment(task: str, setup: Setup) -> Experiment:
    """Return the experiment of a task in a setup, whose idle answers are the default ones."""
    base = Experiment(task=task, padded_length=200, **({} if TASKS[task].fixed else DRAWN))
    longest = base.max_length
    padded = setup.lengths == "differ" and setup.side != "longest"
    # Padding of zeros is what collides with bits; no reading of the other tasks is exactly -1.
    pad_value = 0.0 if setup.collides else -1.0
    return replace(
        base,
        min_length=base.min_length if setup.lengths == "differ" else longest,
        padded_length=ceil(longest * float(setup.ratio)) if padded else longest,
        side="pre" if setup.side == "pre" else "post",
        batches="longest" if setup.side == "longest" else "fixed",
        read_out=setup.read_out,
        pad_value=pad_value,
        mask_value=pad_value,
        missing_rate=MISSING_RATE if setup.missing else 0.0,
        # A mask from the true lengths is what tells real steps from padding of the same value.
        strategies=("no_mask", "masking_layer", *(["held_state"] if setup.collides else [])),
        # What a masked or weighted loss does: padded steps have no labels.
        count_invalid=setup.labels == "sequence",
    )


@dataclass(frozen=True)
class CaseResult:
    """One case with its accuracies.

    word: of `NEEDS`, what the run says of masking. verdict: on the strategy that decides it.
    """

    case: Case
    accuracies: Accuracies
    word: str
    verdict: Verdict


@dataclass(frozen=True)
class Guidance:
    """The answer to a setup.

    word: that of all cases; "depends" where they differ. sentence: in how many cases each word held.
    exceptions: the cases apart from the commonest word, named; empty where there are none, or where
    no word is the commonest.
    recommended: the case whose mask is worth most, by its word and then by its accuracy.
    """

    word: str
    sentence: str
    exceptions: str
    results: tuple[CaseResult, ...]
    recommended: CaseResult

    @property
    def strategy(self) -> str:
        """The strategy that was worth most; no mask where none was worth anything."""
        useful = self.recommended.word in ("required", "helps")
        return self.recommended.verdict.strategy if useful else BASELINE


def guidance_for(setup: Setup, measured: Mapping[Experiment, Accuracies]) -> Guidance | None:
    """Return the answer to a setup; None where not all of the cases that fit it were measured."""
    fitting = cases_of(setup)
    if not fitting or any(case.experiment not in measured for case in fitting):
        return None
    results = tuple(_result(case, measured[case.experiment]) for case in fitting)
    words = [each.word for each in results]
    most = max(map(words.count, words))
    leading = [word for word in NEEDS if words.count(word) == most]
    return Guidance(
        word=words[0] if len(set(words)) == 1 else "depends",
        sentence=over_all(words),
        exceptions=_exceptions([each for each in results if each.word not in leading])
        if len(leading) == 1
        else "",
        results=results,
        recommended=min(results, key=lambda each: _rank(each.word, each.verdict)),
    )


def _result(case: Case, accuracies: Accuracies) -> CaseResult:
    effects = {name: mask_effect(case.experiment, name) for name in case.experiment.strategies}
    verdicts = [verdict(accuracies, name, effect=effect) for name, effect in effects.items()]
    deciding = min(filter(None, verdicts), key=lambda each: _rank(each.word, each))
    return CaseResult(case, accuracies, need(accuracies), deciding)


def _rank(word: str, verdict: Verdict) -> tuple[int, float]:
    """Return a key that sorts what is worth most first."""
    words = list(NEEDS)
    return words.index(word) if word in words else len(words), -verdict.difference.mean


def _exceptions(results: list[CaseResult]) -> str:
    """Return a sentence that names these cases with their words; empty without any."""
    if not results:
        return ""
    named = [f"{each.case.title} ({each.word})" for each in results]
    return f"{capital('the exception' if len(named) == 1 else 'the exceptions')}: {listed(named)}."
