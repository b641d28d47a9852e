"""One XLA program a shape: train an epoch, or read outputs.

Compiling takes seconds and, on TensorFlow, memory that is never given back. So shapes are few (see
`maskdemo.layout`). All state goes in as arguments and comes out as results, and what differs between
strategies is data (`maskdemo.strategies`). So one compiled program serves every strategy, repeat and
viewer of that shape, without a lock, and the same arguments give the same bits.

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

from maskdemo.layout import Blocks, Planes, Shape, ToRead, ToTrain
from maskdemo.learner import Learner, adam, loss_of
from maskdemo.lstm import (
    Tape,
    Weights,
    backward,
    blank_tape,
    forward,
    gate_kernel,
    step,
)
from maskdemo.programs import once
from maskdemo.signatures import batch_room, blocks_spec, planes_spec, weights_spec

Laid = TypeVar("Laid", ToTrain, ToRead)


def batch_order(sequences: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """A shuffled epoch, (batches, batch_size); -1 fills the last batch and takes no part."""
    batches = -(-sequences // batch_size)
    order = np.full(batches * batch_size, -1, np.int32)
    order[:sequences] = rng.permutation(sequences)
    return order.reshape(batches, batch_size)


def placed(given: Laid) -> Laid:
    """The same with tensors in the place of NumPy's arrays, so that they are moved only once."""
    if isinstance(given, ToTrain):
        return replace(given, planes=Planes(*map(tf.constant, given.planes)))
    return replace(given, blocks=Blocks(*map(tf.constant, given.blocks)))


def train_epoch(
    given: ToTrain, learner: Learner, order: NDArray[np.int32], learning_rate: float
) -> tuple[Learner, float, float]:
    """One epoch over `order` (batches, batch_size); returns the learner, its loss and accuracy."""
    shape, batches = given.shape, len(order)
    spare = batch_room(shape) - len(order)
    padded = np.pad(order, [(0, spare), (0, 0)], constant_values=-1)
    learner, loss, accuracy = epoch_program(shape)(
        learner,
        given.planes,
        tf.constant(padded),
        tf.constant(batches),
        tf.constant(learning_rate, tf.float32),
    )
    return learner, float(loss), float(accuracy)


def read(given: ToRead, weights: Weights) -> NDArray[np.float32]:
    """Logits at each sequence's read-out (N, K), or after every step (N, T, K).

    Of the steps, only those up to the last that counts are meant to be looked at.
    """
    logits = read_program(given.shape)(weights, given.blocks).numpy()
    if given.shape.every_step:
        logits = logits.swapaxes(1, 2)[:, :, : given.steps]
    flat = logits.reshape(-1, *logits.shape[2:])
    found = np.empty_like(flat[: len(given.rows)])
    found[given.rows] = flat[: len(given.rows)]
    return found


def compile_program(shape: Shape, *, train: bool) -> None:
    """Compile the program of a shape, by running it on no batches: nothing is trained or read."""
    one = Weights(*(tf.zeros(each.shape) for each in weights_spec(shape)))
    if train:
        planes = Planes(*(tf.zeros(each.shape, each.dtype) for each in planes_spec(shape)))
        order = tf.zeros((batch_room(shape), shape.batch_size), tf.int32)
        learner = Learner(one, one, one, tf.constant(0.0))
        epoch_program(shape)(learner, planes, order, tf.constant(0), tf.constant(0.0))
    else:
        blocks = Blocks(*(tf.zeros(each.shape, each.dtype) for each in blocks_spec(shape)))
        read_program(shape)(one, blocks)


