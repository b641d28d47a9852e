"""The sequences that are shown are the probes of the run."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from maskdemo.charts.padded_batch import unseen_batch
from maskdemo.data.inputs import data_settings, inputs
from maskdemo.training.probes import probes_of
from tests.samples import small


@pytest.mark.parametrize(
    "experiment",
    [
        small(),
        small(side="pre", pad_value=-1.0, missing_rate=0.3, task="running_sign"),
        small(task="japanese_vowels", padded_length=40, seed=5),
    ],
    ids=lambda each: each.task,
)
def test_what_is_shown_before_a_run_are_its_probes(experiment):
    shown, probes = unseen_batch(experiment), probes_of(inputs(experiment).test)
    for each in fields(probes):
        assert np.array_equal(getattr(shown, each.name), getattr(probes, each.name)), each.name
    assert unseen_batch(data_settings(experiment)).values.tolist() == shown.values.tolist()
