"""Run a model on a batch: eagerly, or as one graph for all lengths as `predict` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import parts_of

#: The arrays of a batch, (N, ...), by name of input; a function from these to a model's outputs.
Batch = Mapping[str, Any]
Run = Callable[[Batch], list[np.ndarray]]


def as_model_input(model: Any, batch: Batch) -> Any:
    """Return the batch in the structure that the model takes: an array, a list or a dictionary."""
    import keras

    def array_of(tensor: Any) -> Any:
        return batch[tensor._keras_history.operation.name]

    struct = getattr(model, "_inputs_struct", None)
    # A call of somebody's own may expect an only array by itself, as `fit` and `predict` hand it over.
    if len(batch) == 1 and not isinstance(struct, dict):
        return next(iter(batch.values()))
    return dict(batch) if struct is None else keras.tree.map_structure(array_of, struct)


def output_arrays(outputs: Any) -> list[np.ndarray]:
    """Return the arrays of a model's outputs that are not None, in Keras's order, as float64."""
    import keras

    return [to_float64(each) for each in keras.tree.flatten(outputs) if each is not None]


def to_float64(tensor: Any) -> np.ndarray:
    """Return a tensor of any dtype as a float64 array."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(tensor)).astype(np.float64)


def run_eagerly(model: Any, batch: Batch) -> list[np.ndarray]:
    """Return the outputs of the model in inference mode, computed eagerly, from states of 0."""
    import keras

    def run(part: Batch) -> list[np.ndarray]:
        inputs = keras.tree.map_structure(keras.ops.convert_to_tensor, as_model_input(model, part))
        return output_arrays(model(inputs, training=False))

    return _run_in_batches(model, run, batch)


def batch_size(model: Any) -> int | None:
    """Return the one batch size that a model's inputs or states have; None where it takes any."""
    for tensor in getattr(model, "inputs", None) or ():
        if tensor.shape and tensor.shape[0] is not None:
            return int(tensor.shape[0])
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False) and (states := getattr(layer, "states", None)):
            return int(states[0].shape[0])
    return None


def one_batch(model: Any, batch: Batch) -> Batch:
    """Return a batch, cut to at most the model's batch size where that is fixed."""
    size = batch_size(model)
    return batch if size is None else {name: array[:size] for name, array in batch.items()}


def _run_in_batches(model: Any, run: Run, batch: Batch) -> list[np.ndarray]:
    """Return the outputs of a batch of any size, from a model that may take one size alone.

    Each part starts with states of 0. The last one is filled with repetitions of its last sequence. An
    output without batch axis is that of the first part.
    """
    size, count = batch_size(model), len(next(iter(batch.values())))
    if size is None or size == count:
        reset_states(model)
        return run(batch)
    parts = []
    for start in range(0, count, size):
        indices = np.minimum(np.arange(start, start + size), count - 1)
        reset_states(model)
        parts.append(run({name: np.asarray(array)[indices] for name, array in batch.items()}))
    return [
        np.concatenate(outputs)[:count] if all(len(each) == size for each in outputs) else outputs[0]
        for outputs in zip(*parts, strict=True)
    ]


def graph_runner(model: Any, model_inputs: Iterable[Any]) -> Run | None:
    """Return a function that runs the model as one graph; None without TensorFlow.

    model_inputs: each a `ModelInput`, with its steps or None for any. Traced as it first runs.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    size = batch_size(model)
    specs = {each.name: tf.TensorSpec((size, *each.shape), each.dtype) for each in model_inputs}
    # Autograph writes files, and only custom layers may need it.
    own = all(type(layer).__module__.startswith("keras.") for layer in model._flatten_layers())

    def call_model(batch: Any) -> Any:
        return model(as_model_input(model, batch), training=False)

    run = tf.function(call_model, input_signature=[specs], autograph=not own)

    def outputs(batch: Batch) -> list[np.ndarray]:
        return _run_in_batches(model, lambda part: output_arrays(run(dict(part))), batch)

    return outputs


@contextmanager
def graphs_as_traced() -> Iterator[None]:
    """Switch TensorFlow's graph optimizer off within the context, as graphs run too seldom to gain."""
    import keras

    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    name, options = "disable_meta_optimizer", tf.config.optimizer
    before = options.get_experimental_options().get(name, False)
    options.set_experimental_options({name: True})
    try:
        yield
    finally:
        options.set_experimental_options({name: before})


def reset_states(part: Any) -> None:
    """Reset the state of every stateful layer of a model or layer; an operation has none."""
    for layer in parts_of(part):
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()
