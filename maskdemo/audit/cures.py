"""Cures with which padding does not change the outputs of a call, each tried before it is shown.

The call is repeated without and with padding, with what the cure changes about its inputs. A cure must
change nothing where there is no padding. The right mask is True at real steps, False at padded ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import is_a, is_own_code
from maskdemo.audit.output_change import largest_change, largest_number
from maskdemo.audit.pair import TracePair, mask_of
from maskdemo.audit.run_model import output_arrays, reset_states
from maskdemo.audit.tolerances import SAME_LAYER
from maskdemo.audit.trace import Call, attach_mask

#: The cure of a layer that takes a mask: the program is that of the cause.
HANDED_ON = "handed on"
#: What is shown for code that nobody else can change: an example, which cannot be tried on it.
OWN_CODE = "mask_in_own_code"

#: Layers that see their neighbours' steps, and so a few steps across the border to the padding.
CONVOLUTIONS = (
    "Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose", "Conv2D", "SeparableConv2D",
    "DepthwiseConv2D", "Conv2DTranspose",
)  # fmt: skip
#: The cure of what takes steps by their number.
COUNTED = "count_from_the_real_steps"

#: A cure: repeats a call with changed inputs or results, and returns its outputs.
Attempt = Callable[["Repeat"], list[np.ndarray]]


@dataclass(frozen=True)
class Repeat:
    """A call to be repeated with changed inputs.

    real: key of each InputTensor with a time axis -> where it is real, bool, broadcast to its `array`.
    """

    call: Call
    real: dict[int, np.ndarray]

    def first_input(self) -> tuple[Any, Any]:
        """Return the call's first input with a time axis, float32, and its right mask, as tensors."""
        import keras

        timed = next(each for each in self.call.inputs if each.key in self.real)
        array = keras.ops.convert_to_tensor(timed.array.astype("float32"))
        return array, keras.ops.convert_to_tensor(mask_of(self.real[timed.key]))

    def run(self, change: Callable[..., np.ndarray] | None = None, masked: bool = False) -> list[Any]:
        """Call the layer again, its states reset, and return its output arrays, float64.

        change: (array, where it is real) -> the array used instead, for each input in `real`. masked:
        whether right masks replace the recorded ones, also as `mask` where a layer takes that.
        """
        import keras

        by_key = {each.key: each for each in self.call.inputs}

        def changed(tensor: Any) -> Any:
            real = self.real.get(id(tensor))
            if real is None:
                return tensor
            array = by_key[id(tensor)].array
            new: Any = tensor
            if change is not None:
                new = keras.ops.convert_to_tensor(change(array, real), dtype=tensor.dtype)
            mask = mask_of(real) if masked else by_key[id(tensor)].mask
            return attach_mask(new, None if mask is None else mask[:, : new.shape[1]])

        def right_mask(tensor: Any) -> Any:
            real = self.real.get(id(tensor))
            return None if real is None else keras.ops.convert_to_tensor(mask_of(real))

        arguments: Any = keras.tree.map_structure(changed, self.call.arguments)
        args, kwargs = arguments
        layer = self.call.layer
        if masked and args and "mask" in signature(layer.call).parameters:
            kwargs = kwargs | {"mask": keras.tree.map_structure(right_mask, self.call.arguments[0][0])}
        reset_states(layer)
        return output_arrays(layer(*args, **kwargs))


def repeats(call: Call, pair: TracePair) -> tuple[Repeat, Repeat]:
    """Return the recorded call without padding and that with padding, each to be repeated."""
    twin = pair.twin(call)
    real: tuple[dict[int, np.ndarray], dict[int, np.ndarray]] = ({}, {})
    timed = pair.time_inputs(call)
    for before, after in zip(twin.inputs, call.inputs, strict=True):
        if after in timed and before.array.ndim == after.array.ndim:
            real[0][before.key], real[1][after.key] = pair.real_elements(before.array, after.array)
    return Repeat(twin, real[0]), Repeat(call, real[1])


def cure_of(call: Call, pair: TracePair) -> str:
    """Return the first cure that works: a program's name or HANDED_ON.

    Where none does, OWN_CODE for a custom layer or Lambda, else "".
    """
    for program, attempt in _attempts(call, pair):
        if remaining_change(call, pair, attempt) <= pair.tolerance:
            return program
    return OWN_CODE if is_own_code(call.layer) else ""


def cure_of_wrong_mask(call: Call, pair: TracePair) -> str:
    """Return the cure that hands on the right mask, if by `_handed_instead` outputs stand still; or "".

    It is HANDED_ON or, for a layer of multi-head or grouped-query attention, "keep_beside_attention".
    """
    names = (name for name, attempt in _attempts(call, pair) if attempt is _handed_on)
    still = remaining_change(call, pair, _handed_instead, other_alone=True) <= pair.tolerance
    return next(names) if still else ""


