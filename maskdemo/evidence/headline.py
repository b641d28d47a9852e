"""The one sentence of a run: is masking required here? It never says no where it cannot tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from maskdemo.evidence.accuracies import BASELINE, Accuracies, accuracies
from maskdemo.evidence.interval import Interval, interval
from maskdemo.evidence.mask_effect import AS_NAMED, MaskEffect, mask_effect, unmasked_padding
from maskdemo.evidence.phrases import between, counted, listed, percent
from maskdemo.evidence.verdict import MARGIN, MARGIN_POINTS, Verdict, min_repeats, verdict
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Snapshot


def answer(results: Accuracies, *, effects: Mapping[str, MaskEffect] | None = None) -> str:
    """Return a sentence: whether a mask is required, or what is missing for an answer.

    The first that holds: no verdict yet; nothing learned; "yes" (any is "required"); any "helps";
    whether any is required cannot be told; not required, but whether any helps cannot be told; "no".
    effects: strategy -> the effect of its mask, where known; an inert mask differs in nothing.
    """
    others = [name for name in results.by_repeat if name != BASELINE]
    if BASELINE not in results.by_repeat:
        return "There is no verdict without no mask, with which the others are compared."
    if not others:
        return "There is no verdict on no mask alone: another strategy is compared with it."
    needed, effects = min_repeats(results.comparisons), effects or {}
    inert = all(name in effects and effects[name].inert for name in others)
    if results.repeats < needed and not inert:
        return (
            f"There is no verdict from {counted(results.repeats, 'repeat')}: at least {needed} are "
            "needed to tell an effect from luck."
        )
    verdicts = [verdict(results, name, effect=effects.get(name, AS_NAMED)) for name in others]
    judged = [each for each in verdicts if each is not None and not each.withheld]
    if not judged:
        return f"So far there is no verdict: it needs {needed} repeats."
    complete = len(judged) == len(others) and not any(each.so_far for each in judged)
    here = "Here" if complete else "So far"
    if nothing_learned(results):
        return (
            f"{here} there is nothing to see: no strategy gets more than {MARGIN_POINTS} points "
            f"above chance ({percent(results.chance, 0)}) on unseen sequences."
        )
    if required := [each for each in judged if each.word == "required"]:
        return f"{here}, yes: the padding must be handled. {_gain_sentence(results, required)}"
    may_be_required = [each for each in judged if not each.surely_not_required]
    if helpful := [each for each in judged if each.word == "helps"]:
        if may_be_required:
            effect = "it helps; whether it is required cannot be told"
        else:
            effect = "it helps, but is not required"
        return f"{here} {effect}. {_gain_sentence(results, helpful)}"
    harm = _harm_sentence([each for each in judged if each.word == "hurts"])
    bare = f"no mask, which reaches {percent(mean_accuracy(results, BASELINE), 0)}"
    if may_be_required:
        return f"{here} it cannot be told. {_widest_clause(may_be_required)} {bare}.{harm}"
    if unsure := [each for each in judged if each.word == "undecided"]:
        return (
            f"{here} it is not required. Whether it helps cannot be told: {_widest_clause(unsure)} "
            f"{bare}.{harm}"
        )
    if harm:
        return f"{here}, no.{harm}"
    return f"{here}, no: every strategy is within {MARGIN_POINTS} points of {bare}."


def answer_of(snapshot: Snapshot) -> str:
    """Return the `answer` of a run, and a sentence more if the mask value does not mask the padding."""
    experiment = snapshot.experiment
    effects = {name: mask_effect(experiment, name) for name in experiment.strategies}
    return answer(accuracies(snapshot), effects=effects) + unmasked_padding(experiment)


#: What a run says of masking, as a word -> a clause; `{}` stands for masking. Strongest first.
NEEDS = {
    "required": "{} is required",
    "helps": "{} helps",
    "not needed": "{} is not needed",
    "hurts": "{} hurts",
    "undecided": "whether {} helps is open",
    "nothing learned": "nothing is learned",
}


def need(results: Accuracies) -> str:
    """Return a word of `NEEDS` for a run: the first of these that holds.

    "nothing learned"; "hurts" if all verdicts are that; "required", "helps" or "undecided" if any is,
    the last also if there are none yet; "not needed".
    """
    if nothing_learned(results):
        return "nothing learned"
    others = (verdict(results, name) for name in results.by_repeat if name != BASELINE)
    words = {each.word for each in others if each is not None} or {"undecided"}
    if words == {"hurts"}:
        return "hurts"
    return next((each for each in NEEDS if each in words - {"hurts"}), "not needed")


def over_all(needs: Collection[str]) -> str:
    """Return a sentence over many runs, from the word of `NEEDS` of each; "" for no runs.

    >>> over_all(["required", "not needed", "required", "nothing learned"])
    'In 2 of 4 cases tried here masking is required, in 1 it is not needed and in 1 nothing is learned.'
    >>> over_all(["helps"])
    'In the one case tried here masking helps.'
    """
    counts = [(word, sum(each == word for each in needs)) for word in NEEDS]
    clauses = [(NEEDS[word], count) for word, count in counts if count]
    if not clauses:
        return ""
    (first, count), *others = clauses
    if len(needs) == 1:
        return f"In the one case tried here {first.format('masking')}."
    start = f"{count} of {len(needs)} cases tried here {first.format('masking')}"
    return f"In {listed([start, *(f'in {count} ' + each.format('it') for each, count in others)])}."


def nothing_learned(results: Accuracies) -> bool:
    """Whether every strategy's interval of `above_chance` ends below `MARGIN`.

    False where an interval is too wide to tell, and where there are fewer repeats than a verdict needs.
    """
    needed = min_repeats(results.comparisons)
    return all(
        len(values) >= needed and above_chance(results, strategy).high < MARGIN
        for strategy, values in results.by_repeat.items()
    )


def above_chance(results: Accuracies, strategy: str) -> Interval:
    """Return accuracy less chance, as an interval, cut to -1 to 1, that holds with all strategies'."""
    above = np.array(list(results.by_repeat[strategy].values())) - results.chance
    bounds = interval(above, resolution=1 / results.scored, comparisons=len(results.by_repeat))
    return bounds.within(-1, 1)


