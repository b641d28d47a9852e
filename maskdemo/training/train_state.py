"""A network in training, its loss and its updates, by Keras's rules.

Adam (Kingma and Ba 2015) as keras/src/optimizers/adam.py computes it; the loss as the mean over the
steps of the batch that count. Binary tasks have one logit and a sigmoid, others K logits and a softmax.
"""

# TensorFlow's type stubs know neither `...` in slices nor arithmetic between tensors and numbers.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportOptionalOperand=false

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from maskdemo.training.buckets import TimeMajorBatch
from maskdemo.training.lstm import Weights, initial_weights

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


class TrainState(NamedTuple):
    """A network in training: weights, Adam's first and second moments, updates made so far."""

    weights: Weights
    momentum: Weights
    velocity: Weights
    updates: tf.Tensor


def new_train_state(*, features: int, units: int, outputs: int, seed: int) -> TrainState:
    """An untrained network: see `maskdemo.training.lstm.initial_weights`."""
    weights = initial_weights(features=features, units=units, outputs=outputs, seed=seed)
    zeros = Weights(*(tf.zeros_like(each) for each in weights))
    return TrainState(weights, zeros, zeros, tf.constant(0.0))


def loss_of(logits: tf.Tensor, part: TimeMajorBatch) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Loss, weighted right answers and the loss's gradient, of logits (answers, K)."""
    targets, weights = tf.reshape(part.targets, [-1]), tf.reshape(part.weights, [-1])
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


def adam(train_state: TrainState, gradient: Weights, learning_rate: tf.Tensor) -> TrainState:
    """keras.optimizers.Adam's update, with its default betas and epsilon."""
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