def remaining_change(
    call: Call, pair: TracePair, attempt: Attempt, *, other_alone: bool = False
) -> float:
    """Return the largest `pair.share` by which an output of the cured call moves with padding.

    Infinite where no input has a time axis, and where the cure raises, or changes outputs without
    padding by more than SAME_LAYER; other_alone: whether it may change these.
    """
    alone, padded = repeats(call, pair)
    if not padded.real:
        return float("inf")
    try:
        without, with_padding = attempt(alone), attempt(padded)
    except Exception:  # whatever a layer raises on a mask or on values that it does not take
        return float("inf")
    if not len(alone.call.outputs) == len(without) == len(with_padding):
        return float("inf")
    furthest, all_real = 0.0, all(real.all() for real in alone.real.values())
    for own, before, after in zip(alone.call.outputs, without, with_padding, strict=True):
        far = largest_change(own, before) > SAME_LAYER * largest_number(before)
        if far and all_real and not other_alone:
            return float("inf")  # it is another layer, not the same one without its fault
        furthest = max(furthest, pair.share(before, after, like=own))
    return furthest


def changes_nothing(call: Call, pair: TracePair, attempt: Attempt, *, padded: bool = True) -> bool:
    """Whether outputs stay at all steps, alone and, if `padded`, with padding; False if it raises."""
    try:
        return all(
            largest_change(own, other) <= pair.tolerance * largest_number(own)
            for repeat in repeats(call, pair)[: 1 + padded]
            for own, other in zip(repeat.call.outputs, attempt(repeat), strict=True)
        )
    except Exception:  # whatever a layer raises on values or shapes that it does not take
        return False


def zeroed(repeat: Repeat) -> list[np.ndarray]:
    """Return the layer's outputs for inputs whose padded steps are zeroed."""
    return repeat.run(lambda array, real: np.where(real, array, 0.0))


def lowered(repeat: Repeat) -> list[np.ndarray]:
    """Return the layer's outputs for inputs that are -1e9 (-3e4 in a float16 layer) at padded steps."""
    # So no maximum is there, and a softmax is 0.
    lowest = -3e4 if getattr(repeat.call.layer, "compute_dtype", "") == "float16" else -1e9
    return repeat.run(lambda array, real: np.where(real, array, lowest))


def averaged(repeat: Repeat) -> list[np.ndarray]:
    """Return the outputs of `zeroed` divided by those of `marked`: means of real steps; 0 for none."""
    both = zip(zeroed(repeat), marked(repeat), strict=True)
    return [np.where(share > 0, mean / np.maximum(share, 1e-9), 0.0) for mean, share in both]


def marked(repeat: Repeat) -> list[np.ndarray]:
    """Return the layer's outputs for inputs that are 1 at real steps and 0 at padded ones."""
    return repeat.run(lambda array, real: np.where(real, np.ones_like(array), 0.0))


def spread_out(repeat: Repeat) -> list[np.ndarray]:
    """Return the layer's deviation or variance as it would be of the real steps alone.

    Padded steps get the mean of the sequence's real ones; the variance is divided by the share of real
    steps in all sequences of the first input, the deviation (class Std) by its root.
    """
    share = float(np.mean(next(iter(repeat.real.values()))))
    power = 0.5 if is_a(repeat.call.layer, "Std") else 1.0

    def filled(array: np.ndarray, real: np.ndarray) -> np.ndarray:
        everywhere = np.broadcast_to(real, array.shape)
        return np.where(real, array, array.mean(axis=1, keepdims=True, where=everywhere))

    return [each / share**power for each in repeat.run(filled)]


def _handed_on(repeat: Repeat) -> list[np.ndarray]:
    """Return the layer's outputs with the right mask handed to the call."""
    return repeat.run(masked=True)


def _handed_instead(repeat: Repeat) -> list[np.ndarray]:
    """Return the outputs of `_handed_on` without the keywords `*_mask` that the caller passed."""
    args, kwargs = repeat.call.arguments
    masks = [name for name, each in kwargs.items() if name.endswith("_mask") and each is not True]
    kwargs = {name: each for name, each in kwargs.items() if name not in masks}
    return replace(repeat, call=replace(repeat.call, arguments=(args, kwargs))).run(masked=True)


def _flipped(repeat: Repeat) -> list[np.ndarray]:
    """Return the first input, (N, steps, F), with its real steps reversed, padding in place."""
    from maskdemo.audit.fix_reductions import reversed_within_length

    return output_arrays(reversed_within_length(*repeat.first_input()))


