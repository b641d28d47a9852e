"""The two compiled programs of a shape: train an epoch, or read outputs.

Compiling takes seconds and, on TensorFlow, memory that is never given back. So shapes are few (see
`maskdemo.training.buckets`). All state goes in as arguments and comes out as results, and what differs
between strategies is data (`maskdemo.strategies`). So one compiled program serves every strategy,
repeat and viewer of that shape, without a lock, and the same arguments give the same bits.

The rules are Keras's: the epoch's loss is the mean over its batches weighted by their sizes, accuracy
the mean over the steps that count.

    layout = as_tensors(layout_for_training(experiment, "no_mask", inputs(experiment)))
    state = new_train_state(features=4, units=16, outputs=1, seed=0)
    order = batch_order(992, 32, np.random.default_rng(0))
    state, loss, accuracy = train_epoch(layout, state, order, 0.003)

A whole epoch is one call. The order of the batches on its own:

>>> batch_order(5, 2, np.random.default_rng(0)).tolist()
[[2, 4], [3, 0], [1, -1]]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.compiler.tf2xla.python import xla

from maskdemo.data.batches import BUCKETS
from maskdemo.training.buckets import (
    PIECE,
    InferenceBlocks,
    InferenceLayout,
    Shape,
    TimeMajorBatch,
    TrainingLayout,
)
from maskdemo.training.loss_and_adam import TrainState, adam, gradient_of, logits_of
from maskdemo.training.lstm import Weights, empty_residuals, gate_kernel, step
from maskdemo.training.program_cache import compiled_once

Layout = TypeVar("Layout", TrainingLayout, InferenceLayout)


def batch_order(sequences: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Return the shuffled indices of the sequences, (batches, batch_size); -1 fills the last batch."""
    batches = -(-sequences // batch_size)
    order = np.full(batches * batch_size, -1, np.int32)
    order[:sequences] = rng.permutation(sequences)
    return order.reshape(batches, batch_size)


def as_tensors(layout: Layout) -> Layout:
    """Return the layout with tensors in the place of NumPy's arrays, so that these move only once."""
    if isinstance(layout, TrainingLayout):
        return replace(layout, data=TimeMajorBatch(*map(tf.constant, layout.data)))
    return replace(layout, blocks=InferenceBlocks(*map(tf.constant, layout.blocks)))


def train_epoch(
    layout: TrainingLayout, train_state: TrainState, order: NDArray[np.int32], learning_rate: float
) -> tuple[TrainState, float, float]:
    """Train one epoch, and return the new state, and the epoch's mean loss and accuracy (0 to 1).

    order: (batches, batch_size), of `batch_order` or `batches_of`.
    """
    shape, batches = layout.shape, len(order)
    padded = np.pad(order, [(0, _most_batches(shape) - batches), (0, 0)], constant_values=-1)
    train_state, loss, accuracy = epoch_program(shape)(
        train_state,
        layout.data,
        tf.constant(padded),
        tf.constant(batches),
        tf.constant(learning_rate, tf.float32),
    )
    return train_state, float(loss), float(accuracy)


def infer(layout: InferenceLayout, weights: Weights) -> NDArray[np.float32]:
    """Return logits at each sequence's read-out (N, K), or after every step (N, T, K).

    The rows are those of the arrays that were laid out; `layout.read`, where it is set, is applied to
    logits less bias, which is added again. Logits after the last step that counts mean nothing.
    """
    logits = inference_program(layout.shape)(weights, layout.blocks).numpy()
    if layout.shape.every_step:
        logits = logits.swapaxes(1, 2)[:, :, : layout.steps]
    flat = logits.reshape(-1, *logits.shape[2:])
    by_row = np.empty_like(flat[: len(layout.rows)])
    by_row[layout.rows] = flat[: len(layout.rows)]
    if layout.read is None:
        return by_row
    # Of the states, not of the logits: where no step counts the mean is 0 and the bias answers.
    bias = np.asarray(weights.readout_bias)
    return bias + layout.read(by_row - bias)


def compile_program(shape: Shape, *, train: bool) -> None:
    """Compile the program of a shape that trains, or else reads outputs, by a call with no batches."""
    zeros = Weights(*(tf.zeros(spec.shape) for spec in _weights_spec(shape)))
    if train:
        data = TimeMajorBatch(*(tf.zeros(spec.shape, spec.dtype) for spec in _batch_spec(shape)))
        order = tf.zeros((_most_batches(shape), shape.batch_size), tf.int32)
        train_state = TrainState(zeros, zeros, zeros, tf.constant(0.0))
        epoch_program(shape)(train_state, data, order, tf.constant(0), tf.constant(0.0))
    else:
        blocks = InferenceBlocks(*(tf.zeros(spec.shape, spec.dtype) for spec in _blocks_spec(shape)))
        inference_program(shape)(zeros, blocks)


@compiled_once
def epoch_program(shape: Shape) -> Callable:
    """Return (train_state, data, order, batches, learning_rate) -> (train_state, loss, accuracy).

    A call trains one epoch, over the first `batches` rows of `order`.

    As `Model.fit` reports them, each batch before its update: loss is the mean of the batches' mean
    losses, weighted by their numbers of sequences; accuracy the weighted mean over all answers.
    """

    def epoch(train_state, data, order, batches, learning_rate):
        def body(index, train_state, residuals, loss, sequences, correct, counted):
            gradient, residuals, batch = gradient_of(
                train_state.weights, data, order[index], residuals, zeros, shape
            )
            size = tf.reduce_sum(tf.cast(order[index] >= 0, tf.float32))
            return (
                index + 1,
                adam(train_state, gradient, learning_rate),
                residuals,
                loss + size * batch.loss / tf.maximum(batch.weight, 1.0),
                sequences + size,
                correct + batch.hits,
                counted + batch.weight,
            )

        # Filling the residuals with zeros for every batch would cost a twentieth of the time.
        residuals = empty_residuals(shape.steps, shape.batch_size, shape.channels, shape.units)
        zeros = tf.broadcast_to(0 * train_state.updates, (shape.batch_size, shape.units))
        _, train_state, _, loss, sequences, correct, counted = tf.while_loop(
            lambda index, *_: index < batches,
            body,
            (0, train_state, residuals, 0.0, 0.0, 0.0, 0.0),
            parallel_iterations=1,
        )
        return train_state, loss / sequences, correct / counted

    weights = _weights_spec(shape)
    return tf.function(
        epoch,
        jit_compile=True,
        autograph=False,
        input_signature=[
            TrainState(weights, weights, weights, tf.TensorSpec([])),  # pyrefly: ignore[bad-argument-type]
            _batch_spec(shape),
            tf.TensorSpec([_most_batches(shape), shape.batch_size], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([]),
        ],
    ).get_concrete_function()


@compiled_once
def inference_program(shape: Shape) -> Callable:
    """Return (weights, blocks) -> logits: (blocks, B, K) at the read-out, or (blocks, T, B, K).

    Of the latter, those of steps before a block's `start` or from its `end` on are 0; so are blocks
    from `count` on.
    """
    size = shape.batch_size
    each = [shape.steps, size] if shape.every_step else [size]

    def outputs(weights, blocks):
        kernel = gate_kernel(weights)

        def block(index, all_logits):
            inputs, switch = blocks.inputs[index], blocks.switch[index]
            read_out = blocks.read_out[index]

            def body(t, cell, state, logits):
                cell, state = step(kernel, inputs[t], switch[t], cell, state)
                if shape.every_step:
                    after = logits_of(weights, state)[None]
                    logits = xla.dynamic_update_slice(logits, after, [t, 0, 0])
                else:
                    logits = tf.where((read_out == t)[:, None], state, logits)
                return t + 1, cell, state, logits

            zero = tf.zeros((size, shape.units))
            none = tf.zeros((*each, shape.outputs)) if shape.every_step else zero
            _, _, _, logits = tf.while_loop(
                lambda t, *_: t < blocks.end[index],
                body,
                (blocks.start[index], zero, zero, none),
                parallel_iterations=1,
            )
            logits = logits if shape.every_step else logits_of(weights, logits)
            return index + 1, xla.dynamic_update_slice(
                all_logits, logits[None], [index, *(0 for _ in logits.shape)]
            )

        _, all_logits = tf.while_loop(
            lambda index, _: index < blocks.count,
            block,
            (0, tf.zeros((shape.batches, *each, shape.outputs))),
            parallel_iterations=1,
        )
        return all_logits

    return tf.function(
        outputs,
        jit_compile=True,
        autograph=False,
        input_signature=[_weights_spec(shape), _blocks_spec(shape)],
    ).get_concrete_function()


def _most_batches(shape: Shape) -> int:
    """Return `shape.batches` + `BUCKETS` - 1: in each bucket of lengths one batch may not be full."""
    return shape.batches + BUCKETS - 1


def _weights_spec(shape: Shape) -> Weights:
    """Return weights of `tf.TensorSpec` in the place of tensors."""
    units, gates = shape.units, 4 * shape.units
    channels = shape.channels - 1
    sizes = ([channels, gates], [units, gates], [gates], [units, shape.outputs], [shape.outputs])
    return Weights(*(tf.TensorSpec(size) for size in sizes))  # pyrefly: ignore[bad-argument-type]


def _batch_spec(shape: Shape) -> TimeMajorBatch:
    """Return training sequences of `tf.TensorSpec` in the place of tensors."""
    row = [shape.sequences]
    every = [shape.steps, *row]
    targets, weights = ([shape.steps + PIECE, *row] if timed else [1, *row] for timed in shape.timed)
    return TimeMajorBatch(
        inputs=tf.TensorSpec([*every, shape.channels]),
        switch=tf.TensorSpec(every),
        targets=tf.TensorSpec(targets, tf.int32),
        weights=tf.TensorSpec(weights),
        read_out=tf.TensorSpec(row, tf.int32),
        start=tf.TensorSpec(row, tf.int32),
        end=tf.TensorSpec(row, tf.int32),
    )


def _blocks_spec(shape: Shape) -> InferenceBlocks:
    """Return sequences to read outputs of, of `tf.TensorSpec` in the place of tensors."""
    count, size = shape.batches, shape.batch_size
    return InferenceBlocks(
        inputs=tf.TensorSpec([count, shape.steps, size, shape.channels]),
        switch=tf.TensorSpec([count, shape.steps, size]),
        read_out=tf.TensorSpec([count, size], tf.int32),
        start=tf.TensorSpec([count], tf.int32),
        end=tf.TensorSpec([count], tf.int32),
        count=tf.TensorSpec([], tf.int32),
    )
