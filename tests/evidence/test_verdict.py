"""Verdicts: intervals against SciPy, every word reached, and nothing claimed beyond the evidence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from maskdemo.data.inputs import Chance
from maskdemo.evidence import (
    MARGIN,
    RULES,
    Accuracies,
    accuracies,
    answer,
    headline,
    interval,
    min_repeats,
    need,
    nothing_learned,
    over_all,
    strategy_result,
    verdict,
    verdicts,
)
from maskdemo.evidence.interval import count_for
from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import STRATEGIES
from maskdemo.study import default_study
from maskdemo.study.questions import QUESTIONS
from maskdemo.training.snapshot import Curve, Snapshot
from tests.samples import small

SCORED = 1000
VALUES = st.lists(st.floats(0, 1), min_size=2, max_size=20)


def known(
    chance: float = 0.5, *, scored: int = SCORED, asked: int | None = None, **by_strategy: list[float]
) -> Accuracies:
    """Accuracies by strategy, the first repeats of those asked for."""
    return Accuracies(
        by_repeat={name: dict(enumerate(values)) for name, values in by_strategy.items()},
        chance=chance,
        scored=scored,
        repeats=asked or max(map(len, by_strategy.values())),
        comparisons=max(1, len(by_strategy) - 1),
    )


def words(given: Accuracies) -> dict[str, str]:
    found = (verdict(given, name) for name in given.by_repeat)
    return {each.strategy: each.word for each in found if each is not None}


def word(base: list[float], mine: list[float], **options: Any) -> str:
    return words(known(no_mask=base, held_state=mine, **options))["held_state"]


def snapshot(*, unfinished: tuple[str, ...] = (), **by_strategy: list[float]) -> Snapshot:
    """Final accuracies by strategy; the newest repeat of those named is still under way."""
    experiment = small(strategies=tuple(by_strategy), repeats=5, task="running_sign")
    curves = []
    for name, final in by_strategy.items():
        for repeat, value in enumerate(final):
            going = name in unfinished and repeat == len(final) - 1
            curves.append(
                Curve(
                    name,
                    repeat,
                    (0.3,),
                    (0.9,),
                    (0.3,),
                    # Reported accuracy counts padding and must not decide anything.
                    test_accuracy=(0.99 - repeat / 100,),
                    test_valid_accuracy=(0.1, value),
                    leak=None if going else 0.0,
                    scored=SCORED,
                )
            )
    nothing: Any = None
    return Snapshot(experiment, tuple(curves), nothing, Chance(0.5, 0.5), True, 1.0, 1.0)


# Intervals.


@given(values=VALUES, comparisons=st.integers(1, 64))
def test_intervals_are_those_of_scipy(values, comparisons):
    found = interval(values, comparisons=comparisons)
    assert found.mean == pytest.approx(np.mean(values)) and found.count == len(values)
    spread = stats.sem(values)
    if spread < 1e-12:
        assert (found.low, found.high) == pytest.approx((found.mean, found.mean))
    else:
        wanted = stats.t.interval(
            1 - 0.05 / comparisons, len(values) - 1, loc=np.mean(values), scale=spread
        )
        assert (found.low, found.high) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_one_value_has_no_limits():
    found = interval([0.7])
    assert (found.mean, found.low, found.high) == (0.7, -math.inf, math.inf)
    assert not found.bounded and found.within(0, 1) == found


def test_limits_are_cut_where_no_value_can_be():
    found = interval([0.2, 0.9]).within(0, 1)
    assert (found.low, found.high, found.width) == (0, 1, 1)


@given(values=VALUES, comparisons=st.integers(1, 9), wanted=st.floats(0.01, 0.5))
def test_as_many_repeats_as_are_needed_are_named(values, comparisons, wanted):
    """With the scatter as it is, so many are enough and one less is not."""
    found = interval(values, resolution=0.001, comparisons=comparisons)
    enough = count_for(wanted, of=found, comparisons=comparisons, max_count=40)
    scatter = max(np.std(values, ddof=1), 0.001)

    def half(count: int) -> float:
        return stats.t.ppf(1 - 0.025 / comparisons, count - 1) * scatter / math.sqrt(count)

    if enough is None:
        assert half(40) > wanted
    else:
        assert half(enough) <= wanted * (1 + 1e-9)
        assert enough == 2 or half(enough - 1) > wanted * (1 - 1e-9)


# Words.


@given(data=st.data(), repeats=st.integers(5, 9), chance=st.floats(0.1, 0.6))
def test_words_follow_a_paired_t_test(data, repeats, chance):
    same = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=repeats, max_size=repeats)
    base, mine = data.draw(same), data.draw(same)
    found = verdict(known(chance, no_mask=base, held_state=mine), "held_state")
    assert found is not None
    difference = np.subtract(mine, base)
    assert found.difference.mean == pytest.approx(difference.mean())
    assert found.difference.count == repeats and not found.so_far
    assert -1 <= found.difference.low <= found.difference.high <= 1
    assert found.sentence.startswith(STRATEGIES["held_state"].title)
    assert found.sentence.endswith(".") and "inf" not in found.sentence
    if difference.std(ddof=1) < 1 / SCORED:
        return
    low, high = stats.t.interval(0.95, repeats - 1, loc=difference.mean(), scale=stats.sem(difference))
    if min(abs(each) for each in (low, high, low + MARGIN, high - MARGIN)) < 1e-6:
        return
    if low > -MARGIN and high < MARGIN:
        assert found.word == "the same"
    elif high < 0:
        assert found.word == "hurts"
    elif low > 0:
        assert found.word in ("helps", "required")
    else:
        assert found.word == "undecided"


def test_every_word_is_reached():
    base = [0.60, 0.61, 0.62, 0.61, 0.61]
    assert words(
        known(
            no_mask=base,
            masking_layer=[0.95, 0.96, 0.95, 0.96, 0.96],  # learns .45 above chance, without .11
            zeroed_input=[0.68, 0.70, 0.69, 0.70, 0.69],  # learns .19 above chance, without .11
            zeroed_state=[0.50, 0.52, 0.51, 0.50, 0.51],
            held_state=[0.60, 0.62, 0.61, 0.61, 0.61],
            mask_feature=[0.50, 0.80, 0.60, 0.70, 0.55],
        )
    ) == {
        "masking_layer": "required",
        "zeroed_input": "helps",
        "zeroed_state": "hurts",
        "held_state": "the same",
        "mask_feature": "undecided",
    }
    assert set(RULES) == {"required", "helps", "hurts", "the same", "undecided"}
    assert word([0.6], [0.99]) == "undecided"


def test_what_one_comparison_would_decide_more_of_them_leave_open():
    """Six strategies have six chances of looking good by luck."""
    base, mine = [0.60, 0.61, 0.62, 0.61, 0.60], [0.61, 0.66, 0.72, 0.64, 0.66]
    assert word(base, mine) == "helps"
    others = dict.fromkeys(list(STRATEGIES)[1:], base) | {"held_state": mine}
    assert words(known(no_mask=base, **others))["held_state"] == "undecided"


def test_repeats_that_agree_by_accident_decide_nothing():
    """One label more in each of five repeats: the spread is zero, the evidence is not."""
    base = [0.6, 0.7, 0.6, 0.7, 0.6]
    assert word(base, [x + 1 / 20 for x in base], scored=20) == "undecided"
    assert word(base, base, scored=20) == "undecided"
    # The same of a larger test set says more.
    assert word(base, base, scored=1000) == "the same"


def test_a_small_difference_that_is_surely_there_is_told_as_the_same():
    base = [0.900, 0.901, 0.902, 0.901, 0.900]
    found = verdict(known(no_mask=base, held_state=[x + 0.02 for x in base]), "held_state")
    assert found is not None and found.difference.low > 0
    assert found.word == "the same"
    assert "a small difference within the margin of 5 points" in found.sentence
    assert word(base, [x + 0.06 for x in base]) == "helps"


def test_required_is_decided_on_an_interval_and_not_on_means():
    """No mask misses half of .40 by four points on the average, give or take twenty."""
    mine, wide, narrow = [0.9] * 5, [0.56, 0.66, 0.76, 0.66, 0.66], [0.655, 0.66, 0.665, 0.66, 0.66]
    assert word(narrow, mine) == "required"
    found = verdict(known(no_mask=wide, held_state=mine), "held_state")
    assert found is not None and found.word == "helps"
    assert found.short_of_half.mean == pytest.approx(0.04) and found.short_of_half.low < 0
    assert "Whether it is required cannot be told" in found.sentence
    # The same accuracies, where more of them is luck.
    assert word([0.71] * 5, [0.9] * 5, chance=0.65) == "required"
    assert (
        "Not required"
        in (verdict(known(no_mask=[0.8] * 5, held_state=[0.9] * 5), "held_state") or found).sentence
    )


def test_nothing_is_required_to_stay_below_chance():
    assert word([0.30, 0.31, 0.32, 0.31, 0.30], [0.45, 0.46, 0.47, 0.46, 0.45]) == "helps"


def test_pairing_finds_what_spread_would_hide():
    """Repeats differ by far more than the strategies do, but all in the same direction."""
    base = [0.55, 0.65, 0.75, 0.85, 0.70]
    mine = [x + d for x, d in zip(base, (0.08, 0.081, 0.079, 0.08, 0.08), strict=True)]
    assert stats.ttest_ind(mine, base).pvalue > 0.2
    assert word(base, mine) == "helps"


def test_undecided_says_how_wide_and_what_would_decide():
    found = verdict(
        known(no_mask=[0.5, 0.6, 0.7, 0.6, 0.5], held_state=[0.6, 0.6, 0.9, 0.6, 0.6]), "held_state"
    )
    assert found is not None and found.word == "undecided"
    width = 100 * found.difference.width
    assert f"an interval {width:.0f} points wide" in found.sentence
    assert "More repeats would narrow it: about 7 might decide." in found.sentence


# From a run.


def test_only_finished_repeats_count_and_only_in_pairs():
    going = snapshot(unfinished=("held_state",), no_mask=[0.6, 0.61, 0.1], held_state=[0.8, 0.82, 0.99])
    assert accuracies(going).by_repeat["held_state"] == {0: 0.8, 1: 0.82}
    (found,) = verdicts(going)
    assert found.difference.count == 2 and found.so_far and "2 of 5 repeats so far" in found.sentence
    assert found.difference.mean == pytest.approx(0.205)
    assert headline(going).startswith("So far")
    assert verdicts(snapshot(unfinished=("no_mask",), no_mask=[0.6], held_state=[0.8])) == ()


def test_the_resolution_is_that_of_the_labels_scored():
    """Three test sequences would resolve thirds; a thousand steps of theirs resolve thousandths."""
    run = snapshot(no_mask=[0.6, 0.61, 0.6, 0.61, 0.6], held_state=[0.8, 0.81, 0.8, 0.81, 0.8])
    assert accuracies(run).scored == SCORED != run.experiment.test_size
    few = replace(run, curves=tuple(replace(each, scored=20) for each in run.curves))
    (fine,), (coarse,) = verdicts(run), verdicts(few)
    assert fine.difference.width < coarse.difference.width / 5
    stands = strategy_result(few, "no_mask").accuracy
    assert stands is not None and stands.width > 0.1


def test_without_something_to_compare_the_headline_says_what_is_missing():
    alone = snapshot(held_state=[0.9, 0.91], masking_layer=[0.2, 0.21])
    assert verdicts(alone) == () and "no mask" in headline(alone)
    assert "no mask alone" in headline(snapshot(no_mask=[0.9, 0.91]))
    assert headline(snapshot(no_mask=[0.5], held_state=[1.0])) == (
        "So far there is no verdict: it needs 5 repeats."
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_repeats_decide_nothing_and_say_how_many_would(count):
    """However far apart: of networks that learn or fail, so few often agree by luck."""
    few = known(no_mask=[0.5] * count, held_state=[1.0] * count)
    repeats = "1 repeat" if count == 1 else f"{count} repeats"
    assert answer(few) == (
        f"There is no verdict from {repeats}: at least 5 are needed to tell an effect from luck."
    )
    assert not nothing_learned(known(no_mask=[0.5] * count, held_state=[0.5] * count))
    found = verdict(few, "held_state")
    assert found is not None and found.word == "undecided" and found.withheld
    assert found.sentence.endswith(
        f"{repeats}). At least 5 repeats are needed before a word is given here."
    )
    assert "inf" not in found.sentence
    alike = verdict(known(no_mask=[0.5] * count, held_state=[0.5] * count), "held_state")
    assert alike is not None and alike.word == "undecided"
    enough = verdict(known(no_mask=[0.5] * 5, held_state=[1.0] * 5), "held_state")
    assert enough is not None and enough.word == "required" and not enough.withheld
    # The first repeats of more say the same, and that they are not all.
    partly = known(no_mask=[0.5] * count, held_state=[1.0] * count, asked=5)
    assert answer(partly) == "So far there is no verdict: it needs 5 repeats."
    early = verdict(partly, "held_state")
    assert early is not None and early.withheld and early.so_far
    assert f"{count} of 5 repeats so far" in early.sentence


def test_what_people_set_and_open_first_can_be_given_a_word():
    """The settings that one starts with, every scenario, every study's question."""
    experiments = [Experiment(), *(each.experiment for each in SCENARIOS.values())]
    for each in experiments:
        assert each.repeats >= min_repeats(len(each.strategies) - 1)
    for study in (default_study(), *(each.study for each in QUESTIONS.values())):
        comparisons = len(study.cells) * (len(study.base.strategies) - 1)
        assert study.base.repeats >= min_repeats(comparisons)


