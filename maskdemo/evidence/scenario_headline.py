"""The headline of a run: the answer to the scenario's own question, computed from the run's numbers.

A scenario names its question (`Scenario.asks`); of settings that are no scenario's, and before every
repeat is in, the headline is the answer to whether masking is required. A comparison that is chosen by
its numbers, such as the best strategy's with the others, counts all pairs of strategies, so that its
words hold together with 95 % too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from maskdemo.evidence.accuracies import BASELINE, Accuracies, accuracies
from maskdemo.evidence.headline import above_chance, answer_of, mean_accuracy, nothing_learned, titled
from maskdemo.evidence.interval import Interval, interval
from maskdemo.evidence.phrases import between, capital, counted, listed, number, percent, points
from maskdemo.evidence.verdict import MARGIN, MARGIN_POINTS, Verdict, min_repeats, verdict
from maskdemo.scenarios import scenario_of
from maskdemo.training.snapshot import Snapshot


def headline(snapshot: Snapshot) -> str:
    """Return the answer to the scenario's question; `answer_of` without question or `CompleteRun`."""
    run = CompleteRun.of(snapshot)
    if run is None or (rule := RULES_OF_QUESTIONS.get(run.asks)) is None:
        return answer_of(snapshot)
    return rule(run)


@dataclass(frozen=True)
class CompleteRun:
    """A scenario's run with all its repeats, and what the scenario asks.

    results: its accuracies. all_pairs: these with a comparison for each pair of strategies. asks: a key
    of `RULES_OF_QUESTIONS`, or "". about: what the networks are to know, as "the speaker".
    """

    snapshot: Snapshot
    results: Accuracies
    all_pairs: Accuracies
    asks: str
    about: str

    @classmethod
    def of(cls, snapshot: Snapshot) -> CompleteRun | None:
        """Return the run; None if no scenario's, or if repeats are missing or too few for all pairs."""
        scenario, results = scenario_of(snapshot.experiment), accuracies(snapshot)
        pairs = len(results.by_repeat) * (len(results.by_repeat) - 1) // 2
        complete = all(len(each) == results.repeats for each in results.by_repeat.values())
        if scenario is None or not complete or results.repeats < min_repeats(pairs):
            return None
        all_pairs = replace(results, comparisons=pairs)
        return cls(snapshot, results, all_pairs, scenario.asks, scenario.about)

    @property
    def names(self) -> tuple[str, ...]:
        """All strategies of the run; `others` are those but no mask."""
        return tuple(self.results.by_repeat)

    @property
    def others(self) -> tuple[str, ...]:
        """The strategies but no mask."""
        return tuple(name for name in self.names if name != BASELINE)

    def verdict(self, strategy: str, over: str = BASELINE) -> Verdict:
        """Return the verdict (no mask effect) against no mask or, by all-pairs intervals, `over`."""
        results = self.results if over == BASELINE else self.all_pairs
        result = verdict(results, strategy, over)
        assert result is not None, "all repeats are in"
        return result

    def leaders(self) -> tuple[list[str], dict[str, Verdict]]:
        """Return the best by mean and its equals in each repeat; other -> the best's verdict on it."""
        best = max(self.names, key=lambda name: mean_accuracy(self.results, name))
        accuracies = self.results.by_repeat
        equal = [name for name in self.names if accuracies[name] == accuracies[best]]
        over = {name: verdict(self.all_pairs, best, name) for name in self.names if name not in equal}
        return equal, {name: each for name, each in over.items() if each is not None}

    def identical(self, strategy: str) -> bool:
        """Whether losses and accuracies equal those of no mask, to the last digit, in every repeat."""

        def numbers(name: str) -> Mapping[int, tuple]:
            return {
                each.repeat: (each.loss, each.test_loss, each.test_accuracy)
                for each in self.snapshot.curves
                if each.strategy == name
            }

        return numbers(strategy) == numbers(BASELINE)

    def reached(self, names: Iterable[str]) -> str:
        """Return strategies with mean accuracies, best first: `a and b (94%) and no mask (11%)`."""
        best_first = sorted(names, key=lambda name: -mean_accuracy(self.results, name))
        by_mean = groupby(best_first, lambda name: percent(mean_accuracy(self.results, name), 0))
        return listed(f"{titled(group)} ({level})" for level, group in by_mean)

    @property
    def chance_clause(self) -> str:
        """The end of a sentence: `where chance is 50%`."""
        return f"where chance is {percent(self.results.chance, 0)}"


