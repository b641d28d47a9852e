"""Pad sequences of many lengths to one length, and note which steps are real.

Every step of the padded batch is one of three kinds: valid (a real, observed reading), padded (added
before or after the sequence) or missing (inside the sequence, but not observed). The last two are both
invalid, and their value is `pad_value`:

>>> from maskdemo.data.sequences import Sequences
>>> import numpy as np
>>> one = Sequences((np.ones((2, 1), np.float32),), (np.array([True, False]),),
...                 (np.array([1, 1], np.int32),))
>>> batch = pad(one, padded_length=4, side="pre", pad_value=-9.0)
>>> batch.values[0, :, 0].tolist()
[-9.0, -9.0, 1.0, -9.0]
>>> batch.valid[0].tolist(), batch.padded[0].tolist()
([False, False, True, False], [True, True, False, False])

Names follow Keras: `side` is "post" or "pre" as in `keras.utils.pad_sequences`; in a mask True means
use. Labels of padded steps are 0, as `pad_sequences` would fill them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.sequences import Sequences


@dataclass(frozen=True)
class Batch:
    """A padded batch. values: (N, T, F) float32. valid, padded: (N, T) bool. labels: (N, T) int32.

    lost: (N,), how many steps were cut off each sequence, where that is known. there: (N, T) bool, the
    steps that exist in the sequence's batch, where each batch is padded to its own longest; None where
    every batch has all T steps.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    padded: NDArray[np.bool_]
    labels: NDArray[np.int32]
    lost: NDArray[np.intp] | None = None
    there: NDArray[np.bool_] | None = None

    def rows(self, rows: Any) -> Batch:
        """Return the batch of the sequences at these indices: an array of them, or a slice."""
        parts: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, of in parts.items():
            parts[name] = None if of is None else of[rows]
        return Batch(**parts)

    @property
    def lengths(self) -> NDArray[np.intp]:
        """(N,): how many steps each sequence has without its padding."""
        return (~self.padded).sum(axis=1)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(N, T) bool: inside the sequence, but not observed."""
        return ~self.valid & ~self.padded

    @property
    def padding_there(self) -> NDArray[np.bool_]:
        """(N, T) bool: the padded steps that are `there`; all padded steps where that is None."""
        return self.padded if self.there is None else self.padded & self.there

    @property
    def last_valid(self) -> NDArray[np.intp]:
        """(N,): the last valid step of each sequence, from 0; T - 1 where none is valid."""
        return last_step(self.valid)


def last_step(where: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(N,): the last step, from 0, at which `where` (N, T) is True; T - 1 if it never is."""
    return where.shape[1] - 1 - where[:, ::-1].argmax(axis=1)


def pad(sequences: Sequences, *, padded_length: int, side: str, pad_value: float) -> Batch:
    """Return N sequences padded to `padded_length` steps; missing readings have the pad value too.

    Labels of padded steps are 0, `lost` and `there` are None. Raises ValueError where a sequence is
    longer than `padded_length` (see `sequences.truncate`) or `side` is neither "post" nor "pre".
    """
    if side not in ("post", "pre"):
        raise ValueError(f"Padding goes on side 'post' or 'pre', not '{side}'.")
    count, features = len(sequences), sequences.values[0].shape[1]
    longest = max(len(each) for each in sequences.values)
    if longest > padded_length:
        raise ValueError(
            f"The longest sequence has {longest} steps: a padded length of {padded_length} "
            "is too short for it."
        )
    values = np.full((count, padded_length, features), pad_value, np.float32)
    valid = np.zeros((count, padded_length), bool)
    padded = np.ones((count, padded_length), bool)
    labels = np.zeros((count, padded_length), np.int32)
    rows = zip(sequences.values, sequences.observed, sequences.labels, strict=True)
    for row, (value, observed, label) in enumerate(rows):
        length = len(value)
        steps = slice(0, length) if side == "post" else slice(padded_length - length, padded_length)
        values[row, steps] = np.where(observed[:, None], value, np.float32(pad_value))
        valid[row, steps], padded[row, steps], labels[row, steps] = observed, False, label
    return Batch(values, valid, padded, labels)


def unpad(batch: Batch) -> Sequences:
    """Return the sequences without their padding; missing readings have the pad value still."""
    real = ~batch.padded
    return Sequences(
        tuple(row[keep] for row, keep in zip(batch.values, real, strict=True)),
        tuple(row[keep] for row, keep in zip(batch.valid, real, strict=True)),
        tuple(row[keep] for row, keep in zip(batch.labels, real, strict=True)),
    )