# The headline.


def test_nothing_is_learned_only_where_every_interval_ends_near_chance():
    luck = {"no_mask": [0.49, 0.51, 0.50, 0.50, 0.50], "held_state": [0.50, 0.51, 0.49, 0.50, 0.50]}
    assert nothing_learned(known(0.5, **luck))
    assert "nothing to see" in answer(known(0.5, **luck))
    assert not nothing_learned(known(0.4, **luck))
    # Repeats that learn a lot, but scatter so that none can tell how much: no reason to say "nothing".
    few = {"no_mask": [0.5, 0.9, 0.5, 0.5, 0.6], "held_state": [0.95, 0.5, 0.5, 0.7, 0.5]}
    assert not nothing_learned(known(0.5, **few))
    assert "cannot be told" in answer(known(0.5, **few))


def test_the_headline_says_the_strongest_word():
    base = [0.60, 0.61, 0.62, 0.61, 0.61]
    required, helps, hurts = (
        [0.95, 0.96, 0.95, 0.96, 0.96],
        [0.68, 0.69, 0.70, 0.69, 0.69],
        [0.52, 0.53, 0.53, 0.52, 0.52],
    )
    same, unsure = [0.60, 0.61, 0.62, 0.62, 0.61], [0.45, 0.75, 0.55, 0.75, 0.63]
    said = {
        "required": answer(known(no_mask=base, held_state=required, mask_feature=helps)),
        "helps": answer(known(no_mask=base, held_state=helps, mask_feature=same)),
        "open": answer(known(no_mask=base, held_state=helps, mask_feature=unsure)),
        "hurts": answer(known(no_mask=base, held_state=same, mask_feature=hurts)),
        "same": answer(known(no_mask=base, held_state=same)),
        "unsure": answer(known(no_mask=base, held_state=unsure)),
    }
    assert all(sentence.endswith(".") for sentence in said.values())
    assert said["required"].startswith("Here, yes") and "96%" in said["required"]
    assert "but is not required" in said["helps"] and "69%" in said["helps"]
    assert "whether it is required cannot be told" in said["open"]
    assert said["hurts"] == "Here, no. What hurts: mask as a feature."
    assert said["same"] == "Here, no: every strategy is within 5 points of no mask, which reaches 61%."
    assert said["unsure"].startswith("Here it cannot be told. Held state may be worth anything from −")