def _still_known_sentence(run: CompleteRun) -> str:
    """Return which match the best, know over half, less or unclear; `answer_of` if that may be chance.

    The best's verdict on them: "the same", "helps" with `short_of_half` below 0, "required", any other.
    """
    kept, over = run.leaders()
    if nothing_learned(run.results) or above_chance(run.results, kept[0]).low <= 0:
        return answer_of(run.snapshot)
    lost, partly, unclear = [], [], []
    for name, each in over.items():
        if each.word == "the same":
            kept.append(name)
        elif each.word == "required":
            lost.append(name)
        elif each.word == "helps" and each.short_of_half.high < 0:
            partly.append(name)
        else:
            unclear.append(name)
    parts = [f"{run.reached(kept)} still {_verb(kept, 'know')} {run.about}"]
    if partly:
        parts.append(f"{run.reached(partly)} {_verb(partly, 'know')} more than half of it")
    if lost:
        parts.append(f"{run.reached(lost)} {_verb(lost, 'do')} not")
    if unclear:
        parts.append(f"how much of it {run.reached(unclear)} {_verb(unclear, 'know')} cannot be told")
    needed = any(run.verdict(name).word == "required" for name in run.others)
    start = "Here, yes: the padding must be handled." if needed else "Here"
    sentence = f"{'; '.join(parts)}, {run.chance_clause}."
    return f"{start} {capital(sentence) if needed else sentence}"


def _identical_sentence(run: CompleteRun) -> str:
    """Return that all give exactly what no mask does, its accuracy; `answer_of` if any does not."""
    if not all(map(run.identical, run.others)):
        return answer_of(run.snapshot)
    repeats = counted(run.results.repeats, "repeat")
    level = percent(mean_accuracy(run.results, BASELINE), 0)
    return (
        f"Here, no: in all {repeats} {titled(run.others)} {_verb(run.others, 'give')} exactly what "
        f"no mask gives, to the last digit. All reach {level}, {run.chance_clause}."
    )


def _differences_sentence(run: CompleteRun) -> str:
    """Return "Here, against no mask (50%), held state helps (+9.0 points), where chance is 50%."."""
    differences = listed(_against_no_mask(run, name) for name in run.others)
    return f"Here, against {run.reached([BASELINE])}, {differences}, {run.chance_clause}."


def _against_no_mask(run: CompleteRun, name: str) -> str:
    """Return "held state helps (+9.0 points)" or "... is the same"; interval if alone or undecided."""
    title, result = titled([name]), run.verdict(name)
    if run.identical(name):
        return f"{title} is exactly the same"
    does = {
        "the same": f"makes less than {MARGIN_POINTS} points of difference",
        "undecided": "is undecided",
        "required": "is required",
    }.get(result.word, result.word)
    if len(run.others) == 1 or result.word == "undecided":
        return f"{title} {does} ({_difference_with_interval(result)})"
    return f"{title} {does} ({points(result.difference.mean)} points)"


def _true_lengths_sentence(run: CompleteRun) -> str:
    """Return what real zeros cost the Masking layer against held state, and their accuracies."""
    lengths, layer = "held_state", "masking_layer"
    result = run.verdict(lengths, over=layer)
    cost = number(100 * result.difference.mean, ".0f")
    finding = {
        "required": "the Masking layer fails on real zeros",
        "helps": f"real zeros cost the Masking layer {cost} points",
        "hurts": "the Masking layer does better than a mask from the true lengths",
        "the same": f"real zeros cost the Masking layer less than {MARGIN_POINTS} points",
        "undecided": "whether real zeros harm the Masking layer cannot be told "
        f"({_difference_with_interval(result)})",
    }[result.word]
    level = {name: percent(mean_accuracy(run.results, name), 0) for name in run.names}
    return (
        f"Here {finding}: it reaches {level[layer]}, a mask from the true lengths {level[lengths]}, no "
        f"mask {level[BASELINE]}, {run.chance_clause}."
    )


