"""The leak: by how much padding changes a network's outputs.

Outputs must not depend on padding; where they do, padding leaks. The network reads the same sequences
with padding and without, the outputs at `compared_steps` are compared, and the largest change is the
`leak`. Training, the page and the sweep use the same functions.

`sweep` adds more and more padded steps in front or after the end of test sequences. Most of the work is
shared. Padding after the end continues from the state that the sequence left, so one pass serves every
amount. Padding in front is the same for every sequence, so its states are computed for one row and all
sequences start from them. A step that holds the state is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import arrays_of, select_sequences, share_of_commonest
from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import Sequences
from maskdemo.experiment import Experiment
from maskdemo.inside.recurrence import drive_of, outputs_of, states_of
from maskdemo.strategies import STRATEGIES, Arrays, hold_padding
from maskdemo.training.snapshot import Network

#: The largest number of padded steps that a page adds to a sequence.
MAX_ADDED = 200


@dataclass(frozen=True)
class Sweep:
    """One network under growing padding.

    added: (C,), how many padded steps. change: (C, N), the leak of each sequence. accuracy: (C,), of
    the same outputs. chance: accuracy of always giving the commonest label of these sequences.
    """

    added: NDArray[np.intp]
    change: NDArray[np.float32]
    accuracy: NDArray[np.float64]
    chance: float


def compared_steps(experiment: Experiment, batch: Batch, arrays: Arrays) -> NDArray[np.bool_]:
    """Return (N, T): whether the leak compares the output after the step.

    With a label at each step these are the valid ones, whether or not others count in the loss; with
    one label a sequence, the step where the answer is read out. arrays: a strategy's, of the batch.
    """
    return batch.valid if experiment.per_step else arrays.counts


def leak(padded: NDArray, alone: NDArray) -> float:
    """Return the largest absolute difference (0 to 1) of any probability with and without padding.

    padded, alone: (A, classes), A not 0, a network's outputs at the compared steps of the padded
    sequences and of the same sequences without padding.
    """
    return float(np.abs(padded - alone).max())


def padded_by(
    sequences: Sequences, added: int, *, side: str, value: float, missing: float = 0.0
) -> Batch:
    """Return the sequences padded to `added` steps more than the longest of them has.

    value: of padded steps. missing: the value of missing readings.
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
    added: tuple[int, ...],
) -> Sweep:
    """Return a network's results on N unpadded sequences as padded steps of `value` are added to each.

    side: "pre" or "post", where the steps are added. added: how many each sequence gets, one result for
    each of the C numbers; those without padding are what the others are compared with. strategy: how
    the network handles the padding. experiment: of its settings of padding only two matter, the pad
    value, which missing readings have, and the mask value, with which the Masking layer compares.
    """
    # Padded in front, with padding that holds the state and so changes nothing; in order of length, so
    # that the rows whose state moves at a step stand together.
    order = np.argsort([len(each) for each in sequences.values], kind="stable")
    in_order = select_sequences(sequences, order)
    bare = padded_by(in_order, 0, side="pre", value=0.0, missing=experiment.pad_value)
    held = hold_padding(arrays_of(experiment, strategy, bare), bare.padded)
    padding = arrays_of(experiment, strategy, _padding_only(bare, max(added), value))
    # The sequence and the step of each of the A answers, and what it should be.
    rows, steps = np.nonzero(compared_steps(experiment, bare, held))
    truth = held.targets[rows, steps]

    drive = drive_of(network, held)
    without = states_of(network, held, drive=drive)
    # Of a mean: the sum over the sequence's own steps that count, and how many these are.
    own = None if held.pool is None else (held.pool > 0).astype(np.float32)
    counts = padding.pool is not None and bool(padding.pool.any())

    def read(states: NDArray, padded: NDArray) -> NDArray:
        """(A, classes), of states after the sequence's steps (T, N, H) and the padded (P, N, H)."""
        if own is None:
            return outputs_of(network, states[steps, rows])
        number = own.sum(axis=1) + counts * len(padded)
        total = np.einsum("nt,tnh->nh", own, states) + counts * padded.sum(axis=0)
        return outputs_of(network, total / np.maximum(1, number)[:, None])

    alone = read(without[1], without[1, :0])
    outputs = dict.fromkeys(added, alone)
    more = [count for count in added if count]
    if (padding.keep == 0).any():
        if side == "pre":
            ahead = states_of(network, padding)
            for count in more:
                after = states_of(network, held, ahead[:, count - 1], drive=drive)
                outputs[count] = read(after[1], ahead[1, :count])
        elif not experiment.per_step and not STRATEGIES[strategy].reads_last_valid:
            # Each padded step repeats what a sequence that fills its gaps read last.
            last = drive[:, -1:]
            filled = np.broadcast_to(last, (len(last), max(added), last.shape[2]))
            fills = STRATEGIES[strategy].fills
            after = states_of(network, padding, without[:, -1], drive=filled if fills else None)
            for count in more:
                outputs[count] = (
                    outputs_of(network, after[1, count - 1])
                    if own is None
                    else read(without[1], after[1, :count])
                )
    change = np.zeros((len(added), len(order)), np.float32)
    for of_sequences, answers in zip(change, outputs.values(), strict=True):
        # The answers are in order of length, and a sequence may give several.
        np.maximum.at(of_sequences, order[rows], np.abs(answers - alone).max(axis=1))
    return Sweep(
        added=np.array(added),
        change=change,
        accuracy=np.array([(each.argmax(axis=1) == truth).mean() for each in outputs.values()]),
        chance=share_of_commonest(truth),
    )


def _padding_only(like: Batch, steps: int, value: float) -> Batch:
    """Return a batch of one sequence of padding alone, (1, steps, F). like: a batch with F features."""
    values = np.full((1, steps, like.values.shape[2]), value, np.float32)
    nowhere = np.zeros((1, steps), bool)
    return Batch(values, nowhere, ~nowhere, np.zeros((1, steps), np.int32))
