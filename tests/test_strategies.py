"""Strategies: the table of the README, row by row."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from maskdemo.charts.style import STYLES
from maskdemo.data.padding import pad
from maskdemo.data.sequences import Sequences
from maskdemo.export.keras_code import LAYERS
from maskdemo.strategies import STRATEGIES, arrays, hold_padding
from maskdemo.titles import STRATEGY_TEXTS
from maskdemo.training.loss_and_adam import new_train_state
from maskdemo.training.lstm import Weights
from tests.oracles import recurrence
from tests.samples import ALL, PAD_VALUES, batches, forward_filled, sequences

SEES_INVALID_STEPS = ("no_mask", "masking_layer", "last_valid_step", "mask_feature")
MASK_VALUES = st.sampled_from([0.0, 1.0, -9.0, 0.1, 3.0])
LABELS = (
    {"per_step": False, "count_invalid": True},
    {"per_step": True, "count_invalid": True},
    {"per_step": True, "count_invalid": False},
)


def each_strategy():
    """Every strategy in turn, for one drawn batch; a failing example names the last."""
    for strategy in ALL:
        note(strategy)
        yield strategy


def table(strategy, reading, valid, mask_value):
    """One step as the README's table says it: (inputs with the mask channel, advance, keep)."""
    zeros = [0.0] * len(reading)
    masked = all(np.float32(value) == np.float32(mask_value) for value in reading)
    if strategy == "masking_layer":
        return ([*zeros, 0.0], 0, 1) if masked else ([*reading, 0.0], 1, 0)
    if strategy in ("no_mask", "last_valid_step", "forward_fill"):
        return [*reading, 0.0], 1, 0
    if strategy == "mask_feature":
        return [*reading, float(valid)], 1, 0
    if valid:
        return [*reading, 0.0], 1, 0
    switches = {"zeroed_input": (1, 0), "zeroed_state": (0, 0), "held_state": (0, 1)}
    return [*zeros, 0.0], *switches[strategy]


@given(batch=batches(per_step=True), mask_value=MASK_VALUES)
def test_every_step_is_as_the_table_says(batch, mask_value):
    for strategy in each_strategy():
        made = arrays(strategy, batch, mask_value=mask_value, **LABELS[1])
        readings = (forward_filled(batch) if strategy == "forward_fill" else batch.values).tolist()
        for row in range(len(batch.values)):
            for t in range(batch.values.shape[1]):
                reading, valid = readings[row][t], bool(batch.valid[row, t])
                inputs, advance, keep = table(strategy, reading, valid, mask_value)
                assert made.inputs[row, t].tolist() == inputs
                assert (made.advance[row, t], made.keep[row, t]) == (advance, keep)
        assert made.targets.tolist() == batch.labels.tolist()


@given(batch=batches(), mask_value=MASK_VALUES, labels=st.sampled_from(LABELS))
def test_switches_are_switches_and_shapes_agree(batch, mask_value, labels):
    rows, steps, features = batch.values.shape
    for strategy in each_strategy():
        made = arrays(strategy, batch, mask_value=mask_value, **labels)
        assert made.inputs.shape == (rows, steps, features + 1)
        for each in (made.advance, made.keep, made.weights, made.targets):
            assert each.shape == (rows, steps)
        assert (made.advance * made.keep == 0).all()
        assert set(np.unique([made.advance, made.keep])) <= {0, 1}
        kinds = {made.inputs.dtype, made.advance.dtype, made.keep.dtype, made.weights.dtype}
        assert kinds == {np.dtype(np.float32)} and made.targets.dtype == np.int32


@given(
    batch=batches(features=2),
    other=st.floats(20, 30, width=32),
    mask_value=MASK_VALUES,
    labels=st.sampled_from(LABELS),
)
def test_only_four_strategies_see_what_stands_at_invalid_steps(batch, other, mask_value, labels):
    rewritten = batch.values.copy()
    rewritten[~batch.valid] = other
    for strategy in each_strategy():
        before = arrays(strategy, batch, mask_value=mask_value, **labels)
        after = arrays(strategy, replace(batch, values=rewritten), mask_value=mask_value, **labels)
        differs = (before.inputs != after.inputs).any(axis=2)
        expected = ~batch.valid if strategy in SEES_INVALID_STEPS else np.zeros_like(batch.valid)
        if strategy == "forward_fill":  # until there is a reading to repeat
            expected = ~np.logical_or.accumulate(batch.valid, axis=1)
        np.testing.assert_array_equal(differs, expected)
        for name in ("advance", "keep"):
            changed = getattr(before, name) != getattr(after, name)
            masked = (batch.values == np.float32(mask_value)).all(axis=2)
            np.testing.assert_array_equal(
                changed, masked & ~batch.valid & (strategy == "masking_layer")
            )
        np.testing.assert_array_equal(before.weights, after.weights)
        np.testing.assert_array_equal(before.targets, after.targets)


