"""The sequence that is followed first is a typical one."""

from __future__ import annotations

import numpy as np

from maskdemo.charts.padded_batch import unseen_batch
from maskdemo.data.inputs import inputs
from maskdemo.inside.inspected_sequence import typical_row
from maskdemo.scenarios import SCENARIOS
from maskdemo.training.probes import probes_of
from tests.samples import small


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
