"""What differs between a result and the settings, in one sentence: for every setting, and for many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.export.settings_text import difference_sentence
from maskdemo.scenarios import SCENARIOS
from maskdemo.study import Study, default_study
from tests.samples import small

BASE = small(task="running_sign", strategies=("no_mask", "held_state"))
CHANGES: dict[str, tuple[Any, str]] = {
    "task": ("sum_sign", "task “Sign of the running sum”; you set “Sign of the sum”."),
    "train_size": (50, "training sequences 40; you set 50."),
    "test_size": (25, "test sequences 24; you set 25."),
    "min_length": (3, "shortest length 2; you set 3."),
    "max_length": (9, "longest length 8; you set 9."),
    "padded_length": (17, "padded length 16; you set 17."),
    "side": ("pre", "side after the end; you set in front."),
    "truncating": ("post", "truncation from the start; you set from the end."),
    "pad_value": (-1.5, "pad value 0; you set −1.5."),
    "mask_value": (9.0, "mask value 0; you set 9."),
    "missing_rate": (0.3, "missing readings 0%; you set 30%."),
    "strategies": (
        ("no_mask", "mask_feature"),
        "strategies with Held state; you set with Mask as a feature.",
    ),
    "count_invalid": (False, "count invalid steps on; you set off."),
    "read_out": ("mean", "answer from the last state; you set the mean of the states."),
    "units": (8, "units 4; you set 8."),
    "epochs": (3, "epochs 2; you set 3."),
    "batch_size": (32, "batch size 16; you set 32."),
    "batches": ("longest", "batches padded to the padded length; you set its longest."),
    "learning_rate": (0.01, "learning rate 0.03; you set 0.01."),
    "repeats": (5, "repeats 1; you set 5."),
    "seed": (2_000_000_000, "seed 7; you set 2000000000."),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_single_setting_is_named_with_both_its_values(name):
    value, wanted = CHANGES[name]
    assert (
        difference_sentence(BASE, replace(BASE, **{name: value}), "Result for")
        == f"Result for {wanted}"
    )


def test_at_most_three_are_named_and_the_rest_is_counted():
    many = replace(BASE, side="pre", units=8, epochs=3, seed=8)
    assert difference_sentence(BASE, many, "Under way:") == (
        "Under way: side after the end, units 4 and epochs 2; you set in front, 8 and 3. 1 other "
        "setting differs too."
    )
    more = replace(many, repeats=3)
    assert difference_sentence(BASE, more, "Result for").endswith("2 other settings differ too.")


def test_what_recorded_data_dictates_nobody_set():
    speech = SCENARIOS["real_speech"].experiment
    other = Experiment(task="sum_sign", units=32, padded_length=80, strategies=speech.strategies)
    assert difference_sentence(speech, other, "Result for") == (
        "Result for task “Real speech: who is speaking?”; you set “Sign of the sum”."
    )
    in_front = SCENARIOS["pre_padding"].experiment
    said = "Result for the scenario Real speech; you chose Padding in front."
    assert difference_sentence(speech, in_front, "Result for") == said


def test_strategies_and_doses_that_come_or_go():
    study = default_study()
    fewer = replace(study, values=(29, 60))
    assert difference_sentence(fewer, replace(study, values=(29, 45, 60)), "Result for") == (
        "Result for values without 45; you set with it."
    )
    less = replace(study.base, strategies=("no_mask",))
    assert difference_sentence(study, replace(study, base=less), "Result for") == (
        "Result for strategies with Masking layer, Masked read-out and Mask as a feature; you set "
        "without them."
    )
    side = Study(base=study.base, vary="side", values=("post", "pre"))
    assert difference_sentence(side, fewer, "Result for") == (
        "Result for variable side of the padding; you set padded length."
    )


def test_a_study_that_differs_only_where_it_varies_is_told_without_names():
    study = default_study()
    other = replace(study, base=replace(study.base, padded_length=study.base.padded_length + 1))
    assert other != study and study.vary == "padded_length"
    said = difference_sentence(study, other, "Result for")
    assert said == "Result for the same settings, but for one that is varied."
