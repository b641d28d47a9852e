"""The same model for any length, where its Input says one: then it can be compared with no padding."""

from __future__ import annotations

from typing import Any

from maskdemo.audit.entries import Entry


def any_length(model: Any, entries: tuple[Entry, ...]) -> Any | None:
    """A copy with the same weights that takes any length; None where there is no such model.

    Flatten, Permute and the like tie weights to positions: their models exist for one length only.
    """
    import keras

    names = {entry.name for entry in entries if entry.steps is not None}
    if not isinstance(model, (keras.Sequential, keras.models.Model)) or not hasattr(model, "inputs"):
        return None
    custom = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
    try:
        copy = type(model).from_config(_opened(model.get_config(), names), custom_objects=custom)
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


def _opened(config: Any, names: set[str]) -> Any:
    if isinstance(config, list):
        return [_opened(each, names) for each in config]
    if not isinstance(config, dict):
        return config
    opened = {
        key: _opened(value, names)
        for key, value in config.items()
        if key not in ("build_config", "build_input_shape")
    }
    shape = config.get("batch_shape")
    if isinstance(shape, (list, tuple)) and config.get("name") in names:
        opened["batch_shape"] = (None, None, *shape[2:])
    return opened
