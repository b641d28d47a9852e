"""Prepare a model for the audit: a copy that takes any length, and random weights for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.model_inputs import ModelInput

#: Range of variables that scale or divide, so that outputs neither vanish nor explode.
_AROUND_ONE = (0.5, 1.5)


@contextmanager
def restored(model: Any) -> Iterator[None]:
    """Restore all that the model keeps after the context: weights, seeds, states, running means."""
    import keras

    states = [getattr(layer, "states", None) for layer in model._flatten_layers()]
    metrics = [each for metric in getattr(model, "metrics", ()) for each in metric.variables]
    kept = (*model.variables, *metrics, *keras.tree.flatten(states))
    # A layer of one's own may have something else by the name of `states`.
    variables = {id(each): each for each in kept if isinstance(each, keras.Variable)}.values()
    own = [(each, np.array(keras.ops.convert_to_numpy(each))) for each in variables]
    try:
        yield
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

    A layer makes them not trainable, or a frozen Embedding holds them. The running means of a
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
    name = path.rsplit("/", 1)[-1]
    if any(word in name for word in ("gamma", "scale", "variance")):
        return rng.uniform(*_AROUND_ONE, shape)
    if any(word in name for word in ("bias", "beta", "mean")):
        return rng.normal(0, 0.5, shape)
    if "embedding" in name:
        return rng.normal(0, 1, shape)
    # Sums over the inputs keep the size of one of them.
    fan_in = max(1, int(np.prod(shape[:-1])))
    return rng.normal(0, 1 / np.sqrt(fan_in), shape)


@contextmanager
def last_digits_changed(model: Any) -> Iterator[None]:
    """Change the last digit of every trainable weight within the context, as rounding does."""
    import keras

    own = [(each, np.array(keras.ops.convert_to_numpy(each))) for each in model.trainable_weights]
    own = [(each, value) for each, value in own if value.dtype in (np.float32, np.float64)]
    try:
        for variable, value in own:
            variable.assign(other_last_digits(value))
        yield
    finally:
        for variable, value in own:
            variable.assign(value)


def other_last_digits(array: np.ndarray) -> np.ndarray:
    """Return the array with its numbers, but for 0 and whole ones, one digit up and down in turn."""
    if array.dtype not in (np.float32, np.float64):
        return array
    up = np.arange(array.size).reshape(array.shape) % 2 == 0
    other = np.nextafter(array, np.where(up, np.inf, -np.inf).astype(array.dtype))
    return np.where(array == np.round(array), array, other)


def copy_for_any_length(model: Any, model_inputs: tuple[ModelInput, ...]) -> Any | None:
    """Return a copy with the same weights that takes any length; None where no such model exists.

    Flatten, Permute and the like tie weights to positions: their models exist for one length only. A
    Reshape to as many steps as there are is none of these: it gets to take any number.
    """
    import keras

    fixed = {each.name: each.steps for each in model_inputs if each.steps is not None}
    if not isinstance(model, (keras.Sequential, keras.models.Model)) or not hasattr(model, "inputs"):
        return None
    custom = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
    try:
        copy = type(model).from_config(
            _with_any_length(model.get_config(), fixed), custom_objects=custom
        )
        copy.set_weights(model.get_weights())
        if model.compiled:
            _compile_alike(copy, model)
        if [tuple(each.shape[2:]) for each in copy.inputs] != [
            tuple(each.shape[2:]) for each in model.inputs
        ]:
            return None
    except Exception:  # whatever a layer raises when its length is taken away
        return None
    return copy


def _compile_alike(copy: Any, model: Any) -> None:
    """Compile a copy with the very loss and metrics of the model, which may be nowhere registered."""
    loss, metrics = model._compile_loss, model._compile_metrics
    copy.compile(
        loss=model.loss,
        loss_weights=None if loss is None else loss._user_loss_weights,
        metrics=None if metrics is None else metrics._user_metrics,
        weighted_metrics=None if metrics is None else metrics._user_weighted_metrics,
    )


def _with_any_length(config: Any, fixed: Mapping[str, int]) -> Any:
    if isinstance(config, list):
        return [_with_any_length(each, fixed) for each in config]
    if not isinstance(config, dict):
        return config
    flexible = {
        key: _with_any_length(value, fixed)
        for key, value in config.items()
        if key not in ("build_config", "build_input_shape")
    }
    shape = config.get("batch_shape")
    if isinstance(shape, (list, tuple)) and config.get("name") in fixed:
        flexible["batch_shape"] = (shape[0], None, *shape[2:])
    target = config.get("target_shape")
    if target and target[0] in fixed.values() and -1 not in target:
        flexible["target_shape"] = (-1, *target[1:])
    return flexible
