"""Outputs that are saturated hide what padding does: what goes into their activation is judged, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import RECURRENT, is_a
from maskdemo.audit.output_change import Reference
from maskdemo.audit.tolerances import SATURATED_WITHIN
from maskdemo.audit.trace import Call

#: Values at which activations end.
_ENDS = (-1.0, 0.0, 1.0, 6.0)
#: Layers and operations that are an activation.
_ACTIVATIONS = (
    "Sigmoid", "HardSigmoid", "Tanh", "HardTanh", "Softmax", "LogSoftmax", "LogSigmoid", "Softsign",
    "Relu", "Relu6", "ReLU", "Softplus", "Clip",
)  # fmt: skip


def saturated(reference: Reference) -> list[int]:
    """Return the indices of the outputs that are saturated: most values of a unit are near an end."""
    result = []
    for index in range(len(reference.scales)):
        values = [row[index] for row in reference.rows]
        near = [
            np.min([np.abs(each - end) for end in _ENDS], axis=0) < SATURATED_WITHIN for each in values
        ]
        by_unit = [each.reshape(-1, each.shape[-1] if each.ndim else 1) for each in near if each.size]
        if len({each.shape[1] for each in by_unit}) > 1:
            by_unit = [each.reshape(-1, 1) for each in by_unit]
        if by_unit and (np.concatenate(by_unit).mean(axis=0) > 0.5).any():
            result.append(index)
    return result


def last_activations(makers: Sequence[Call | None]) -> list[Any]:
    """Return the layers that made the outputs and end with an activation."""
    layers = [call.layer for call in makers if call is not None]
    layers = [each.layer if is_a(each, "TimeDistributed") else each for each in layers]
    return [each for each in layers if _is_activation(each) or _has_activation(each)]


def _is_activation(layer: Any) -> bool:
    """Whether a layer or operation is itself an activation."""
    return is_a(layer, *_ACTIVATIONS)


def _has_activation(layer: Any) -> bool:
    """Whether a layer that is not recurrent applies an activation, other than linear, to its output."""
    import keras

    linear = (None, keras.activations.linear)
    return (
        not is_a(layer, *RECURRENT, "Bidirectional")
        and getattr(layer, "activation", None) not in linear
    )


@contextmanager
def without_activations(layers: Sequence[Any]) -> Iterator[None]:
    """Let these layers return the values before their activation, within the context."""
    import keras

    own = [(each, "call" if _is_activation(each) else "activation") for each in layers]
    before = [(layer, name, layer.__dict__.get(name)) for layer, name in own]
    try:
        for layer, name in own:
            new = _unchanged if name == "call" else keras.activations.linear
            object.__setattr__(layer, name, new)
        yield
    finally:
        for layer, name, value in before:
            if value is None:
                object.__delattr__(layer, name)
            else:
                object.__setattr__(layer, name, value)


def _unchanged(inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the first argument: the stand-in for an activation that is left out."""
    return inputs
