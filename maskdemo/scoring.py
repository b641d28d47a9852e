"""From logits to what people read: probabilities at every step, loss and accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdemo.strategies import Arrays

#: Keras's guard against the logarithm of zero.
EPSILON = 1e-7


@dataclass(frozen=True)
class Score:
    """Loss and accuracy over the steps that count."""

    loss: float
    accuracy: float


def score(probabilities: NDArray, arrays: Arrays) -> Score:
    """Mean loss and accuracy of outputs (N, T, K) over the steps that `arrays.weights` counts."""
    rows, steps = np.nonzero(arrays.weights)
    weight = arrays.weights[rows, steps].astype(np.float64)
    truth = arrays.targets[rows, steps]
    said = probabilities[rows, steps]
    log_likelihood = np.log(np.maximum(said[np.arange(len(said)), truth], EPSILON))
    hits = said.argmax(axis=1) == truth
    total = weight.sum()
    return Score(float(-(weight * log_likelihood).sum() / total), float((weight * hits).sum() / total))


def probabilities(logits: NDArray, shows: NDArray[np.intp], at_start: NDArray) -> NDArray[np.float32]:
    """Logits (T', N, K) at the kept steps -> probabilities (N, T, classes) at all steps.

    shows: (T,) from `strategies.trim`; -1 means before the first step, where the network says
    `at_start` (K,), the read-out of the zero state. A single logit gives two classes.
    """
    everywhere = np.concatenate([np.broadcast_to(at_start, (1, *logits.shape[1:])), logits])
    chosen = everywhere[shows + 1].swapaxes(0, 1)
    if chosen.shape[2] == 1:
        one = 0.5 * np.tanh(0.5 * chosen) + 0.5
        return np.concatenate([1 - one, one], axis=2).astype(np.float32)
    grown = np.exp(chosen - chosen.max(axis=2, keepdims=True))
    return (grown / grown.sum(axis=2, keepdims=True)).astype(np.float32)