def test_the_need_is_the_strongest_word_and_is_counted_over_all():
    base, unsure = [0.60, 0.61, 0.62, 0.61, 0.61], [0.45, 0.75, 0.55, 0.75, 0.63]
    high, better, worse = [each + 0.3 for each in base], [each + 0.08 for each in base], [0.5] * 5
    needs = [
        need(known(no_mask=base, held_state=better, mask_feature=high)),
        need(known(no_mask=base, held_state=better, mask_feature=unsure)),
        need(known(no_mask=base, held_state=base, mask_feature=worse)),
        need(known(no_mask=base, held_state=worse)),
        need(known(no_mask=base, held_state=base, mask_feature=unsure)),
        need(known(no_mask=worse, held_state=worse)),
        need(known(no_mask=base[:4], held_state=high[:4])),
        need(known(no_mask=base)),
    ]
    assert needs == [
        *("required", "helps", "not needed", "hurts", "undecided"),
        *("nothing learned", "undecided", "undecided"),
    ]
    assert over_all(needs) == (
        "In 1 of 8 cases tried here masking is required, in 1 it helps, in 1 it is not needed, in 1 it "
        "hurts, in 3 whether it helps is open and in 1 nothing is learned."
    )
    assert over_all(["not needed"] * 2) == "In 2 of 2 cases tried here masking is not needed."
    assert over_all([]) == ""