@once
def epoch_program(shape: Shape) -> Callable:
    """(learner, planes, order, batches, rate) -> (learner, loss, accuracy), one epoch of training.

    Loss and accuracy are running means over the epoch, each batch before its update, as `Model.fit`
    reports them.
    """

    def epoch(learner, planes, order, batches, learning_rate):
        def body(batch, learner, tape, loss, seen, correct, counted):
            part, present = _part(planes, order[batch])
            gradient, tape, batch_loss, hits = _gradient(learner.weights, part, tape, rest, shape)
            size = tf.reduce_sum(present)
            return (
                batch + 1,
                adam(learner, gradient, learning_rate),
                tape,
                loss + size * batch_loss,
                seen + size,
                correct + hits,
                counted + tf.reduce_sum(part.weights),
            )

        # Filling a tape with zeros for every batch would cost a twentieth of the time.
        tape = blank_tape(shape.steps, shape.batch_size, shape.units)
        rest = tf.broadcast_to(0 * learner.updates, (shape.batch_size, shape.units))
        _, learner, _, loss, seen, correct, counted = tf.while_loop(
            lambda batch, *_: batch < batches,
            body,
            (0, learner, tape, 0.0, 0.0, 0.0, 0.0),
            parallel_iterations=1,
        )
        return learner, loss / seen, correct / counted

    one = weights_spec(shape)
    return tf.function(
        epoch,
        jit_compile=True,
        autograph=False,
        input_signature=[
            Learner(one, one, one, tf.TensorSpec([])),
            planes_spec(shape),
            tf.TensorSpec([batch_room(shape), shape.batch_size], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([]),
        ],
    ).get_concrete_function()


@once
def read_program(shape: Shape) -> Callable:
    """(weights, blocks) -> logits: (blocks, B, K) at the read-out, (blocks, T, B, K) at every step.

    No tape is kept: of a step, only the state goes on to the next.
    """
    count, size = batch_room(shape), shape.batch_size
    each = [shape.steps, size] if shape.every_step else [size]

    def outputs(weights, blocks):
        kernel = gate_kernel(weights)

        def block(at, found):
            inputs, switch, asked = blocks.inputs[at], blocks.switch[at], blocks.read_out[at]

            def body(t, cell, state, said):
                cell, state = step(kernel, inputs[t], switch[t], cell, state)
                if shape.every_step:
                    said = xla.dynamic_update_slice(said, _logits(weights, state)[None], [t, 0, 0])
                else:
                    said = tf.where((asked == t)[:, None], state, said)
                return t + 1, cell, state, said

            zero = tf.zeros((size, shape.units))
            start = tf.zeros((*each, shape.outputs)) if shape.every_step else zero
            _, _, _, said = tf.while_loop(
                lambda t, *_: t < blocks.last[at],
                body,
                (blocks.first[at], zero, zero, start),
                parallel_iterations=1,
            )
            said = said if shape.every_step else _logits(weights, said)
            return at + 1, xla.dynamic_update_slice(found, said[None], [at, *(0 for _ in said.shape)])

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
        input_signature=[weights_spec(shape), blocks_spec(shape)],
    ).get_concrete_function()


def _part(planes: Planes, picked: tf.Tensor) -> tuple[Planes, tf.Tensor]:
    """The sequences `picked` (B,), and which of them are there (B,); -1 is none."""
    there, at = picked >= 0, tf.maximum(picked, 0)
    timed = (tf.gather(each, at, axis=1) for each in planes[:4])
    part = Planes(*timed, *(tf.gather(each, at) for each in planes[4:]))
    present = tf.cast(there, tf.float32)
    return part._replace(weights=part.weights * present), present


def _gradient(
    weights: Weights, part: Planes, tape: Tape, rest: tf.Tensor, shape: Shape
) -> tuple[Weights, Tape, tf.Tensor, tf.Tensor]:
    """Gradient of the batch's loss, the tape to go on with, the loss, the weighted right answers."""
    first, last = tf.reduce_min(part.first), tf.reduce_max(part.last)
    tape, final = forward(weights, part.inputs, part.switch, first, last, tape, rest)
    if shape.every_step:
        after = tf.concat([tape.states[1:], tape.states[:1]], axis=0)
        after = xla.dynamic_update_slice(after, final[None], [last - 1, 0, 0])
        answers = tf.reshape(after, [-1, shape.units])
    else:
        # The state after a step is the one that the next step starts from.
        following = part.read_out + 1
        places = tf.stack([tf.minimum(following, shape.steps - 1), tf.range(shape.batch_size)], axis=1)
        answers = tf.gather_nd(tape.states, places)
        answers = tf.where((following >= last)[:, None], final, answers)
    loss, hits, d_logits = loss_of(_logits(weights, answers), part)
    d_answers = tf.matmul(d_logits, weights.readout, transpose_b=True)
    d_states = tf.reshape(d_answers, [-1, shape.batch_size, shape.units])

    def error(t):
        if shape.every_step:
            return d_states[t]
        return tf.where((part.read_out == t)[:, None], d_answers, 0.0)

    recurrent, tape = backward(weights, tape, error, part.inputs, part.switch, first, last, rest)
    d_readout = tf.matmul(answers, d_logits, transpose_a=True)
    return Weights(*recurrent, d_readout, tf.reduce_sum(d_logits, axis=0)), tape, loss, hits


def _logits(weights: Weights, states: tf.Tensor) -> tf.Tensor:
    return states @ weights.readout + weights.readout_bias
