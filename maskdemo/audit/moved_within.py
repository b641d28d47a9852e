"""Whether a model of one fixed length, of which no copy takes another, reads padded steps.

Where a sequence can only be moved from one end of that length to the other, a mean, a sum or a maximum
over all steps stands still, although it counts padded steps. So other values are put there: at the
outputs of layers that make a mask, whose mask stays, and where other layers read the inputs themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from maskdemo.audit.cures import changes_nothing_alone, zeroed
from maskdemo.audit.faulty_layer import Fault, faults
from maskdemo.audit.inherent import disturbed
from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.lost_mask import MASK_MAKERS
from maskdemo.audit.pair import TracePair
from maskdemo.audit.time_axis import is_own_code
from maskdemo.audit.trace import Call, Overrides, Trace, trace

NOTE = (
    "Its length is fixed, so sequences were only moved within it: a mean, sum or maximum over all "
    "steps of inputs that code of its own reads would not be seen."
)
OF_MASKS = (
    "Its length is fixed and a mask is computed from the values, so sequences were only moved within "
    "it: a mean, sum or maximum over all steps would not be seen."
)
#: Layers and operations to which a step of zeros adds nothing.
_ADDING = ("Sum", "Flatten", "Matmul", "Einsum", "Dot")


def readers_of_padding(pair: TracePair, tolerance: float) -> tuple[list[Fault], float, str]:
    """Return faults of layers that read padded steps, how far outputs follow, and what was not tried.

    tolerance: the share of its largest number that a call may move by rounding.
    """
    changed, complete = _other_padding(pair)
    if not (changed.outputs or changed.inputs):
        return [], 0.0, NOTE
    other = replace(
        pair,
        padded=trace(pair.model, pair.unpadded_batch, changed, detail=pair.detail),
        side="post",
        batch=pair.unpadded_batch,
        disturbed=changed,
    )
    if any(_masks_differ(*each) for each in _calls_of_both(pair.unpadded, other.padded)):
        return [], 0.0, OF_MASKS
    not_tried = "" if complete else NOTE
    model = other.padded.calls[-1]
    furthest = max(other.relative_change(model, at) for at in range(len(model.outputs)))
    if furthest <= tolerance:
        return [], 0.0, not_tried
    harmless = {
        call.name
        for call in other.padded.calls
        if is_a(call.layer, *_ADDING) and changes_nothing_alone(call, other, zeroed, tolerance)
    }
    found, _ = faults(other, tolerance)
    return [each for each in found if each.mover not in harmless], furthest, not_tried


def _other_padding(pair: TracePair) -> tuple[Overrides, bool]:
    """Return other values at padded steps, and whether no code of its own reads the inputs."""
    changed, complete = Overrides(), True
    for call in pair.unpadded.calls[:-1]:
        read = {
            place: each.array
            for place, each in enumerate(call.inputs)
            if each.maker is None and not each.is_mask and id(each.array) in pair.windows
        }
        if is_a(call.layer, *MASK_MAKERS):
            if call.outputs and id(call.outputs[0]) in pair.windows:
                changed.outputs[call.order] = [_other(call.outputs[0], pair)]
        elif read and is_own_code(call.layer) and not hasattr(call.layer, "layers"):
            complete = False
        elif read and not call.is_container and not call.returns_a_mask:
            changed.inputs[call.order] = {place: _other(each, pair) for place, each in read.items()}
    return changed, complete


def _other(array: np.ndarray, pair: TracePair) -> np.ndarray:
    real = pair.real_without_padding(array)
    return disturbed(array, real.reshape(*real.shape, *(1 for _ in array.shape[2:])))


def _calls_of_both(one: Trace, other: Trace) -> Iterator[tuple[Call, Call]]:
    return zip(one.calls, other.calls, strict=True)


def _masks_differ(one: Call, other: Call) -> bool:
    masks = [*zip(one.masks, other.masks, strict=True)]
    if one.returns_a_mask:
        masks += zip(one.outputs, other.outputs, strict=True)
    return any(not np.array_equal(a, b) for a, b in masks if a is not None and b is not None)