def _best_sentence(run: CompleteRun) -> str:
    """Return which lead, are near ("the same"), undecided or behind; `answer_of` if none learns."""
    leaders, over = run.leaders()
    if nothing_learned(run.results):
        return answer_of(run.snapshot)
    behind, near, unclear = [], [], []
    for name, each in over.items():
        lists = {"the same": near, "undecided": unclear}
        lists.get(each.word, behind).append(name)
    if near and not behind and not unclear:
        return (
            f"Here none is more than {MARGIN_POINTS} points behind the best: {run.reached(run.names)}, "
            f"{run.chance_clause}."
        )
    first = run.reached(leaders)
    parts = [f"Here {first} {_verb(leaders, 'cope')} best"]
    if near or unclear:
        parts = [f"Here the best cannot be told: {first} {_verb(leaders, 'lead')}"]
    if behind:
        parts.append(f"{run.reached(behind)} {_verb(behind, 'stay')} behind")
    if near:
        parts.append(f"{run.reached(near)} {_verb(near, 'are')} within {MARGIN_POINTS} points of that")
    if unclear:
        parts.append(f"{run.reached(unclear)} may be as good")
    return f"{'; '.join(parts)}, {run.chance_clause}."


def _reported_sentence(run: CompleteRun) -> str:
    """Return how far padding surely lifts the reported accuracy, and each strategy's accuracies."""
    lifts = {name: inflation(run.snapshot, name) for name in run.names}
    levels = "; ".join(
        f"{titled([name])} reports {percent(mean_accuracy(run.results, name) + lift.mean, 0)}, "
        f"on real steps {percent(mean_accuracy(run.results, name), 0)}"
        for name, lift in sorted(lifts.items(), key=lambda each: -each[1].mean)
    )
    if inflated := [lift for lift in lifts.values() if lift.low > 0]:
        start = f"Here padding inflates the accuracy by up to {largest_lift(inflated)} points"
    elif all(lift.low > -MARGIN and lift.high < MARGIN for lift in lifts.values()):
        start = f"Here padding changes the accuracy by less than {MARGIN_POINTS} points"
    else:
        start = "Here whether padding inflates the accuracy cannot be told"
    chance = run.snapshot.chance
    return (
        f"{start}: {levels}; chance is {percent(chance.reported, 0)}, on real steps "
        f"{percent(chance.valid, 0)}."
    )


def inflation(snapshot: Snapshot, strategy: str) -> Interval:
    """Return reported less valid accuracy: an interval in -1 to 1 that holds with all strategies'."""
    curves = [each for each in snapshot.curves if each.strategy == strategy and each.finished]
    lifts = np.array([each.test_accuracy[-1] - each.test_valid_accuracy[-1] for each in curves])
    scored = min(each.scored for each in curves)
    comparisons = len(snapshot.experiment.strategies)
    return interval(lifts, resolution=1 / scored, comparisons=comparisons).within(-1, 1)


def _beats_chance_sentence(run: CompleteRun) -> str:
    """Return a sentence: yes if any `above_chance` is above 0, no if `nothing_learned`, or unclear."""
    level = percent(run.results.chance, 0)
    above = {name: above_chance(run.results, name) for name in run.names}
    if better := [name for name, each in above.items() if each.low > 0]:
        return f"Here, yes: {run.reached(better)} {_verb(better, 'beat')} chance ({level})."
    if nothing_learned(run.results):
        return (
            f"Here, no: no strategy gets more than {MARGIN_POINTS} points above chance ({level}) on "
            "unseen sequences."
        )
    highest = max(above.values(), key=lambda each: each.high)
    return (
        f"Here it cannot be told: up to {math.ceil(100 * highest.high)} points above chance "
        f"({level}) are within the interval."
    )


#: The question that a scenario asks (`Scenario.asks`) -> what answers it.
RULES_OF_QUESTIONS: Mapping[str, Callable[[CompleteRun], str]] = {
    "still_known": _still_known_sentence,
    "identical": _identical_sentence,
    "each": _differences_sentence,
    "true_lengths": _true_lengths_sentence,
    "best": _best_sentence,
    "reported": _reported_sentence,
    "beats_chance": _beats_chance_sentence,
}


def _verb(subjects: Sequence[str], plural: str) -> str:
    """Return the verb for these subjects: `plural` for two or more, else "knows", "does" or "is"."""
    if len(subjects) > 1:
        return plural
    return {"do": "does", "are": "is"}.get(plural, f"{plural}s")


def _difference_with_interval(result: Verdict) -> str:
    """Return `+2.5 points, 95% interval +1.0 to +4.0`, of a verdict's difference."""
    return f"{points(result.difference.mean)} points, 95% interval {between(result.difference)}"


def largest_lift(lifts: Sequence[Interval]) -> str:
    """Return the largest mean (a share) of these intervals, in whole points: "12"."""
    return number(100 * max(each.mean for each in lifts), ".0f")
