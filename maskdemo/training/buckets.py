"""The five arrays of a strategy, laid out in the few sizes that programs are compiled for.

Compiling takes seconds and memory, so shapes are few: the numbers of sequences and of steps are rounded
up to the buckets in `BUCKETS`. No step that is only in the bucket is computed: each sequence has the
steps at which its reading starts and ends, and a batch is read from the earliest start to the latest
end. Before the start the state is zero; where the state is held up to the read-out, the read-out moves
to the step that computed the state; and no output after the read-out is used.

>>> from maskdemo.data.padding import Batch
>>> from maskdemo.strategies import arrays
>>> valid = np.array([[True, True, True] + 12 * [False]])
>>> batch = Batch(np.ones((1, 15, 2), np.float32), valid, ~valid, np.ones((1, 15), np.int32))
>>> held = arrays("held_state", batch, mask_value=0.0, per_step=False, count_invalid=True)
>>> layout = training_layout(held, units=8, outputs=1, batch_size=32, every_step=False)
>>> layout.shape.sequences, layout.shape.steps, layout.data.inputs.shape
(512, 10, (10, 512, 4))
>>> [int(of[0]) for of in (layout.data.start, layout.data.end, layout.data.read_out)]
[0, 3, 2]

One sequence of 3 steps, padded to 15, takes the smallest buckets: 512 sequences, 10 steps. Of its 15
steps 3 are computed, because the state after them is held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import Inputs, arrays_of, inputs
from maskdemo.data.padding import last_step
from maskdemo.experiment import Experiment
from maskdemo.strategies import Arrays
from maskdemo.training.probes import probes_of

BUCKETS = {
    "sequences": (512, 1024, 2048, 4096),
    "steps": (10, 16, 20, 30, 40, 60, 80, 100, 120, 160, 200),
}
#: Sequences of one block, where outputs are read: for the few probes, and for a test set.
SMALL_BLOCK, LARGE_BLOCK = 8, 64


class Shape(NamedTuple):
    """What a program is compiled for.

    sequences, steps: buckets, not the sizes of the data. channels: F + 2. outputs: 1 for a binary
    task, else the number of classes. batch_size: sequences computed at once. every_step: whether the
    output is read after every step, or once per sequence.
    """

    sequences: int
    steps: int
    channels: int
    units: int
    outputs: int
    batch_size: int
    every_step: bool

    @property
    def batches(self) -> int:
        """How many batches, or blocks, fill the bucket of sequences."""
        return -(-self.sequences // self.batch_size)


#: A compiled program: its shape, and whether it trains.
ProgramKey = tuple[Shape, bool]


class TimeMajorBatch(NamedTuple):
    """N sequences, time-major; in NumPy or as tensors.

    inputs: (T, N, F + 2), the last channel a 1 for the bias. switch: (T, N), 1 where the state moves
    on, 0 where it is held, -1 where it is reset. targets, weights: (T, N) with an output at every step,
    else (1, N). read_out: (N,), the step whose state is read out once; start, end: (N,), the sequence
    is read from step `start` up to, but not including, `end`.
    """

    inputs: Any
    switch: Any
    targets: Any
    weights: Any
    read_out: Any
    start: Any
    end: Any


class InferenceBlocks(NamedTuple):
    """Sequences to read outputs of, in blocks of B sequences that need about the same steps.

    inputs: (blocks, T, B, F + 2). switch: (blocks, T, B). read_out: (blocks, B). start, end:
    (blocks,). count: (), how many of the blocks have sequences.
    """

    inputs: Any
    switch: Any
    read_out: Any
    start: Any
    end: Any
    count: Any


@dataclass(frozen=True)
class TrainingLayout:
    """Sequences to train on, with the shape of their program."""

    shape: Shape
    data: TimeMajorBatch


@dataclass(frozen=True)
class InferenceLayout:
    """Sequences to read outputs of, (N,) `rows` of the arrays, with the shape of their program."""

    shape: Shape
    blocks: InferenceBlocks
    rows: NDArray[np.intp]
    steps: int


def layout_for_training(experiment: Experiment, strategy: str, repeat: Inputs) -> TrainingLayout:
    """Lay out the training sequences of one repeat as the strategy sees them."""
    return training_layout(
        arrays_of(experiment, strategy, repeat.train),
        units=experiment.units,
        outputs=experiment.spec.outputs,
        batch_size=experiment.batch_size,
        every_step=experiment.per_step,
        min_steps=experiment.max_length,
    )


def layout_for_inference(
    experiment: Experiment, arrays: Arrays, *, every_step: bool
) -> InferenceLayout:
    """Lay out sequences in a strategy's arrays to read their answers, or the outputs at every step."""
    if every_step:
        arrays = replace(arrays, weights=np.ones_like(arrays.weights))
    return inference_layout(
        arrays,
        units=experiment.units,
        outputs=experiment.spec.outputs,
        every_step=every_step or experiment.per_step,
    )


