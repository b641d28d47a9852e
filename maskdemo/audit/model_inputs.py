"""Find out which inputs of a model are sequences, of what kind, and how they are padded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from maskdemo.errors import UnsupportedModel

#: values: floats (steps, ...). tokens: whole numbers (steps,) for an Embedding. mask: (steps,), True at
#: real steps. fixed: no sequence, so never padded.
Kind = Literal["values", "tokens", "mask", "fixed"]

#: Number of different tokens that are drawn where no Embedding limits them.
SMALL_VOCABULARY = 10


@dataclass(frozen=True, kw_only=True)
class ModelInput:
    """One input of a model, without its batch axis.

    shape: None where any size is allowed. pad_value: the value of padded steps. vocabulary: tokens are
    from 0 to below it; 0 where the input holds no tokens.
    """

    name: str
    kind: Kind
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    pad_value: float = 0.0
    vocabulary: int = 0

    @property
    def is_sequence(self) -> bool:
        """Whether the first axis is time."""
        return self.kind != "fixed"

    @property
    def steps(self) -> int | None:
        """The fixed number of steps; None where any length is allowed."""
        return self.shape[0] if self.is_sequence else None


def model_inputs_of(
    model: Any, rows: Sequence[Mapping[str, np.ndarray]] | None, pad_value: Any = None
) -> tuple[ModelInput, ...]:
    """Return the inputs of a built Keras model, or those of the rows where it has no symbolic ones."""
    inputs = getattr(model, "inputs", None) or ()
    if not inputs and not rows:
        raise UnsupportedModel(
            "This model does not say what its inputs are, so no sequences can be drawn for it. "
            "Give some: audit(model, sequences)."
        )
    if inputs:
        model_inputs = tuple(_input_of_tensor(model, tensor, pad_value) for tensor in inputs)
    else:
        assert rows
        model_inputs = tuple(
            _input_of_array(model, name, value, pad_value) for name, value in rows[0].items()
        )
    if not any(each.kind in ("values", "tokens") for each in model_inputs):
        shapes = ", ".join(f"{each.name} {each.shape}" for each in model_inputs)
        raise UnsupportedModel(
            f"No input of this model is a sequence ({shapes}), so nothing can be padded."
        )
    return model_inputs


def _input_of_tensor(model: Any, tensor: Any, pad_value: Any) -> ModelInput:
    layer = tensor._keras_history.operation
    shape, dtype = tuple(tensor.shape[1:]), str(tensor.dtype)
    embeddings = list(_embeddings_on(layer))
    if dtype == "string":
        raise UnsupportedModel(
            f"The input {layer.name!r} takes text; audit the model behind its tokens."
        )
    kind: Kind = "values"
    if len(shape) == 1 and (dtype == "bool" or "mask" in layer.name.lower()):
        kind = "mask"
    elif len(shape) == 1 and embeddings:
        kind = "tokens"
    elif not shape or (len(shape) == 1 and shape[0] is not None):
        kind = "fixed"
    return ModelInput(
        name=layer.name,
        kind=kind,
        shape=shape,
        dtype=dtype,
        pad_value=_pad_value(model, layer.name, kind, pad_value),
        vocabulary=_vocabulary_size(kind, dtype, embeddings),
    )


def _input_of_array(model: Any, name: str, value: np.ndarray, pad_value: Any) -> ModelInput:
    value = np.asarray(value)
    whole = np.issubdtype(value.dtype, np.integer)
    kind: Kind = "mask" if value.dtype == bool else "tokens" if whole and value.ndim == 1 else "values"
    return ModelInput(
        name=name,
        kind="fixed" if value.ndim == 0 else kind,
        shape=(None, *value.shape[1:]) if value.ndim else (),
        dtype=str(value.dtype) if whole or kind == "mask" else "float32",
        pad_value=_pad_value(model, name, kind, pad_value),
        vocabulary=_vocabulary_size(kind, str(value.dtype), list(layers_of(model, "Embedding"))),
    )


def _vocabulary_size(kind: Kind, dtype: str, embeddings: list[Any]) -> int:
    """Return how many tokens an input may hold; 0 where it holds values."""
    if kind == "tokens":
        return min((each.input_dim for each in embeddings), default=SMALL_VOCABULARY)
    return SMALL_VOCABULARY if "int" in dtype else 0


def _pad_value(model: Any, name: str, kind: Kind, chosen: Any) -> float:
    if isinstance(chosen, Mapping):
        chosen = chosen.get(name)
    if chosen is not None and kind in ("values", "tokens"):
        return float(chosen)
    values = [
        value for layer in layers_of(model, "Masking") if (value := mask_value(layer)) is not None
    ]
    return values[0] if kind == "values" and values else 0.0


def mask_value(masking: Any) -> float | None:
    """Return the number that a Masking layer masks; None where it masks a tensor."""
    value = np.asarray(masking.mask_value)
    return float(value) if value.ndim == 0 else None


def layers_of(model: Any, *classes: str) -> Iterator[Any]:
    """Yield the layers, nested ones too, whose class or base class has one of these names."""
    for layer in model._flatten_layers(include_self=False):
        if is_a(layer, *classes):
            yield layer


def is_a(layer: Any, *classes: str) -> bool:
    """Whether the class of a layer, or a base class, has one of these names."""
    return not {cls.__name__ for cls in type(layer).__mro__}.isdisjoint(classes)


def _embeddings_on(operation: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the Embedding layers that read an operation's output, through casts and nested models."""
    for node in operation._outbound_nodes:
        user = node.operation
        name = type(user).__name__
        if name in ("Embedding", "ReversibleEmbedding"):
            yield user
        elif hasattr(user, "_flatten_layers") and not name.startswith("Input"):
            yield from layers_of(user, "Embedding")
        elif depth < 8:
            yield from _embeddings_on(user, depth + 1)
