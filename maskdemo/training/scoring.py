"""Probabilities, loss and accuracy of logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Keras's guard against the logarithm of zero.
EPSILON = 1e-7


@dataclass(frozen=True)
class Score:
    """Loss and accuracy (0 to 1) over the answers that count."""

    loss: float
    accuracy: float


def score(answers: NDArray, targets: NDArray[np.integer], weights: NDArray) -> Score:
    """Return the weighted mean cross-entropy and accuracy of answers, probabilities (A, classes).

    targets: (A,), the true labels. weights: (A,), not all 0. The loss takes a probability below
    `EPSILON` for `EPSILON`.
    """
    weights = weights.astype(np.float64)
    log_likelihood = np.log(np.maximum(answers[np.arange(len(answers)), targets], EPSILON))
    hits = answers.argmax(axis=1) == targets
    total = weights.sum()
    return Score(
        float(-(weights * log_likelihood).sum() / total), float((weights * hits).sum() / total)
    )


def probabilities(logits: NDArray) -> NDArray:
    """Return the softmax (..., K) of logits (..., K); of K = 1, (..., 2), the second by a sigmoid."""
    if logits.shape[-1] == 1:
        second = 0.5 * np.tanh(0.5 * logits) + 0.5
        return np.concatenate([1 - second, second], axis=-1)
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
