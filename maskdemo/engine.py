"""One XLA program a shape: train an epoch, and the outputs at every step.

Compiling takes seconds and, on TensorFlow, memory that is never given back. So shapes are few:
steps and sequences are rounded up to the sizes in `ROOMS`, while the loops run only over the steps
and batches that are really there. All state goes in as arguments and comes out as results, and what
differs between strategies is data (`maskdemo.strategies`). So one compiled program serves every
strategy, repeat and viewer of that shape, without a lock, and the same arguments give the same bits.

The rules are Keras's: Adam (Kingma and Ba 2015) as keras/src/optimizers/adam.py computes it, the loss
as the mean over the steps of the batch that count, the epoch's loss as the mean over its batches
weighted by their sizes, accuracy as the mean over the steps that count. Binary tasks have one logit
and a sigmoid, others K logits and a softmax.
"""

# TensorFlow's type stubs know neither `...` in slices nor specs in the place of tensors.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportOptionalOperand=false

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from maskdemo.lstm import Weights, backward, forward, initial_weights
from maskdemo.strategies import Arrays

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
PROGRAMS_KEPT = 24
ROOMS = {
    "sequences": (512, 1024, 2048, 4096),
    "steps": (10, 16, 20, 30, 40, 60, 80, 100, 120, 160, 200),
}


class Shape(NamedTuple):
    """What a program is compiled for. outputs: 1 for a binary task, else its classes.

    sequences and steps are rooms to fill, not what the data has. batch_size is 0 for outputs alone.
    """

    sequences: int
    steps: int
    channels: int
    units: int
    outputs: int
    batch_size: int = 0

    @staticmethod
    def for_arrays(arrays: Arrays, *, units: int, outputs: int, batch_size: int = 0) -> Shape:
        """The smallest shape with room for these arrays."""
        sequences, steps, channels = arrays.inputs.shape
        room = next(size for size in ROOMS["sequences"] if size >= sequences)
        long = next(size for size in ROOMS["steps"] if size >= steps)
        return Shape(room, long, channels, units, outputs, batch_size)


class Learner(NamedTuple):
    """A network in training: weights, Adam's first and second moments, updates made so far."""

    weights: Weights
    momentum: Weights
    velocity: Weights
    updates: tf.Tensor


class Tensors(NamedTuple):
    """`Arrays` as the programs take them, time-major: (T, N, F + 1), then four of (T, N).

    steps: how many of the T steps there are, ().
    """

    inputs: tf.Tensor
    advance: tf.Tensor
    keep: tf.Tensor
    targets: tf.Tensor
    weights: tf.Tensor
    steps: tf.Tensor


def new_learner(*, features: int, units: int, outputs: int, seed: int) -> Learner:
    """An untrained network: see `maskdemo.lstm.initial_weights`."""
    weights = initial_weights(features=features, units=units, outputs=outputs, seed=seed)
    zeros = Weights(*(tf.zeros_like(each) for each in weights))
    return Learner(weights, zeros, zeros, tf.constant(0.0))


def tensors(arrays: Arrays, shape: Shape) -> Tensors:
    """Move the five arrays (N, T, ...) to the programs' time-major layout and room."""
    rows, steps = arrays.advance.shape
    room = [(0, shape.steps - steps), (0, shape.sequences - rows)]
    planes = (arrays.advance, arrays.keep, arrays.targets, arrays.weights)
    return Tensors(
        tf.constant(np.pad(arrays.inputs.swapaxes(0, 1), [*room, (0, 0)])),
        *(tf.constant(np.pad(each.T, room)) for each in planes),
        steps=tf.constant(steps),
    )


