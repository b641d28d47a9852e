"""One network from the inside: every gate, cell and hidden state at every step of its sequences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdemo.inside.recurrence import outputs_of, states_of
from maskdemo.strategies import Arrays
from maskdemo.training.snapshot import Network

#: Each field of `Activations` but the probabilities: its symbol and its name.
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


@dataclass(frozen=True)
class Activations:
    """The activations of H units at the T steps of N sequences.

    input_gate, forget_gate, candidate, output_gate: (N, T, H), what the step computes, whether or
    not it is used. cells, states: (N, T, H), c and h after the step. read: (N, T, H), what the read-out
    reads after the step: h, or the mean of h until then. probabilities: (N, T, classes), made of it.
    """

    input_gate: NDArray
    forget_gate: NDArray
    candidate: NDArray
    output_gate: NDArray
    cells: NDArray
    states: NDArray
    read: NDArray
    probabilities: NDArray


def activations_of(network: Network, arrays: Arrays) -> Activations:
    """Return the activations of N sequences, in a strategy's arrays; each starts from a zero state."""
    rows, steps = arrays.advance.shape
    gates = np.empty((steps, rows, 4 * len(network.recurrent_kernel)), network.kernel.dtype)
    # (T, N, H) in the recurrence, (N, T, H) in `Activations`.
    cells, states = states_of(network, arrays, gates=gates).swapaxes(1, 2)
    read = arrays.read(states)
    return Activations(
        *np.split(gates.swapaxes(0, 1), 4, axis=2),
        cells=cells,
        states=states,
        read=read,
        probabilities=outputs_of(network, read),
    )


def states_before(after: NDArray) -> NDArray:
    """Return the states (N, T, H) before each step, zero before the first, from those after each."""
    return np.concatenate([np.zeros_like(after[:, :1]), after[:, :-1]], axis=1)


def unit_order(activations: Activations) -> NDArray[np.intp]:
    """Return the units' indices (H,), sorted by the step at which the first sequence's |h| peaks."""
    return np.argsort(np.abs(activations.states[0]).argmax(axis=0), kind="stable")


def first_difference(first: NDArray, second: NDArray, *, over: float) -> int | None:
    """Return the first step (from 0) at which two (T, ...) differ by more than `over`; None if none."""
    apart = np.abs(first - second).reshape(len(first), -1).max(axis=1) > over
    return int(apart.argmax()) if apart.any() else None
