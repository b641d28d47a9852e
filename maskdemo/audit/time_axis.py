"""Follow the axis of time from a tensor through the layers and operations that read it.

A size says little: ten units look like ten steps. So the axis is followed by what each operation does.
`readers` walks a symbolic graph, also through nested models and, where they compute with Keras's
operations, custom layers; `axis_rules` has the rule for one operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from maskdemo.audit.axis_rules import Shape, axis_after, shift_after
from maskdemo.audit.layer_kinds import is_own_code

#: Steps of a tensor of unknown length, for code that needs a number.
_PLACEHOLDER_STEPS = 83
#: Axis and `Reader.shift` of tensors, by `id`.
_Reached = dict[int, tuple[int, float | None]]


@dataclass(frozen=True)
class Reader:
    """An operation that reads a tensor with a time axis.

    argument: as `_argument` returns it. axis: of time, in that tensor. arguments: args and kwargs of
    the call. shift: what was added to the input's own values, which were cast or indexed else; None
    where the tensor holds others. outputs: symbolic. closed: whether it is own code that takes no
    symbolic tensors.
    """

    operation: Any
    argument: str | int
    axis: int
    arguments: tuple[tuple, dict]
    shift: float | None
    outputs: tuple[Any, ...]
    closed: bool

    @property
    def values(self) -> bool:
        """Whether the tensor holds the input's own values, cast or indexed at most."""
        return self.shift == 0

    @property
    def is_mask(self) -> bool:
        """Whether the tensor is handed over by a keyword that ends in "mask"."""
        return isinstance(self.argument, str) and self.argument.endswith("mask")


def readers(tensor: Any, axis: int = 1) -> Iterator[Reader]:
    """Yield the operations that read a symbolic tensor, or a tensor computed of it with a time axis.

    Also those within models and custom layers, which are called: to be used within `nodes_restored`.
    """
    yield from _walk(tensor, axis, 0, 0.0, {})


def _walk(
    tensor: Any, axis: int, depth: int, shift: float | None, reached: _Reached
) -> Iterator[Reader]:
    """Yield readers. reached: receives axis and shift of what time reaches, not within models, by `id`.

    depth: how many models and layers the tensor is within; at 6 none more is opened. shift: what was
    added to the input's own values; None where the tensor holds others.
    """
    waiting = [(tensor, axis, shift)]
    while waiting:
        tensor, axis, shift = waiting.pop()
        if id(tensor) in reached:
            continue
        reached[id(tensor)] = (axis, shift)
        if (outer := getattr(tensor, "_continued_as", None)) is not None:
            waiting.append((outer, axis, shift))
        for node in tensor._keras_history.operation._outbound_nodes:
            if not any(each is tensor for each in node.input_tensors):
                continue
            operation = node.operation
            args, kwargs = node.arguments.args, node.arguments.kwargs
            argument = _argument(tensor, args, kwargs)
            inner = _opened(operation, node) if depth < 6 else None
            closed = inner is None and is_own_code(operation)
            outputs = tuple(node.output_tensors)
            yield Reader(operation, argument, axis, (args, kwargs), shift, outputs, closed)
            if inner is not None:
                inputs, outputs = inner
                place = next(i for i, each in enumerate(node.input_tensors) if each is tensor)
                got: _Reached = {}
                if place < len(inputs):
                    yield from _walk(inputs[place], axis, depth + 1, shift, got)
                for output, outer in zip(outputs, node.output_tensors, strict=False):
                    if is_own_code(operation):
                        output._continued_as = outer
                    if id(output) in got:
                        waiting.append((outer, *got[id(output)]))
                continue
            for output in node.output_tensors:
                after = axis_after(operation, axis, tensor.shape, output.shape, argument, args)
                if after is not None:
                    waiting.append((output, after, shift_after(operation, shift, argument, args)))


def _argument(tensor: Any, args: tuple, kwargs: dict) -> str | int:
    """Return a tensor's keyword in a call, or its argument's number plus its place in a list; or 0."""
    import keras

    for place, each in enumerate(args):
        flat = keras.tree.flatten(each)
        if any(one is tensor for one in flat):
            return place + next(i for i, one in enumerate(flat) if one is tensor)
    for key, each in kwargs.items():
        if any(one is tensor for one in keras.tree.flatten(each)):
            return key
    return 0


