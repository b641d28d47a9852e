"""Recognise what no cure prevents: positions that padding shifts, windows that it lays otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from maskdemo.audit.cures import (
    CONVOLUTIONS,
    Repeat,
    changes_nothing,
    own_cures,
    remaining_change,
    repeats,
)
from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.output_change import aligned_index, largest_change, largest_number
from maskdemo.audit.pair import TracePair
from maskdemo.audit.run_model import to_float64
from maskdemo.audit.trace import Call

WINDOWS = (*CONVOLUTIONS, "MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D")
#: Layers and operations that give each of a number of steps a place of its own, or a weight.
PLACING = ("Flatten", "Reshape", "Permute", "Transpose", "Swapaxes", "EinsumDense")
RECURRENT = ("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def only_counts_positions(call: Call, pair: TracePair, tolerance: float) -> bool:
    """Whether the number of padded steps alone moves a call's outputs, not the values at them.

    The layer is called once more with other values at padded steps.
    """
    if is_a(call.layer, *RECURRENT, "Bidirectional") or call is pair.padded.calls[-1]:
        return False
    padded = repeats(call, pair)[1]
    if not padded.real:
        return False
    try:
        outputs = padded.run(disturbed)
    except Exception:  # whatever a layer raises on values that it does not expect
        return False
    for unpadded, before, after in zip(pair.twin(call).outputs, call.outputs, outputs, strict=True):
        places = pair.places(unpadded, before)
        if places is None:
            continue
        if not np.isfinite(before[places]).all():
            return False
        if largest_change(before[places], after[places]) > tolerance * largest_number(unpadded):
            return False
    return True


def is_moved_by_places(call: Call, pair: TracePair, tolerance: float) -> bool:
    """Whether padding in front moves a call's outputs only because it moves the real steps.

    A mean that divides by the padded length does not care what stands at padded steps either; but it
    moves as well where they come after the real ones.
    """
    return (
        pair.side == "pre"
        and only_counts_positions(call, pair, tolerance)
        and not _moves_with_padding_behind(call, pair, tolerance)
    )


def gives_places(call: Call, pair: TracePair) -> bool:
    """Whether a call gives steps places of their own, in sequences that are moved within one length.

    What comes after it moves all the same: whether that reads padding, a shorter copy tells.
    """
    return bool(pair.windows) and pair.side == "pre" and is_a(call.layer, *PLACING)


def _moves_with_padding_behind(call: Call, pair: TracePair, tolerance: float) -> bool:
    """Whether outputs move with the same padding after the end; False where that cannot be tried."""
    import keras

    padded, behind, (args, kwargs) = repeats(call, pair)[1], [], call.arguments
    if any(real.size != real.shape[0] * real.shape[1] for real in padded.real.values()):
        return False  # scores of steps by steps
    steps = -max(int(np.argmax(real[0])) for real in padded.real.values())

    def rolled(array: Any) -> np.ndarray:
        return np.roll(to_float64(array), steps, axis=1)

    for each in call.inputs:
        if each.key in padded.real:
            mask = None if each.mask is None else rolled(each.mask) != 0
            each = replace(each, array=rolled(each.array), mask=mask)
        behind.append(each)
    try:
        if "mask" in kwargs:
            masks = keras.tree.map_structure(lambda each: rolled(each) != 0, kwargs["mask"])
            kwargs = kwargs | {"mask": masks}
        moved = Repeat(replace(call, inputs=behind, arguments=(args, kwargs)), padded.real)
        outputs = moved.run(lambda array, real: array)
        return any(
            largest_change(before, after[aligned_index(after.shape, before.shape, "post")])
            > tolerance * largest_number(before)
            for before, after in zip(pair.twin(call).outputs, outputs, strict=True)
        )
    except Exception:  # whatever a layer raises on values that it does not expect
        return False


def disturbed(array: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return the array with other values where it is not real; whole numbers stay whole."""
    if np.equal(np.mod(array, 1), 0).all():
        others = array[np.broadcast_to(real, array.shape)]
        return np.where(real, array, np.resize(others, array.shape))
    others = np.linspace(1.0, 2.0, array.size).reshape(array.shape)  # equals may be normalised
    return np.where(real, array, np.nan_to_num(array) + others)


def effects_of_windows(call: Call, pair: TracePair, tolerance: float) -> list[tuple[str, str]]:
    """Return why a window's outputs move: each cause with the program that cures it, "" without.

    "border": windows that reach into padding hold it, and outputs stand still (or move less) once it is
    zeroed, or left out of a maximum or mean. "windows": outputs move then too, or however padding is.
    """
    if not is_a(call.layer, *WINDOWS):
        return []
    if only_counts_positions(call, pair, tolerance):
        return [("windows", "")]
    program, attempt = own_cures(call.layer)[0]
    remaining = remaining_change(call, pair, attempt)
    if np.isinf(remaining):
        return []
    effects = [] if changes_nothing(call, pair, attempt, tolerance) else [("border", program)]
    return effects if remaining <= tolerance else [*effects, ("windows", "")]
