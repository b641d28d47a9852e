"""Record the calls within a model: what each received, returned and did to the mask.

Keras calls every layer through `Layer.__call__` and every operation of a functional graph through
`Operation.__call__`. Both are wrapped while one batch runs eagerly, under a lock, and put back.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal
from unittest.mock import patch

import numpy as np

from maskdemo.audit.run_model import Batch, run_eagerly, to_float64

_LOCK = threading.Lock()
#: Whose inner calls are recorded: those of custom layers and nested models, of nested models, of none.
Detail = Literal["layers", "models", "nothing"]


@dataclass
class Overrides:
    """Arrays that replace all outputs of a call, by its `order`, or inputs, by `order` and place."""

    outputs: dict[int, list[np.ndarray]] = field(default_factory=dict)
    inputs: dict[int, dict[int, np.ndarray]] = field(default_factory=dict)


@dataclass(eq=False)
class InputTensor:
    """A tensor that a call received.

    key: its `id`. maker: the call that returned it; None if none did. mask: the attached mask,
    (N, steps) of bool. from_input: whether it is a model's very input. is_mask: whether it is of bool.
    """

    key: int
    maker: Call | None
    mask: np.ndarray | None
    array: np.ndarray
    from_input: bool = False
    is_mask: bool = False

    @property
    def output_index(self) -> int:
        """The index of the tensor among the outputs of its maker, which there must be."""
        return self.maker.keys.index(self.key)  # pyrefly: ignore[missing-attribute]


@dataclass(eq=False)
class Call:
    """One call. kind: "layer" or "operation". keys, masks: of the outputs. order: its index.

    count_in_first: how many of `inputs` make up its first argument, whose mask Keras passes on.
    explicit_masks: what the caller passed as `mask=`, by first input; None without. inside: the custom
    layer or nested model whose call made this one. warned: whether Keras warned of its layer by name.
    unmasked_keys: keys of inputs whose mask the call removed. is_container: whether it made other
    recorded calls. has_float_outputs, returns_a_mask: whether any output is of floats, all are of bool.
    """

    layer: Any
    name: str
    kind: str
    inputs: list[InputTensor]
    count_in_first: int
    explicit_masks: list[np.ndarray | None] | None
    inside: Call | None
    arguments: tuple[tuple, dict] = ((), {})
    outputs: list[np.ndarray] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    masks: list[np.ndarray | None] = field(default_factory=list)
    warned: bool = False
    unmasked_keys: set[int] = field(default_factory=set)
    order: int = -1
    is_container: bool = False
    has_float_outputs: bool = True
    returns_a_mask: bool = False

    def mask_at(self, place: int) -> np.ndarray | None:
        """Return an input's mask: in the first argument, that of a given `mask=`; else the attached."""
        if self.explicit_masks is None or place >= self.count_in_first:
            return self.inputs[place].mask
        return self.explicit_masks[min(place, len(self.explicit_masks) - 1)]


class Trace:
    """The calls of one batch, in the order in which they returned, and the model's outputs.

    The last call is that of the model. output_makers: for each output the call that made it, if any.
    raised_by: the innermost layer that raised.
    """

    def __init__(self, detail: Detail) -> None:
        self.detail: Detail = detail
        self.calls: list[Call] = []
        self.outputs: list[np.ndarray] = []
        self.output_makers: list[Call | None] = []
        self._makers: dict[int, Call] = {}
        self._inputs: set[int] = set()
        self._alive: list[Any] = []
        self._stack: list[Call | None] = []
        self.raised_by: Any = None


def trace(
    model: Any, batch: Batch, overrides: Overrides | None = None, *, detail: Detail = "layers"
) -> Trace:
    """Return the record of every call while the model runs eagerly on a batch; raise what it raises."""
    record = Trace(detail)
    with _record_all_calls(record, overrides or Overrides()):
        record.outputs = run_eagerly(model, batch)
    record.output_makers = [
        next((call for call in record.calls[:-1] if key in call.keys and not call.is_container), None)
        for key in record.calls[-1].keys
    ]
    return record


def raising_layer(model: Any, batch: Batch) -> Any | None:
    """Return the innermost layer or operation that raises, none inside a layer of Keras; else None."""
    record = Trace("layers")
    with suppress(Exception), _record_all_calls(record, Overrides()):
        run_eagerly(model, batch)
        return None
    return record.raised_by


@contextmanager
def _record_all_calls(record: Trace, overrides: Overrides) -> Iterator[None]:
    """Record calls of layers and operations within the context, but not within Keras's own layers."""
    import keras

    def wrapped(original: Any, *, operation: bool) -> Any:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            within_layer_of_keras = bool(record._stack) and record._stack[-1] is None
            if within_layer_of_keras or (operation and isinstance(self, keras.layers.Layer)):
                return original(self, *args, **kwargs)
            return _record_call(self, original, args, kwargs, record, overrides, operation)

        return call

    layer, any_operation = keras.layers.Layer, keras.Operation
    with (
        _LOCK,
        warnings.catch_warnings(action="ignore"),
        patch.object(layer, "__call__", wrapped(layer.__call__, operation=False)),
        patch.object(any_operation, "__call__", wrapped(any_operation.__call__, operation=True)),
    ):
        yield