def programs_of_training(experiment: Experiment, strategy: str) -> tuple[ProgramKey, ...]:
    """Return the programs that train one strategy and read its answers."""
    repeat = inputs(experiment)
    answers = arrays_of(experiment, strategy, repeat.test)
    return (
        (layout_for_training(experiment, strategy, repeat).shape, True),
        (layout_for_inference(experiment, answers, every_step=False).shape, False),
    )


def programs_of_run(experiment: Experiment) -> tuple[ProgramKey, ...]:
    """Return the programs of a whole run, probes included, each once and in order of use."""
    probes = probes_of(inputs(experiment).test)
    programs: list[ProgramKey] = []
    for strategy in experiment.strategies:
        programs += programs_of_training(experiment, strategy)
        arrays = arrays_of(experiment, strategy, probes)
        programs.append((layout_for_inference(experiment, arrays, every_step=True).shape, False))
    return tuple(dict.fromkeys(programs))


def training_layout(
    arrays: Arrays, *, units: int, outputs: int, batch_size: int, every_step: bool, min_steps: int = 1
) -> TrainingLayout:
    """Lay out arrays (N, T, ...) to train on.

    Only the steps that some sequence needs are kept, but at least `min_steps`, so that the shape
    depends on settings and not on the lengths that were drawn.
    """
    data = _cut(_time_major(arrays, every_step), min_steps, every_step)
    shape = _shape_of(data, units, outputs, batch_size, every_step)
    return TrainingLayout(shape, _padded_to_bucket(data, shape))


