"""One network from the inside: every gate, cell and hidden state at every step, in plain NumPy.

The arithmetic is that of `maskdemo.lstm`, written to be read rather than compiled, so that a page can
show every number without loading TensorFlow. With a = advance and k = keep of a strategy's arrays,

    i, f, o = sigmoid(W x_t + U h_{t-1} + b), each gate with its own columns of W, U and b
    g       = tanh(W x_t + U h_{t-1} + b)
    c_t     = a * (f * c_{t-1} + i * g) + k * c_{t-1}
    h_t     = a * o * tanh(c_t) + k * h_{t-1}

The tests hold it against `keras.layers.LSTMCell` step by step and against the compiled program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdemo.snapshot import Network
from maskdemo.strategies import Arrays

#: Every quantity of a trace: its symbol and its name.
QUANTITIES = {
    "input_gate": ("i", "Input gate"),
    "forget_gate": ("f", "Forget gate"),
    "candidate": ("g", "Cell candidate"),
    "output_gate": ("o", "Output gate"),
    "cells": ("c", "Cell state"),
    "states": ("h", "Hidden state"),
}
#: The first four: what a step computes, and throws away where the state does not move on.
GATES = tuple(QUANTITIES)[:4]
#: Multiply-adds up to which OpenBLAS, NumPy's library, keeps a product on one thread.
SMALL = 2**18


@dataclass(frozen=True)
class Trace:
    """What N sequences of T steps do to H units.

    input_gate, forget_gate, candidate, output_gate: (N, T, H), what the step computes, whether or
    not it is used. cells, states: (N, T, H), c and h after the step. probabilities: (N, T, classes).
    """

    input_gate: NDArray
    forget_gate: NDArray
    candidate: NDArray
    output_gate: NDArray
    cells: NDArray
    states: NDArray
    probabilities: NDArray


def trace(network: Network, arrays: Arrays) -> Trace:
    """Send the N sequences of a strategy's arrays through the network, step by step, from zero."""
    rows, steps = arrays.advance.shape
    units = network.recurrent_kernel.shape[0]
    kind = network.kernel.dtype
    gates = np.zeros((4, rows, steps, units), kind)
    cells, states = np.zeros((2, rows, steps, units), kind)
    drive = product(arrays.inputs, network.kernel) + network.bias
    cell = state = np.zeros((rows, units), kind)
    for t in range(steps):
        i, f, g, o = gates[:, :, t] = activated(drive[:, t] + product(state, network.recurrent_kernel))
        a, k = arrays.advance[:, t, None], arrays.keep[:, t, None]
        moved = f * cell + i * g
        cell = a * moved + k * cell
        state = a * o * np.tanh(moved) + k * state
        cells[:, t], states[:, t] = cell, state
    return Trace(*gates, cells=cells, states=states, probabilities=said(network, states))


def product(rows: NDArray, matrix: NDArray) -> NDArray:
    """Rows (..., A) times matrix (A, B), as (..., B), in pieces that stay on one thread.

    A larger product is shared among threads that wait for one another at every step, which takes a
    hundred times longer than the product itself as soon as somebody trains on the same cores.
    """
    flat = rows.reshape(-1, rows.shape[-1])
    piece = max(1, SMALL // matrix.size)
    whole = len(flat) // piece * piece
    result = np.empty((len(flat), matrix.shape[1]), np.result_type(rows, matrix))
    np.matmul(
        flat[:whole].reshape(-1, piece, flat.shape[1]),
        matrix,
        out=result[:whole].reshape(-1, piece, matrix.shape[1]),
    )
    np.matmul(flat[whole:], matrix, out=result[whole:])
    return result.reshape(*rows.shape[:-1], matrix.shape[1])


def activated(sums: NDArray) -> NDArray:
    """Weighted sums (N, 4H) -> the gates i, f, g, o as (4, N, H)."""
    i, f, g, o = np.split(sums, 4, axis=-1)
    return np.stack([sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)])


def sigmoid(x: NDArray) -> NDArray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def said(network: Network, states: NDArray) -> NDArray:
    """Hidden states (..., H) -> probabilities (..., classes); one logit gives two classes."""
    logits = product(states, network.readout) + network.readout_bias
    if logits.shape[-1] == 1:
        one = sigmoid(logits)
        return np.concatenate([1 - one, one], axis=-1)
    grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return grown / grown.sum(axis=-1, keepdims=True)


def before(after: NDArray) -> NDArray:
    """States (N, T, H) after each step -> those that each step starts from; the first is zero."""
    return np.concatenate([np.zeros_like(after[:, :1]), after[:, :-1]], axis=1)


def unit_order(traced: Trace) -> NDArray[np.intp]:
    """Units (H,) by the step at which the first sequence's |h| is largest, earliest first."""
    return np.argsort(np.abs(traced.states[0]).argmax(axis=0), kind="stable")


def parting(one: NDArray, other: NDArray, *, over: float) -> int | None:
    """The first step (from 0) at which two (T, ...) differ by more than `over` anywhere, if any."""
    apart = np.abs(one - other).reshape(len(one), -1).max(axis=1) > over
    return int(apart.argmax()) if apart.any() else None