def _record_call(
    layer: Any,
    original: Any,
    args: tuple,
    kwargs: dict,
    record: Trace,
    overrides: Overrides,
    operation: bool,
) -> Any:
    """Make the call with its overrides, add it to the record once it returns, return its outputs."""
    import keras

    opaque = operation or not _is_opened(layer, record.detail)
    if opaque and len(record.calls) in overrides.inputs:
        own = keras.tree.flatten((args, kwargs))
        arrays = overrides.inputs[len(record.calls)]
        args, kwargs = _replaced((args, kwargs), arrays, kwargs.get("mask"))
        new = keras.tree.flatten((args, kwargs))
        record._inputs |= {id(b) for a, b in zip(own, new, strict=True) if id(a) in record._inputs}
    mask, first = kwargs.get("mask"), args[0] if args else next(iter(kwargs.values()), None)
    tensors = [each for each in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(each)]
    received = [each for each in tensors if each is not mask]
    call = Call(
        layer=layer,
        name=layer.name,
        kind="operation" if operation else "layer",
        inputs=[
            InputTensor(
                key=id(each),
                maker=record._makers.get(id(each)),
                mask=_mask_array(attached_mask(each)),
                array=to_float64(each),
                from_input=id(each) in record._inputs,
                is_mask=_is_bool(each),
            )
            for each in received
        ],
        count_in_first=sum(keras.ops.is_tensor(each) for each in keras.tree.flatten(first)),
        explicit_masks=None if mask is None else [_mask_array(e) for e in keras.tree.flatten(mask)],
        inside=record._stack[-1] if record._stack else None,
        arguments=(args, kwargs),
    )
    if not record._stack:
        record._inputs = {id(each) for each in tensors}
        record._alive.extend(tensors)
    else:
        call.inside.is_container = True  # pyrefly: ignore[missing-attribute]
    record._stack.append(None if opaque else call)
    try:
        with warnings.catch_warnings(record=True, action="always") as caught:
            outputs = original(layer, *args, **kwargs)
    except Exception:
        record.raised_by = record.raised_by or layer
        raise
    finally:
        record._stack.pop()
    call.warned = any(f"'{layer.name}'" in str(each.message) for each in caught)
    call.order = len(record.calls)
    if call.order in overrides.outputs:
        outputs = _replaced(outputs, dict(enumerate(overrides.outputs[call.order])))
    call.unmasked_keys = {
        input_tensor.key
        for input_tensor, tensor in zip(call.inputs, received, strict=True)
        if input_tensor.mask is not None and attached_mask(tensor) is None
    }
    flat = [each for each in keras.tree.flatten(outputs) if keras.ops.is_tensor(each)]
    call.outputs = [to_float64(each) for each in flat]
    call.masks = [_mask_array(attached_mask(each)) for each in flat]
    call.keys = [id(each) for each in flat]
    call.has_float_outputs = any(keras.backend.is_float_dtype(each.dtype) for each in flat)
    call.returns_a_mask = bool(flat) and all(_is_bool(each) for each in flat)
    for key in call.keys:
        # A container returns a tensor that an inner call made.
        if not (call.is_container and key in record._makers):
            record._makers[key] = call
    record._alive.extend(flat)
    record.calls.append(call)
    return outputs


def attached_mask(tensor: Any) -> Any:
    """Return the mask that Keras has attached to a tensor, or None."""
    return getattr(tensor, "_keras_mask", None)


def attach_mask(tensor: Any, mask: Any) -> Any:
    """Attach a mask, unless it is None, to a tensor and return the tensor."""
    if mask is not None:
        import keras

        tensor._keras_mask = keras.ops.convert_to_tensor(mask)
    return tensor


def _is_bool(tensor: Any) -> bool:
    """Whether a tensor of any backend is of bool."""
    import keras

    return keras.backend.standardize_dtype(tensor.dtype) == "bool"


def _mask_array(mask: Any) -> np.ndarray | None:
    """Return a mask, a tensor of any shape or None, as an array of bool, or None."""
    return None if mask is None else to_float64(mask) != 0


def _is_opened(layer: Any, detail: Detail) -> bool:
    """Whether inner calls are recorded: a model's, but for "nothing"; a custom layer's at "layers".

    A custom RNN, Wrapper or MultiHeadAttention is not opened.
    """
    import keras

    if isinstance(layer, keras.Model):
        return detail != "nothing"
    whole = (keras.layers.RNN, keras.layers.Wrapper, keras.layers.MultiHeadAttention)
    own = type(layer).__module__.startswith("keras.") or isinstance(layer, whole)
    return detail == "layers" and not own


def _replaced(tensors: Any, arrays: Mapping[int, np.ndarray], passed_mask: Any = None) -> Any:
    """Return a structure with other values for the tensors at these places; attached masks stay.

    passed_mask: the tensor that the call received as `mask=`, which has no place.
    """
    import keras

    places = count()

    def replaced(tensor: Any) -> Any:
        if not keras.ops.is_tensor(tensor) or tensor is passed_mask:
            return tensor
        if (place := next(places)) not in arrays:
            return tensor
        new = keras.ops.convert_to_tensor(arrays[place], dtype=tensor.dtype)
        return attach_mask(new, attached_mask(tensor))

    return keras.tree.map_structure(replaced, tensors)
