"""A network in training: its loss, the loss's gradient and the update of its weights, by Keras's rules.

Adam (Kingma and Ba 2015) as keras/src/optimizers/adam.py computes it; the loss as the mean over the
steps of the batch that count. Binary tasks have one logit and a sigmoid, others K logits and a softmax.
"""

# TensorFlow's type stubs know neither `...` in slices nor arithmetic between tensors and numbers.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportOptionalOperand=false

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from maskdemo.training.buckets import Shape, TimeMajorBatch
from maskdemo.training.lstm import Residuals, Weights, backward, forward, initial_weights

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


class TrainState(NamedTuple):
    """A network in training: weights, Adam's first and second moments, the number of updates so far."""

    weights: Weights
    momentum: Weights
    velocity: Weights
    updates: tf.Tensor


def new_train_state(*, features: int, units: int, outputs: int, seed: int) -> TrainState:
    """An untrained network: see `maskdemo.training.lstm.initial_weights`."""
    weights = initial_weights(features=features, units=units, outputs=outputs, seed=seed)
    zeros = Weights(*(tf.zeros_like(of) for of in weights))
    return TrainState(weights, zeros, zeros, tf.constant(0.0))


def logits_of(weights: Weights, states: tf.Tensor) -> tf.Tensor:
    """The dense read-out (..., K) of hidden states (..., H)."""
    return states @ weights.readout + weights.readout_bias


def loss_of(logits: tf.Tensor, batch: TimeMajorBatch) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Loss, weighted number of right answers and the loss's gradient, of logits (answers, K)."""
    targets, weights = tf.reshape(batch.targets, [-1]), tf.reshape(batch.weights, [-1])
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
    share = weights / tf.reduce_sum(weights)
    hits = tf.reduce_sum(weights * tf.cast(right, tf.float32))
    return tf.reduce_sum(share * losses), hits, share[:, None] * error


def gradient_of(
    weights: Weights, batch: TimeMajorBatch, residuals: Residuals, zeros: tf.Tensor, shape: Shape
) -> tuple[Weights, Residuals, tf.Tensor, tf.Tensor]:
    """Gradient of the batch's loss, the residuals, the loss, the weighted number of right answers.

    residuals: overwritten, and returned to be used for the next batch. zeros: (B, H), see `forward`.
    """
    start, end = tf.reduce_min(batch.start), tf.reduce_max(batch.end)
    residuals, final = forward(weights, batch.inputs, batch.switch, start, end, residuals, zeros)
    if shape.every_step:
        after = tf.concat([residuals.states[1:], residuals.states[:1]], axis=0)
        after = xla.dynamic_update_slice(after, final[None], [end - 1, 0, 0])
        answers = tf.reshape(after, [-1, shape.units])
    else:
        # The state after a step is the state that the next step starts from.
        following = batch.read_out + 1
        cells = tf.stack([tf.minimum(following, shape.steps - 1), tf.range(shape.batch_size)], axis=1)
        answers = tf.gather_nd(residuals.states, cells)
        answers = tf.where((following >= end)[:, None], final, answers)
    loss, hits, d_logits = loss_of(logits_of(weights, answers), batch)
    d_answers = tf.matmul(d_logits, weights.readout, transpose_b=True)
    d_states = tf.reshape(d_answers, [-1, shape.batch_size, shape.units])

    def error(t):
        if shape.every_step:
            return d_states[t]
        return tf.where((batch.read_out == t)[:, None], d_answers, 0.0)

    recurrent, residuals = backward(
        weights, residuals, error, batch.inputs, batch.switch, start, end, zeros
    )
    d_readout = tf.matmul(answers, d_logits, transpose_a=True)
    return Weights(*recurrent, d_readout, tf.reduce_sum(d_logits, axis=0)), residuals, loss, hits


def adam(train_state: TrainState, gradient: Weights, learning_rate: tf.Tensor) -> TrainState:
    """The train state after one update of keras.optimizers.Adam, with its default betas and epsilon."""
    updates = train_state.updates + 1
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
