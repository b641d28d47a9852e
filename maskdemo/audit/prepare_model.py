"""Prepare a model for the audit: random weights, or other last digits, for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import is_a

#: Range of variables that scale or divide, so that outputs neither vanish nor explode.
_AROUND_ONE = (0.5, 1.5)


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