@given(batch=batches())
def test_one_label_a_sequence_is_read_out_once(batch):
    for strategy in each_strategy():
        made = arrays(strategy, batch, mask_value=0.0, **LABELS[0])
        for row, valid in enumerate(batch.valid):
            wanted = [0.0] * len(valid)
            last = max(t for t, real in enumerate(valid) if real)
            wanted[last if strategy == "last_valid_step" else -1] = 1.0
            assert made.weights[row].tolist() == wanted
            assert set(made.targets[row].tolist()) == {int(batch.labels[row].max())}


@given(batch=batches(per_step=True))
def test_a_label_a_step_counts_as_the_switch_says(batch):
    for strategy in each_strategy():
        everything = arrays(strategy, batch, mask_value=0.0, **LABELS[1])
        valid_only = arrays(strategy, batch, mask_value=0.0, **LABELS[2])
        assert (everything.weights == 1).all()
        np.testing.assert_array_equal(valid_only.weights, batch.valid)


@given(batch=batches(), mask_value=MASK_VALUES)
def test_the_masking_layer_is_keras_masking(batch, mask_value):
    layer = keras.layers.Masking(mask_value)
    ours = arrays("masking_layer", batch, mask_value=mask_value, **LABELS[0])
    mask = keras.ops.convert_to_numpy(layer.compute_mask(batch.values))
    np.testing.assert_array_equal(ours.advance == 1, mask)
    np.testing.assert_array_equal(ours.keep == 1, ~mask)
    rewritten = keras.ops.convert_to_numpy(layer(batch.values))
    np.testing.assert_array_equal(ours.inputs[..., :-1], rewritten)


def test_the_masking_layer_takes_real_readings_for_padding():
    """The collision itself, so that the oracle above cannot agree on data without one."""
    values = np.array([[1], [0], [1]], np.float32)
    bits = Sequences((values,), (np.ones(3, bool),), (np.ones(3, np.int32),))
    batch = pad(bits, padded_length=4, side="post", pad_value=0.0)
    made = arrays("masking_layer", batch, mask_value=0.0, **LABELS[0])
    assert made.advance[0].tolist() == [1, 0, 1, 0]
    assert arrays("held_state", batch, mask_value=0.0, **LABELS[0]).advance[0].tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("strategy", ALL)
def test_what_is_handled_stays_as_it_was(strategy):
    one = Sequences((np.ones((2, 1), np.float32),), (np.ones(2, bool),), (np.zeros(2, np.int32),))
    batch = pad(one, padded_length=3, side="post", pad_value=5.0)
    made = arrays(strategy, batch, mask_value=5.0, **LABELS[0])
    made.inputs[:] = -1
    assert batch.values.ravel().tolist() == [1, 1, 5]


def test_every_strategy_says_what_it_is():
    assert ALL == (
        "no_mask",
        "masking_layer",
        "zeroed_input",
        "zeroed_state",
        "held_state",
        "last_valid_step",
        "mask_feature",
        "forward_fill",
    )
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name and strategy.title and strategy.summary.endswith(".")
    assert STRATEGIES.keys() == STRATEGY_TEXTS.keys() == STYLES.keys() == LAYERS.keys()


NETWORK = new_train_state(features=2, units=4, outputs=1, seed=11).weights
# A bias that is not zero: at zero, a state that advances on zero padding is close to one that waits.
NETWORK = NETWORK._replace(bias=NETWORK.bias + 0.3, readout_bias=NETWORK.readout_bias + 0.2)


@given(given_sequences=sequences(features=2), pad_value=PAD_VALUES, mask_value=MASK_VALUES)
@settings(max_examples=25, deadline=None)
def test_holding_the_padding_is_having_none(given_sequences, pad_value, mask_value):
    """The reference of the leak: each sequence as if it had been run alone, unpadded."""
    batch = pad(given_sequences, padded_length=10, side="post", pad_value=pad_value)
    options = {"mask_value": mask_value, **LABELS[0]}
    for strategy in each_strategy():
        held = hold_padding(arrays(strategy, batch, **options), batch.padded)
        said = recurrence.said(NETWORK, held)
        for row, values in enumerate(given_sequences.values):
            alone = pad(
                Sequences(
                    (values,),
                    given_sequences.observed[row : row + 1],
                    given_sequences.labels[row : row + 1],
                ),
                padded_length=len(values),
                side="post",
                pad_value=pad_value,
            )
            wanted = recurrence.said(NETWORK, arrays(strategy, alone, **options))[0]
            np.testing.assert_allclose(said[row, : len(values)], wanted, atol=1e-12)
            np.testing.assert_allclose(
                said[row, len(values) :], wanted[-1:].repeat(10 - len(values), 0)
            )


@given(batch=batches(features=2), amount=st.floats(1, 5))
@settings(max_examples=25, deadline=None)
def test_the_spare_channel_of_all_but_one_strategy_does_nothing(batch, amount):
    """So the networks are those of the features alone: its weights may be anything."""
    kernel = NETWORK.kernel.numpy().copy()
    kernel[-1] += amount
    other = Weights(kernel, *NETWORK[1:])
    for strategy in ALL:
        made = arrays(strategy, batch, mask_value=0.0, **LABELS[0])
        same = np.array_equal(recurrence.said(NETWORK, made), recurrence.said(other, made))
        assert same == (strategy != "mask_feature")
