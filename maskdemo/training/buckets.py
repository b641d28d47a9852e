"""The arrays of a strategy, filled up to one of the few shapes that programs are compiled for.

Compiling takes seconds and memory, so shapes are few: the number of sequences is rounded up to a bucket
in `SEQUENCES`, and there is one bucket of `STEPS` steps. So lengths, padding and strategies are data: a
program belongs to the features, units, outputs, batch size and kind of label of a task. Steps that only
fill the bucket are never computed: a batch runs from the earliest `start` to the latest `end` of its
sequences. `start` is the first step that changes the state, which is zero before it; `end` follows the
step that computed the state of the answer, because a step that holds the state adds nothing.

>>> from maskdemo.data.padding import Batch
>>> from maskdemo.strategies import arrays
>>> valid = np.array([[True, True, True] + 12 * [False]])
>>> batch = Batch(np.ones((1, 15, 2), np.float32), valid, ~valid, np.ones((1, 15), np.int32))
>>> held = arrays("held_state", batch, mask_value=0.0, per_step=False, count_invalid=True)
>>> layout = training_layout(held, units=8, outputs=1, batch_size=32, every_step=False)
>>> layout.data.inputs.shape
(200, 512, 4)
>>> [int(of[0]) for of in (layout.data.start, layout.data.end, layout.data.read_out)]
[0, 3, 2]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import Inputs, arrays_of
from maskdemo.data.padding import last_step
from maskdemo.experiment import Experiment
from maskdemo.strategies import Arrays

#: Buckets of sequences, and the bucket of steps.
SEQUENCES = (512, 1024, 2048, 4096)
STEPS = 200
#: Steps of which the backward pass makes one matrix product.
PIECE = 10
#: Sequences of one block, where outputs are read: for the few probes, and for a test set.
SMALL_BLOCK, LARGE_BLOCK = 8, 64


class Shape(NamedTuple):
    """What a program is compiled for.

    sequences, steps: of the buckets, not of the data. channels: F + 2. outputs: 1 for a binary
    task, else the number of classes. batch_size: sequences computed at once. every_step: whether the
    output is read after every step, or once per sequence: after one step or, if `pooled`, of the mean
    of its states.
    """

    sequences: int
    steps: int
    channels: int
    units: int
    outputs: int
    batch_size: int
    every_step: bool
    pooled: bool = False

    @property
    def timed(self) -> tuple[bool, bool]:
        """Whether the targets, and whether the weights, have a row for each step."""
        return self.every_step, self.every_step or self.pooled

    @property
    def batches(self) -> int:
        """How many batches, or blocks, hold the bucket of sequences, rounded up."""
        return -(-self.sequences // self.batch_size)


#: A compiled program: its shape, and whether it trains.
ProgramKey = tuple[Shape, bool]


class TimeMajorBatch(NamedTuple):
    """N sequences, time-major; in NumPy or as tensors.

    inputs: (T, N, F + 2), the last channel a 1 for the bias. switch: (T, N), 1 where the state moves
    on, 0 where it is held, -1 where it is reset. targets, weights: (1, N) or, with an output at every
    step, (T + PIECE, N), for gradients in whole pieces of `PIECE` steps; so are weights of a mean,
    which are `Arrays.pool`. read_out: (N,), the step whose state is read out once; start, end: (N,),
    the sequence is read from step `start` up to, but not including, `end`.
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
    """Sequences to read outputs of, with the shape of their program.

    rows: (N,), the sequences' rows in the arrays, in the blocks' order. steps: T. read: where means are
    read, logits less the bias (N, T, K), by row of the arrays -> means (N, K), or so far (N, T, K).
    """

    shape: Shape
    blocks: InferenceBlocks
    rows: NDArray[np.intp]
    steps: int
    read: Callable[[NDArray], NDArray] | None = None


def layout_for_training(experiment: Experiment, strategy: str, repeat: Inputs) -> TrainingLayout:
    """Return the training sequences of one repeat, laid out as the strategy sees them."""
    return training_layout(
        arrays_of(experiment, strategy, repeat.train),
        units=experiment.units,
        outputs=experiment.spec.outputs,
        batch_size=experiment.batch_size,
        every_step=experiment.per_step,
    )


def layout_for_inference(
    experiment: Experiment, arrays: Arrays, *, every_step: bool
) -> InferenceLayout:
    """Return arrays laid out to read the answers or, for `every_step`, the outputs at all T steps.

    Answers are one a sequence or, with a label at each step, all up to its last step that counts.
    """
    if every_step:
        arrays = replace(arrays, weights=np.ones_like(arrays.weights))
    elif arrays.pool is not None:
        arrays = replace(arrays, weights=np.float32(arrays.pool > 0))  # pyrefly: ignore[bad-argument-type]
    layout = inference_layout(
        arrays,
        units=experiment.units,
        outputs=experiment.spec.outputs,
        every_step=every_step or experiment.per_step or arrays.pool is not None,
    )
    if arrays.pool is None:
        return layout
    # The read-out is linear, so the output of a mean is the mean of the outputs.
    return replace(layout, read=lambda of: arrays.read(of) if every_step else arrays.read(of)[:, -1])


