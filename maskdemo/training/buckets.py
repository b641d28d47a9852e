"""The five arrays of a strategy as the compiled programs take them.

Compiling takes seconds and memory, so shapes are few: sequences and steps are rounded up to the sizes
in `BUCKETS`. Nothing of that room is computed. Each sequence says from which step to which it has to be
read, and a batch is read from the earliest of its sequences' first steps to the latest of their last:
before the first, the state is still zero; where the state is held up to the read-out, the read-out
moves to the step that made the state; and after the read-out nobody looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.padding import last_step
from maskdemo.strategies import Arrays

BUCKETS = {
    "sequences": (512, 1024, 2048, 4096),
    "steps": (10, 16, 20, 30, 40, 60, 80, 100, 120, 160, 200),
}
#: Sequences that are read at once where nothing is trained: a few, or many.
FEW, MANY = 8, 64


class Shape(NamedTuple):
    """What a program is compiled for.

    sequences and steps are rooms to fill, not what the data has. channels: F + 2. outputs: 1 for a
    binary task, else its classes. batch_size: sequences computed at once. every_step: whether the
    output is read after every step, or once a sequence.
    """

    sequences: int
    steps: int
    channels: int
    units: int
    outputs: int
    batch_size: int
    every_step: bool


class TimeMajorBatch(NamedTuple):
    """N sequences, time-major; in NumPy or as tensors.

    inputs: (T, N, F + 2), the last channel a 1 for the bias. switch: (T, N), 1 where the state moves
    on, 0 where it is held, -1 where it is reset. targets, weights: (T, N) with an output at every step,
    else (1, N). read_out: (N,), the step whose state is read out once; first, last: (N,), the sequence
    is read from `first` up to, but not including, `last`.
    """

    inputs: Any
    switch: Any
    targets: Any
    weights: Any
    read_out: Any
    first: Any
    last: Any


class InferenceBlocks(NamedTuple):
    """The same in blocks of B sequences that need about the same steps, only to be read.

    inputs: (blocks, T, B, F + 2). switch: (blocks, T, B). read_out: (blocks, B). first, last:
    (blocks,). count: (), how many of the blocks there are.
    """

    inputs: Any
    switch: Any
    read_out: Any
    first: Any
    last: Any
    count: Any


@dataclass(frozen=True)
class TrainingLayout:
    """Sequences to train on, with the shape of their program."""

    shape: Shape
    planes: TimeMajorBatch


@dataclass(frozen=True)
class InferenceLayout:
    """Sequences to read, with the shape of their program. rows: (N,), which sequence is the n-th."""

    shape: Shape
    blocks: InferenceBlocks
    rows: NDArray[np.intp]
    steps: int


def training_layout(
    arrays: Arrays, *, units: int, outputs: int, batch_size: int, every_step: bool, at_least: int = 1
) -> TrainingLayout:
    """Lay out arrays (N, T, ...) to train on.

    Only the steps that some sequence needs are kept, but `at_least` so many, so that the shape depends
    on settings and not on the lengths that were drawn.
    """
    planes = _cut(_time_major(arrays, every_step), at_least, every_step)
    steps, rows, channels = planes.inputs.shape
    shape = Shape(
        sequences=_bucket("sequences", rows),
        steps=_bucket("steps", steps),
        channels=channels,
        units=units,
        outputs=outputs,
        batch_size=batch_size,
        every_step=every_step,
    )
    return TrainingLayout(shape, _padded_to_bucket(planes, shape))


def inference_layout(arrays: Arrays, *, units: int, outputs: int, every_step: bool) -> InferenceLayout:
    """Lay out arrays (N, T, ...) to read outputs: once, or up to the last step that counts."""
    planes = _time_major(arrays, every_step)
    steps, rows, channels = planes.inputs.shape
    size = FEW if rows <= FEW else MANY
    shape = Shape(
        sequences=FEW if size == FEW else _bucket("sequences", rows),
        steps=_bucket("steps", steps),
        channels=channels,
        units=units,
        outputs=outputs,
        batch_size=size,
        every_step=every_step,
    )
    order = np.lexsort((planes.first, planes.last))
    planes = _padded_to_bucket(_picked(planes, order), shape)
    count = -(-rows // size)

    def blocks(plane: NDArray) -> NDArray:
        return np.moveaxis(plane.reshape(shape.steps, -1, size, *plane.shape[2:]), 1, 0)

    # The last block may have places to spare; where it is read from is for its sequences to say.
    bounds = [each[:rows] for each in (planes.first, planes.last)]
    starts = np.arange(0, rows, size)
    first, last = (
        np.pad(how.reduceat(each, starts), (0, shape.sequences // size - count))
        for how, each in zip((np.minimum, np.maximum), bounds, strict=True)
    )
    laid_out = InferenceBlocks(
        inputs=blocks(planes.inputs),
        switch=blocks(planes.switch),
        read_out=planes.read_out.reshape(-1, size),
        first=first,
        last=last,
        count=np.asarray(count, np.int32),
    )
    return InferenceLayout(shape, laid_out, order, steps)


def _time_major(arrays: Arrays, every_step: bool) -> TimeMajorBatch:
    rows, steps = arrays.advance.shape
    # Before the first step that moves the state on, the state is zero: nothing to hold or to reset.
    first = _first(arrays.advance == 1)
    if every_step:
        read_out = arrays.read_out
        first = np.minimum(first, _first(arrays.counts))
        targets, weights = arrays.targets, arrays.weights
    else:
        asked = arrays.read_out
        each = np.arange(rows)
        targets, weights = (plane[each, asked][:, None] for plane in (arrays.targets, arrays.weights))
        read_out = _made_at(arrays, asked)
        first = np.minimum(first, read_out)
    ones = np.ones((rows, steps, 1), np.float32)
    return TimeMajorBatch(
        inputs=np.concatenate([arrays.inputs, ones], axis=2).swapaxes(0, 1),
        switch=(2 * arrays.advance + arrays.keep - 1).T,
        targets=targets.T,
        weights=weights.T,
        read_out=read_out.astype(np.int32),
        first=first.astype(np.int32),
        last=(read_out + 1).astype(np.int32),
    )


def _made_at(arrays: Arrays, asked: NDArray[np.intp]) -> NDArray[np.intp]:
    """The steps (N,) that made the states which are asked for after the steps `asked` (N,)."""
    steps = np.arange(arrays.advance.shape[1])
    acts = (arrays.keep == 0) & (steps <= asked[:, None])
    made, idle = last_step(acts), ~acts.any(axis=1)
    # A sequence that only ever holds has the state zero everywhere, so the others may say where.
    return np.where(idle, np.minimum(asked, made[~idle].max(initial=0)), made)


def _first(where: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The first step (N,) at which `where` (N, T) holds; T if it never does."""
    return np.where(where.any(axis=1), where.argmax(axis=1), where.shape[1])