def test_no_is_not_said_where_repeats_cannot_tell():
    """A large mean with a larger scatter is open, and not "no"."""
    said = answer(
        known(0.52, scored=300, no_mask=[0.64, 0.60, 0.93, 0.52, 0.91],
              masking_layer=[0.89, 0.93, 0.52, 0.95, 0.93],
              mask_feature=[0.52, 0.71, 0.95, 0.64, 0.90])
    )  # fmt: skip
    assert not said.startswith("Here, no") and "cannot be told" in said


def test_what_may_help_but_is_surely_not_required_is_told_so():
    base, unsure = [0.95, 0.94, 0.96, 0.95, 0.95], [0.99, 0.85, 0.99, 0.99, 0.96]
    said = answer(known(no_mask=base, held_state=unsure))
    assert said.startswith("Here it is not required. Whether it helps cannot be told")


def test_the_headline_quotes_a_strategy_that_earned_its_word():
    """The largest mean may be luck: here its interval contains zero."""
    lucky = [0.99, 0.99, 0.99, 0.99, 0.40]
    earned = [0.85, 0.86, 0.87, 0.86, 0.86]
    both = known(no_mask=[0.52, 0.53, 0.54, 0.53, 0.53], masking_layer=earned, mask_feature=lucky)
    assert words(both) == {"masking_layer": "required", "mask_feature": "undecided"}
    said = answer(both)
    assert "Masking layer reaches 86%" in said and "Mask as a feature" not in said
