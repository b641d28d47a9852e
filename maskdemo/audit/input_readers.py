"""What reads each input of a model, and what that says about the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from maskdemo.audit.axis_rules import REDUCTIONS, STEPS_ARGUMENTS
from maskdemo.audit.layer_kinds import ATTENTION, is_a, layers_of
from maskdemo.audit.run_model import as_model_input
from maskdemo.audit.time_axis import Reader, nodes_restored, readers, symbolic_call

#: Layers that read their second axis as time.
_OF_SEQUENCES = (
    "RNN", "Bidirectional", "Masking", "TimeDistributed", "Conv1D", "SeparableConv1D",
    "DepthwiseConv1D", "Conv1DTranspose", "MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D",
    "GlobalAveragePooling1D", "SpatialDropout1D", "Cropping1D", "ZeroPadding1D", "UpSampling1D",
    *ATTENTION,
)  # fmt: skip
#: Layers that read two axes beside each other.
_OF_IMAGES = (
    "Conv2D", "Conv3D", "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose", "MaxPooling2D",
    "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D", "UpSampling2D",
    "ZeroPadding2D", "Cropping2D", "SpatialDropout2D", "Resizing", "CenterCrop",
)  # fmt: skip
_EMBEDDINGS = ("Embedding", "ReversibleEmbedding")
#: Operations that go along an axis without ending it.
_OVER_STEPS = ("Cumsum", "Cumprod", "Norm", "Softmax", "LogSoftmax")
_ORDERED = ("Greater", "GreaterEqual", "Less", "LessEqual")
_APPLIED = ("Multiply", "Where", "LogicalNot", "LogicalAnd", "Any", "All", "Max")


@dataclass(frozen=True)
class InputReaders:
    """What reads one input of a model.

    shape: without the batch axis. known: whether all readers could be found. readers: what was found,
    also of what is computed from the input. Its own values are those that were cast or cut at most.
    """

    shape: tuple[int | None, ...]
    dtype: str
    known: bool
    readers: tuple[Reader, ...]

    @property
    def is_sequence(self) -> bool:
        """Whether one of `_OF_SEQUENCES` reads axis 1 as steps, or an operation goes over it alone."""
        return any(
            _goes_over_steps(each)
            or (
                is_a(each.operation, *_OF_SEQUENCES)
                and (
                    not is_a(each.operation, "RNN", "Bidirectional") or each.argument in STEPS_ARGUMENTS
                )
            )
            for each in self.readers
            if each.axis == 1
        )

    @cached_property
    def decoded_from(self) -> set[str]:
        """The names of inputs that make an RNN's state or RepeatVector read with this input's steps.

        Empty unless the input is (N, fixed number of steps, features), and no layer masks it.
        """
        if len(self.shape) != 2 or self.shape[0] is None or self.masked_by:
            return set()
        states = [state for each in self.readers for state in _encoder_states(each)]
        return {name for state in states for name in _names_of_inputs(state)}

    @property
    def is_image(self) -> bool:
        """Whether a layer reads the input as an image."""
        return any(is_a(each.operation, *_OF_IMAGES) for each in self.readers)

    @property
    def is_mask(self) -> bool:
        """Whether its own values, only cast or cut, are passed by a keyword that ends in "mask"."""
        return any(each.values and each.is_mask for each in self.readers)

    @property
    def is_compared(self) -> bool:
        """Whether <, <=, > or >= compares it with a number or tensor, as lengths with positions."""
        return any(is_a(each.operation, *_ORDERED) for each in self.readers)

    @cached_property
    def vocabularies(self) -> list[int]:
        """Below which number values must be for each Embedding that reads them, shifted at most.

        Embeddings inside a `closed` reader count, too.
        """
        result = []
        for each in self.readers:
            if each.shift is None:
                continue
            layers = [each.operation] if is_a(each.operation, *_EMBEDDINGS) else []
            if each.closed:
                layers += layers_of(each.operation, "Embedding")
            result += [int(layer.input_dim - each.shift) for layer in layers]
        return result

    @cached_property
    def masked_by(self) -> list[tuple[float, Any]]:
        """The value that is masked, and the layer: a Masking, or an Embedding with mask_zero.

        The layer reads the input's own values, shifted at most.
        """
        found = []
        for each in self.readers:
            layer = each.operation
            if each.shift is None:
                continue
            if is_a(layer, "Masking") and (value := mask_value(layer)) is not None:
                found.append((value - each.shift, layer))
            elif is_a(layer, "Embedding") and layer.mask_zero:
                found.append((0.0 - each.shift, layer))
        return found

    @cached_property
    def pad_values(self) -> list[tuple[float, Any]]:
        """The numbers that the model takes for padding, each with the layer or operation that says so.

        First `masked_by`, then comparisons whose result is a mask, then Masking of computed values.
        """
        compared, elsewhere = [], []
        for each in self.readers:
            value = _compared_with(each) if each.values else None
            if value is not None and _gives_mask(each):
                compared.append((value, each.operation))
            masking = each.shift is None and is_a(each.operation, "Masking")
            if masking and (value := mask_value(each.operation)) is not None:
                elsewhere.append((value, each.operation))
        return self.masked_by + compared + elsewhere


def _goes_over_steps(reader: Reader) -> bool:
    """Whether an operation goes over the steps of (N, steps, features), and over nothing else."""
    tensor = next(iter(reader.arguments[0]), None)
    if not is_a(reader.operation, *REDUCTIONS, *_OVER_STEPS) or len(getattr(tensor, "shape", ())) != 3:
        return False
    axis = getattr(reader.operation, "axis", None)
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    return [each % 3 for each in axes if each is not None] == [1]


def _encoder_states(reader: Reader) -> list[Any]:
    """Return an operation's symbolic arguments that are an RNN's states or made by RepeatVector."""
    import keras

    arguments = keras.tree.flatten(reader.arguments)
    tensors: list[Any] = [each for each in arguments if isinstance(each, keras.KerasTensor)]
    recurrent = is_a(reader.operation, "RNN") and reader.argument in STEPS_ARGUMENTS
    return [
        each
        for each in tensors
        if (recurrent and len(each.shape) == 2 and "float" in each.dtype)
        or is_a(each._keras_history.operation, "RepeatVector")
    ]


def _names_of_inputs(tensor: Any) -> set[str]:
    """Return the names of the inputs that a symbolic tensor is made of."""
    names, waiting, seen = set(), [tensor], set()
    while waiting:
        operation, index, _ = waiting.pop()._keras_history
        if (operation, index) not in seen:
            seen.add((operation, index))
            before = operation._inbound_nodes[index].input_tensors
            names |= set() if before else {operation.name}
            waiting += before
    return names


def mask_value(masking: Any) -> float | None:
    """Return the number that a Masking layer masks; None where its `mask_value` is no single number."""
    value = np.asarray(masking.mask_value)
    return float(value) if value.ndim == 0 else None


def _gives_mask(reader: Reader) -> bool:
    """Whether an output, or what is computed of it, is passed as a mask or to one of `_APPLIED`."""
    return any(
        getattr(output, "_is_mask_of_layer", False)
        or any(
            each.is_mask
            or is_a(each.operation, *_APPLIED)
            or any(getattr(made, "_is_mask_of_layer", False) for made in each.outputs)
            for each in readers(output)
        )
        for output in reader.outputs
    )


def _compared_with(reader: Reader) -> float | None:
    """Return the number for padding that a comparison implies; None where it implies none.

    It is c for x == c, x != c and x > c, c - 1 for x >= c (so for c < x and c <= x), NaN for isnan and
    isfinite. None for x < c and x <= c, and where c is no single number.
    """
    operation, args = reader.operation, reader.arguments[0]
    if is_a(operation, "Isnan", "Isfinite"):
        return float("nan")
    if not is_a(operation, "NotEqual", "Equal", *_ORDERED) or len(args) < 2:
        return None
    other = args[1] if reader.argument == 0 else args[0]
    if not isinstance(other, (int, float, np.generic, np.ndarray)) or np.ndim(other):
        return None
    value = float(other)
    if is_a(operation, "NotEqual", "Equal"):
        return value
    first = reader.argument == 0
    if (is_a(operation, "Greater") and first) or (is_a(operation, "Less") and not first):
        return value  # x > 0: padding is 0
    if (is_a(operation, "GreaterEqual") and first) or (is_a(operation, "LessEqual") and not first):
        return value - 1.0  # x >= 0: padding is -1
    return None


def readers_of_inputs(
    model: Any, rows: Sequence[Mapping[str, np.ndarray]] | None
) -> dict[str, InputReaders]:
    """Return the readers of every input by name. rows: sequences, if the model names no inputs."""
    with nodes_restored(model):
        if rows is None:
            return {
                tensor._keras_history.operation.name: _input_readers(tensor, known=True)
                for tensor in model.inputs
            }
        return dict(_readers_of_own_code(model, rows))


def counted_inputs(rows: Sequence[Mapping[str, np.ndarray]]) -> dict[str, str]:
    """Return inputs of one number, in each row another's length, which varies: name -> first other."""
    return {
        name: of
        for name in rows[0]
        for of in reversed(list(rows[0]))
        if name != of
        and all(np.size(row[name]) == 1 and np.ndim(row[of]) for row in rows)
        and all(float(np.ravel(row[name])[0]) == len(row[of]) for row in rows)
        and len({len(row[of]) for row in rows}) > 1
    }


