"""Whether a model of one fixed length, of which no copy takes any length, reads padded steps.

Where a sequence can only be moved from one end of that length to the other, a mean, a sum or a maximum
over all steps stands still, although it counts padded steps. So the model is compared with a copy that
is as short as the sequence, without any padding. Where there is no such copy, other values are put at
padded steps: at the outputs of layers that make a mask, whose mask stays, and where other layers read
the inputs.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice

import numpy as np

from maskdemo.audit.cures import Attempt, Repeat, changes_nothing, zeroed
from maskdemo.audit.faulty_layer import Fault, faults
from maskdemo.audit.layer_kinds import is_a, is_own_code
from maskdemo.audit.length_copies import KEPT_WEIGHTS, copy_of_length
from maskdemo.audit.lost_mask import MASK_MAKERS
from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.pair import MAX_TRACED, TracePair, expanded_mask, mask_of, traces_of
from maskdemo.audit.positions_and_windows import disturbed
from maskdemo.audit.run_model import batch_size
from maskdemo.audit.samples import Samples
from maskdemo.audit.trace import Call, Overrides, trace
from maskdemo.audit.trial import Trial

#: Why there is no telling where nothing was found.
OWN_CODE_READS = "code of its own reads the inputs"
MASK_COMPUTED = "a mask is computed from the values"
SEARCH_FAILED = "not every layer that reads padded steps was found"
#: Layers and operations to which a step of zeros adds nothing.
_ADDING = ("Sum", "Flatten", "Matmul", "Einsum", "Dot")


def pair_without_padding(trial: Trial) -> TracePair | None:
    """Return traces of a shorter copy without padding and of the model; None where no copy runs.

    All sequences in them have one length, the shortest for which a copy runs.
    """
    samples = trial.samples
    for lengths, group in sorted(samples.by_length().items()):
        of = dict(
            zip((each.name for each in samples.model_inputs if each.is_sequence), lengths, strict=True)
        )
        shorter = tuple(
            each if each.steps is None else each.with_steps(of[each.name])
            for each in samples.model_inputs
        )
        # A single step is broadcast where there should be more.
        if shorter != samples.model_inputs and min(each.steps or 2 for each in shorter) > 1:
            pair = _pair_with_copy(trial, shorter, group)
            if pair is not None:
                return pair
    return None


def _pair_with_copy(
    trial: Trial, shorter: tuple[ModelInput, ...], group: list[int]
) -> TracePair | None:
    """Return the traces of a copy for shorter inputs and of the model; None where no copy runs.

    Of copies that keep different weights, the first whose outputs do not differ from the model's is
    taken, else the first of all.
    """
    model, samples, tolerance = trial.model, trial.samples, trial.tolerance
    count = batch_size(model) or min(len(group), MAX_TRACED)
    chosen = list(islice(cycle(group), count))
    unpadded = Samples(shorter, samples.rows).padded_batch(chosen, "post")
    batch = samples.padded_batch(chosen, "post")
    first = None
    for kept_weights in KEPT_WEIGHTS:
        if (copied := copy_of_length(model, samples.model_inputs, shorter, kept_weights)) is None:
            break
        copy, was_cut = copied
        try:
            traces = traces_of(copy, unpadded, model, batch)
        except Exception:  # it can be built, and not run
            break
        if any(len(each) != count for each in traces[0].outputs):
            break
        pair = TracePair(*traces[:2], "post", {}, model, unpadded, batch, traces[2], tolerance)
        first = first or pair
        if pair.stands_still():
            return pair
        if not was_cut:
            break
    return first


def readers_of_padding(pair: TracePair) -> tuple[list[Fault], float, str]:
    """Return faults of layers that read padded steps, how far outputs move, and a reason for doubt.

    The unpadded batch, of a fixed length, runs again with other values at padded steps. How far: as a
    share of the largest number. The reason why faults may be missing is "" where none is.
    """
    changed, complete = _other_padding(pair)
    if not (changed.outputs or changed.inputs):
        return [], 0.0, OWN_CODE_READS
    other = replace(
        pair,
        padded=trace(pair.model, pair.unpadded_batch, changed, detail=pair.detail),
        side="post",
        batch=pair.unpadded_batch,
        disturbed=changed,
    )
    if any(_masks_differ(*each) for each in zip(pair.unpadded.calls, other.padded.calls, strict=True)):
        return [], 0.0, MASK_COMPUTED
    doubt = "" if complete else OWN_CODE_READS
    if not other.moves():
        return [], 0.0, doubt
    found, left = faults(other)
    if left > pair.tolerance or not found:
        doubt = doubt or SEARCH_FAILED
    # A call that gives the same without padded steps, or with zeros there, does not use them.
    harmless = {
        call.name
        for call in other.padded.calls
        if call.name in {each.mover for each in found}
        and any(
            changes_nothing(call, other, attempt, padded=False)
            for attempt in _attempts_without_padding(call)
        )
    }
    return [each for each in found if each.mover not in harmless], other.furthest(), doubt


def _attempts_without_padding(call: Call) -> tuple[Attempt, ...]:
    """Return the ways to run a call without its padded steps; where it adds steps up, with zeros."""
    return (zeroed, _cut_off) if is_a(call.layer, *_ADDING) else (_cut_off,)


def _cut_off(repeat: Repeat) -> list[np.ndarray]:
    """Return the layer's outputs for inputs cut to the steps that are real in any sequence."""
    return repeat.run(lambda array, real: array[:, mask_of(real).any(axis=0)])


def _other_padding(pair: TracePair) -> tuple[Overrides, bool]:
    """Return overrides with other values at padded steps, and whether no own code reads the inputs.

    Overridden are outputs of layers that make a mask and inputs, for each reader that is no own code.
    """
    changed, complete = Overrides(), True
    for call in pair.unpadded.calls[:-1]:
        read = {
            place: each.array
            for place, each in enumerate(call.inputs)
            if each.maker is None and not each.is_mask and id(each.array) in pair.windows
        }
        if is_a(call.layer, *MASK_MAKERS):
            if call.outputs and id(call.outputs[0]) in pair.windows:
                changed.outputs[call.order] = [_with_other_padding(call.outputs[0], pair)]
        elif read and is_own_code(call.layer) and not hasattr(call.layer, "layers"):
            complete = False
        elif read and not call.is_container and not call.returns_a_mask:
            changed.inputs[call.order] = {
                place: _with_other_padding(each, pair) for place, each in read.items()
            }
    return changed, complete


def _with_other_padding(array: np.ndarray, pair: TracePair) -> np.ndarray:
    """Return an array of the unpadded trace, (N, steps, ...), with other values at padded steps."""
    return disturbed(array, expanded_mask(pair.real_without_padding(array), array.ndim))


def _masks_differ(one: Call, other: Call) -> bool:
    """Whether a mask that both calls attach to an output, or return as one, is not the same."""
    masks = [*zip(one.masks, other.masks, strict=True)]
    if one.returns_a_mask:
        masks += zip(one.outputs, other.outputs, strict=True)
    return any(not np.array_equal(a, b) for a, b in masks if a is not None and b is not None)
