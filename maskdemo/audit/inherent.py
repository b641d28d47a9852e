"""Recognise effects that no mask prevents: windows across the border, positions shifted by padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from maskdemo.audit.model_inputs import is_a
from maskdemo.audit.output_change import changes_of, largest_change, largest_number
from maskdemo.audit.pair import TracePair
from maskdemo.audit.run_model import output_arrays
from maskdemo.audit.trace import Call, attach_mask

RECURRENT = ("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
#: Layers that see their neighbours' steps, and so a few steps across the border to the padding.
NEIGHBOURS = (
    "Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose", "Conv2D", "SeparableConv2D",
    "DepthwiseConv2D", "MaxPooling1D", "AveragePooling1D",
)  # fmt: skip


def only_at_the_border(call: Call, pair: TracePair, tolerance: float) -> bool:
    """Whether a window's outputs move only at real steps from which it reaches into the padding."""
    if not is_a(call.layer, *NEIGHBOURS):
        return False
    both = pair.real_steps(pair.twin(call).outputs[0], call.outputs[0])
    if both is None or both[0].shape != both[1].shape or both[0].ndim < 3:
        return False
    furthest = changes_of(*both).max(axis=(0, *range(2, both[0].ndim)))
    if np.isinf(furthest).any():
        return False  # a number turned into none is no effect of a window
    moved_steps = np.flatnonzero(furthest > tolerance * largest_number(both[0]))
    reach, steps = _window_reach(call.layer), both[0].shape[1]
    at_border = moved_steps >= steps - reach if pair.side == "post" else moved_steps < reach
    return bool(moved_steps.size and at_border.all())


def _window_reach(layer: Any) -> int:
    size = _first_size(getattr(layer, "kernel_size", None) or layer.pool_size)
    return max(1, (size - 1) * _first_size(getattr(layer, "dilation_rate", 1)))


def _first_size(sizes: Any) -> int:
    return sizes[0] if isinstance(sizes, tuple) else sizes


def only_counts_positions(call: Call, pair: TracePair, tolerance: float) -> bool:
    """Whether it is the number of padded steps that moves a call's outputs, whatever they hold.

    The layer is called once more with other values at padded steps.
    """
    timed = pair.time_inputs(call)
    if not timed or is_a(call.layer, *RECURRENT, "Bidirectional") or call is pair.padded.calls[-1]:
        return False
    try:
        outputs = _outputs_with_other_padding(call, pair)
    except Exception:  # whatever a layer raises on values that it does not expect
        return False
    for index, output in enumerate(outputs):
        unpadded = pair.twin(call).outputs[index]
        before, after = (
            pair.real_steps(unpadded, call.outputs[index]),
            pair.real_steps(unpadded, output),
        )
        if before is None or after is None:
            continue
        if not np.isfinite(before[1]).all():
            return False
        if largest_change(before[1], after[1]) > tolerance * largest_number(before[0]):
            return False
    return True


def _outputs_with_other_padding(call: Call, pair: TracePair) -> list[np.ndarray]:
    import keras

    timed = {input_tensor.key: input_tensor for input_tensor in pair.time_inputs(call)}
    twins = {
        input_tensor.key: twin
        for input_tensor, twin in zip(call.inputs, pair.twin(call).inputs, strict=True)
    }

    def disturbed(tensor: Any) -> Any:
        input_tensor = timed.get(id(tensor))
        if input_tensor is None:
            return tensor
        padding = ~pair.right_mask(twins[input_tensor.key].array, input_tensor.array)
        array = input_tensor.array.copy()
        array[padding] = _other_values(array, padding)
        return attach_mask(keras.ops.convert_to_tensor(array, dtype=tensor.dtype), input_tensor.mask)

    args, kwargs = call.arguments
    args = [keras.tree.map_structure(disturbed, each) for each in args]
    kwargs = {key: keras.tree.map_structure(disturbed, each) for key, each in kwargs.items()}
    return output_arrays(call.layer(*args, **kwargs))


def _other_values(array: np.ndarray, padding: np.ndarray) -> np.ndarray:
    """Something else than what stands at padded steps: for whole numbers those of real steps."""
    if np.equal(np.mod(array, 1), 0).all():
        return np.resize(array[~padding], array[padding].shape)
    return np.nan_to_num(array[padding]) + 1.0