def _readers_of_own_code(
    model: Any, rows: Sequence[Mapping[str, np.ndarray]]
) -> Iterator[tuple[str, InputReaders]]:
    """Yield name and readers of each input of a model that is called here on symbolic tensors.

    They have the shapes of the first row, any number of steps. Where the call fails, `known` is False.
    """
    import keras

    tensors = {}
    longest = {
        name: max(len(row[name]) if np.ndim(row[name]) else 0 for row in rows) for name in rows[0]
    }
    for name, value in rows[0].items():
        value = np.asarray(value)
        whole = np.issubdtype(value.dtype, np.integer) or value.dtype == bool
        steps = 1 if longest[name] == 1 < max(longest.values()) else None  # one number a sequence
        shape = (None, steps, *value.shape[1:]) if value.ndim else (None,)
        tensors[name] = keras.Input(
            batch_shape=shape, dtype=str(value.dtype) if whole else "float32", name=name
        )
    inputs = list(tensors.values())
    opened = symbolic_call(model, (as_model_input(model, tensors),), {}, inputs)
    fresh = dict(zip(tensors, opened[0] if opened else inputs, strict=True))
    for name, tensor in fresh.items():
        found = _input_readers(tensor, known=opened is not None)
        yield name, replace(found, shape=tuple(tensors[name].shape[1:]))


def _input_readers(tensor: Any, known: bool) -> InputReaders:
    """Return what reads a symbolic input, until an error ends that. known: returned as it is."""
    found: list[Reader] = []
    with suppress(Exception):  # a rule that does not fit an operation: what was read so far counts
        for each in readers(tensor, 1 if len(tensor.shape) > 1 else 0):
            found.append(each)
    return InputReaders(tuple(tensor.shape[1:]), str(tensor.dtype), known, tuple(found))
