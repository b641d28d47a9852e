"""Sequences in batches, and the steps of a batch that is padded to its longest sequence.

`fixed` batches have the padded length. `longest` batches are as long as their longest sequence, as in
`tf.data.Dataset.padded_batch`; `bucketed` batches also take sequences of like length together, as in
`bucket_by_sequence_length`.

>>> from maskdemo.experiment import Experiment
>>> one = Experiment(task="last_sign", min_length=2, max_length=5, padded_length=5, batch_size=2,
...                  batches="bucketed")
>>> made = batches_of(one, np.array([2, 5, 2, 5, 2]), np.arange(5))
>>> made.tolist()
[[0, 2], [1, 3], [4, -1]]
>>> steps_there(one, np.array([2, 5, 2, 5, 2]), made).sum(axis=1).tolist()
[2, 5, 2, 5, 2]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskdemo.experiment import Experiment

#: Groups of like length; each may leave a batch that is not full.
BUCKETS = 4


def boundaries(experiment: Experiment) -> list[int]:
    """Return the lengths (steps, ascending) from which on a sequence is in the next bucket: 1 to 3.

    They divide the range from the shortest possible length to the longest + 1, those above the padded
    length cut to it, into `BUCKETS` even parts, rounded down; fewer where lengths are fewer. Where only
    one length is possible, the only number is above it: all sequences are in the first bucket.
    """
    longest = min(experiment.max_length, experiment.padded_length)
    shortest = min(experiment.min_length, longest)
    between = np.linspace(shortest, longest + 1, BUCKETS + 1)[1:-1].astype(int).tolist()
    return sorted({each for each in between if each > shortest} or {longest + 1})


def batches_of(
    experiment: Experiment, lengths: NDArray[np.integer], order: NDArray[np.integer]
) -> NDArray[np.int32]:
    """Return batches (B, batch_size) of indices of sequences; -1 fills a batch that is not full.

    lengths: (N,), of the sequences. order: the indices as they are taken. A "bucketed" batch takes
    those of one bucket, and stands where it became full; batches that never do are at the end, in the
    buckets' order.
    """
    size = experiment.batch_size
    if experiment.batches != "bucketed":
        rows = np.full((-(-len(order) // size), size), -1, np.int32)
        rows.flat[: len(order)] = order
        return rows
    waiting: dict[int, list[int]] = {}
    made: list[list[int]] = []
    buckets = np.searchsorted(boundaries(experiment), lengths[order], side="right")
    for row, bucket in zip(order.tolist(), buckets.tolist(), strict=True):
        batch = waiting.setdefault(bucket, [])
        batch.append(row)
        if len(batch) == size:
            made.append(waiting.pop(bucket))
    made += [waiting[bucket] for bucket in sorted(waiting)]
    return np.array([each + [-1] * (size - len(each)) for each in made], np.int32)


def steps_there(
    experiment: Experiment, lengths: NDArray[np.integer], batches: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Return bool (N, T): the steps of each sequence's batch, which has as many as its longest one.

    They are the first of T, with padding in front the last, of "fixed" batches too. lengths: (N,), of
    the sequences. batches: (B, batch_size), of `batches_of`, with all N sequences.
    """
    longest = np.empty(len(lengths), int)
    for rows in batches:
        rows = rows[rows >= 0]
        longest[rows] = lengths[rows].max()
    steps = np.arange(experiment.padded_length)
    if experiment.side == "pre":
        steps = steps[::-1]
    return steps < longest[:, None]