def batch_order(sequences: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """A shuffled epoch, (batches, batch_size); -1 fills the last batch and takes no part."""
    batches = -(-sequences // batch_size)
    order = np.full(batches * batch_size, -1, np.int32)
    order[:sequences] = rng.permutation(sequences)
    return order.reshape(batches, batch_size)


def train_epoch(
    shape: Shape, network: Learner, data: Tensors, order: NDArray[np.int32], learning_rate: float
) -> tuple[Learner, float, float]:
    """One epoch over `order` (batches, batch_size); returns the network, its loss and accuracy."""
    batches, batch_size = order.shape
    room = -(-shape.sequences // batch_size)
    padded = np.pad(order, [(0, room - batches), (0, 0)], constant_values=-1)
    network, loss, accuracy = epoch_program(shape)(
        network, data, tf.constant(padded), tf.constant(batches), tf.constant(learning_rate, tf.float32)
    )
    return network, float(loss), float(accuracy)


_CACHES: list[Any] = []


def programs() -> int:
    """How many programs this process has compiled since it began."""
    return sum(cached.cache_info().misses for cached in _CACHES)


def _once(build: Callable[[Shape], Callable]) -> Callable[[Shape], Callable]:
    """Keep the newest programs; of two threads that want the same new one, only one traces it."""
    cached, tracing = lru_cache(maxsize=PROGRAMS_KEPT)(build), threading.Lock()
    _CACHES.append(cached)

    @wraps(build)
    def program(shape: Shape) -> Callable:
        with tracing:
            return cached(shape)

    return program


@_once
def epoch_program(shape: Shape) -> Callable:
    """(network, tensors, order, batches, rate) -> (network, loss, accuracy), one epoch of training.

    Loss and accuracy are running means over the epoch, each batch before its update, as `Model.fit`
    reports them.
    """

    def epoch(network, data, order, batches, learning_rate):
        def body(batch, network, loss, seen, correct, counted):
            picked = order[batch]
            present = tf.cast(picked >= 0, tf.float32)
            planes = (tf.gather(each, tf.maximum(picked, 0), axis=1) for each in data[:5])
            part = Tensors(*planes, steps=data.steps)
            part = part._replace(weights=part.weights * present)
            gradient, batch_loss, hits = _gradient(network.weights, part)
            size = tf.reduce_sum(present)
            return (
                batch + 1,
                _adam(network, gradient, learning_rate),
                loss + size * batch_loss,
                seen + size,
                correct + hits,
                counted + tf.reduce_sum(part.weights),
            )

        _, network, loss, seen, correct, counted = tf.while_loop(
            lambda batch, *_: batch < batches,
            body,
            (0, network, 0.0, 0.0, 0.0, 0.0),
            parallel_iterations=1,
        )
        return network, loss / seen, correct / counted

    room = -(-shape.sequences // shape.batch_size)
    one = _weights_spec(shape)
    return tf.function(
        epoch,
        jit_compile=True,
        autograph=False,
        input_signature=[
            Learner(one, one, one, tf.TensorSpec([])),
            _tensors_spec(shape),
            tf.TensorSpec([room, shape.batch_size], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([]),
        ],
    ).get_concrete_function()


@_once
def output_program(shape: Shape) -> Callable:
    """(weights, tensors) -> logits (T, N, K): the read-out after every step."""

    def outputs(weights, data):
        tape = forward(weights, data.inputs, data.advance, data.keep, data.steps)
        return _logits(weights, tape.states)

    return tf.function(
        outputs,
        jit_compile=True,
        autograph=False,
        input_signature=[_weights_spec(shape), _tensors_spec(shape)],
    ).get_concrete_function()


def _gradient(weights: Weights, part: Tensors) -> tuple[Weights, tf.Tensor, tf.Tensor]:
    """Gradient of the batch's loss, the loss, and the weighted count of right answers."""
    tape = forward(weights, part.inputs, part.advance, part.keep, part.steps)
    states = tape.states
    logits = _logits(weights, states)
    if logits.shape[2] == 1:
        truth = tf.cast(part.targets, tf.float32)[..., None]
        losses = tf.nn.sigmoid_cross_entropy_with_logits(truth, logits)[..., 0]
        error = tf.sigmoid(logits) - truth
        right = tf.equal(logits[..., 0] > 0, part.targets > 0)
    else:
        truth = tf.one_hot(part.targets, logits.shape[2])
        losses = -tf.reduce_sum(truth * tf.nn.log_softmax(logits), axis=2)
        error = tf.nn.softmax(logits) - truth
        right = tf.equal(tf.argmax(logits, axis=2, output_type=tf.int32), part.targets)
    share = part.weights / tf.reduce_sum(part.weights)
    d_logits = share[..., None] * error
    d_states = tf.tensordot(d_logits, weights.readout, [[2], [1]])
    kernel, recurrent, bias = backward(
        weights, tape, d_states, part.advance, part.keep, part.steps
    )
    gradient = Weights(
        kernel,
        recurrent,
        bias,
        tf.tensordot(states, d_logits, [[0, 1], [0, 1]]),
        tf.reduce_sum(d_logits, axis=[0, 1]),
    )
    hits = tf.reduce_sum(part.weights * tf.cast(right, tf.float32))
    return gradient, tf.reduce_sum(share * losses), hits


def _adam(network: Learner, gradient: Weights, learning_rate: tf.Tensor) -> Learner:
    """keras.optimizers.Adam's update, with its default betas and epsilon."""
    updates = network.updates + 1
    rate = learning_rate * tf.sqrt(1 - BETA_2**updates) / (1 - BETA_1**updates)
    momentum = Weights(
        *(m + (g - m) * (1 - BETA_1) for m, g in zip(network.momentum, gradient, strict=True))
    )
    velocity = Weights(
        *(v + (g * g - v) * (1 - BETA_2) for v, g in zip(network.velocity, gradient, strict=True))
    )
    weights = Weights(
        *(
            w - rate * m / (tf.sqrt(v) + EPSILON)
            for w, m, v in zip(network.weights, momentum, velocity, strict=True)
        )
    )
    return Learner(weights, momentum, velocity, updates)


def _logits(weights: Weights, states: tf.Tensor) -> tf.Tensor:
    return tf.tensordot(states, weights.readout, [[2], [0]]) + weights.readout_bias


def _weights_spec(shape: Shape) -> Weights:
    units, gates = shape.units, 4 * shape.units
    sizes = ([shape.channels, gates], [units, gates], [gates], [units, shape.outputs], [shape.outputs])
    return Weights(*(tf.TensorSpec(size) for size in sizes))


def _tensors_spec(shape: Shape) -> Tensors:
    plane = [shape.steps, shape.sequences]
    return Tensors(
        tf.TensorSpec([*plane, shape.channels]),
        tf.TensorSpec(plane),
        tf.TensorSpec(plane),
        tf.TensorSpec(plane, tf.int32),
        tf.TensorSpec(plane),
        tf.TensorSpec([], tf.int32),
    )
