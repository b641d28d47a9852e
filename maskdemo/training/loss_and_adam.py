"""A network in training: its loss, the loss's gradient and the update of its weights, by Keras's rules.

Adam (Kingma and Ba 2015) as keras/src/optimizers/adam.py computes it; the loss as the mean over the
steps of the batch that count. Binary tasks have one logit and a sigmoid, others K logits and a softmax.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from maskdemo.training.buckets import PIECE, Shape, TimeMajorBatch
from maskdemo.training.lstm import Residuals, Weights, backward, forward, initial_weights

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


class TrainState(NamedTuple):
    """A network in training: weights, Adam's first and second moments, the float32 count of updates."""

    weights: Weights
    momentum: Weights
    velocity: Weights
    updates: tf.Tensor


def new_train_state(*, features: int, units: int, outputs: int, seed: int) -> TrainState:
    """Return an untrained network: the weights of `initial_weights`, moments of 0 and no updates."""
    weights = initial_weights(features=features, units=units, outputs=outputs, seed=seed)
    zeros = Weights(*(tf.zeros_like(of) for of in weights))
    return TrainState(weights, zeros, zeros, tf.constant(0.0))


def logits_of(weights: Weights, states: tf.Tensor) -> tf.Tensor:
    """Return the logits (..., K) that the dense read-out gives for hidden states (..., H)."""
    return states @ weights.readout + weights.readout_bias