def _gain_sentence(results: Accuracies, verdicts: Sequence[Verdict]) -> str:
    """Return "Held state reaches 98%, no mask 62%, chance 50%.", of the strategy that gains most."""
    best = max(verdicts, key=lambda each: each.difference.mean).strategy
    return (
        f"{STRATEGIES[best].title} reaches {percent(mean_accuracy(results, best), 0)}, no mask "
        f"{percent(mean_accuracy(results, BASELINE), 0)}, chance {percent(results.chance, 0)}."
    )


def _widest_clause(verdicts: Sequence[Verdict]) -> str:
    """Return "Held state may be worth anything from −1.2 to +9.0 points against", of the widest."""
    widest = max(verdicts, key=lambda each: each.difference.width)
    title = STRATEGIES[widest.strategy].title
    return f"{title} may be worth anything from {between(widest.difference)} points against"


def _harm_sentence(harmful: Sequence[Verdict]) -> str:
    """Return " What hurts: no mask and held state.", of all these; "" for none."""
    return f" What hurts: {titled(each.strategy for each in harmful)}." if harmful else ""


def titled(names: Iterable[str]) -> str:
    """Return the titles of strategies' names in lower case, listed: `no mask and held state`."""
    return listed(STRATEGIES[name].title.lower() for name in names)


def mean_accuracy(results: Accuracies, strategy: str) -> float:
    """Return the strategy's mean accuracy over its finished repeats, at least one (0 to 1)."""
    return float(np.mean(list(results.by_repeat[strategy].values())))
