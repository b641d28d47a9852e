"""Recognise what no cure prevents: positions that padding shifts, windows that it places otherwise."""

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
from maskdemo.audit.layer_kinds import RECURRENT, is_a
from maskdemo.audit.output_change import aligned_index, largest_change, largest_number
from maskdemo.audit.pair import TracePair
from maskdemo.audit.run_model import to_float64
from maskdemo.audit.trace import Call

_WINDOWS = (*CONVOLUTIONS, "MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D")
#: Layers and operations that make positions features: each step has weights of its own afterwards.
_LAYING_OUT = ("Flatten", "Reshape", "Permute", "Transpose", "Swapaxes", "EinsumDense")


def only_counts_positions(call: Call, pair: TracePair) -> bool:
    """Whether a call's outputs at real steps stay the same with other values at padded steps.

    Then only the number of padded steps can move them. False for recurrent layers and for the whole
    model, where outputs are not finite, and where the layer raises on such values.
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
        index = pair.real_index(unpadded, before)
        if index is None:
            continue
        if not np.isfinite(before[index]).all():
            return False
        if largest_change(before[index], after[index]) > pair.tolerance * largest_number(unpadded):
            return False
    return True


def moves_with_position_alone(call: Call, pair: TracePair) -> bool:
    """Whether padding in front moves a call's outputs only because it shifts the real steps.

    The values at padded steps do not count, nor does padding after the end. (A mean that divides by the
    padded length ignores these values too, but padding after the end moves it.)
    """
    return (
        pair.side == "pre"
        and only_counts_positions(call, pair)
        and not _moves_with_padding_behind(call, pair)
    )


def lays_out_positions(call: Call, pair: TracePair) -> bool:
    """Whether a call is of _LAYING_OUT, as Flatten, and sequences went to the end of a fixed length.

    It makes positions features, so later outputs move with them; only a shorter copy tells the rest.
    """
    return bool(pair.windows) and pair.side == "pre" and is_a(call.layer, *_LAYING_OUT)


def _moves_with_padding_behind(call: Call, pair: TracePair) -> bool:
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
            > pair.tolerance * largest_number(before)
            for before, after in zip(pair.twin(call).outputs, outputs, strict=True)
        )
    except Exception:  # whatever a layer raises on values that it does not expect
        return False


def disturbed(array: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return the array with other values where it is not real.

    These are its real values in turn if all are whole numbers, else its own plus 1 to 2, evenly rising.
    real: bool, to be broadcast over the array.
    """
    if np.equal(np.mod(array, 1), 0).all():
        others = array[np.broadcast_to(real, array.shape)]
        return np.where(real, array, np.resize(others, array.shape))
    others = np.linspace(1.0, 2.0, array.size).reshape(array.shape)  # equals may be normalised
    return np.where(real, array, np.nan_to_num(array) + others)


def effects_of_windows(call: Call, pair: TracePair) -> list[tuple[str, str]]:
    """Return why a window's outputs move: each cause with the program that cures it, "" without.

    "border": windows that reach into padding read it, so outputs change once it is zeroed, or left out
    of a maximum or mean. "windows": outputs move even then, or (with no other cause) whatever it holds.
    Empty where the layer has no windows, or where the cure of its class cannot be tried.
    """
    if not is_a(call.layer, *_WINDOWS):
        return []
    if only_counts_positions(call, pair):
        return [("windows", "")]
    program, attempt = own_cures(call.layer)[0]
    remaining = remaining_change(call, pair, attempt)
    if np.isinf(remaining):
        return []
    effects = [] if changes_nothing(call, pair, attempt) else [("border", program)]
    return effects if remaining <= pair.tolerance else [*effects, ("windows", "")]