def loss_of(
    logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the weighted sums of cross-entropies and of right answers, and the first sum's gradient.

    The gradient (answers, K) is with respect to the logits (answers, K), where a single logit stands
    for label 1 by a sigmoid. targets (labels), weights: (answers,).
    """
    if logits.shape[1] == 1:
        truth = tf.cast(targets, tf.float32)[:, None]
        losses = tf.nn.sigmoid_cross_entropy_with_logits(truth, logits)[:, 0]
        error = tf.sigmoid(logits) - truth
        right = tf.equal(logits[:, 0] > 0, targets > 0)
    else:
        truth = tf.one_hot(targets, logits.shape[1])
        losses = -tf.reduce_sum(truth * tf.nn.log_softmax(logits), axis=1)
        error = tf.nn.softmax(logits) - truth
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), targets)
    hits = tf.reduce_sum(weights * tf.cast(right, tf.float32))
    return tf.reduce_sum(weights * losses), hits, weights[:, None] * error


class BatchSums(NamedTuple):
    """Sums over the answers of a batch, each times its weight: what its mean loss and gradient need.

    loss, hits (right answers), weight: (). readout, readout_bias: `loss`'s gradient, as in `Weights`.
    """

    loss: tf.Tensor
    hits: tf.Tensor
    weight: tf.Tensor
    readout: tf.Tensor
    readout_bias: tf.Tensor


def gradient_of(
    weights: Weights,
    data: TimeMajorBatch,
    rows: tf.Tensor,
    residuals: Residuals,
    zeros: tf.Tensor,
    shape: Shape,
) -> tuple[Weights, Residuals, BatchSums]:
    """Return the gradient of the mean loss of the sequences at `rows`, the residuals, and the sums.

    The mean is the sum over the weights' sum, or over 1 where that is less. rows: (B,), -1 for no
    sequence, never at index 0. Computed are the steps from the earliest `start` of the sequences to the
    latest `end`. residuals: overwritten, and returned for the next batch. zeros: (B, H), see `forward`.
    """
    present = tf.cast(rows >= 0, tf.float32)
    # A place without a sequence repeats the first one, with no weight: it makes the batch no longer.
    rows = tf.where(rows >= 0, rows, rows[0])
    read_out = tf.gather(data.read_out, rows)
    start = tf.reduce_min(tf.gather(data.start, rows))
    end = tf.reduce_max(tf.gather(data.end, rows))

    def inputs_at(t):
        return tf.gather(data.inputs[t], rows), tf.gather(data.switch[t], rows)

    residuals = forward(weights, inputs_at, start, end, residuals, zeros)
    size, units = shape.batch_size, shape.units

    def answer(states, targets, counted, sums):
        """Return the loss's gradient of the logits (answers, K), and the sums with these answers."""
        loss, hits, d_logits = loss_of(logits_of(weights, states), targets, counted)
        return d_logits, BatchSums(
            sums.loss + loss,
            sums.hits + hits,
            sums.weight + tf.reduce_sum(counted),
            sums.readout + tf.matmul(states, d_logits, transpose_a=True),
            sums.readout_bias + tf.reduce_sum(d_logits, axis=0),
        )

    def to_states(d_logits):
        return tf.matmul(d_logits, weights.readout, transpose_b=True)

    # In the loop, these numbers become tensors.
    # pyrefly: ignore[bad-argument-type]
    sums = BatchSums(0.0, 0.0, 0.0, tf.zeros_like(weights.readout), tf.zeros_like(weights.readout_bias))
    # The state after a step is the state that the next step starts from.
    if shape.every_step:

        def error_of(first, sums):
            after = [first + 1, 0, shape.channels]
            states = xla.dynamic_slice(residuals.rows, after, [PIECE, size, units])
            # Sequences and steps in one: a piece of all sequences would be copied to gather from it.
            cells = tf.reshape((first + tf.range(PIECE))[:, None] * shape.sequences + rows, [-1])
            targets, counted = (
                tf.gather(tf.reshape(of, [-1]), cells) for of in (data.targets, data.weights)
            )
            counted = counted * tf.tile(present, [PIECE])
            d_logits, sums = answer(tf.reshape(states, [-1, units]), targets, counted, sums)
            d_logits = tf.reshape(d_logits, [PIECE, size, shape.outputs])

            def error(t):
                step = xla.dynamic_slice(d_logits, [t - first, 0, 0], [1, size, shape.outputs])
                return to_states(step[0])

            return error, sums

    else:

        def share(t):
            return tf.gather(data.weights[t], rows)[:, None]

        def add_state(t, mean):
            return t + 1, mean + share(t) * residuals.rows[t + 1][:, shape.channels :]

        targets = tf.gather(data.targets[0], rows)
        if shape.pooled:
            bounds = (start, zeros)
            _, states = tf.while_loop(lambda t, _: t < end, add_state, bounds, parallel_iterations=1)
            counted = present
        else:
            cells = tf.stack([read_out + 1, tf.range(size)], axis=1)
            states = tf.gather_nd(residuals.rows, cells)[:, shape.channels :]
            counted = tf.gather(data.weights[0], rows) * present
        d_logits, sums = answer(states, targets, counted, sums)
        d_answers = to_states(d_logits)

        def error_at(t):
            if shape.pooled:
                return share(t) * d_answers
            return tf.where((read_out == t)[:, None], d_answers, 0.0)

        def error_of(first, sums):
            return lambda t: error_at(t), sums

    recurrent, sums = backward(weights, residuals, error_of, start, end, zeros, sums)
    gradient = Weights(*recurrent, sums.readout, sums.readout_bias)
    # A batch of sequences that were cut to steps which do not count teaches nothing.
    return Weights(*(of / tf.maximum(sums.weight, 1.0) for of in gradient)), residuals, sums


def adam(train_state: TrainState, gradient: Weights, learning_rate: tf.Tensor) -> TrainState:
    """Return the state after one update by keras.optimizers.Adam, with default betas and epsilon."""
    updates = train_state.updates + 1
    # TensorFlow's type stubs know no number to the power of a tensor.
    # pyrefly: ignore[unsupported-operation]
    rate = learning_rate * tf.sqrt(1 - BETA_2**updates) / (1 - BETA_1**updates)
    momentum = Weights(
        *(m + (g - m) * (1 - BETA_1) for m, g in zip(train_state.momentum, gradient, strict=True))
    )
    velocity = Weights(
        *(v + (g * g - v) * (1 - BETA_2) for v, g in zip(train_state.velocity, gradient, strict=True))
    )
    weights = Weights(
        *(
            w - rate * m / (tf.sqrt(v) + EPSILON)
            for w, m, v in zip(train_state.weights, momentum, velocity, strict=True)
        )
    )
    return TrainState(weights, momentum, velocity, updates)