def _cut(planes: TimeMajorBatch, at_least: int, every_step: bool) -> TimeMajorBatch:
    """Without the steps before the first that is needed and after the last."""
    steps = len(planes.switch)
    end = min(steps, max(planes.last.max(), planes.first.min() + at_least))
    start = max(0, min(planes.first.min(), end - at_least))
    kept = slice(start, end)
    return planes._replace(
        inputs=planes.inputs[kept],
        switch=planes.switch[kept],
        targets=planes.targets[kept] if every_step else planes.targets,
        weights=planes.weights[kept] if every_step else planes.weights,
        read_out=planes.read_out - start,
        first=planes.first - start,
        last=planes.last - start,
    )


def _picked(planes: TimeMajorBatch, rows: NDArray[np.intp]) -> TimeMajorBatch:
    timed = (each[:, rows] for each in planes[:4])
    return TimeMajorBatch(*timed, *(each[rows] for each in planes[4:]))


def _padded_to_bucket(planes: TimeMajorBatch, shape: Shape) -> TimeMajorBatch:
    """The planes in a room of `shape`, filled up with zeros."""
    steps, rows = planes.switch.shape
    wider, longer = (0, shape.sequences - rows), (0, shape.steps - steps)
    counted = [longer if shape.every_step else (0, 0), wider]
    return TimeMajorBatch(
        np.pad(planes.inputs, [longer, wider, (0, 0)]),
        np.pad(planes.switch, [longer, wider]),
        *(np.pad(each, counted) for each in planes[2:4]),
        *(np.pad(each, wider) for each in planes[4:]),
    )


def _bucket(of: str, size: int) -> int:
    return next(room for room in BUCKETS[of] if room >= size)