def programs_of_training(experiment: Experiment) -> tuple[ProgramKey, ...]:
    """Return (shape, trains) to train, `pooled` if it `averages`, and to read test answers."""
    settings = _settings(experiment)
    sizes = {"batch_size": experiment.batch_size, "pooled": experiment.averages}
    train = _shape(experiment.train_size, **sizes, **settings)
    settings["every_step"] |= experiment.averages
    return (train, True), (_block_shape(experiment.test_size, **settings), False)


def programs_of_run(experiment: Experiment) -> tuple[ProgramKey, ...]:
    """Return `programs_of_training` and the program of `SMALL_BLOCK` probes, read after every step."""
    probes = _block_shape(SMALL_BLOCK, **{**_settings(experiment), "every_step": True})
    return (*programs_of_training(experiment), (probes, False))


def training_layout(
    arrays: Arrays, *, units: int, outputs: int, batch_size: int, every_step: bool
) -> TrainingLayout:
    """Return arrays (N, T, ...) in a bucket, `pooled` if they have a pool. Other arguments: `Shape`."""
    data = _time_major(arrays, every_step, arrays.pool)
    _, rows, channels = data.inputs.shape
    kind = {"batch_size": batch_size, "every_step": every_step, "pooled": arrays.pool is not None}
    shape = _shape(rows, channels=channels, units=units, outputs=outputs, **kind)
    return TrainingLayout(shape, _padded_to_bucket(data, shape))


def inference_layout(arrays: Arrays, *, units: int, outputs: int, every_step: bool) -> InferenceLayout:
    """Return arrays in blocks sorted by `end`, then `start`, to read at `read_out` or all up to it."""
    data = _time_major(arrays, every_step)
    steps, rows, channels = data.inputs.shape
    shape = _block_shape(rows, channels=channels, units=units, outputs=outputs, every_step=every_step)
    size = shape.batch_size
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


def _time_major(arrays: Arrays, every_step: bool, pool: NDArray | None = None) -> TimeMajorBatch:
    """Return N sequences, in no bucket yet. pool: weights (N, T) of a mean up to `arrays.read_out`."""
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
        read_out = _computed_at(arrays) if pool is None else step
        start = np.minimum(start, read_out)
    if pool is not None:
        weights = pool
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
    """Return the last step (N,) <= read-out with `keep` 0; if none, min(read-out, the others' last)."""
    steps, read_out = np.arange(arrays.advance.shape[1]), arrays.read_out
    changes = (arrays.keep == 0) & (steps <= read_out[:, None])
    computed, idle = last_step(changes), ~changes.any(axis=1)
    return np.where(idle, np.minimum(read_out, computed[~idle].max(initial=0)), computed)


def _first_step(where: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the first step (N,) at which `where` (N, T) is True; T if it never is."""
    return np.where(where.any(axis=1), where.argmax(axis=1), where.shape[1])


def _padded_to_bucket(data: TimeMajorBatch, shape: Shape) -> TimeMajorBatch:
    """Return the batch, filled with zeros up to the buckets of `shape`; rows of (1, N) stay one row."""
    steps, rows = data.switch.shape
    more_rows, more_steps = (0, shape.sequences - rows), (0, shape.steps - steps)
    each = [[(0, shape.steps + PIECE - steps) if timed else (0, 0), more_rows] for timed in shape.timed]
    return TimeMajorBatch(
        np.pad(data.inputs, [more_steps, more_rows, (0, 0)]),
        np.pad(data.switch, [more_steps, more_rows]),
        *(np.pad(of, more) for of, more in zip(data[2:4], each, strict=True)),
        *(np.pad(of, more_rows) for of in data[4:]),
    )


def _settings(experiment: Experiment) -> dict[str, Any]:
    """Return channels, units, outputs and the training's every_step, to be arguments of `Shape`."""
    return {
        "channels": experiment.spec.features + 2,
        "units": experiment.units,
        "outputs": experiment.spec.outputs,
        "every_step": experiment.per_step,
    }


def _block_shape(rows: int, **settings: Any) -> Shape:
    """Return the shape to read outputs of `rows` sequences, in one `SMALL_BLOCK` or large ones."""
    if rows <= SMALL_BLOCK:
        return _shape(rows, batch_size=SMALL_BLOCK, **settings)._replace(sequences=SMALL_BLOCK)
    return _shape(rows, batch_size=LARGE_BLOCK, **settings)


def _shape(rows: int, **settings: Any) -> Shape:
    """Return the shape for `rows` sequences: the least of `SEQUENCES` that holds them, and `STEPS`."""
    bucket = next(bucket for bucket in SEQUENCES if bucket >= rows)
    return Shape(sequences=bucket, steps=STEPS, **settings)
