"""Where the gradient goes: how much of the loss's gradient lands on each step.

Backpropagation through time in plain NumPy, over `maskdemo.inside.activations`. Each sequence has its
own loss: the cross-entropy at the steps that count, averaged over them. A step that holds or
resets throws away what it computes, so all three norms of `gradient` are exactly 0 there: the gradient
passes a held step by, unchanged, and ends at a reset one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdemo.inside.activations import Activations, activations_of, states_before
from maskdemo.inside.recurrence import product
from maskdemo.strategies import Arrays
from maskdemo.training.snapshot import Network

#: Numbers of activations that are in memory at a time: 16 MB in float32.
MAX_NUMBERS = 4 * 2**20


@dataclass(frozen=True)
class Gradient:
    """Gradient norms, each (N, T), one row per sequence: see `gradient`."""

    inputs: NDArray
    states: NDArray
    weights: NDArray


@dataclass(frozen=True)
class Landing:
    """Gradient norms by step, (T,), summed over the sequences in which the step is of that kind."""

    real: NDArray[np.float64]
    padding: NDArray[np.float64]
    missing: NDArray[np.float64]

    @property
    def total(self) -> float:
        """The sum over all steps of all kinds."""
        return float((self.real + self.padding + self.missing).sum())

    def share(self, kind: str) -> float:
        """The share (0 to 1) of `total` on "real", "padding" or "missing" steps; 0 of a total of 0."""
        return float(getattr(self, kind).sum()) / self.total if self.total else 0.0


def gradient(network: Network, arrays: Arrays) -> Gradient:
    """Return norms (N, T) of the gradient of each sequence's own loss, at each step.

    inputs: with respect to the input x_t, mask channel included, that the LSTM receives there. states:
    to the h and c that the step computes, together (c's through h too). weights: its part of the
    gradient of the LSTM's kernels and bias together, which is the sum of the parts. All are 0 where the
    step holds or resets the state.
    """
    rows, steps = arrays.advance.shape
    at_once = max(1, MAX_NUMBERS // (6 * steps * len(network.recurrent_kernel)))
    parts = [
        _gradient_of_rows(network, _select_rows(arrays, slice(start, start + at_once)))
        for start in range(0, rows, at_once)
    ]
    return Gradient(
        *(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Gradient))
    )


def landing(norms: NDArray, *, padded: NDArray[np.bool_], missing: NDArray[np.bool_]) -> Landing:
    """Return the sums over N sequences of norms (N, T), apart for real, padded and missing steps.

    padded, missing: (N, T), of a `Batch`.
    """
    kinds = {"real": ~padded & ~missing, "padding": padded, "missing": missing}
    return Landing(
        **{
            kind: np.where(cells, norms, 0).sum(axis=0, dtype=np.float64)
            for kind, cells in kinds.items()
        }
    )


def _gradient_of_rows(network: Network, arrays: Arrays) -> Gradient:
    """Return `gradient` of all sequences at once: step by step, from the last to the first."""
    activations = activations_of(network, arrays)
    d_states = product(_d_logits(activations, arrays), network.readout.T)
    rows, steps = arrays.advance.shape
    inputs, states, sums = np.zeros((3, rows, steps), network.kernel.dtype)
    cells_before = states_before(activations.cells)
    d_state = d_cell = np.zeros_like(d_states[:, 0])
    for t in reversed(range(steps)):
        a, k = arrays.advance[:, t, None], arrays.keep[:, t, None]
        d_state = d_state + d_states[:, t]
        if not a.any():
            d_state, d_cell = k * d_state, k * d_cell
            continue
        i, f, g, o = (
            gate[:, t]
            for gate in (
                activations.input_gate,
                activations.forget_gate,
                activations.candidate,
                activations.output_gate,
            )
        )
        # Where the step moves, c is what it computes; where it does not, `a` is 0.
        squashed = np.tanh(activations.cells[:, t])
        d_moved = a * d_state
        d_computed = a * d_cell + d_moved * o * (1 - squashed * squashed)
        d_sums = np.concatenate(
            [
                d_computed * g * i * (1 - i),
                d_computed * cells_before[:, t] * f * (1 - f),
                d_computed * i * (1 - g * g),
                d_moved * squashed * o * (1 - o),
            ],
            axis=1,
        )
        inputs[:, t] = _norm(product(d_sums, network.kernel.T))
        states[:, t] = np.hypot(_norm(d_moved), _norm(d_computed))
        sums[:, t] = _norm(d_sums)
        d_state = product(d_sums, network.recurrent_kernel.T) + k * d_state
        d_cell = f * d_computed + k * d_cell
    # A step's part of the weights' gradient is the outer product of what it reads (its input, a 1
    # for the bias, the state before) and d_sums; the norm of an outer product is the norms' product.
    read = np.sqrt(1 + _norm(arrays.inputs) ** 2 + _norm(states_before(activations.states)) ** 2)
    return Gradient(inputs, states, read * sums)


def _d_logits(activations: Activations, arrays: Arrays) -> NDArray:
    """Return the gradient of each sequence's mean loss to the logits after each step, (N, T, K).

    Where a mean is read, that of its one answer, times each state's share in it.
    """
    outputs, weight = activations.probabilities, arrays.pool
    # Of a sequence that was cut to steps that do not count, nothing does.
    if weight is None:
        weight = arrays.weights / np.maximum(1, arrays.weights.sum(axis=1, keepdims=True))
    else:  # one answer, read from all of them
        outputs = outputs[:, -1:]
    error = outputs - np.eye(outputs.shape[2], dtype=outputs.dtype)[arrays.targets]
    # Two classes have one logit, that of the second.
    return weight[..., None] * (error[..., 1:] if outputs.shape[2] == 2 else error)


def _norm(vectors: NDArray) -> NDArray:
    """Return the Euclidean norms (...) of vectors (..., A)."""
    return np.sqrt(np.einsum("...i,...i->...", vectors, vectors))


def _select_rows(arrays: Arrays, rows: slice) -> Arrays:
    """Return the arrays of the sequences in a slice."""
    parts: dict[str, Any] = {each.name: getattr(arrays, each.name) for each in fields(Arrays)}
    for name, of in parts.items():
        parts[name] = None if of is None else of[rows]
    return Arrays(**parts)
