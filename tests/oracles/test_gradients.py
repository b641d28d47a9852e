"""The written-out gradient and Adam, against autodiff, finite differences and Keras's optimiser."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from maskdemo.strategies import Arrays
from maskdemo.training.buckets import inference_layout, training_layout
from maskdemo.training.loss_and_adam import TrainState, new_train_state
from maskdemo.training.lstm import Weights
from maskdemo.training.program import as_tensors, batch_order, infer, train_epoch
from tests.oracles import recurrence

FEATURES, UNITS, STEPS, BATCH = 4, 4, 9, 16
RATE = 0.03
LOSSES = {
    "one logit, one label": (1, False),
    "softmax, one label": (3, False),
    "one logit, a label a step": (1, True),
    "softmax, a label a step": (3, True),
}


def mixed_arrays(outputs: int, per_step: bool, *, rows: int = BATCH, seed: int = 0) -> Arrays:
    """Steps that advance, hold and reset in any order; weights of any size."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, size=(rows, STEPS))
    if per_step:
        targets = rng.integers(0, max(outputs, 2), size=(rows, STEPS))
        weights = rng.choice([0.0, 0.5, 1.0, 2.0], size=(rows, STEPS))
    else:
        targets = np.repeat(rng.integers(0, max(outputs, 2), size=(rows, 1)), STEPS, axis=1)
        weights = np.eye(STEPS)[rng.integers(2, STEPS, size=rows)]
    return Arrays(
        inputs=rng.normal(size=(rows, STEPS, FEATURES + 1)).astype(np.float32),
        advance=(kind < 2).astype(np.float32),
        keep=(kind == 2).astype(np.float32) * rng.integers(0, 2, size=kind.shape).astype(np.float32),
        targets=targets.astype(np.int32),
        weights=weights.astype(np.float32),
    )


def network(outputs: int) -> TrainState:
    fresh = new_train_state(features=FEATURES, units=UNITS, outputs=outputs, seed=5)
    rng = np.random.default_rng(1)
    moved = (w + 0.3 * rng.normal(size=w.shape).astype(np.float32) for w in fresh.weights)
    return fresh._replace(weights=Weights(*moved))


def engine_epoch(start: TrainState, given: Arrays, order, rate=RATE):
    laid_out = training_layout(
        given,
        units=UNITS,
        outputs=start.weights.readout.shape[1],
        batch_size=order.shape[1],
        every_step=bool(((given.weights > 0).sum(axis=1) > 1).any()),
    )
    return train_epoch(as_tensors(laid_out), start, order, rate)


def engine_gradient(start: TrainState, given: Arrays) -> tuple[Weights, float]:
    """The gradient of one batch, and its loss: from rest, Adam's first moment is then a tenth of it."""
    rows = len(given.advance)
    order = np.full((1, BATCH), -1, np.int32)
    order[0, :rows] = np.arange(rows)
    after, loss, _ = engine_epoch(start, given, order)
    return Weights(*(m.numpy() / (1 - 0.9) for m in after.momentum)), loss


def keras_loss(cell, readout, given: Arrays):
    """A plain loop over a stock Keras cell; what the switches do is said by `tf.where`."""
    rows, steps = given.advance.shape
    h = c = tf.zeros((rows, UNITS))
    losses = []
    for t in range(steps):
        _, (moved_h, moved_c) = cell(given.inputs[:, t], [h, c])
        moves, holds = given.advance[:, t, None] == 1, given.keep[:, t, None] == 1
        h = tf.where(moves, moved_h, tf.where(holds, h, 0.0))
        c = tf.where(moves, moved_c, tf.where(holds, c, 0.0))
        logits, truth = readout(h), given.targets[:, t]
        if logits.shape[1] == 1:
            losses.append(keras.losses.binary_crossentropy(truth[:, None], logits, from_logits=True))
        else:
            losses.append(keras.losses.sparse_categorical_crossentropy(truth, logits, from_logits=True))
    weights = tf.constant(given.weights)
    return tf.reduce_sum(tf.stack(losses, axis=1) * weights) / tf.reduce_sum(weights)


def keras_layers(weights: Weights):
    cell, readout = keras.layers.LSTMCell(UNITS), keras.layers.Dense(weights.readout.shape[1])
    cell.build((None, FEATURES + 1))
    readout.build((None, UNITS))
    cell.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
    readout.set_weights([weights.readout, weights.readout_bias])
    return cell, readout, [*cell.trainable_variables, *readout.trainable_variables]


def keras_gradient(weights: Weights, given: Arrays):
    cell, readout, variables = keras_layers(weights)
    with tf.GradientTape() as tape:
        loss = keras_loss(cell, readout, given)
    return tape.gradient(loss, [each.value for each in variables]), float(loss)


@pytest.mark.parametrize("case", LOSSES)
def test_the_gradient_is_that_of_a_keras_cell(case):
    outputs, per_step = LOSSES[case]
    start, given = network(outputs), mixed_arrays(outputs, per_step)
    assert {(a, k) for a, k in zip(given.advance.flat, given.keep.flat, strict=True)} == {
        (1, 0),
        (0, 1),
        (0, 0),
    }
    wanted, loss = keras_gradient(start.weights, given)
    ours, our_loss = engine_gradient(start, given)
    for name, one, other in zip(Weights._fields, ours, wanted, strict=True):
        assert np.abs(other).max() > 1e-4, f"{name}: nothing to compare"
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6, err_msg=name)
    assert our_loss == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("case", LOSSES)
