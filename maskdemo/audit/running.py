"""Running a model on a batch, in eager mode and as one graph for all lengths, as `predict` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maskdemo.audit.entries import Entry

Batch = Mapping[str, Any]


def packed(model: Any, batch: Batch) -> Any:
    """The batch in the form that the model takes: one array, or names and arrays."""
    struct = getattr(model, "_inputs_struct", None)
    arrays = dict(batch)
    if struct is None or len(arrays) == 1:
        if isinstance(struct, dict):
            return dict(zip(struct, arrays.values(), strict=True))
        only = next(iter(arrays.values()))
        return only if len(arrays) == 1 else arrays
    if isinstance(struct, dict):
        by_layer = {key: tensor._keras_history.operation.name for key, tensor in struct.items()}
        return {key: arrays[name] for key, name in by_layer.items()}
    return [arrays[tensor._keras_history.operation.name] for tensor in struct]


def flat(outputs: Any) -> list[np.ndarray]:
    """All the arrays of a model's outputs, in Keras's order, in double precision."""
    import keras

    return [numbers(each) for each in keras.tree.flatten(outputs) if each is not None]


def numbers(tensor: Any) -> np.ndarray:
    """A tensor as an array that can be subtracted: float64, whatever it was."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(tensor)).astype(np.float64)


def eager(model: Any, batch: Batch) -> list[np.ndarray]:
    """The outputs in inference mode, layer by layer."""
    _forget_states(model)
    return flat(model(_tensors(packed(model, batch)), training=False))


def graph(model: Any, entries: tuple[Entry, ...]) -> Callable[[Batch], list[np.ndarray]] | None:
    """Run the model as one TensorFlow graph of unknown length; None without TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    specs = {
        entry.name: tf.TensorSpec(
            (None, None, *entry.shape[1:])
            if entry.is_sequence and entry.steps is None
            else (None, *entry.shape),
            entry.dtype,
        )
        for entry in entries
    }
    # Only other people's layers may need their Python translated, for which files are written.
    own = all(type(layer).__module__.startswith("keras.") for layer in model._flatten_layers())

    def work(batch: Any) -> Any:
        return model(packed(model, batch), training=False)

    run = tf.function(work, input_signature=[specs], autograph=not own)

    def outputs(batch: Batch) -> list[np.ndarray]:
        _forget_states(model)
        return flat(run(dict(batch)))

    return outputs


def _tensors(batch: Any) -> Any:
    import keras

    return keras.tree.map_structure(keras.ops.convert_to_tensor, batch)


def _forget_states(model: Any) -> None:
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()