def inference_layout(arrays: Arrays, *, units: int, outputs: int, every_step: bool) -> InferenceLayout:
    """Lay out arrays (N, T, ...) to read outputs: once, or up to the last step that counts."""
    data = _time_major(arrays, every_step)
    steps, rows, _ = data.inputs.shape
    size = SMALL_BLOCK if rows <= SMALL_BLOCK else LARGE_BLOCK
    shape = _shape_of(data, units, outputs, size, every_step)
    if size == SMALL_BLOCK:
        shape = shape._replace(sequences=SMALL_BLOCK)
    order = np.lexsort((data.start, data.end))
    ordered = TimeMajorBatch(*(of[:, order] for of in data[:4]), *(of[order] for of in data[4:]))
    data = _padded_to_bucket(ordered, shape)
    count = -(-rows // size)

    def blocks(array: NDArray) -> NDArray:
        return np.moveaxis(array.reshape(shape.steps, -1, size, *array.shape[2:]), 1, 0)

    # The last block may have rows without a sequence, which do not decide where it is read.
    block_starts = np.arange(0, rows, size)
    start, end = (
        np.pad(extreme.reduceat(of[:rows], block_starts), (0, shape.batches - count))
        for extreme, of in ((np.minimum, data.start), (np.maximum, data.end))
    )
    in_blocks = InferenceBlocks(
        inputs=blocks(data.inputs),
        switch=blocks(data.switch),
        read_out=data.read_out.reshape(-1, size),
        start=start,
        end=end,
        count=np.asarray(count, np.int32),
    )
    return InferenceLayout(shape, in_blocks, order, steps)


def _time_major(arrays: Arrays, every_step: bool) -> TimeMajorBatch:
    rows, steps = arrays.advance.shape
    # Before the first step that moves the state on, the state is zero: nothing to hold or to reset.
    start = _first_step(arrays.advance == 1)
    if every_step:
        read_out = arrays.read_out
        start = np.minimum(start, _first_step(arrays.counts))
        targets, weights = arrays.targets, arrays.weights
    else:
        row, step = np.arange(rows), arrays.read_out
        targets, weights = (of[row, step][:, None] for of in (arrays.targets, arrays.weights))
        read_out = _computed_at(arrays)
        start = np.minimum(start, read_out)
    ones = np.ones((rows, steps, 1), np.float32)
    return TimeMajorBatch(
        inputs=np.concatenate([arrays.inputs, ones], axis=2).swapaxes(0, 1),
        switch=(2 * arrays.advance + arrays.keep - 1).T,
        targets=targets.T,
        weights=weights.T,
        read_out=read_out.astype(np.int32),
        start=start.astype(np.int32),
        end=(read_out + 1).astype(np.int32),
    )


def _computed_at(arrays: Arrays) -> NDArray[np.intp]:
    """Return the steps (N,) that computed the states which are read out."""
    steps, read_out = np.arange(arrays.advance.shape[1]), arrays.read_out
    changes = (arrays.keep == 0) & (steps <= read_out[:, None])
    computed, idle = last_step(changes), ~changes.any(axis=1)
    # The state of a sequence that is only ever held is zero everywhere: any step serves.
    return np.where(idle, np.minimum(read_out, computed[~idle].max(initial=0)), computed)


def _first_step(where: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the first step (N,) at which `where` (N, T) is True; T if it never is."""
    return np.where(where.any(axis=1), where.argmax(axis=1), where.shape[1])


def _cut(data: TimeMajorBatch, min_steps: int, every_step: bool) -> TimeMajorBatch:
    """Return the batch without the steps before the earliest start and after the latest end."""
    end = min(len(data.switch), max(data.end.max(), data.start.min() + min_steps))
    start = max(0, min(data.start.min(), end - min_steps))
    kept = slice(start, end)
    return data._replace(
        inputs=data.inputs[kept],
        switch=data.switch[kept],
        targets=data.targets[kept] if every_step else data.targets,
        weights=data.weights[kept] if every_step else data.weights,
        read_out=data.read_out - start,
        start=data.start - start,
        end=data.end - start,
    )


def _padded_to_bucket(data: TimeMajorBatch, shape: Shape) -> TimeMajorBatch:
    """Return the batch, filled with zeros up to the buckets of `shape`."""
    steps, rows = data.switch.shape
    more_rows, more_steps = (0, shape.sequences - rows), (0, shape.steps - steps)
    counted = [more_steps if shape.every_step else (0, 0), more_rows]
    return TimeMajorBatch(
        np.pad(data.inputs, [more_steps, more_rows, (0, 0)]),
        np.pad(data.switch, [more_steps, more_rows]),
        *(np.pad(of, counted) for of in data[2:4]),
        *(np.pad(of, more_rows) for of in data[4:]),
    )


def _shape_of(
    data: TimeMajorBatch, units: int, outputs: int, batch_size: int, every_step: bool
) -> Shape:
    """Return the shape of the program for this batch, in the smallest buckets that hold it."""
    steps, rows, channels = data.inputs.shape
    sequences, steps = _bucket("sequences", rows), _bucket("steps", steps)
    return Shape(sequences, steps, channels, units, outputs, batch_size, every_step)


def _bucket(kind: str, size: int) -> int:
    return next(bucket for bucket in BUCKETS[kind] if bucket >= size)
