"""Which arrays have the steps of an input of fixed length: followed through the calls of a trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from maskdemo.audit.axis_rules import axis_after
from maskdemo.audit.layer_kinds import is_own_code
from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.run_model import Batch, one_batch
from maskdemo.audit.samples import Samples
from maskdemo.audit.time_axis import axis_in_own_code
from maskdemo.audit.trace import Call, InputTensor, Trace, trace


def outputs_of_fixed_inputs(model: Any, samples: Samples) -> tuple[str, ...]:
    """Return, per output, the name of the fixed-length input whose steps its axis 1 has, or ""."""
    batch = one_batch(model, samples.padded_batch(range(len(samples.rows)), "post"))
    record = trace(model, batch)
    names = steps_of_fixed_inputs(record, batch, samples.model_inputs)
    return tuple(names.get(id(output), "") for output in record.outputs)


def steps_of_fixed_inputs(
    record: Trace, batch: Batch, model_inputs: tuple[ModelInput, ...]
) -> dict[int, str]:
    """Return, by `id` of an array, the name of the fixed-length input whose steps its axis 1 has."""
    fixed = [each for each in model_inputs if each.steps is not None]
    if not fixed:
        return {}
    axes: dict[int, tuple[ModelInput, int] | None] = {}  # by key of the tensor
    names: dict[int, str] = {}
    for call in record.calls:
        for each in call.inputs:
            if each.key not in axes and (model_input := _as_input(each, batch, fixed)):
                axes[each.key] = (model_input, 1)
            _add_name(names, each.array, axes.get(each.key))
        for key, array in zip(call.keys, call.outputs, strict=True):
            if key not in axes:  # else an inner call made it
                axes[key] = _axis_of_output(call, array, axes)
            _add_name(names, array, axes.get(key))
    for key, array in zip(record.calls[-1].keys, record.outputs, strict=False):
        _add_name(names, array, axes.get(key))
    return names


def _add_name(names: dict[int, str], array: np.ndarray, found: tuple[ModelInput, int] | None) -> None:
    """Add to `names`, by `id`, the name of the input whose steps the array has on axis 1, if any.

    found: an input and the axis of the array that has its steps; None where none is known.
    """
    if found is not None and found[1] == 1 and array.ndim > 1 and array.shape[1] == found[0].steps:
        names[id(array)] = found[0].name


def _as_input(tensor: InputTensor, batch: Batch, fixed: list[ModelInput]) -> ModelInput | None:
    """Return the input in `fixed` with a tensor's values; None where none has, or a call made it."""
    if tensor.maker is not None:
        return None
    for each in fixed:
        array = np.asarray(batch[each.name])
        if array.shape == tensor.array.shape and np.array_equal(
            array.astype(np.float64), tensor.array, equal_nan=True
        ):
            return each
    return None


def _axis_of_output(
    call: Call, array: np.ndarray, axes: dict[int, tuple[ModelInput, int] | None]
) -> tuple[ModelInput, int] | None:
    """Return the fixed-length input whose steps an output has, and on which axis; None for none.

    axes: the same for every earlier tensor, by its key. `axis_after` says where a call puts the steps.
    """
    args, kwargs = call.arguments
    for place, each in enumerate(call.inputs):
        if (known := axes.get(each.key)) is None:
            continue
        model_input, axis = known
        before, after = each.array.shape, array.shape
        if is_own_code(call.layer) and len(after) < len(before) and before.count(before[axis]) > 1:
            found = axis_in_own_code(call.layer, args, kwargs, axis, before[axis])
        else:
            found = axis_after(call.layer, axis, before, after, place, args)
        if found is not None and found < len(after) and after[found] == before[axis]:
            return model_input, found
    return None
