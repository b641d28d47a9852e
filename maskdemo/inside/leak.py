"""Padding added after training: which outputs move, and by how much.

Every test sequence is given without any padding, then with more and more padded steps in front or
after the end, and the outputs are compared. What a network says must not depend on steps that are not
there; where it does, padding leaks.

Most of the work is shared. Padding after the end continues from the state that the sequence left, so
one pass serves every amount. Padding in front is the same for every sequence, so its states are
computed for one row and all sequences start from them. A step that holds the state is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskdemo.experiment import Experiment
from maskdemo.inputs import arrays_of, picked, share_of_commonest
from maskdemo.inside.trace import product, said
from maskdemo.padding import Batch, pad
from maskdemo.snapshot import Network
from maskdemo.strategies import STRATEGIES, Arrays, hold_padding
from maskdemo.tasks import Sequences

#: The most padded steps that can be added.
MOST = 200
COUNTS = (0, 1, 2, 3, 5, 8, 12, 20, 30, 40, 60, 80, 100, 120, 140, 160, 180, 200)


@dataclass(frozen=True)
class Sweep:
    """One network under growing padding.

    counts: (C,), padded steps added. change: (C, N), the largest change of any output probability of
    each sequence (at the read-out, or at any valid step where each has a label). accuracy: (C,).
    chance: accuracy of always giving the commonest label of these sequences.
    """

    counts: NDArray[np.intp]
    change: NDArray[np.float32]
    accuracy: NDArray[np.float64]
    chance: float


def padded_by(
    sequences: Sequences, added: int, *, side: str, value: float, missing: float = 0.0
) -> Batch:
    """The sequences, `added` padded steps longer than the longest of them.

    value: what is written at padded steps. missing: what stands at readings that are not there.
    """
    longest = max(len(each) for each in sequences.values)
    batch = pad(sequences, padded_length=longest + added, side=side, pad_value=missing)
    values = np.where(batch.padded[..., None], np.float32(value), batch.values)
    return Batch(values, batch.valid, batch.padded, batch.labels)


def sweep(
    network: Network,
    strategy: str,
    experiment: Experiment,
    sequences: Sequences,
    *,
    side: str,
    value: float,
    counts: tuple[int, ...] = COUNTS,
) -> Sweep:
    """Add `counts` padded steps of `value` on one side of every sequence, N in all."""
    # Aligned at the end, and what fills the rectangle in front is held: as if it were not there. In
    # order of length, so that the rows that move at a step stand together.
    order = np.argsort([len(each) for each in sequences.values], kind="stable")
    bare = padded_by(picked(sequences, order), 0, side="pre", value=0.0, missing=experiment.pad_value)
    given = hold_padding(_arrays(strategy, bare, experiment), bare.padded)
    padding = _arrays(strategy, _only_padding(bare, max(counts), value), experiment)
    at_end = not experiment.per_step and not STRATEGIES[strategy].reads_last_valid
    drive = _drive(network, given)
    start = np.zeros((2, 1, len(network.recurrent_kernel)), np.float32)
    moves = bool((padding.keep == 0).any())
    answers: dict[int, NDArray] = {}
    if side == "post":
        alone = _states(network, given, drive, start)
        answers[0] = _answers(network, alone[1], given)
        if at_end and moves:
            after = _states(network, padding, _drive(network, padding), alone[:, -1])
            for count in counts:
                if count:
                    answers[count] = said(network, after[1, count - 1])
    else:
        ahead = _states(network, padding, _drive(network, padding), start) if moves else None
        for count in counts:
            if count == 0 or ahead is not None:
                begin = ahead[:, count - 1] if count and ahead is not None else start
                answers[count] = _answers(network, _states(network, given, drive, begin)[1], given)
    found = [answers.get(count, answers[0]) for count in counts]
    rows, steps = np.nonzero(given.weights)
    truth = given.targets[rows, steps]
    change = np.zeros((len(counts), len(order)), np.float32)
    for at, each in enumerate(found):
        # The answers are in order of length, and a sequence may give several.
        np.maximum.at(change[at], order[rows], np.abs(each - answers[0]).max(axis=1))
    return Sweep(
        counts=np.array(counts),
        change=change,
        accuracy=np.array([(each.argmax(axis=1) == truth).mean() for each in found]),
        chance=share_of_commonest(truth),
    )


def _arrays(strategy: str, batch: Batch, experiment: Experiment) -> Arrays:
    """The strategy's arrays; where each step has a label, only valid steps are looked at."""
    return arrays_of(replace(experiment, count_invalid=False), strategy, batch)


def _only_padding(like: Batch, steps: int, value: float) -> Batch:
    values = np.full((1, steps, like.values.shape[2]), value, np.float32)
    nowhere = np.zeros((1, steps), bool)
    return Batch(values, nowhere, ~nowhere, np.zeros((1, steps), np.int32))


def _answers(network: Network, states: NDArray, given: Arrays) -> NDArray:
    """Probabilities (A, classes) at the A steps that count, row by row; states (T, N, H)."""
    rows, steps = np.nonzero(given.weights)
    return said(network, states[steps, rows])


def _states(network: Network, given: Arrays, drive: NDArray, start: NDArray) -> NDArray[np.float32]:
    """C and h after every step, (2, T, N, H), from `start` (2, N or 1, H); one row serves all rows.

    drive: (N, T, 4H) from `_drive`. Faster than a trace: no gate is kept, and only the rows that move
    are computed.
    """
    steps = given.advance.shape[1]
    rows = max(len(given.advance), start.shape[1])
    units = len(network.recurrent_kernel)
    after = np.empty((2, steps, rows, units), np.float32)
    cell, state = (np.array(np.broadcast_to(each, (rows, units))) for each in start)
    for t in range(steps):
        moving = np.broadcast_to(given.advance[:, t] > 0, rows)
        resets = ~moving & np.broadcast_to(given.keep[:, t] == 0, rows)
        first = int(moving.argmax())
        if moving.any():
            # A slice needs no copies; without missing readings the moving rows are one.
            these = slice(first, None) if moving[first:].all() else moving
            sums = drive[these, t] if len(drive) > 1 else drive[:, t]
            cell[these], state[these] = _moved(network, sums, cell[these], state[these])
        if resets.any():
            cell[resets] = state[resets] = 0
        after[0, t], after[1, t] = cell, state
    return after


def _drive(network: Network, given: Arrays) -> NDArray:
    """What the inputs add to the gates' sums, (N, T, 4H)."""
    return product(given.inputs, network.kernel) + network.bias


def _moved(network: Network, drive: NDArray, cell: NDArray, state: NDArray) -> tuple:
    """One LSTM step of rows (M, H); drive: (M or 1, 4H)."""
    sums = product(state, network.recurrent_kernel)
    sums += drive
    units = sums.shape[1] // 4
    # sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: one call and no copies make this twice as fast.
    candidate = np.tanh(sums[:, 2 * units : 3 * units])
    sums *= 0.5
    np.tanh(sums, out=sums)
    sums *= 0.5
    sums += 0.5
    cell = sums[:, units : 2 * units] * cell
    cell += sums[:, :units] * candidate
    return cell, sums[:, 3 * units :] * np.tanh(cell)
