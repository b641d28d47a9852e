"""The recurrence of every strategy in plain NumPy and float64: one sequence, one step at a time.

Written from the formulas, not from the engine: h_t = advance * LSTM(x_t, h) + keep * h, the same for
c, gates in Keras's order (input, forget, candidate, output).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from maskdemo.strategies import Arrays


def logits(weights: Sequence, given: Arrays) -> NDArray[np.float64]:
    """The read-out after every step, (N, T, K). weights: the arrays of `maskdemo.training.lstm`."""
    kernel, recurrent, bias, readout, readout_bias = (np.asarray(w, np.float64) for w in weights)
    rows, steps = given.advance.shape
    units = recurrent.shape[0]
    out = np.zeros((rows, steps, len(readout_bias)))
    for row in range(rows):
        h, c = np.zeros(units), np.zeros(units)
        for t in range(steps):
            z = given.inputs[row, t].astype(np.float64) @ kernel + h @ recurrent + bias
            i, f, o = expit(z[:units]), expit(z[units : 2 * units]), expit(z[3 * units :])
            moved = f * c + i * np.tanh(z[2 * units : 3 * units])
            if given.advance[row, t] == 1:
                h, c = o * np.tanh(moved), moved
            elif given.keep[row, t] == 0:
                h, c = np.zeros(units), np.zeros(units)
            out[row, t] = h @ readout + readout_bias
        if given.pool is not None:  # the answer of the steps until then
            until = np.tril(np.broadcast_to(given.pool[row].astype(np.float64), (steps, steps)))
            shares = until / np.maximum(until.sum(axis=1, keepdims=True), 1e-12)
            out[row] = shares @ (out[row] - readout_bias) + readout_bias
    return out


def said(weights: Sequence, given: Arrays) -> NDArray[np.float64]:
    """Probabilities after every step, (N, T, classes); a single logit gives two classes."""
    out = logits(weights, given)
    if out.shape[2] == 1:
        return np.concatenate([expit(-out), expit(out)], axis=2)
    return softmax(out, axis=2)


def loss(weights: Sequence, given: Arrays) -> float:
    """Mean cross-entropy over the steps that count."""
    out = logits(weights, given)
    if out.shape[2] == 1:
        out = np.concatenate([np.zeros_like(out), out], axis=2)
    likely = np.take_along_axis(log_softmax(out, axis=2), given.targets[..., None], axis=2)[..., 0]
    return float(-(given.weights * likely).sum() / given.weights.sum())
