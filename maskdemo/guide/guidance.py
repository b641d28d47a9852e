"""What was measured on the cases that fit a setup: a word for each case, and one sentence over all.

No rule is written here: a case has the word that its run has in the playground, and what no interval
decides stays undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maskdemo.evidence import BASELINE, Accuracies, Verdict, mask_effect, need, over_all, verdict
from maskdemo.evidence.headline import NEEDS
from maskdemo.evidence.phrases import capital, listed
from maskdemo.experiment import Experiment
from maskdemo.guide.cases import Case, cases_of
from maskdemo.guide.setup import Setup


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
        recommended=min(results, key=_rank),
    )


def _result(case: Case, accuracies: Accuracies) -> CaseResult:
    verdicts = [
        each
        for name in case.experiment.strategies
        if (each := _verdict(case.experiment, accuracies, name)) is not None
    ]
    deciding = min(verdicts, key=lambda each: (_order(each.word), -each.difference.mean))
    return CaseResult(case, accuracies, need(accuracies), deciding)


def _verdict(experiment: Experiment, accuracies: Accuracies, strategy: str) -> Verdict | None:
    return verdict(accuracies, strategy, effect=mask_effect(experiment, strategy))


def _rank(result: CaseResult) -> tuple[int, float]:
    return _order(result.word), -result.verdict.difference.mean


def _order(word: str) -> int:
    names = list(NEEDS)
    return names.index(word) if word in names else len(names)


def _exceptions(results: list[CaseResult]) -> str:
    """Return a sentence that names these cases with their words; empty without any."""
    if not results:
        return ""
    named = [f"{each.case.title} ({each.word})" for each in results]
    return f"{capital('the exception' if len(named) == 1 else 'the exceptions')}: {listed(named)}."
