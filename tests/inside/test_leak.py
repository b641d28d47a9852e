"""Padding added after training, against one unshared pass for every amount."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maskdemo.data.inputs import arrays_of, inputs
from maskdemo.experiment import Experiment
from maskdemo.inside.activations import activations_of
from maskdemo.inside.leak import padded_by, sweep
from maskdemo.strategies import hold_padding
from tests.inside.test_activations import CASES
from tests.samples import ALL, network

COUNTS = (0, 1, 4, 17)
#: Sequences of one test: one after the other, each with each amount of padding.
FEW = 4


def plainly(weights, strategy: str, experiment: Experiment, side: str, value: float, count: int):
    """Answers (N, T, classes) and where they count, one sequence at a time, nothing shared."""
    answers, truths = [], []
    test = inputs(experiment).data.test
    for at in range(FEW):
        one = type(test)(*((each[at],) for each in (test.values, test.observed, test.labels)))
        batch = padded_by(one, count, side=side, value=value, missing=experiment.pad_value)
        given = arrays_of(replace(experiment, count_invalid=False), strategy, batch)
        counted = given.weights[0] > 0
        answers.append(activations_of(weights, given).probabilities[0, counted])
        truths.append(given.targets[0, counted])
    return answers, truths


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("strategy", ALL)
def test_sweep_is_what_one_pass_for_each_amount_gives(case, side, strategy):
    experiment = CASES[case]
    weights, value = network(experiment), 0.5
    test = inputs(experiment).data.test
    few = type(test)(*(each[:FEW] for each in (test.values, test.observed, test.labels)))
    found = sweep(weights, strategy, experiment, few, side=side, value=value, added=COUNTS)
    plain = [plainly(weights, strategy, experiment, side, value, count) for count in COUNTS]
    without, _ = plain[0]
    for at, (answers, truths) in enumerate(plain):
        change = [np.abs(one - other).max() for one, other in zip(answers, without, strict=True)]
        np.testing.assert_allclose(found.change[at], change, atol=5e-6)
        hits = [one.argmax(axis=1) == truth for one, truth in zip(answers, truths, strict=True)]
        assert found.accuracy[at] == pytest.approx(np.concatenate(hits).mean(), abs=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("side", ["post", "pre"])
def test_a_held_state_is_exactly_flat(case, side):
    experiment = CASES[case]
    weights, test = network(experiment), inputs(experiment).data.test
    found = sweep(weights, "held_state", experiment, test, side=side, value=7.0, added=(0, 3, 200))
    assert (found.change == 0).all()
    assert (found.accuracy == found.accuracy[0]).all()


def test_a_masking_layer_holds_only_what_equals_the_mask_value():
    experiment = replace(CASES["binary"], missing_rate=0.0)
    weights, test = network(experiment), inputs(experiment).data.test
    equal, other = (
        sweep(weights, "masking_layer", experiment, test, side="post", value=value, added=(0, 50))
        for value in (experiment.mask_value, 0.0)
    )
    assert equal.change.max() == 0 and other.change.max() > 0.01


def test_nothing_added_is_the_sequence_without_its_padding():
    """The measure of `Curve.leak`: the padded test set with its padding held."""
    experiment = CASES["nine classes, in front"]
    weights, test = network(experiment), inputs(experiment).data.test
    batch = inputs(experiment).test
    given = hold_padding(arrays_of(experiment, "no_mask", batch), batch.padded)
    hits = activations_of(weights, given).probabilities[:, -1].argmax(axis=1) == given.targets[:, -1]
    found = sweep(weights, "no_mask", experiment, test, side="pre", value=0.0, added=(0, 2))
    assert found.accuracy[0] == pytest.approx(hits.mean())


def test_padded_by_writes_padding_and_missing_readings_apart():
    experiment = CASES["binary"]
    test = inputs(experiment).data.test
    batch = padded_by(test, 3, side="post", value=9.0, missing=-1.0)
    longest = max(len(each) for each in test.values)
    assert batch.values.shape[1] == longest + 3
    assert (batch.values[batch.padded] == 9).all() and batch.padded[:, -3:].all()
    assert batch.missing.any() and (batch.values[batch.missing] == -1).all()
