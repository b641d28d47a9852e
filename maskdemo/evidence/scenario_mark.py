"""The mark of a scenario: the answer to its own question, in few words, from its run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maskdemo.evidence.accuracies import BASELINE, accuracies
from maskdemo.evidence.headline import above_chance, need, nothing_learned, titles
from maskdemo.evidence.phrases import listed
from maskdemo.evidence.scenario_headline import CompleteRun, inflation, largest_lift
from maskdemo.evidence.verdict import MARGIN
from maskdemo.training.snapshot import Snapshot


@dataclass(frozen=True)
class Mark:
    """words: the answer. kind: "strong" (much depends on it), "some", "none", "open" or "nothing"."""

    kind: str
    words: str


#: What a run says of masking -> its mark.
OF_NEEDS = {
    "required": Mark("strong", "a mask is required"),
    "helps": Mark("some", "a mask helps"),
    "not needed": Mark("none", "no mask is needed"),
    "undecided": Mark("open", "undecided"),
    "nothing learned": Mark("nothing", "nothing is learned"),
}
OPEN = OF_NEEDS["undecided"]


def mark(snapshot: Snapshot) -> Mark:
    """The mark of a scenario's run; of any other, whether a mask is required."""
    run = CompleteRun.of(snapshot)
    rule = MARKS_OF_QUESTIONS.get(run.asks) if run else None
    found = rule(run) if rule and run else None
    return found or OF_NEEDS[need(accuracies(snapshot))]


def _identical(run: CompleteRun) -> Mark | None:
    others = [name for name in run.names if name != BASELINE]
    return Mark("none", "no difference at all") if all(map(run.identical, others)) else None


def _each(run: CompleteRun) -> Mark | None:
    """What hurts is named besides what helps, else masking is all there is to say."""
    words = {name: run.verdict(name).word for name in run.names if name != BASELINE}
    harmful = [name for name, word in words.items() if word == "hurts"]
    useful = [name for name, word in words.items() if word in ("required", "helps")]
    if not harmful:
        return None
    clauses = [(useful, "help"), (harmful, "hurt")]
    return Mark(
        "some",
        listed(f"{titles(of)} {verb}{'s' * (len(of) == 1)}" for of, verb in clauses if of),
    )


def _true_lengths(run: CompleteRun) -> Mark:
    return {
        "required": Mark("strong", "the Masking layer fails"),
        "helps": Mark("some", "the Masking layer loses"),
        "hurts": Mark("some", "the Masking layer does better"),
        "the same": Mark("none", "the Masking layer copes"),
    }.get(run.verdict("held_state", over="masking_layer").word, OPEN)


def _best(run: CompleteRun) -> Mark | None:
    if nothing_learned(run.results):
        return None
    leaders, over = run.leaders()
    words = [each.word for each in over.values()]
    if words and all(each == "the same" for each in words):
        return Mark("none", "none is ahead")
    if "undecided" in words or "the same" in words:
        return Mark("open", "the best cannot be told")
    return Mark("some", f"{titles(leaders)} ahead")


def _reported(run: CompleteRun) -> Mark:
    lifts = [inflation(run.snapshot, name) for name in run.names]
    if inflated := [each for each in lifts if each.low > 0]:
        return Mark("strong", f"inflated by {largest_lift(inflated)} points")
    near = all(each.low > -MARGIN and each.high < MARGIN for each in lifts)
    return Mark("none", "not inflated") if near else OPEN


def _beats_chance(run: CompleteRun) -> Mark:
    if any(above_chance(run.results, name).low > 0 for name in run.names):
        return Mark("some", "better than chance")
    return Mark("nothing", "no better than chance") if nothing_learned(run.results) else OPEN


#: The question that a scenario asks (`Scenario.asks`) -> its mark; None where that is about masking.
MARKS_OF_QUESTIONS: Mapping[str, Callable[[CompleteRun], Mark | None]] = {
    "identical": _identical,
    "each": _each,
    "still_known": _each,
    "true_lengths": _true_lengths,
    "best": _best,
    "reported": _reported,
    "beats_chance": _beats_chance,
}
