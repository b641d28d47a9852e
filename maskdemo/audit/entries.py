"""What goes into a model: which of its inputs are sequences, and how those are padded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from maskdemo.errors import UnsupportedModel

#: values: (steps, ...) of floats. tokens: (steps,) of whole numbers for an Embedding. mask: (steps,)
#: that says which steps are real. fixed: no sequence, nothing is ever padded.
Kind = Literal["values", "tokens", "mask", "fixed"]

#: Whole numbers that are drawn where no Embedding says how many there are.
SMALL_VOCABULARY = 10


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One input of a model, without its batch axis.

    shape: None where any size will do. pad_value: what padded steps hold. vocabulary: tokens are at
    least 0 and below it; 0 where the input holds no tokens.
    """

    name: str
    kind: Kind
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    pad_value: float = 0.0
    vocabulary: int = 0

    @property
    def is_sequence(self) -> bool:
        """Whether its first axis is time, and so is padded."""
        return self.kind != "fixed"

    @property
    def steps(self) -> int | None:
        """The one length that it takes; None where any length will do."""
        return self.shape[0] if self.is_sequence else None


def entries_of(
    model: Any, rows: Sequence[Mapping[str, np.ndarray]] | None, pad_value: Any = None
) -> tuple[Entry, ...]:
    """The inputs of a built Keras model; where it has no symbolic ones, those of the given rows."""
    inputs = getattr(model, "inputs", None) or ()
    if not inputs and not rows:
        raise UnsupportedModel(
            "This model does not say what its inputs are, so no sequences can be drawn for it. "
            "Give some: audit(model, sequences)."
        )
    if inputs:
        entries = tuple(_entry(model, tensor, pad_value) for tensor in inputs)
    else:
        assert rows
        entries = tuple(_seen(model, name, value, pad_value) for name, value in rows[0].items())
    if not any(entry.kind in ("values", "tokens") for entry in entries):
        shapes = ", ".join(f"{entry.name} {entry.shape}" for entry in entries)
        raise UnsupportedModel(
            f"No input of this model is a sequence ({shapes}), so nothing can be padded."
        )
    return entries


def _entry(model: Any, tensor: Any, pad_value: Any) -> Entry:
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
    return Entry(
        name=layer.name,
        kind=kind,
        shape=shape,
        dtype=dtype,
        pad_value=_pad_value(model, layer.name, kind, pad_value),
        vocabulary=_vocabulary(kind, dtype, embeddings),
    )


def _seen(model: Any, name: str, value: np.ndarray, pad_value: Any) -> Entry:
    value = np.asarray(value)
    whole = np.issubdtype(value.dtype, np.integer)
    kind: Kind = "mask" if value.dtype == bool else "tokens" if whole and value.ndim == 1 else "values"
    return Entry(
        name=name,
        kind="fixed" if value.ndim == 0 else kind,
        shape=(None, *value.shape[1:]) if value.ndim else (),
        dtype=str(value.dtype) if whole or kind == "mask" else "float32",
        pad_value=_pad_value(model, name, kind, pad_value),
        vocabulary=_vocabulary(kind, str(value.dtype), list(layers_of(model, "Embedding"))),
    )


def _vocabulary(kind: Kind, dtype: str, embeddings: list[Any]) -> int:
    if kind == "tokens":
        return min((each.input_dim for each in embeddings), default=SMALL_VOCABULARY)
    return SMALL_VOCABULARY if "int" in dtype else 0


def _pad_value(model: Any, name: str, kind: Kind, given: Any) -> float:
    if isinstance(given, Mapping):
        given = given.get(name)
    if given is not None and kind in ("values", "tokens"):
        return float(given)
    values = [
        value for layer in layers_of(model, "Masking") if (value := mask_value(layer)) is not None
    ]
    return values[0] if kind == "values" and values else 0.0


def mask_value(masking: Any) -> float | None:
    """The one number that a Masking layer masks; None where it is no single number."""
    value = np.asarray(masking.mask_value)
    return float(value) if value.ndim == 0 else None


def layers_of(model: Any, *classes: str) -> Iterator[Any]:
    """The model's layers, nested ones too, that are one of Keras's classes or made from one."""
    for layer in model._flatten_layers(include_self=False):
        if is_a(layer, *classes):
            yield layer


def is_a(layer: Any, *classes: str) -> bool:
    """Whether a layer is one of Keras's classes, or made from one."""
    return not {cls.__name__ for cls in type(layer).__mro__}.isdisjoint(classes)


def _embeddings_on(operation: Any, depth: int = 0) -> Iterator[Any]:
    """The Embedding layers that look up what `operation` puts out, through casts and nested models."""
    for node in operation._outbound_nodes:
        user = node.operation
        name = type(user).__name__
        if name in ("Embedding", "ReversibleEmbedding"):
            yield user
        elif hasattr(user, "_flatten_layers") and not name.startswith("Input"):
            yield from layers_of(user, "Embedding")
        elif depth < 8:
            yield from _embeddings_on(user, depth + 1)