def test_the_gradient_is_the_slope_of_the_loss(case):
    """Central differences of the plain float64 recurrence, at a few places of each weight."""
    outputs, per_step = LOSSES[case]
    start, given = network(outputs), mixed_arrays(outputs, per_step, seed=3)
    ours, _ = engine_gradient(start, given)
    rng = np.random.default_rng(2)
    exact = [w.numpy().astype(np.float64) for w in start.weights]
    for which, name in enumerate(Weights._fields):
        for flat in rng.choice(exact[which].size, size=min(4, exact[which].size), replace=False):
            at = np.unravel_index(flat, exact[which].shape)
            ends = []
            for step in (1e-5, -1e-5):
                nudged = [each.copy() for each in exact]
                nudged[which][at] += step
                ends.append(recurrence.loss(nudged, given))
            slope = (ends[0] - ends[1]) / 2e-5
            assert ours[which][at] == pytest.approx(slope, rel=1e-3, abs=2e-6), (name, at)


def test_a_held_step_gets_no_gradient_and_passes_it_on():
    """Only the first step moves, all others hold: as if the sequence had one step."""
    start, given = network(1), mixed_arrays(1, False)
    moves = np.zeros_like(given.advance)
    moves[:, 0] = 1
    held = Arrays(given.inputs, moves, 1 - moves, given.targets, given.weights)
    one = Arrays(
        *(each[:, :1] for each in (given.inputs, moves, 1 - moves, given.targets)),
        weights=np.ones((BATCH, 1), np.float32),
    )
    wanted, _ = keras_gradient(start.weights, one)
    ours, _ = engine_gradient(start, held)
    for mine, theirs in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-4, atol=2e-6)
    # And what stands at the held steps is never read.
    other = Arrays(given.inputs.copy(), moves, 1 - moves, given.targets, given.weights)
    other.inputs[:, 1:] = 7.0
    for mine, theirs in zip(ours, engine_gradient(start, other)[0], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def changed(arrays: Arrays, change: Callable[[NDArray], NDArray]) -> Arrays:
    """The arrays with each of them changed; a strategy that reads one step has no `pool`."""
    return Arrays(*(each if each is None else change(each) for each in vars(arrays).values()))


@pytest.mark.parametrize("outputs", [pytest.param(1, marks=pytest.mark.fuzz), 3])
def test_adam_is_that_of_keras(outputs):
    """Three epochs of three updates, the last batch of each smaller than the others."""
    rows = 2 * BATCH + 5
    start, given = network(outputs), mixed_arrays(outputs, True, rows=rows, seed=4)
    cell, readout, variables = keras_layers(start.weights)
    adam = keras.optimizers.Adam(RATE)
    rng, ours = np.random.default_rng(0), start
    for _ in range(3):
        order = batch_order(rows, BATCH, rng)
        ours, our_loss, _ = engine_epoch(ours, given, order)
        losses, sizes = [], []
        for picked in order:
            present = picked[picked >= 0]
            part = changed(given, lambda each, rows=present: each[rows])
            with tf.GradientTape() as tape:
                loss = keras_loss(cell, readout, part)
            found = tape.gradient(loss, [each.value for each in variables])
            adam.apply_gradients(zip(found, variables, strict=True))
            losses.append(float(loss))
            sizes.append(len(present))
        assert sizes == [BATCH, BATCH, 5]
        assert our_loss == pytest.approx(np.average(losses, weights=sizes), rel=1e-4)
    assert float(ours.updates) == 9
    for name, mine, theirs in zip(Weights._fields, ours.weights, variables, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=2e-4, err_msg=name)
        before = getattr(start.weights, name)
        assert np.abs(mine - before).max() > 0.05, f"{name} has hardly moved"


def test_the_empty_places_of_the_last_batch_take_no_part():
    """Five sequences in a batch of sixteen are five sequences, whatever the first one holds."""
    start, given = network(1), mixed_arrays(1, False, rows=5)
    wanted, _ = keras_gradient(start.weights, given)
    for mine, theirs in zip(engine_gradient(start, given)[0], wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-4, atol=2e-6)


def test_steps_at_which_all_hold_might_as_well_not_be_there():
    given = mixed_arrays(1, False)
    given.weights[:] = np.eye(STEPS)[-1]
    given.advance[:, [0, 4, 5, 6, 8]], given.keep[:, [0, 4, 5, 6, 8]] = 0, 1
    fewer = changed(given, lambda each: np.delete(each, [0, 4, 5, 6], axis=1))
    order = np.arange(BATCH, dtype=np.int32)[None]
    whole, loss, accuracy = engine_epoch(network(1), given, order)
    less, fewer_loss, fewer_accuracy = engine_epoch(network(1), fewer, order)
    assert (loss, accuracy) == pytest.approx((fewer_loss, fewer_accuracy), rel=1e-6)
    for mine, theirs in zip(whole.weights, less.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_are_those_of_the_plain_recurrence(outputs):
    start, given = network(outputs), mixed_arrays(outputs, True, rows=150, seed=8)
    ours = infer(inference_layout(given, units=UNITS, outputs=outputs, every_step=True), start.weights)
    wanted = recurrence.logits(start.weights, given)
    after = np.arange(STEPS) > STEPS - 1 - (given.weights[:, ::-1] > 0).argmax(axis=1)[:, None]
    np.testing.assert_allclose(ours[~after], wanted[~after], atol=2e-6)
    once = mixed_arrays(outputs, False, rows=150, seed=9)
    answers = infer(
        inference_layout(once, units=UNITS, outputs=outputs, every_step=False), start.weights
    )
    wanted = recurrence.logits(start.weights, once)[once.weights > 0]
    np.testing.assert_allclose(answers, wanted, atol=2e-6)