def _backwards(repeat: Repeat) -> list[np.ndarray]:
    """Return the output of a layer with go_backwards, moved to the real steps, and its states.

    It is called as recorded; (N, steps, F) stays in reverse. Raises ValueError if it reads forwards.
    """
    from maskdemo.audit.fix_reductions import backwards_within_length

    if not repeat.call.layer.go_backwards:
        raise ValueError("This layer does not read backwards.")
    backwards, *states = repeat.run()
    return [*output_arrays(backwards_within_length(backwards, repeat.first_input()[1])), *states]


def _normalized(repeat: Repeat) -> list[np.ndarray]:
    """Return a group or layer normalization by the real steps' statistics, then gamma and beta."""
    from maskdemo.audit.fix_reductions import normalized_over_real_steps

    layer = repeat.call.layer
    groups = getattr(layer, "groups", 1)  # LayerNormalization takes all features together
    x = normalized_over_real_steps(*repeat.first_input(), groups, layer.epsilon)
    x = x * layer.gamma if layer.scale else x
    return output_arrays(x + layer.beta if layer.center else x)


def _weighed(repeat: Repeat) -> list[np.ndarray]:
    """Return the first output for zeroed inputs, times `real`, divided by its sum on the last axis."""
    weights = zeroed(repeat)[0] * next(iter(repeat.real.values()))
    return [weights / weights.sum(axis=-1, keepdims=True)]


def _counted(repeat: Repeat) -> list[np.ndarray]:
    """Return outputs for inputs rolled until padding is at the other end, without the padding there."""

    def rolled(array: np.ndarray, real: np.ndarray) -> np.ndarray:
        steps = np.flatnonzero(mask_of(real)[0])  # all sequences that are traced are equally long
        return np.roll(array, -steps[0] or -1 - steps[-1], axis=1)

    marks = repeat.run(lambda array, real: rolled(np.broadcast_to(real, array.shape), real))
    return [
        each[:, mask_of(mark != 0)[0]] if each.ndim > 1 else each
        for each, mark in zip(repeat.run(rolled), marks, strict=True)
    ]


#: Classes of layers and operations, the cure for them and its program.
_CURES: tuple[tuple[tuple[str, ...], Attempt, str], ...] = (
    (("Std", "Var"), spread_out, "masked_deviation"),
    (("RNN",), _backwards, "read_backwards"),
    (("GroupNormalization", "LayerNormalization"), _normalized, "masked_normalization"),
    (CONVOLUTIONS, zeroed, "zero_before_convolution"),
    (("Max", "Amax", "GlobalMaxPooling1D", "GlobalMaxPooling2D"), lowered, "masked_maximum"),
    (("MaxPooling1D", "MaxPooling2D"), lowered, "masked_maximum"),
    (("GlobalAveragePooling1D", "GlobalAveragePooling2D", "Mean", "Average"), averaged, "masked_mean"),
    (("AveragePooling1D", "AveragePooling2D"), averaged, "masked_mean"),
    (("Softmax", "LogSoftmax", "Logsumexp", "Activation"), lowered, "masked_softmax"),
    (("Sum", "Einsum", "Matmul", "Dot"), zeroed, "masked_mean"),
    (("MultiHeadAttention", "GroupedQueryAttention"), _handed_on, "keep_beside_attention"),
    (("Flip", "GetItem", "Lambda"), _flipped, "flip_within_length"),
    (("GetItem", "Lambda"), _counted, COUNTED),
    (("Dense",), _weighed, "masked_softmax_of_places"),
    (("Dense", "EinsumDense"), zeroed, "masked_flatten"),
)  # fmt: skip


def own_cures(layer: Any) -> list[tuple[str, Attempt]]:
    """Return (program's name, cure) of each in `_CURES` for a layer's class or base class, in order."""
    return [(name, attempt) for classes, attempt, name in _CURES if is_a(layer, *classes)]


def _attempts(call: Call, pair: TracePair) -> list[tuple[str, Attempt]]:
    """Return (program's name, cure) for each to be tried: `own_cures` first.

    Then those of any layer: the right mask, zeros, the mean and, but for custom layers, -1e9.
    """
    of_zeroed = "zero_before_convolution" if pair.timed_outputs(call) else "masked_mean"
    of_any = [(HANDED_ON, _handed_on), (of_zeroed, zeroed), ("masked_mean", averaged)]
    if not is_own_code(call.layer) or is_a(call.layer, "Lambda"):
        of_any.append(("masked_maximum", lowered))  # else it may be a softmax within
    return [*own_cures(call.layer), *of_any]
