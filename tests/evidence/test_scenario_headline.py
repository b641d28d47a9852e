"""A scenario's question, answered from numbers: true both ways, and silent where nothing is decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maskdemo.data.inputs import Chance
from maskdemo.evidence import headline, mark
from maskdemo.evidence.headline import answer_of
from maskdemo.evidence.scenario_headline import RULES_OF_QUESTIONS
from maskdemo.scenarios import SCENARIOS
from maskdemo.training.snapshot import Curve, Snapshot
from tests.evidence.test_simulated import PROMISED, World

HIGH, LOW, CHANCE = [0.97, 0.98, 0.98, 0.97, 0.98], [0.60, 0.61, 0.62, 0.61, 0.61], [0.5] * 5
NEAR, WIDE = [0.96, 0.97, 0.98, 0.97, 0.97], [0.99, 0.55, 0.97, 0.60, 0.99]


def run(
    scenario: str,
    *others: list[float],
    no_mask: list[float],
    reported: float = 0.0,
    repeats: int = 5,
    **changed: Any,
) -> Snapshot:
    """Final accuracies of the scenario's strategies in their order; equal lists have equal losses.

    reported: what padding adds to the accuracy.
    """
    experiment = replace(SCENARIOS[scenario].experiment, **changed)
    curves = [
        Curve(
            name, repeat, loss=(1 - value,), accuracy=(value,), test_loss=(1 - value,),
            test_accuracy=(value + reported,), test_valid_accuracy=(value,), leak=0.0, scored=500,
        )
        for name, values in zip(experiment.strategies, (no_mask, *others), strict=True)
        for repeat, value in enumerate(values[:repeats])
    ]  # fmt: skip
    nothing: Any = None
    return Snapshot(experiment, tuple(curves), nothing, Chance(0.5, 0.9), True, 1.0, 1.0)


@pytest.mark.parametrize(
    ("snapshot", "wanted"),
    [
        # Does it still know?
        (
            run("long_post_padding", HIGH, NEAR, WIDE, no_mask=CHANCE),
            "Here, yes: the padding must be handled. Masking layer (98%) and masked read-out (97%) "
            "still know the last value; no mask (50%) does not; how much of it mask as a feature "
            "(82%) knows cannot be told, where chance is 50%.",
        ),
        (
            run("long_post_padding", HIGH, HIGH, HIGH, no_mask=NEAR),
            "Here masking layer, masked read-out and mask as a feature (98%) and no mask (97%) still "
            "know the last value, where chance is 50%.",
        ),
        (
            run("real_speech", HIGH, HIGH, HIGH, no_mask=[each + 0.25 for each in LOW]),
            "Here masking layer, masked read-out and mask as a feature (98%) still know the speaker; "
            "no mask (86%) knows more than half of it, where chance is 50%.",
        ),
        # Do they differ at all?
        (
            run("fixed_length", NEAR, NEAR, no_mask=NEAR),
            "Here, no: in all 5 repeats masking layer and held state give exactly what no mask gives, "
            "to the last digit. All reach 97%, where chance is 50%.",
        ),
        (
            run("fixed_length", NEAR, HIGH, no_mask=NEAR),
            "Here, no: every strategy is within 5 points of no mask, which reaches 97%.",
        ),
        # Each against no mask.
        (
            run("manual_mask", LOW, CHANCE, HIGH, no_mask=LOW),
            "Here, against no mask (61%), zeroed input is exactly the same, zeroed state hurts (−11.0 "
            "points) and held state is required (+36.6 points), where chance is 50%.",
        ),
        (
            run("manual_mask", NEAR, WIDE, LOW, no_mask=HIGH),
            "Here, against no mask (98%), zeroed input makes less than 5 points of difference (−0.6 "
            "points), zeroed state is undecided (−15.6 points, 95% interval −55.3 to +24.1) and held "
            "state hurts (−36.6 points), where chance is 50%.",
        ),
        (
            run("masking_layer", HIGH, no_mask=[each + 0.2 for each in LOW]),
            "Here, against no mask (81%), masking layer helps (+16.6 points, 95% interval +15.9 to "
            "+17.3), where chance is 50%.",
        ),
        # Real zeros.
        (
            run("real_zeros", LOW, HIGH, no_mask=LOW),
            "Here the Masking layer fails on real zeros: it reaches 61%, a mask from the true lengths "
            "98%, no mask 61%, where chance is 50%.",
        ),
        (
            run("real_zeros", [each - 0.1 for each in HIGH], HIGH, no_mask=LOW),
            "Here real zeros cost the Masking layer 10 points: it reaches 88%, a mask from the true "
            "lengths 98%, no mask 61%, where chance is 50%.",
        ),
        (
            run("real_zeros", NEAR, HIGH, no_mask=LOW),
            "Here real zeros cost the Masking layer less than 5 points: it reaches 97%, a mask from "
            "the true lengths 98%, no mask 61%, where chance is 50%.",
        ),
        (
            run("real_zeros", HIGH, LOW, no_mask=LOW),
            "Here the Masking layer does better than a mask from the true lengths: it reaches 98%, a "
            "mask from the true lengths 61%, no mask 61%, where chance is 50%.",
        ),
        # Which copes best?
        (
            run("missing_readings", LOW, HIGH, LOW, no_mask=CHANCE),
            "Here held state (98%) copes best; masking layer and mask as a feature (61%) and no "
            "mask (50%) stay behind, where chance is 50%.",
        ),
        (
            run("missing_readings", HIGH, HIGH, LOW, no_mask=LOW),
            "Here masking layer and held state (98%) cope best; no mask and mask as a feature (61%) "
            "stay behind, where chance is 50%.",
        ),
        (
            run("missing_readings", NEAR, HIGH, NEAR, no_mask=NEAR),
            "Here none is more than 5 points behind the best: held state (98%) and no mask, masking "
            "layer and mask as a feature (97%), where chance is 50%.",
        ),
        (
            run("missing_readings", NEAR, HIGH, WIDE, no_mask=LOW),
            "Here the best cannot be told: held state (98%) leads; no mask (61%) stays behind; masking "
            "layer (97%) is within 5 points of that; mask as a feature (82%) may be as good, where "
            "chance is 50%.",
        ),
        # Reported, and on real steps.
        (
            run("inflated_accuracy", LOW, no_mask=LOW, reported=0.3),
            "Here padding inflates the accuracy by up to 30 points: no mask reports 91%, on real steps "
            "61%; held state reports 91%, on real steps 61%; chance is 90%, on real steps 50%.",
        ),
        (
            run("inflated_accuracy", LOW, no_mask=LOW),
            "Here padding changes the accuracy by less than 5 points: no mask reports 61%, on real "
            "steps 61%; held state reports 61%, on real steps 61%; chance is 90%, on real steps 50%.",
        ),
        # Chance.
        (
            run("random_labels", CHANCE, LOW, no_mask=CHANCE),
            "Here, yes: held state (61%) beats chance (50%).",
        ),
        (
            run("random_labels", CHANCE, CHANCE, no_mask=[0.50, 0.51, 0.49, 0.50, 0.50]),
            "Here, no: no strategy gets more than 5 points above chance (50%) on unseen sequences.",
        ),
        (
            run("random_labels", CHANCE, CHANCE, no_mask=[0.45, 0.50, 0.58, 0.55, 0.45]),
            "Here it cannot be told: up to 11 points above chance (50%) are within the interval.",
        ),
    ],
)
def test_the_question_is_answered_by_the_numbers(snapshot, wanted):
    assert headline(snapshot) == wanted


@pytest.mark.parametrize(
    ("snapshot", "wanted"),
    [
        (run("real_speech", HIGH, HIGH, HIGH, no_mask=LOW), "a mask is required"),
        (run("fixed_length", NEAR, NEAR, no_mask=NEAR), "no difference at all"),
        (run("fixed_length", NEAR, HIGH, no_mask=NEAR), "no mask is needed"),
        (run("manual_mask", LOW, CHANCE, HIGH, no_mask=LOW), "held state helps and zeroed state hurts"),
        (run("masking_layer", HIGH, no_mask=[each + 0.2 for each in LOW]), "a mask helps"),
        (run("real_zeros", LOW, HIGH, no_mask=LOW), "a mask is required; the Masking layer fails"),
        (run("real_zeros", NEAR, HIGH, no_mask=LOW), "a mask is required; the Masking layer copes"),
        (run("real_zeros", WIDE, HIGH, no_mask=LOW), "a mask is required; undecided"),
        (
            run("missing_readings", LOW, HIGH, LOW, no_mask=CHANCE),
            "a mask is required; held state ahead",
        ),
        (run("missing_readings", NEAR, HIGH, NEAR, no_mask=NEAR), "no mask is needed; none is ahead"),
        (
            run("missing_readings", NEAR, HIGH, WIDE, no_mask=LOW),
            "a mask is required; the best cannot be told",
        ),
        (
            run("inflated_accuracy", LOW, no_mask=LOW, reported=0.3),
            "no mask is needed; inflated by 30 points",
        ),
        (run("inflated_accuracy", LOW, no_mask=LOW), "no mask is needed; not inflated"),
        (run("random_labels", CHANCE, LOW, no_mask=CHANCE), "better than chance"),
        (run("random_labels", CHANCE, CHANCE, no_mask=CHANCE), "no better than chance"),
        (run("random_labels", CHANCE, CHANCE, no_mask=CHANCE, repeats=4), "undecided"),
    ],
)
def test_a_mark_answers_the_same_question_in_few_words(snapshot, wanted):
    assert mark(snapshot).answer == wanted


def test_every_question_has_its_rule_and_no_rule_is_left_over():
    assert {each.asks for each in SCENARIOS.values()} - {""} == set(RULES_OF_QUESTIONS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_before_all_repeats_are_in_and_at_other_settings_the_verdict_is_the_headline(scenario):
    strategies = SCENARIOS[scenario].experiment.strategies
    others = [HIGH] * (len(strategies) - 1)
    for each in (
        run(scenario, *others, no_mask=LOW, repeats=4),
        run(scenario, *others, no_mask=LOW, seed=99),
    ):
        assert headline(each) == answer_of(each)
    assert headline(run(scenario, *others, no_mask=LOW, repeats=4)).startswith("So far")


def test_a_single_digit_of_difference_is_not_called_the_same():
    same = run("fixed_length", HIGH, HIGH, no_mask=HIGH)
    last = same.curves[-1]
    other = replace(same, curves=(*same.curves[:-1], replace(last, loss=(last.loss[0] + 1e-9,))))
    assert "to the last digit" in headline(same) and "to the last digit" not in headline(other)


# It simulates, as `test_simulated` does.
@pytest.mark.slow
@pytest.mark.parametrize("world", [World(), World(level=0.9, failures=0.35)])
def test_where_all_are_alike_none_is_called_the_best_or_said_to_know_less(world):
    """The best is chosen by its numbers, so its words have to bear that."""
    runs = world.accuracies(np.random.default_rng(2026), 3, 5)[:150]
    luck = 3 * np.sqrt(PROMISED * (1 - PROMISED) / len(runs))
    for scenario, wrong in (
        ("missing_readings", ("best;", "behind;")),
        ("long_post_padding", ("does not", "do not", "more than half")),
    ):
        said = [headline(run(scenario, *map(list, each[1:]), no_mask=list(each[0]))) for each in runs]
        assert np.mean([any(text in each for text in wrong) for each in said]) <= PROMISED + luck
