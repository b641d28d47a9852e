"""What kind of layer something is, told by the names of its class and of the classes it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def layers_of(model: Any, *classes: str) -> Iterator[Any]:
    """Yield the layers, nested ones too, whose class or base class has one of these names."""
    for layer in model._flatten_layers(include_self=False):
        if is_a(layer, *classes):
            yield layer


def is_a(layer: Any, *classes: str) -> bool:
    """Whether the class of a layer, or a base class, has one of these names."""
    return not {cls.__name__ for cls in type(layer).__mro__}.isdisjoint(classes)


def parts_of(layer: Any) -> list[Any]:
    """Return a layer and the layers within; an operation alone."""
    return list(layer._flatten_layers()) if hasattr(layer, "_flatten_layers") else [layer]
