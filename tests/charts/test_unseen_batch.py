"""The sequences that are shown are the probes of the run, and a typical one is followed."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from maskdemo.charts.padded_batch import typical_row, unseen_batch
from maskdemo.data.inputs import data_settings, inputs
from maskdemo.scenarios import SCENARIOS
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


def test_a_typical_sequence_flatters_nobody_who_learned_the_padding():
    """Label 0, as padding has it, at about as many of its steps as in the whole test set."""
    experiment = SCENARIOS["inflated_accuracy"].experiment
    test = inputs(experiment).test
    zeros = (test.labels[test.valid] == 0).mean()

    def of(row: int) -> float:
        return (probes.labels[row][probes.valid[row]] == 0).mean()

    probes = probes_of(test)
    assert abs(of(0) - zeros) > 0.3, "the first is not typical"
    assert abs(of(typical_row(probes, per_step=True)) - zeros) < 0.1


def test_a_typical_sequence_has_the_median_length():
    lengths = (~(batch := unseen_batch(small())).padded).sum(axis=1)
    chosen = lengths[typical_row(batch, per_step=False)]
    assert abs(chosen - np.median(lengths)) == np.abs(lengths - np.median(lengths)).min()
