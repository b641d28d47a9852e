"""Verdicts: intervals against SciPy, every word reached, and nothing claimed beyond the evidence."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from maskdemo.evidence.former import (
    final_accuracies,
    headline,
    interval,
    nothing_learned,
    verdicts,
)
from maskdemo.snapshot import Curve, Snapshot
from maskdemo.strategies import STRATEGIES
from tests.samples import small

TEST_SIZE = 1000
accuracies = st.lists(st.floats(0, 1), min_size=2, max_size=20)


def snapshot(
    chance: float = 0.5, *, unfinished: tuple[str, ...] = (), **by_strategy: list[float]
) -> Snapshot:
    """Final accuracies by strategy; the newest repeat of those named is still under way."""
    experiment = small(
        strategies=tuple(by_strategy), repeats=20, task="running_sign", test_size=TEST_SIZE
    )
    curves = []
    for name, final in by_strategy.items():
        for repeat, value in enumerate(final):
            going = name in unfinished and repeat == len(final) - 1
            curves.append(
                Curve(
                    name, repeat, (0.3,), (0.9,), (0.3,),
                    # Reported accuracy counts padding and must not decide anything.
                    test_accuracy=(0.99 - repeat / 100,),
                    test_valid_accuracy=(0.1, value),
                    leak=None if going else 0.0,
                )
            )
    nothing: Any = None
    return Snapshot(experiment, tuple(curves), nothing, chance, True, 1.0, 1.0)


def words(**by_strategy) -> dict[str, str]:
    return {each.strategy: each.word for each in verdicts(snapshot(**by_strategy))}


@given(values=accuracies)
@settings(deadline=None)
def test_intervals_are_those_of_scipy(values):
    mean, low, high = interval(values)
    spread = stats.sem(values)
    assert mean == pytest.approx(np.mean(values))
    if spread < 1e-12:
        assert (low, high) == pytest.approx((mean, mean))
    else:
        wanted = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=spread)
        assert (low, high) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_one_value_has_no_limits():
    assert interval([0.7]) == (0.7, -math.inf, math.inf)


@given(data=st.data(), repeats=st.integers(2, 8), chance=st.floats(0.1, 0.6))
@settings(deadline=None)
def test_words_follow_a_paired_t_test(data, repeats, chance):
    same = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=repeats, max_size=repeats)
    base, mine = data.draw(same), data.draw(same)
    verdict = verdicts(snapshot(chance, no_mask=base, held_state=mine))[0]
    difference = np.subtract(mine, base)
    assert verdict.difference == pytest.approx(difference.mean())
    assert verdict.repeats == repeats
    assert -1 <= verdict.low <= verdict.difference + 1e-12
    assert verdict.difference - 1e-12 <= verdict.high <= 1
    if difference.std(ddof=1) < 1 / TEST_SIZE:
        return
    test = stats.ttest_rel(mine, base)
    if abs(test.pvalue - 0.05) < 1e-6:
        return
    if test.pvalue > 0.05:
        assert verdict.word == "no measurable difference"
    elif test.statistic < 0:
        assert verdict.word == "hurts"
    else:
        assert verdict.word in ("helps", "required")
    assert verdict.sentence.startswith(STRATEGIES["held_state"].title)
    assert verdict.sentence.endswith(".")


def test_every_word_is_reached():
    base = [0.60, 0.61, 0.62]
    assert words(
        no_mask=base,
        masking_layer=[0.95, 0.96, 0.95],  # learns .45 above chance, without .11
        zeroed_input=[0.68, 0.70, 0.69],  # learns .19 above chance, without .11
        zeroed_state=[0.50, 0.52, 0.51],
        held_state=[0.58, 0.66, 0.60],
    ) == {
        "masking_layer": "required",
        "zeroed_input": "helps",
        "zeroed_state": "hurts",
        "held_state": "no measurable difference",
    }
    assert words(no_mask=[0.6], held_state=[0.99]) == {"held_state": "undecided"}


def test_repeats_that_agree_by_accident_decide_nothing():
    """One sequence more in each of two repeats: the spread is zero, the evidence is not."""
    one = 1 / TEST_SIZE
    found = words(no_mask=[0.6, 0.7], held_state=[0.6 + one, 0.7 + one], zeroed_input=[0.6, 0.7])
    assert set(found.values()) == {"no measurable difference"}


def test_half_of_what_is_learned_is_the_border_of_required():
    chance, mine = 0.5, [0.90, 0.90, 0.90]
    assert words(chance=chance, no_mask=[0.69] * 3, held_state=mine)["held_state"] == "required"
    assert words(chance=chance, no_mask=[0.71] * 3, held_state=mine)["held_state"] == "helps"
    # The same accuracies, where more of them is luck.
    assert words(chance=0.65, no_mask=[0.71] * 3, held_state=mine)["held_state"] == "required"


def test_nothing_is_required_to_stay_below_chance():
    assert words(no_mask=[0.30, 0.31, 0.32], held_state=[0.45, 0.46, 0.47])["held_state"] == "helps"


def test_pairing_finds_what_spread_would_hide():
    """Repeats differ by far more than the strategies do, but all in the same direction."""
    base = [0.55, 0.65, 0.75, 0.85]
    mine = [x + d for x, d in zip(base, (0.02, 0.021, 0.019, 0.02), strict=True)]
    assert stats.ttest_ind(mine, base).pvalue > 0.5
    assert words(no_mask=base, held_state=mine)["held_state"] == "helps"


def test_equal_repeats_are_no_difference_and_equal_gains_are_one():
    assert words(no_mask=[0.7] * 3, held_state=[0.7] * 3)["held_state"] == "no measurable difference"
    same = verdicts(snapshot(no_mask=[0.7] * 3, held_state=[0.7] * 3))[0]
    assert "the same accuracy" in same.sentence and "3 repeats" in same.sentence


def test_only_finished_repeats_count_and_only_in_pairs():
    going = snapshot(
        unfinished=("held_state",), no_mask=[0.6, 0.61, 0.1], held_state=[0.8, 0.82, 0.99]
    )
    assert final_accuracies(going, "held_state") == {0: 0.8, 1: 0.82}
    verdict = verdicts(going)[0]
    assert verdict.repeats == 2
    assert verdict.difference == pytest.approx(0.205)
    assert verdicts(snapshot(unfinished=("no_mask",), no_mask=[0.6], held_state=[0.8])) == ()


def test_without_the_baseline_there_is_no_verdict():
    alone = snapshot(held_state=[0.9, 0.91], masking_layer=[0.2, 0.21])
    assert verdicts(alone) == () and headline(alone) is None


def test_a_single_repeat_decides_nothing():
    one = snapshot(no_mask=[0.5], held_state=[1.0])
    assert headline(one) is None
    assert not nothing_learned(one)
    assert "One repeat cannot" in verdicts(one)[0].sentence
    assert "inf" not in verdicts(one)[0].sentence


def test_nothing_is_learned_where_every_interval_reaches_chance():
    luck = {"no_mask": [0.49, 0.52, 0.50], "held_state": [0.51, 0.53, 0.48]}
    assert nothing_learned(snapshot(0.5, **luck))
    assert "better than chance" in (headline(snapshot(0.5, **luck)) or "")
    assert not nothing_learned(snapshot(0.4, **luck))
    skill = luck | {"held_state": [0.71, 0.73, 0.70]}
    assert not nothing_learned(snapshot(0.5, **skill))


def test_the_headline_says_the_strongest_word():
    base = [0.60, 0.61, 0.62]
    required, helps, hurts = [0.95, 0.96, 0.95], [0.68, 0.70, 0.69], [0.52, 0.54, 0.53]
    none = [0.58, 0.66, 0.60]
    said = {
        "required": headline(snapshot(no_mask=base, held_state=required, mask_feature=helps)),
        "helps": headline(snapshot(no_mask=base, held_state=none, mask_feature=helps)),
        "hurts": headline(snapshot(no_mask=base, held_state=none, mask_feature=hurts)),
        "none": headline(snapshot(no_mask=base, held_state=none)),
    }
    assert all(sentence and sentence.endswith(".") for sentence in said.values())
    assert said["required"].startswith("Here, yes") and "95%" in said["required"]
    assert "not required" in said["helps"] and "69%" in said["helps"]
    assert said["hurts"].startswith("Here, no") and "hurts: mask as a feature" in said["hurts"]
    assert said["none"].startswith("Here, no") and "61%" in said["none"]


def test_the_headline_quotes_a_strategy_that_earned_its_word():
    """The largest mean may be luck: here its interval contains zero."""
    lucky = [0.99, 0.99, 0.62]
    earned = [0.85, 0.86, 0.87]
    both = snapshot(no_mask=[0.52, 0.53, 0.54], masking_layer=earned, mask_feature=lucky)
    assert {each.strategy: each.word for each in verdicts(both)} == {
        "masking_layer": "required", "mask_feature": "no measurable difference"
    }
    said = headline(both) or ""
    assert "Masking layer reaches 86%" in said and "Mask as a feature" not in said
