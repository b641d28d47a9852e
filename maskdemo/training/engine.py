"""One XLA program a shape: train an epoch, or read outputs.

Compiling takes seconds and, on TensorFlow, memory that is never given back. So shapes are few (see
`maskdemo.training.buckets`). All state goes in as arguments and comes out as results, and what differs
between strategies is data (`maskdemo.strategies`). So one compiled program serves every strategy,
repeat and viewer of that shape, without a lock, and the same arguments give the same bits.

The rules are Keras's: the epoch's loss is the mean over its batches weighted by their sizes, accuracy
the mean over the steps that count.
"""

# TensorFlow's type stubs know neither `...` in slices nor specs in the place of tensors.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportOptionalOperand=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.compiler.tf2xla.python import xla

from maskdemo.training.buckets import (
    InferenceBlocks,
    InferenceLayout,
    Shape,
    TimeMajorBatch,
    TrainingLayout,
)
from maskdemo.training.lstm import (
    Residuals,
    Weights,
    backward,
    empty_residuals,
    forward,
    gate_kernel,
    step,
)
from maskdemo.training.programs import once
from maskdemo.training.signatures import (
    batches_in_bucket,
    inference_blocks_spec,
    time_major_spec,
    weights_spec,
)
from maskdemo.training.train_state import TrainState, adam, loss_of

Layout = TypeVar("Layout", TrainingLayout, InferenceLayout)


