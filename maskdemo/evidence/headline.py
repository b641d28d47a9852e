"""The one sentence of a run: is masking required here? It never says no where it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskdemo.evidence.accuracies import BASELINE, Accuracies, accuracies
from maskdemo.evidence.interval import Interval, interval
from maskdemo.evidence.verdict import MARGIN, Verdict, min_repeats, verdict
from maskdemo.evidence.words import between, counted, listed, number, percent
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Snapshot


def headline(snapshot: Snapshot, *, margin: float = MARGIN) -> str:
    """The answer, or what is missing for one."""
    return answer(accuracies(snapshot), margin=margin)


def answer(known: Accuracies, *, margin: float = MARGIN) -> str:
    """The same from accuracies alone."""
    others = [name for name in known.by_repeat if name != BASELINE]
    if BASELINE not in known.by_repeat:
        return "There is no verdict without no mask, with which the others are compared."
    if not others:
        return "There is no verdict on no mask alone: another strategy is compared with it."
    needed = min_repeats(known.comparisons)
    if known.repeats < needed:
        return (
            f"There is no verdict from {counted(known.repeats, 'repeat')}: at least {needed} are "
            "needed to tell an effect from luck."
        )
    found = [verdict(known, name, margin=margin) for name in others]
    told = [each for each in found if each is not None and not each.withheld]
    if not told:
        return f"So far there is no verdict: it needs {needed} repeats."
    complete = len(told) == len(others) and not any(each.so_far for each in told)
    here = "Here" if complete else "So far"
    if nothing_learned(known, margin=margin):
        return (
            f"{here} there is nothing to see: no strategy gets more than {number(100 * margin)} points "
            f"above chance ({percent(known.chance, 0)}) on unseen sequences."
        )
    if required := [each for each in told if each.word == "required"]:
        return f"{here}, yes: the padding must be handled. {_best(known, required)}"
    may_be_required = [each for each in told if not _surely_not_required(each)]
    if helpful := [each for each in told if each.word == "helps"]:
        if may_be_required:
            said = "it helps; whether it is required cannot be told"
        else:
            said = "it helps, but is not required"
        return f"{here} {said}. {_best(known, helpful)}"
    harm = _harm([each for each in told if each.word == "hurts"])
    bare = f"no mask, which reaches {percent(_mean(known, BASELINE), 0)}"
    if may_be_required:
        return f"{here} it cannot be told. {_open(may_be_required)} {bare}.{harm}"
    if unsure := [each for each in told if each.word == "undecided"]:
        return (
            f"{here} it is not required. Whether it helps cannot be told: {_open(unsure)} {bare}.{harm}"
        )
    if harm:
        return f"{here}, no.{harm}"
    return f"{here}, no: every strategy is within {number(100 * margin)} points of {bare}."


def nothing_learned(known: Accuracies, *, margin: float = MARGIN) -> bool:
    """Whether every strategy surely stays within the margin above chance.

    By intervals that hold together for all of them: where one is too wide to tell, it is not so, and
    neither from fewer repeats than a word takes.
    """
    needed = min_repeats(known.comparisons)
    return all(
        len(values) >= needed and above_chance(known, strategy).high < margin
        for strategy, values in known.by_repeat.items()
    )


def above_chance(known: Accuracies, strategy: str) -> Interval:
    """Accuracy less chance (-1 to 1), by intervals that hold together for all strategies."""
    above = np.array(list(known.by_repeat[strategy].values())) - known.chance
    found = interval(above, resolution=1 / known.scored, comparisons=len(known.by_repeat))
    return found.within(-1, 1)


def _surely_not_required(found: Verdict) -> bool:
    # What makes no difference, or leaves more than half without it, is required by nothing.
    return found.word in ("the same", "hurts") or found.short_of_half.high < 0


def _best(known: Accuracies, found: Sequence[Verdict]) -> str:
    best = max(found, key=lambda each: each.difference.mean).strategy
    return (
        f"{STRATEGIES[best].title} reaches {percent(_mean(known, best), 0)}, no mask "
        f"{percent(_mean(known, BASELINE), 0)}, chance {percent(known.chance, 0)}."
    )


def _open(found: Sequence[Verdict]) -> str:
    """The widest interval: it says how little is known."""
    widest = max(found, key=lambda each: each.difference.width)
    title = STRATEGIES[widest.strategy].title
    return f"{title} may be worth anything from {between(widest.difference)} points against"


def _harm(found: Sequence[Verdict]) -> str:
    titles = [STRATEGIES[each.strategy].title.lower() for each in found]
    return f" What hurts: {listed(titles)}." if titles else ""


def _mean(known: Accuracies, strategy: str) -> float:
    return float(np.mean(list(known.by_repeat[strategy].values())))
