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
    """Return indices of outputs with a unit most of whose values are within 0.001 of -1, 0, 1 or 6."""
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
    """Return those layers and operations of `makers` that are, or apply, an activation, except linear.

    Recurrent ones are left out. A TimeDistributed layer is replaced by the layer in it.
    """
    import keras

    linear = (None, keras.activations.linear)
    layers = [call.layer for call in makers if call is not None]
    layers = [each.layer if is_a(each, "TimeDistributed") else each for each in layers]
    return [
        each
        for each in layers
        if is_a(each, *_ACTIVATIONS)
        or (
            not is_a(each, *RECURRENT, "Bidirectional")
            and getattr(each, "activation", None) not in linear
        )
    ]


@contextmanager
def without_activations(layers: Sequence[Any]) -> Iterator[None]:
    """Let these return values before their activation (activation layers: inputs) in the context."""
    import keras

    own = [(each, "call" if is_a(each, *_ACTIVATIONS) else "activation") for each in layers]
    before = [(layer, name, layer.__dict__.get(name)) for layer, name in own]
    try:
        for layer, name in own:
            identity = (lambda x, *_, **__: x) if name == "call" else keras.activations.linear
            object.__setattr__(layer, name, identity)
        yield
    finally:
        for layer, name, value in before:
            if value is None:
                object.__delattr__(layer, name)
            else:
                object.__setattr__(layer, name, value)
