"""What one operation does to a tensor with a time axis: where that axis goes, how values shift."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import ATTENTION, is_a

#: Where a recurrent layer takes its steps, in place of a state.
STEPS_ARGUMENTS = (0, "sequences", "inputs")
Shape = tuple[int | None, ...]

REDUCTIONS = (
    "All", "Amax", "Amin", "Any", "Argmax", "Argmin", "Average", "CountNonzero", "Logsumexp", "Max",
    "Mean", "Median", "Min", "Prod", "Std", "Sum", "Var",
)  # fmt: skip


def shift_after(operation: Any, shift: float | None, argument: str | int, args: tuple) -> float | None:
    """Return the `shift` of an operation's output, from that of the tensor that is its `argument`."""
    if shift is None or is_a(operation, "Cast", "GetItem", "Squeeze"):
        return shift
    other = args[1 - argument] if argument in (0, 1) and len(args) > 1 else None
    if not isinstance(other, (int, float, np.generic)):
        return None
    if is_a(operation, "Add"):
        return shift + float(other)
    return shift - float(other) if is_a(operation, "Subtract") and argument == 0 else None


def axis_after(
    operation: Any, axis: int, before: Shape, after: Shape, argument: str | int = 0, args: tuple = ()
) -> int | None:
    """Return the axis of time in an operation's output; None where it has none, or none is known.

    axis, before: of time, in the tensor, and its shape. after: shape of the output. argument: the
    tensor's place in the call. args: the positional arguments of that call.
    """
    if is_a(operation, "RNN", "Bidirectional"):
        keeps = operation.return_sequences and len(after) > 2
        return axis if keeps and argument in STEPS_ARGUMENTS else None
    if is_a(operation, "RepeatVector") or (is_a(operation, "Flatten") and set(before[2:]) == {1}):
        return axis + (len(after) > len(before))
    if is_a(operation, "Flatten", "Dot") or type(operation).__name__.startswith("Global"):
        return None
    if is_a(operation, *ATTENTION):
        return axis if argument in (0, "query", "inputs") and len(after) == len(before) else None
    if is_a(operation, "Dense", "EinsumDense", "Softmax") and axis == len(before) - 1:
        return None
    if is_a(operation, "Permute"):
        return operation.dims.index(axis) + 1
    if is_a(operation, "Transpose"):
        axes = operation.axes or tuple(reversed(range(len(before))))
        return list(axes).index(axis)
    if is_a(operation, "Swapaxes"):
        one, other = (each % len(before) for each in (operation.axis1, operation.axis2))
        return {one: other, other: one}.get(axis, axis)
    if is_a(operation, "Reshape"):
        return _axis_after_reshape(axis, before, after)
    if is_a(operation, "ExpandDims") and isinstance(operation.axis, int):
        return axis + (operation.axis % len(after) <= axis)
    if is_a(operation, *REDUCTIONS) and hasattr(operation, "axis"):
        return _axis_after_reduction(operation, axis, len(before))
    if is_a(operation, "GetItem") and len(args) > 1:
        return _axis_after_slicing(args[1], axis, len(before))
    return _likely_axis(axis, before, after)


def _axis_after_reshape(axis: int, before: Shape, after: Shape) -> int | None:
    """Return `axis` after a reshape if sizes before and (known) product behind stay, else None."""
    if axis >= len(after) or None in (*before[axis + 1 :], *after[axis + 1 :]):
        return None
    same = math.prod(before[axis + 1 :]) == math.prod(after[axis + 1 :])  # pyrefly: ignore[no-matching-overload]
    return axis if same and before[1:axis] == after[1:axis] else None


def _axis_after_reduction(operation: Any, axis: int, rank: int) -> int | None:
    """Return the axis after a reduction of a tensor of `rank` axes; None where it is reduced."""
    reduced = operation.axis
    if reduced is None:
        return None
    gone = {each % rank for each in (reduced if isinstance(reduced, (list, tuple)) else (reduced,))}
    if axis in gone:
        return None
    return axis if getattr(operation, "keepdims", False) else axis - sum(each < axis for each in gone)


def _axis_after_slicing(key: Any, axis: int, rank: int) -> int | None:
    """Return the axis after indexing with `key`; None where a number, not a slice, takes one step."""
    parts = list(key) if isinstance(key, (tuple, list)) else [key]
    if any(part is Ellipsis for part in parts):
        place = next(index for index, part in enumerate(parts) if part is Ellipsis)
        used = sum(part is not None for part in parts) - 1
        parts[place : place + 1] = [slice(None)] * (rank - used)
    before = after = 0
    for part in parts:
        if part is None:
            after += 1
            continue
        if before == axis:
            return after if isinstance(part, slice) else None
        before += 1
        after += isinstance(part, slice)
    return after + axis - before


def _likely_axis(axis: int, before: Shape, after: Shape) -> int | None:
    """Return the same axis if the rank stays, else the only one of its size but the batch, or None."""
    if len(before) == len(after):
        return axis
    same = [place for place, size in enumerate(after) if place and size == before[axis]]
    return same[0] if len(same) == 1 else None
