"""What kind of layer something is, told by the names of its class and of the classes it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RECURRENT = ("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
ATTENTION = ("MultiHeadAttention", "GroupedQueryAttention", "Attention", "AdditiveAttention")


def layers_of(model: Any, *classes: str) -> Iterator[Any]:
    """Yield each layer within a model, however deep, whose class, or a base, has one of these names."""
    for layer in model._flatten_layers(include_self=False):
        if is_a(layer, *classes):
            yield layer


def is_a(layer: Any, *classes: str) -> bool:
    """Whether the class of a layer, or a base class, has one of these names."""
    return not {cls.__name__ for cls in type(layer).__mro__}.isdisjoint(classes)


def is_own_code(operation: Any) -> bool:
    """Whether an operation is a custom layer, which is not Keras's, or a Lambda."""
    of_keras = type(operation).__module__.startswith("keras.") and not is_a(operation, "Lambda")
    return is_a(operation, "Layer") and not of_keras


def parts_of(layer: Any) -> list[Any]:
    """Return a layer and all layers within it, however deep, once each; [operation] of an operation."""
    return list(layer._flatten_layers()) if hasattr(layer, "_flatten_layers") else [layer]
