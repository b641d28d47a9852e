"""Copies of a model of one fixed length: for any length, or for another one.

A copy calls the model's own layers on inputs of another length. What is tied to a length is made anew:
nested models, layers with weights for each place, which get those of the first places, a Reshape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from maskdemo.audit.layer_kinds import is_a, is_own_code, parts_of
from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.run_model import run_eagerly

KeptWeights = Literal["first", "of_features", "last"]
KEPT_WEIGHTS: tuple[KeptWeights, ...] = ("first", "of_features", "last")
#: Numbers of steps on which a copy for any length is run to see whether it is one.
_TRIED_LENGTHS = (8, 64)
Shape = tuple[int | None, ...]


def copy_of_length(
    model: Any,
    model_inputs: tuple[ModelInput, ...],
    others: tuple[ModelInput, ...],
    kept_weights: KeptWeights = "first",
) -> tuple[Any, bool] | None:
    """Return a copy whose inputs are `others`, and whether weights were cut; None if none can be built.

    others: as `model_inputs`, with other steps. For another length, layers with as many units as there
    are steps keep them; if no copy can be built so, they get as many as it has steps. A copy for any
    length is run once. kept_weights: which stay where a layer has some for each step. Layers are shared
    with the model: use and forget the copy within `nodes_restored`.
    """
    sizes = {
        each.steps: other.steps
        for each, other in zip(model_inputs, others, strict=True)
        if each.steps is not None
    }
    copied = _copy_with(_Copier(model, sizes, kept_weights, resize_units=False), model, others)
    if copied is None and None not in sizes.values():
        copied = _copy_with(_Copier(model, sizes, kept_weights, resize_units=True), model, others)
    return copied


def _copy_with(copier: _Copier, model: Any, others: tuple[ModelInput, ...]) -> tuple[Any, bool] | None:
    """Return a copy and whether weights were cut; None if anything fails.

    It is compiled as the model is, and run once if it is for any length.
    """
    shapes = {each.name: each.shape for each in others}
    try:
        names = [each._keras_history.operation.name for each in model.inputs]
        copy = copier.copy(model, [shapes[name] for name in names])
        if model.compiled:  # with the very losses of the model, which may be nowhere registered
            loss, metrics = model._compile_loss, model._compile_metrics
            copy.compile(
                loss=model.loss,
                loss_weights=None if loss is None else loss._user_loss_weights,
                metrics=None if metrics is None else metrics._user_metrics,
                weighted_metrics=None if metrics is None else metrics._user_weighted_metrics,
            )
        if None in copier.sizes.values():
            _try_lengths(copy, others, set(copier.sizes))
        return copy, copier.was_cut
    except Exception:  # whatever a layer raises on another length, and models without a graph
        return None


def _try_lengths(copy: Any, model_inputs: tuple[ModelInput, ...], excluded: set[int | None]) -> None:
    """Run a copy on zeros of _TRIED_LENGTHS not in `excluded` until one runs; raise the last error."""
    lengths = [length for length in _TRIED_LENGTHS if length not in excluded]
    for length in lengths:
        batch = {
            each.name: np.zeros((1, *(size or length for size in each.shape)), each.dtype)
            for each in model_inputs
        }
        try:
            run_eagerly(copy, batch)
            return
        except Exception:  # a window may be wider
            if length == lengths[-1]:
                raise


class _Copier:
    """Copies models for inputs of other steps.

    model: layers made anew may be of its custom classes. sizes: from a number of steps in the model to
    that in the copy, None for any. kept_weights: of weights for each place, where steps are laid out in
    a row, a layer keeps the "first", the "last", or, where all steps of a feature come before those of
    the next, the first of each ("of_features"). resize_units: whether a layer with as many units as
    there are steps gets as many as the copy has. was_cut: whether any weights were left out.
    """

    def __init__(
        self, model: Any, sizes: Mapping[int, int | None], kept_weights: KeptWeights, resize_units: bool
    ) -> None:
        self.sizes, self._kept_weights, self._resize_units = sizes, kept_weights, resize_units
        self._custom = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
        self._parts: dict[int, Any] = {}
        self.was_cut = False

    def copy(self, model: Any, shapes: list[Shape]) -> Any:
        """Return a copy of a functional or sequential model; shapes: of its inputs, without batch."""
        import keras

        inputs = [
            keras.Input(
                batch_shape=(tensor.shape[0], *shape),
                dtype=tensor.dtype,
                name=tensor._keras_history.operation.name,
            )
            for tensor, shape in zip(model.inputs, shapes, strict=True)
        ]
        graph = getattr(model, "_functional", model)
        outputs = graph._run_through_graph(inputs, call_fn=self._call)
        if isinstance(model, keras.Sequential):
            parts = [self._parts.get(id(layer), layer) for layer in model.layers]
            return keras.Sequential([*inputs, *parts], name=model.name)
        structure = keras.tree.pack_sequence_as(model._inputs_struct, inputs)
        others = [c for c in type(model).__mro__ if not c.__module__.startswith(("keras.", "builtins"))]
        own = any("__init__" in vars(cls) for cls in others)
        kind = keras.Model if own else type(model)
        return kind(structure, outputs, name=model.name)

    def _call(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        """Return an operation's outputs: as it is, made anew with its weights, or on cut constants.

        Made anew comes first for those `_is_for_one_length`, and alone for own code and any length. The
        layer that runs is called as it is from then on; if none does, the first failure is raised.
        """
        if (part := self._parts.get(id(operation))) is not None:
            return part(*args, **kwargs)
        ways: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
            (lambda: operation, lambda given: given),
            (lambda: self._anew(operation, args), lambda given: given),
            (lambda: operation, self._cut_constants),
        ]
        if self._is_for_one_length(operation, args):
            ways[:2] = reversed(ways[:2])
        if None in self.sizes.values() and any(map(is_own_code, parts_of(operation))):
            # Numbers of steps in code that is shared would be those of the one length.
            ways = [(lambda: self._anew(operation, args), lambda given: given)]
        failure: Exception | None = None
        for make, changed in ways:
            try:
                part = make()
                outputs = part(*changed(args), **changed(kwargs))
                if part is not operation and not hasattr(part, "layers"):
                    self._fill(part, operation)
            except Exception as refused:  # another way may do
                failure = failure or refused
                continue
            self._parts[id(operation)] = part
            return outputs
        raise failure or ValueError(operation.name)

    def _is_for_one_length(self, operation: Any, args: tuple) -> bool:
        """Whether to make an operation anew first, as it may run at another length, but wrongly.

        So may a Reshape, EinsumDense, custom layer, or a model whose inputs have other shapes.
        """
        import keras

        if hasattr(operation, "layers"):
            tensors = keras.tree.flatten(args[0])
            both = zip(tensors, operation.inputs, strict=True)
            return any(tuple(one.shape[1:]) != tuple(other.shape[1:]) for one, other in both)
        return is_a(operation, "Reshape", "EinsumDense") or is_own_code(operation)

    def _anew(self, operation: Any, args: tuple) -> Any:
        """Return a nested model copied with its weights, or a layer made anew with initial weights."""
        import keras

        if hasattr(operation, "layers"):
            return self.copy(operation, [tuple(each.shape[1:]) for each in keras.tree.flatten(args[0])])
        config = self._resized(operation.get_config() | {"name": operation.name})
        with keras.saving.custom_object_scope(self._custom):
            return type(operation).from_config(config)

    def _resized(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return a layer's configuration for the copy's steps.

        The first size of a target shape becomes -1, or is scaled as the steps are if another is -1 (for
        any length, it stays).
        If `resize_units`, units (and the output shape of EinsumDense) in `sizes` become what these say.
        """
        for key, place in (("target_shape", 0), ("newshape", 1)):
            target: list[int] = list(config.get(key) or [])
            size = target[place] if place < len(target) else -1
            if size != -1 and -1 not in target:
                target[place] = -1
            elif size > 0:
                steps, new = next(iter(self.sizes.items()))
                target[place] = size * (new or steps) // steps
            config = config | ({key: tuple(target)} if target else {})
        for key in ("units", "output_shape") if self._resize_units else ():
            if (own := config.get(key)) is not None:
                sizes = [self.sizes.get(each, each) for each in np.atleast_1d(own).tolist()]
                config = config | {key: tuple(sizes) if np.ndim(own) else sizes[0]}
        return config

    def _fill(self, part: Any, operation: Any) -> None:
        """Assign a layer's weights to its copy, cut where it has fewer places; raise if it has more."""
        import keras

        for new, old in zip(part.weights, operation.weights, strict=True):
            value = np.array(keras.ops.convert_to_numpy(old))
            for axis, size in enumerate(new.shape):
                if value.shape[axis] != size:
                    value = self._cut(value, axis, size)
                    self.was_cut = True
            new.assign(value)

    def _cut(self, value: np.ndarray, axis: int, size: int) -> np.ndarray:
        """Return a weight cut to `size` places on an axis, as `kept_weights` says."""
        places = np.arange(value.shape[axis])
        if self._kept_weights == "last":
            places = places[-size:]
        elif self._kept_weights == "of_features":
            steps, new = next(iter(self.sizes.items()))
            places = places.reshape(-1, steps)[:, :new].ravel()
        return np.take(value, places[:size], axis)

    def _cut_constants(self, arguments: Any) -> Any:
        """Return arguments of a call, with constants cut to the copy's steps on each axis of steps."""
        import keras

        def cut(value: Any) -> Any:
            if isinstance(value, keras.KerasTensor) or not keras.ops.is_tensor(value):
                return value
            kept = tuple(slice(self.sizes.get(size, size)) for size in value.shape)
            return value[kept]

        return keras.tree.map_structure(cut, arguments)
