"""Layers that an eager run computes step by step, run at once while a model is audited.

A recurrent layer of Keras runs as a graph of its own; a TimeDistributed runs its layer on all steps in
one batch. Both compute the same, and an audit of a model with one inside the other takes seconds in
place of minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

from maskdemo.audit.layer_kinds import is_a, parts_of
from maskdemo.audit.output_change import largest_share
from maskdemo.audit.run_model import to_float64
from maskdemo.audit.tolerances import STEP_ALONE

#: How often a step alone is compared with the same among all steps before that is taken for granted.
_LOOKS = 3
#: Steps up to which a recurrent layer runs one by one, as tracing a graph of it takes longer.
_FEW_STEPS = 15


@contextmanager
def steps_at_once(model: Any) -> Iterator[None]:
    """Run the steps of recurrent layers and of TimeDistributed layers at once, within the context.

    Layers that keep a state from batch to batch, and recurrent ones of own code or without TensorFlow,
    run as they are.
    """
    import keras

    quick: dict[Any, Callable[..., Any]] = {}
    on_tensorflow = keras.backend.backend() == "tensorflow"
    for layer in model._flatten_layers():
        if any(getattr(part, "stateful", False) for part in parts_of(layer)):
            continue
        if type(layer) is keras.layers.TimeDistributed:
            quick[layer] = _in_one_batch(layer.call)
        elif on_tensorflow and is_a(layer, "RNN"):
            kinds = map(type, (layer.cell, *parts_of(layer)))
            if all(each.__module__.startswith("keras.") for each in kinds):
                quick[layer] = _as_one_graph(layer.call)
    for layer, call in quick.items():
        object.__setattr__(layer, "call", call)
    try:
        yield
    finally:
        for layer in quick:
            object.__delattr__(layer, "call")


def _in_one_batch(own: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `call` of TimeDistributed that runs its layer once, on N * steps sequences of one step.

    own: Keras's `call`. It is used in graphs, and for calls where the first or last step alone gives an
    output that differs by over STEP_ALONE: the layer mixes sequences or draws random numbers. No more
    is compared after _LOOKS calls in a row without such a difference.
    """
    import keras

    looks = 0

    @wraps(own)
    def call(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        def run(chosen: Callable[[Any], Any]) -> Any:
            return own(chosen(inputs), training, None if mask is None else chosen(mask))

        nonlocal looks
        with suppress(Exception):  # a graph holds no numbers; whatever a layer raises on more rows
            count, steps = to_float64(inputs).shape[:2]
            outputs: Any = run(
                lambda each: keras.ops.reshape(each, (count * steps, 1, *each.shape[2:]))
            )
            outputs = keras.ops.reshape(outputs, (count, steps, *outputs.shape[2:]))
            ends = [slice(1), slice(steps - 1, steps)] if looks < _LOOKS else []
            alone = [to_float64(run(lambda each, end=end: each[:, end])) for end in ends]
            among = [to_float64(outputs[:, end]) for end in ends]
            looks += 1
            if not ends or largest_share(alone, among) <= STEP_ALONE:
                return outputs
            looks = 0
        return own(inputs, training, mask)

    return call


def _as_one_graph(own: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `call` of a recurrent layer that runs as a graph, for any number of steps.

    own: Keras's `call`, used up to _FEW_STEPS, in training, and while the layer is part of a graph.
    """
    import keras
    import tensorflow as tf

    graphs: dict[tuple, Callable[..., Any]] = {}

    @wraps(own)
    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        given = (sequences, initial_state, mask)
        flat = keras.tree.flatten(given)
        tensors = [each for each in flat if each is not None]
        many = tf.executing_eagerly() and sequences.shape[1] > _FEW_STEPS
        if training or not many or not all(map(tf.is_tensor, tensors)):
            return own(*given, training)
        axes = [2, *(1 for _ in flat[1:-1]), 2]  # of batch and time
        specs = tuple(
            None if each is None else tf.TensorSpec([None] * count + each.shape[count:], each.dtype)
            for each, count in zip(flat, axes, strict=True)
        )

        def run(*new: Any) -> Any:
            values = iter(new)
            filled = [None if spec is None else next(values) for spec in specs]
            return own(*keras.tree.pack_sequence_as(given, filled), training)

        if specs not in graphs:
            signature = [spec for spec in specs if spec is not None]
            graphs[specs] = tf.function(run, autograph=False).get_concrete_function(*signature)
        return graphs[specs](*tensors)

    return call
