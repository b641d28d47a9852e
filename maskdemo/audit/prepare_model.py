"""Prepare a model for the audit: a copy that takes any length, and random weights for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from maskdemo.audit.model_inputs import ModelInput

#: Range of variables that scale or divide, so that outputs neither vanish nor explode.
_AROUND_ONE = (0.5, 1.5)


@contextmanager
def random_weights(model: Any, seed: int) -> Iterator[None]:
    """Give the model random weights within the context, and restore its own afterwards.

    New biases are 0 and hide what padding does; drawn ones are not.
    """
    import keras

    rng = np.random.default_rng(seed)
    own = [(each, np.array(keras.ops.convert_to_numpy(each))) for each in model.weights]
    try:
        for variable, value in own:
            if np.issubdtype(value.dtype, np.floating) or "bfloat16" in str(value.dtype):
                variable.assign(_random_values(variable.path, value.shape, rng))
        yield
    finally:
        for variable, value in own:
            variable.assign(value)


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


def copy_for_any_length(model: Any, model_inputs: tuple[ModelInput, ...]) -> Any | None:
    """Return a copy with the same weights that takes any length; None where no such model exists.

    Flatten, Permute and the like tie weights to positions: their models exist for one length only.
    """
    import keras

    names = {model_input.name for model_input in model_inputs if model_input.steps is not None}
    if not isinstance(model, (keras.Sequential, keras.models.Model)) or not hasattr(model, "inputs"):
        return None
    custom = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
    try:
        copy = type(model).from_config(
            _with_any_length(model.get_config(), names), custom_objects=custom
        )
        copy.set_weights(model.get_weights())
        if model.compiled:
            copy.compile_from_config(model.get_compile_config())
        if [tuple(each.shape[2:]) for each in copy.inputs] != [
            tuple(each.shape[2:]) for each in model.inputs
        ]:
            return None
    except Exception:  # whatever a layer raises when its length is taken away
        return None
    return copy


def _with_any_length(config: Any, names: set[str]) -> Any:
    if isinstance(config, list):
        return [_with_any_length(each, names) for each in config]
    if not isinstance(config, dict):
        return config
    flexible = {
        key: _with_any_length(value, names)
        for key, value in config.items()
        if key not in ("build_config", "build_input_shape")
    }
    shape = config.get("batch_shape")
    if isinstance(shape, (list, tuple)) and config.get("name") in names:
        flexible["batch_shape"] = (None, None, *shape[2:])
    return flexible
