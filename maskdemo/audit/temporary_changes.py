"""Change a model for a while: its weights or their last digits, the way it runs steps, activations.

A recurrent layer of Keras runs as a graph of its own; a TimeDistributed runs its layer on all steps in
one batch. Both compute the same as step by step, and an audit of a model with one inside the other
takes seconds in place of minutes. Outputs that are saturated hide what padding does: without their
activation, what goes into it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import RECURRENT, is_a, parts_of
from maskdemo.audit.output_change import Reference, largest_share
from maskdemo.audit.run_model import to_float64
from maskdemo.audit.tolerances import SATURATED_WITHIN, STEP_ALONE
from maskdemo.audit.trace import Call

#: Range of variables that scale or divide, so that outputs neither vanish nor explode.
_AROUND_ONE = (0.5, 1.5)
#: How often a step alone is compared with the same among all steps before that is taken for granted.
_LOOKS = 3
#: Steps up to which a recurrent layer runs one by one, as tracing a graph of it takes longer.
_FEW_STEPS = 15
#: Values at which activations end.
_ENDS = (-1.0, 0.0, 1.0, 6.0)
#: Layers and operations that are an activation.
_ACTIVATIONS = (
    "Sigmoid", "HardSigmoid", "Tanh", "HardTanh", "Softmax", "LogSoftmax", "LogSigmoid", "Softsign",
    "Relu", "Relu6", "ReLU", "Softplus", "Clip",
)  # fmt: skip


@contextmanager
def restored(model: Any) -> Iterator[None]:
    """Restore all variables of the model after the context: weights, seeds, states, metrics."""
    import keras

    states = [getattr(layer, "states", None) for layer in model._flatten_layers()]
    metrics = [each for metric in getattr(model, "metrics", ()) for each in metric.variables]
    kept = (*model.variables, *metrics, *keras.tree.flatten(states))
    # A layer of one's own may have something else by the name of `states`.
    variables = {id(each): each for each in kept if isinstance(each, keras.Variable)}.values()
    with _values_restored(variables):
        yield


@contextmanager
def _values_restored(variables: Iterable[Any]) -> Iterator[list[tuple[Any, np.ndarray]]]:
    """Give the context each variable with its value, and restore these values afterwards."""
    import keras

    own = [(each, np.array(keras.ops.convert_to_numpy(each))) for each in variables]
    try:
        yield own
    finally:
        for variable, value in own:
            variable.assign(value)


@contextmanager
def random_weights(model: Any, seed: int) -> Iterator[None]:
    """Give the model random weights within the context, and restore its own afterwards.

    New biases are 0 and hide what padding does; drawn ones are not. Constants keep their values.
    """
    import keras

    rng = np.random.default_rng(seed)
    with restored(model):
        constants = _constants(model)
        for variable in model.weights:
            if id(variable) not in constants and keras.backend.is_float_dtype(variable.dtype):
                variable.assign(_random_values(variable.path, tuple(variable.shape), rng))
        yield


def _constants(model: Any) -> set[int]:
    """Return the `id` of weights that are no matter of training: tables, causal masks.

    A layer adds them as not trainable, or a frozen Embedding holds them. The running means of a
    normalization are not trainable either, and follow from the data.
    """
    constants: set[int] = set()
    for layer in model._flatten_layers():
        if is_a(layer, "Embedding", "ReversibleEmbedding") and not layer.trainable:
            constants |= {id(each) for each in layer.weights}
        elif not hasattr(layer, "moving_mean"):
            constants |= {id(each) for each in layer._non_trainable_variables}
    return constants


def _random_values(path: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return random weights of a shape, by a word within the last name of their path.

    Scales and variances are uniform in _AROUND_ONE; others normal around 0, with a deviation of 0.5 for
    biases and means, 1 for embeddings, 1 / sqrt(product of all sizes but the last) else.
    """
    name = path.rsplit("/", 1)[-1]
    if any(word in name for word in ("gamma", "scale", "variance")):
        return rng.uniform(*_AROUND_ONE, shape)
    if any(word in name for word in ("bias", "beta", "mean")):
        return rng.normal(0, 0.5, shape)
    if "embedding" in name:
        return rng.normal(0, 1, shape)
    fan_in = max(1, int(np.prod(shape[:-1])))
    return rng.normal(0, 1 / np.sqrt(fan_in), shape)


@contextmanager
def last_digits_changed(model: Any) -> Iterator[None]:
    """Change the last digit of trainable float32 and float64 weights within the context alone."""
    with _values_restored(model.trainable_weights) as weights:
        for variable, value in weights:
            variable.assign(other_last_digits(value))
        yield


def other_last_digits(array: np.ndarray) -> np.ndarray:
    """Return the array with each number that is not whole moved to the next float, up and down in turn.

    Arrays of other types than float32 and float64 stay as they are.
    """
    if array.dtype not in (np.float32, np.float64):
        return array
    up = np.arange(array.size).reshape(array.shape) % 2 == 0
    other = np.nextafter(array, np.where(up, np.inf, -np.inf).astype(array.dtype))
    return np.where(array == np.round(array), array, other)


@contextmanager
def attributes_replaced(new: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """Set attributes, (owner, name, value), within the context, without the owners' own setters."""
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in new]
    try:
        for owner, name, value in new:
            object.__setattr__(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            if value is None:  # it is the class's
                vars(owner).pop(name, None)
            else:
                object.__setattr__(owner, name, value)


def steps_at_once(model: Any) -> AbstractContextManager[None]:
    """Run the steps of recurrent layers and of TimeDistributed layers at once, within the context.

    Layers that keep a state from batch to batch, and recurrent ones of own code or without TensorFlow,
    run as they are.
    """
    import keras

    quick: list[tuple[Any, str, Callable[..., Any]]] = []
    on_tensorflow = keras.backend.backend() == "tensorflow"
    for layer in model._flatten_layers():
        if any(getattr(part, "stateful", False) for part in parts_of(layer)):
            continue
        if type(layer) is keras.layers.TimeDistributed:
            quick.append((layer, "call", _in_one_batch(layer.call)))
        elif on_tensorflow and is_a(layer, "RNN"):
            kinds = map(type, (layer.cell, *parts_of(layer)))
            if all(each.__module__.startswith("keras.") for each in kinds):
                quick.append((layer, "call", _as_one_graph(layer.call)))
    return attributes_replaced(quick)


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
    inner = [each.layer if is_a(each, "TimeDistributed") else each for each in layers]
    return [
        each
        for each in dict.fromkeys(inner)
        if is_a(each, *_ACTIVATIONS)
        or (
            not is_a(each, *RECURRENT, "Bidirectional")
            and getattr(each, "activation", None) not in linear
        )
    ]


def without_activations(layers: Sequence[Any]) -> AbstractContextManager[None]:
    """Let these return values before their activation (activation layers: inputs) in the context."""
    import keras

    new: list[tuple[Any, str, Any]] = []
    for layer in layers:
        if is_a(layer, *_ACTIVATIONS):
            new.append((layer, "call", lambda x, *_, **__: x))
        else:
            new.append((layer, "activation", keras.activations.linear))
    return attributes_replaced(new)