def batch_order(sequences: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """A shuffled epoch, (batches, batch_size); -1 fills the last batch and takes no part."""
    batches = -(-sequences // batch_size)
    order = np.full(batches * batch_size, -1, np.int32)
    order[:sequences] = rng.permutation(sequences)
    return order.reshape(batches, batch_size)


def as_tensors(layout: Layout) -> Layout:
    """The same with tensors in the place of NumPy's arrays, so that they are moved only once."""
    if isinstance(layout, TrainingLayout):
        return replace(layout, planes=TimeMajorBatch(*map(tf.constant, layout.planes)))
    return replace(layout, blocks=InferenceBlocks(*map(tf.constant, layout.blocks)))


def train_epoch(
    layout: TrainingLayout, train_state: TrainState, order: NDArray[np.int32], learning_rate: float
) -> tuple[TrainState, float, float]:
    """One epoch over `order` (batches, batch_size); returns the train state, its loss and accuracy."""
    shape, batches = layout.shape, len(order)
    spare = batches_in_bucket(shape) - len(order)
    padded = np.pad(order, [(0, spare), (0, 0)], constant_values=-1)
    train_state, loss, accuracy = epoch_program(shape)(
        train_state,
        layout.planes,
        tf.constant(padded),
        tf.constant(batches),
        tf.constant(learning_rate, tf.float32),
    )
    return train_state, float(loss), float(accuracy)


def infer(layout: InferenceLayout, weights: Weights) -> NDArray[np.float32]:
    """Logits at each sequence's read-out (N, K), or after every step (N, T, K).

    Of the steps, only those up to the last that counts are meant to be looked at.
    """
    logits = inference_program(layout.shape)(weights, layout.blocks).numpy()
    if layout.shape.every_step:
        logits = logits.swapaxes(1, 2)[:, :, : layout.steps]
    flat = logits.reshape(-1, *logits.shape[2:])
    found = np.empty_like(flat[: len(layout.rows)])
    found[layout.rows] = flat[: len(layout.rows)]
    return found


def compile_program(shape: Shape, *, train: bool) -> None:
    """Compile the program of a shape, by running it on no batches: nothing is trained or read."""
    one = Weights(*(tf.zeros(each.shape) for each in weights_spec(shape)))
    if train:
        planes = TimeMajorBatch(*(tf.zeros(each.shape, each.dtype) for each in time_major_spec(shape)))
        order = tf.zeros((batches_in_bucket(shape), shape.batch_size), tf.int32)
        train_state = TrainState(one, one, one, tf.constant(0.0))
        epoch_program(shape)(train_state, planes, order, tf.constant(0), tf.constant(0.0))
    else:
        blocks = InferenceBlocks(
            *(tf.zeros(each.shape, each.dtype) for each in inference_blocks_spec(shape))
        )
        inference_program(shape)(one, blocks)


@once
def epoch_program(shape: Shape) -> Callable:
    """(train_state, planes, order, batches, rate) -> (train_state, loss, accuracy), one epoch.

    Loss and accuracy are running means over the epoch, each batch before its update, as `Model.fit`
    reports them.
    """

    def epoch(train_state, planes, order, batches, learning_rate):
        def body(index, train_state, residuals, loss, seen, correct, counted):
            batch, present = _gather_batch(planes, order[index])
            gradient, residuals, batch_loss, hits = _gradient(
                train_state.weights, batch, residuals, rest, shape
            )
            size = tf.reduce_sum(present)
            return (
                index + 1,
                adam(train_state, gradient, learning_rate),
                residuals,
                loss + size * batch_loss,
                seen + size,
                correct + hits,
                counted + tf.reduce_sum(batch.weights),
            )

        # Filling a tape with zeros for every batch would cost a twentieth of the time.
        residuals = empty_residuals(shape.steps, shape.batch_size, shape.units)
        rest = tf.broadcast_to(0 * train_state.updates, (shape.batch_size, shape.units))
        _, train_state, _, loss, seen, correct, counted = tf.while_loop(
            lambda index, *_: index < batches,
            body,
            (0, train_state, residuals, 0.0, 0.0, 0.0, 0.0),
            parallel_iterations=1,
        )
        return train_state, loss / seen, correct / counted

    one = weights_spec(shape)
    return tf.function(
        epoch,
        jit_compile=True,
        autograph=False,
        input_signature=[
            TrainState(one, one, one, tf.TensorSpec([])),
            time_major_spec(shape),
            tf.TensorSpec([batches_in_bucket(shape), shape.batch_size], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([]),
        ],
    ).get_concrete_function()


@once
def inference_program(shape: Shape) -> Callable:
    """(weights, blocks) -> logits: (blocks, B, K) at the read-out, (blocks, T, B, K) at every step.

    No tape is kept: of a step, only the state goes on to the next.
    """
    count, size = batches_in_bucket(shape), shape.batch_size
    each = [shape.steps, size] if shape.every_step else [size]

    def outputs(weights, blocks):
        kernel = gate_kernel(weights)

        def block(at, found):
            inputs, switch, read_out = blocks.inputs[at], blocks.switch[at], blocks.read_out[at]

            def body(t, cell, state, logits):
                cell, state = step(kernel, inputs[t], switch[t], cell, state)
                if shape.every_step:
                    logits = xla.dynamic_update_slice(logits, _logits(weights, state)[None], [t, 0, 0])
                else:
                    logits = tf.where((read_out == t)[:, None], state, logits)
                return t + 1, cell, state, logits

            zero = tf.zeros((size, shape.units))
            start = tf.zeros((*each, shape.outputs)) if shape.every_step else zero
            _, _, _, logits = tf.while_loop(
                lambda t, *_: t < blocks.last[at],
                body,
                (blocks.first[at], zero, zero, start),
                parallel_iterations=1,
            )
            logits = logits if shape.every_step else _logits(weights, logits)
            return at + 1, xla.dynamic_update_slice(
                found, logits[None], [at, *(0 for _ in logits.shape)]
            )

        _, found = tf.while_loop(
            lambda at, _: at < blocks.count,
            block,
            (0, tf.zeros((count, *each, shape.outputs))),
            parallel_iterations=1,
        )
        return found

    return tf.function(
        outputs,
        jit_compile=True,
        autograph=False,
        input_signature=[weights_spec(shape), inference_blocks_spec(shape)],
    ).get_concrete_function()


def _gather_batch(planes: TimeMajorBatch, picked: tf.Tensor) -> tuple[TimeMajorBatch, tf.Tensor]:
    """The sequences `picked` (B,), and which of them are there (B,); -1 is none."""
    there, at = picked >= 0, tf.maximum(picked, 0)
    timed = (tf.gather(each, at, axis=1) for each in planes[:4])
    batch = TimeMajorBatch(*timed, *(tf.gather(each, at) for each in planes[4:]))
    present = tf.cast(there, tf.float32)
    return batch._replace(weights=batch.weights * present), present


def _gradient(
    weights: Weights, batch: TimeMajorBatch, residuals: Residuals, rest: tf.Tensor, shape: Shape
) -> tuple[Weights, Residuals, tf.Tensor, tf.Tensor]:
    """Gradient of the batch's loss, the tape to go on with, the loss, the weighted right answers."""
    first, last = tf.reduce_min(batch.first), tf.reduce_max(batch.last)
    residuals, final = forward(weights, batch.inputs, batch.switch, first, last, residuals, rest)
    if shape.every_step:
        after = tf.concat([residuals.states[1:], residuals.states[:1]], axis=0)
        after = xla.dynamic_update_slice(after, final[None], [last - 1, 0, 0])
        answers = tf.reshape(after, [-1, shape.units])
    else:
        # The state after a step is the one that the next step starts from.
        following = batch.read_out + 1
        places = tf.stack([tf.minimum(following, shape.steps - 1), tf.range(shape.batch_size)], axis=1)
        answers = tf.gather_nd(residuals.states, places)
        answers = tf.where((following >= last)[:, None], final, answers)
    loss, hits, d_logits = loss_of(_logits(weights, answers), batch)
    d_answers = tf.matmul(d_logits, weights.readout, transpose_b=True)
    d_states = tf.reshape(d_answers, [-1, shape.batch_size, shape.units])

    def error(t):
        if shape.every_step:
            return d_states[t]
        return tf.where((batch.read_out == t)[:, None], d_answers, 0.0)

    recurrent, residuals = backward(
        weights, residuals, error, batch.inputs, batch.switch, first, last, rest
    )
    d_readout = tf.matmul(answers, d_logits, transpose_a=True)
    return Weights(*recurrent, d_readout, tf.reduce_sum(d_logits, axis=0)), residuals, loss, hits


def _logits(weights: Weights, states: tf.Tensor) -> tf.Tensor:
    return states @ weights.readout + weights.readout_bias
