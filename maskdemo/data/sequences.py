"""Sequences of many lengths, each with its labels, and readings that go missing from them.

Conventions: values are float32; a label is written at every step of its sequence, also where the
task has one label a sequence; `observed` is False where the reading is missing. It is True at one step
of every sequence at least, unless cutting removed all observed steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sequences:
    """N sequences, each with its own length.

    values: N arrays (length, F) float32. observed: N arrays (length,) bool, True means use.
    labels: N arrays (length,) int32, constant along the steps for one label a sequence.
    """

    values: tuple[NDArray[np.float32], ...]
    observed: tuple[NDArray[np.bool_], ...]
    labels: tuple[NDArray[np.int32], ...]

    def __len__(self) -> int:
        """Return N."""
        return len(self.values)


@dataclass(frozen=True)
class Data:
    """A task's training and test sequences.

    classes: how many labels there are. per_step: whether each step has a label of its own.
    """

    train: Sequences
    test: Sequences
    classes: int
    per_step: bool


def truncate(sequences: Sequences, length: int, *, truncating: str) -> Sequences:
    """Return the sequences, those longer than `length` cut to it, each with the labels that are left.

    truncating: "pre" cuts from the start, "post" from the end, as in `keras.utils.pad_sequences`.
    """
    if max(map(len, sequences.values)) <= length:
        return sequences
    kept = {"pre": slice(-length, None), "post": slice(length)}[truncating]
    return Sequences(
        tuple(each[kept] for each in sequences.values),
        tuple(each[kept] for each in sequences.observed),
        tuple(each[kept] for each in sequences.labels),
    )


def steps_lost(sequences: Sequences, length: int) -> NDArray[np.intp]:
    """(N,): how many steps each sequence loses where it is cut to `length`."""
    return np.maximum(np.array([len(each) for each in sequences.values]) - length, 0)


def repeat_seed(seed: int, repeat: int) -> int:
    """Return a 32-bit seed that `SeedSequence` makes of an experiment's seed and a repeat (from 0)."""
    return int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])


def evenly_spread(count: int, total: int) -> NDArray[np.intp]:
    """Return at most `count` of the indices 0 to total - 1, ascending and evenly spread.

    The first and the last are among them; where count is 1, it is the last.

    >>> evenly_spread(3, 10).tolist(), evenly_spread(5, 2).tolist(), evenly_spread(1, 10).tolist()
    ([0, 4, 9], [0, 1], [9])
    """
    if count == 1:
        return np.array([total - 1])
    count = min(count, total)
    return np.arange(count) * (total - 1) // max(1, count - 1)


def lose_readings(sequences: Sequences, rate: float, rng: np.random.Generator) -> Sequences:
    """Return the sequences, each observed reading lost with probability `rate` (0 to below 1).

    One observed reading of each sequence, drawn evenly, is never lost. Values and labels stay.
    """
    if rate == 0:
        return sequences
    observed = []
    for before in sequences.observed:
        after = before & (rng.random(len(before)) >= rate)
        after[np.flatnonzero(before)[rng.integers(before.sum())]] = True
        observed.append(after)
    return Sequences(sequences.values, tuple(observed), sequences.labels)