def _opened(operation: Any, node: Any) -> tuple[list[Any], list[Any]] | None:
    """Return the symbolic inputs and outputs within a nested model or a custom layer; else None."""
    if getattr(operation, "inputs", None) and hasattr(operation, "outputs"):
        return list(operation.inputs), list(operation.outputs)
    if not is_own_code(operation):
        return None
    return symbolic_call(operation, node.arguments.args, node.arguments.kwargs, node.input_tensors)


@contextmanager
def nodes_restored(model: Any) -> Iterator[None]:
    """Forget, after the context, the nodes that symbolic calls add to layers and operations."""
    lists = [
        nodes
        for layer in model._flatten_layers()
        for each in (layer, *getattr(layer, "operations", ()))
        for nodes in (each._inbound_nodes, each._outbound_nodes)
    ]
    lengths = [len(nodes) for nodes in lists]
    try:
        yield
    finally:
        for nodes, length in zip(lists, lengths, strict=True):
            del nodes[length:]


def axis_in_own_code(layer: Any, args: tuple, kwargs: dict, axis: int, steps: int) -> int | None:
    """Return the axis of time in the first output of a custom layer; None where it cannot be told.

    It is the only one of unknown size, as the `steps` on `axis` of the call's tensors are made unknown.
    """
    import keras

    tensors = [each for each in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(each)]
    shapes = [
        tuple(
            None if place == axis and size == steps else size for place, size in enumerate(each.shape)
        )
        for each in tensors
    ]
    with nodes_restored(layer):
        opened = symbolic_call(layer, args, kwargs, tensors, shapes)
    shape = opened[1][0].shape if opened and opened[1] else ()
    unknown = [place for place, size in enumerate(shape) if size is None]
    return unknown[0] if len(unknown) == 1 else None


def symbolic_call(
    layer: Any, args: tuple, kwargs: dict, tensors: list[Any], shapes: list[Shape] | None = None
) -> tuple[list[Any], list[Any]] | None:
    """Return symbolic inputs and outputs of a layer's own code, called on them; None where it raises.

    args, kwargs: of a call. tensors: those among them that symbolic ones replace, of these shapes, by
    default their own; if that raises, with _PLACEHOLDER_STEPS for each None but the batch. Masks that
    `compute_mask` returns get `_is_mask_of_layer`. To be used within `nodes_restored`.
    """
    shapes = shapes or [tuple(each.shape) for each in tensors]
    counted = [(*shape[:1], *(size or _PLACEHOLDER_STEPS for size in shape[1:])) for shape in shapes]
    call = (layer, args, kwargs, tensors)
    return _symbolic_call(*call, shapes) or _symbolic_call(*call, counted)


def _symbolic_call(
    layer: Any, args: tuple, kwargs: dict, tensors: list[Any], shapes: list[Shape]
) -> tuple[list[Any], list[Any]] | None:
    """Return what `symbolic_call` does, for these shapes alone."""
    import keras

    fresh = {
        id(each): keras.Input(
            batch_shape=shapes[place],
            dtype=keras.backend.standardize_dtype(each.dtype),
            name=f"part_{place}",
        )
        for place, each in enumerate(tensors)
    }

    def replaced(value: Any) -> Any:
        return fresh.get(id(value), value)

    try:
        new_args = [keras.tree.map_structure(replaced, each) for each in args]
        new_kwargs = {key: keras.tree.map_structure(replaced, each) for key, each in kwargs.items()}
        outputs = layer.call(*new_args, **new_kwargs)
    except Exception:  # code that runs on numbers only
        return None
    if type(layer).compute_mask is not keras.layers.Layer.compute_mask:
        with suppress(Exception):  # likewise
            for mask in keras.tree.flatten(layer.compute_mask(new_args[0], None)):
                mask._is_mask_of_layer = True
    flat = [each for each in keras.tree.flatten(outputs) if isinstance(each, keras.KerasTensor)]
    return [fresh[id(each)] for each in tensors], flat
