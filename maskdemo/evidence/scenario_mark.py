"""The mark of a scenario: the answer to its own question, in few words, from its run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maskdemo.evidence.accuracies import accuracies
from maskdemo.evidence.headline import above_chance, need, nothing_learned, titled
from maskdemo.evidence.phrases import listed
from maskdemo.evidence.scenario_headline import CompleteRun, inflation, largest_lift
from maskdemo.evidence.verdict import MARGIN
from maskdemo.training.snapshot import Snapshot


@dataclass(frozen=True)
class Mark:
    """The mark of a scenario.

    need: what its run says of masking, a word of `NEEDS`. answer: the answer to its own question.
    """

    need: str
    answer: str


#: What a run says of masking -> its words.
OF_NEEDS = {
    "required": "a mask is required",
    "helps": "a mask helps",
    "not needed": "no mask is needed",
    "hurts": "a mask hurts",
    "undecided": "undecided",
    "nothing learned": "nothing is learned",
}
OPEN = OF_NEEDS["undecided"]
#: Questions whose answer does not say what the run says of masking, as the mark's icon does.
BESIDE_MASKING = ("true_lengths", "best", "reported")


def mark(snapshot: Snapshot) -> Mark:
    """Return the mark of a run; without a `CompleteRun`, its answer is its `need`, by `OF_NEEDS`.

    That is also the answer where a rule of `WORDS_OF_QUESTIONS` returns None, and it comes before the
    answer to a question of `BESIDE_MASKING`, as in "a mask helps; held state ahead".
    """
    word, run = need(accuracies(snapshot)), CompleteRun.of(snapshot)
    rule = WORDS_OF_QUESTIONS.get(run.asks) if run else None
    words = (rule(run) if rule and run else None) or OF_NEEDS[word]
    beside = run is not None and run.asks in BESIDE_MASKING
    return Mark(word, f"{OF_NEEDS[word]}; {words}" if beside and words != OF_NEEDS[word] else words)


def _identical_words(run: CompleteRun) -> str | None:
    """Return "no difference at all" if every strategy is identical to no mask, else None."""
    return "no difference at all" if all(map(run.identical, run.others)) else None


def _help_and_harm_words(run: CompleteRun) -> str | None:
    """Return "a and b help and c hurts", or "c hurts" alone, by verdict; None if none hurts.

    "required" counts as helping.
    """
    words = {name: run.verdict(name).word for name in run.others}
    harmful = [name for name, word in words.items() if word == "hurts"]
    useful = [name for name, word in words.items() if word in ("required", "helps")]
    if not harmful:
        return None
    clauses = [(useful, "help"), (harmful, "hurt")]
    return listed(f"{titled(of)} {verb}{'s' * (len(of) == 1)}" for of, verb in clauses if of)


def _true_lengths_words(run: CompleteRun) -> str:
    """Return "the Masking layer fails", "loses", "does better", "copes", or "undecided".

    By the verdict on held state over it: "required", "helps", "hurts", "the same", or "undecided".
    """
    return {
        "required": "the Masking layer fails",
        "helps": "the Masking layer loses",
        "hurts": "the Masking layer does better",
        "the same": "the Masking layer copes",
    }.get(run.verdict("held_state", over="masking_layer").word, OPEN)


def _best_words(run: CompleteRun) -> str | None:
    """Return "held state ahead", "none is ahead" or "the best cannot be told"; None if none learns.

    By the best's verdicts: the second if all are "the same", the third if some are, or "undecided".
    """
    if nothing_learned(run.results):
        return None
    leaders, over = run.leaders()
    words = [each.word for each in over.values()]
    if words and all(each == "the same" for each in words):
        return "none is ahead"
    if "undecided" in words or "the same" in words:
        return "the best cannot be told"
    return f"{titled(leaders)} ahead"


def _reported_words(run: CompleteRun) -> str:
    """Return "inflated by 12 points" (any above 0), "not inflated" (all in `MARGIN`) or "undecided"."""
    lifts = [inflation(run.snapshot, name) for name in run.names]
    if inflated := [each for each in lifts if each.low > 0]:
        return f"inflated by {largest_lift(inflated)} points"
    near = all(each.low > -MARGIN and each.high < MARGIN for each in lifts)
    return "not inflated" if near else OPEN


def _beats_chance_words(run: CompleteRun) -> str:
    """Return "better than chance" if any interval is, "no better than chance" or "undecided"."""
    if any(above_chance(run.results, name).low > 0 for name in run.names):
        return "better than chance"
    return "no better than chance" if nothing_learned(run.results) else OPEN


#: The question that a scenario asks (`Scenario.asks`) -> its answer; None where that is about masking.
WORDS_OF_QUESTIONS: Mapping[str, Callable[[CompleteRun], str | None]] = {
    "identical": _identical_words,
    "each": _help_and_harm_words,
    "still_known": _help_and_harm_words,
    "true_lengths": _true_lengths_words,
    "best": _best_words,
    "reported": _reported_words,
    "beats_chance": _beats_chance_words,
}
