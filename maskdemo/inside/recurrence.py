"""The recurrence in plain NumPy: one LSTM step, and all steps of a sequence with their two switches.

This is the place to begin reading the code: `step`, then `states_of`. `maskdemo.training.lstm` has the
same arithmetic compiled, with its gradient; this module needs no TensorFlow, so a page can show every
number. With a = advance and k = keep of a strategy's arrays,

    i, f, o = sigmoid(W x_t + U h_{t-1} + b), each gate with its own columns of W, U and b
    g       = tanh(W x_t + U h_{t-1} + b)
    c_t     = a * (f * c_{t-1} + i * g) + k * c_{t-1}
    h_t     = a * o * tanh(c_t) + k * h_{t-1}

The tests hold it against `keras.layers.LSTMCell` step by step and against the compiled program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskdemo.strategies import Arrays
from maskdemo.training.scoring import probabilities
from maskdemo.training.snapshot import Network

#: Multiply-adds up to which OpenBLAS, NumPy's library, keeps a product on one thread.
MAX_PRODUCT = 2**18


def states_of(
    network: Network,
    arrays: Arrays,
    start: NDArray | None = None,
    *,
    drive: NDArray | None = None,
    gates: NDArray | None = None,
) -> NDArray:
    """Compute c and h after every step, (2, T, N, H).

    start: c and h before the first step, (2, N or 1, H); zero by default. A single row of arrays serves
    all rows of `start`, and a single row of `start` all rows of arrays. drive: of `drive_of`, if it was
    computed before. gates: (T, N, 4H), is filled with i, f, g and o of every step, used or not;
    without it only the rows whose state moves are computed.
    """
    units, kind = len(network.recurrent_kernel), network.kernel.dtype
    start = np.zeros((2, 1, units), kind) if start is None else start
    rows, steps = max(len(arrays.advance), start.shape[1]), arrays.advance.shape[1]
    drive = drive_of(network, arrays) if drive is None else drive
    after = np.empty((2, steps, rows, units), kind)
    cell, state = (np.array(np.broadcast_to(each, (rows, units))) for each in start)
    for t in range(steps):
        moves = np.broadcast_to(arrays.advance[:, t] > 0, rows)
        resets = ~moves & np.broadcast_to(arrays.keep[:, t] == 0, rows)
        if gates is not None:
            gates[t], new_cell, new_state = step(network, drive[:, t], cell, state)
            cell[moves], state[moves] = new_cell[moves], new_state[moves]
        elif moves.any():
            # A slice needs no copies; without missing readings the moving rows are a slice.
            first = int(moves.argmax())
            active = slice(first, None) if moves[first:].all() else moves
            sums = drive[active, t] if len(drive) > 1 else drive[:, t]
            _, cell[active], state[active] = step(network, sums, cell[active], state[active])
        if resets.any():
            cell[resets] = state[resets] = 0
        after[0, t], after[1, t] = cell, state
    return after


def drive_of(network: Network, arrays: Arrays) -> NDArray:
    """Return inputs times kernel plus bias, (N, T, 4H): the gates' sums but for the state's part."""
    return product(arrays.inputs, network.kernel) + network.bias


def step(
    network: Network, drive: NDArray, cell: NDArray, state: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Compute one LSTM step of M rows: the gates i, f, g, o (M, 4H), and c and h (M, H) after it.

    drive: (M or 1, 4H), one step of `drive_of`.
    """
    gates = product(state, network.recurrent_kernel)
    gates += drive
    units = gates.shape[1] // 4
    candidate = np.tanh(gates[:, 2 * units : 3 * units])
    sigmoid(gates, out=gates)
    gates[:, 2 * units : 3 * units] = candidate
    i, f, g, o = np.split(gates, 4, axis=1)
    cell = f * cell
    cell += i * g
    return gates, cell, o * np.tanh(cell)


def sigmoid(x: NDArray, out: NDArray | None = None) -> NDArray:
    """Return 1 / (1 + exp(-x)), without overflow, in `out` where given, which may be x itself."""
    half = np.tanh(np.multiply(x, 0.5, out=out), out=out)
    half *= 0.5
    half += 0.5
    return half


def outputs_of(network: Network, states: NDArray) -> NDArray:
    """Return the probabilities (..., classes) that the read-out gives for hidden states (..., H)."""
    return probabilities(product(states, network.readout) + network.readout_bias)


def product(rows: NDArray, matrix: NDArray) -> NDArray:
    """Return rows (..., A) times matrix (A, B), as (..., B), in pieces up to `MAX_PRODUCT`.

    A larger product is shared among threads that wait for one another at every step, which takes a
    hundred times longer than the product itself as soon as somebody trains on the same cores.
    """
    flat = rows.reshape(-1, rows.shape[-1])
    piece = max(1, MAX_PRODUCT // matrix.size)
    whole = len(flat) // piece * piece
    result = np.empty((len(flat), matrix.shape[1]), np.result_type(rows, matrix))
    np.matmul(
        flat[:whole].reshape(-1, piece, flat.shape[1]),
        matrix,
        out=result[:whole].reshape(-1, piece, matrix.shape[1]),
    )
    np.matmul(flat[whole:], matrix, out=result[whole:])
    return result.reshape(*rows.shape[:-1], matrix.shape[1])
