"""Follow the axis of time from a tensor through the layers and operations that read it.

A size says little: ten units look like ten steps. So the axis is followed by what each operation does.
`readers` walks a symbolic graph, also through nested models and, where they compute with Keras's
operations, custom layers; `axis_after` is the rule for one operation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from maskdemo.audit.layer_kinds import ATTENTION, is_a, is_own_code

#: Where a recurrent layer takes its steps, in place of a state.
STEPS_ARGUMENTS = (0, "sequences", "inputs")
#: Steps of a tensor of unknown length, for code that needs a number.
_PLACEHOLDER_STEPS = 83
Shape = tuple[int | None, ...]

REDUCTIONS = (
    "All", "Amax", "Amin", "Any", "Argmax", "Argmin", "Average", "CountNonzero", "Logsumexp", "Max",
    "Mean", "Median", "Min", "Prod", "Std", "Sum", "Var",
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """An operation that reads a tensor with a time axis.

    argument: as `_argument` returns it. axis: of time, in that tensor. arguments: args and kwargs of
    the call. values: whether the tensor holds the input's own values, cast or indexed at most.
    outputs: symbolic. closed: whether it is own code that takes no symbolic tensors.
    """

    operation: Any
    argument: str | int
    axis: int
    arguments: tuple[tuple, dict]
    values: bool
    outputs: tuple[Any, ...]
    closed: bool

    @property
    def is_mask(self) -> bool:
        """Whether the tensor is handed over by a keyword that ends in "mask"."""
        return isinstance(self.argument, str) and self.argument.endswith("mask")


def readers(tensor: Any, axis: int = 1) -> Iterator[Reader]:
    """Yield the operations that read a symbolic tensor, or a tensor computed of it with a time axis.

    Also those within models and custom layers, which are called: to be used within `nodes_restored`.
    """
    yield from _walk(tensor, axis, 0, True, {})


def _walk(
    tensor: Any, axis: int, depth: int, values: bool, reached: dict[int, tuple[int, bool]]
) -> Iterator[Reader]:
    """Yield readers. reached: receives axis and values of every tensor that time reaches, by `id`.

    depth: how many models and layers the tensor is within, which is 6 at most. values: as in Reader.
    """
    waiting = [(tensor, axis, values)]
    while waiting:
        tensor, axis, values = waiting.pop()
        if id(tensor) in reached:
            continue
        reached[id(tensor)] = (axis, values)
        if (outer := getattr(tensor, "_continued_as", None)) is not None:
            waiting.append((outer, axis, values))
        for node in tensor._keras_history.operation._outbound_nodes:
            if not any(each is tensor for each in node.input_tensors):
                continue
            operation = node.operation
            args, kwargs = node.arguments.args, node.arguments.kwargs
            argument = _argument(tensor, args, kwargs)
            inner = _opened(operation, node) if depth < 6 else None
            closed = inner is None and is_own_code(operation)
            outputs = tuple(node.output_tensors)
            yield Reader(operation, argument, axis, (args, kwargs), values, outputs, closed)
            if inner is not None:
                inputs, outputs = inner
                place = next(i for i, each in enumerate(node.input_tensors) if each is tensor)
                got: dict[int, tuple[int, bool]] = {}
                if place < len(inputs):
                    yield from _walk(inputs[place], axis, depth + 1, values, got)
                for output, outer in zip(outputs, node.output_tensors, strict=False):
                    if is_own_code(operation):
                        output._continued_as = outer
                    if id(output) in got:
                        waiting.append((outer, *got[id(output)]))
                continue
            for output in node.output_tensors:
                after = axis_after(operation, axis, tensor.shape, output.shape, argument, args)
                if after is not None:
                    waiting.append((output, after, values and is_a(operation, "Cast", "GetItem")))


def axis_after(
    operation: Any, axis: int, before: Shape, after: Shape, argument: str | int = 0, args: tuple = ()
) -> int | None:
    """Return the axis of time in an operation's output; None where it has none, or none is known.

    axis, before: of time, in the tensor, and its shape. after: shape of the output. argument: the
    tensor's place in the call. args: the positional arguments of that call.
    """
    if is_a(operation, "RNN", "Bidirectional"):
        keeps = operation.return_sequences and len(after) > 2
        return axis if keeps and argument in STEPS_ARGUMENTS else None
    if is_a(operation, "RepeatVector") or (is_a(operation, "Flatten") and set(before[2:]) == {1}):
        return axis + (len(after) > len(before))
    if is_a(operation, "Flatten", "Dot") or type(operation).__name__.startswith("Global"):
        return None
    if is_a(operation, *ATTENTION):
        return axis if argument in (0, "query", "inputs") and len(after) == len(before) else None
    if is_a(operation, "Dense", "EinsumDense", "Softmax") and axis == len(before) - 1:
        return None
    if is_a(operation, "Permute"):
        return operation.dims.index(axis) + 1
    if is_a(operation, "Transpose"):
        axes = operation.axes or tuple(reversed(range(len(before))))
        return list(axes).index(axis)
    if is_a(operation, "Swapaxes"):
        one, other = (each % len(before) for each in (operation.axis1, operation.axis2))
        return {one: other, other: one}.get(axis, axis)
    if is_a(operation, "Reshape"):
        return _axis_after_reshape(axis, before, after)
    if is_a(operation, "ExpandDims") and isinstance(operation.axis, int):
        return axis + (operation.axis % len(after) <= axis)
    if is_a(operation, *REDUCTIONS) and hasattr(operation, "axis"):
        return _axis_after_reduction(operation, axis, len(before))
    if is_a(operation, "GetItem") and len(args) > 1:
        return _axis_after_slicing(args[1], axis, len(before))
    return _likely_axis(axis, before, after)


def _axis_after_reshape(axis: int, before: Shape, after: Shape) -> int | None:
    """Return `axis` after a reshape if sizes before and (known) product behind stay, else None."""
    if axis >= len(after) or None in (*before[axis + 1 :], *after[axis + 1 :]):
        return None
    same = math.prod(before[axis + 1 :]) == math.prod(after[axis + 1 :])  # pyrefly: ignore[no-matching-overload]
    return axis if same and before[1:axis] == after[1:axis] else None


def _axis_after_reduction(operation: Any, axis: int, rank: int) -> int | None:
    """Return the axis after a reduction of a tensor of `rank` axes; None where it is reduced."""
    reduced = operation.axis
    if reduced is None:
        return None
    gone = {each % rank for each in (reduced if isinstance(reduced, (list, tuple)) else (reduced,))}
    if axis in gone:
        return None
    return axis if getattr(operation, "keepdims", False) else axis - sum(each < axis for each in gone)


def _axis_after_slicing(key: Any, axis: int, rank: int) -> int | None:
    """Return the axis after indexing with `key`; None where a number, not a slice, takes one step."""
    parts = list(key) if isinstance(key, (tuple, list)) else [key]
    if any(part is Ellipsis for part in parts):
        place = next(index for index, part in enumerate(parts) if part is Ellipsis)
        used = sum(part is not None for part in parts) - 1
        parts[place : place + 1] = [slice(None)] * (rank - used)
    before = after = 0
    for part in parts:
        if part is None:
            after += 1
            continue
        if before == axis:
            return after if isinstance(part, slice) else None
        before += 1
        after += isinstance(part, slice)
    return after + axis - before


def _likely_axis(axis: int, before: Shape, after: Shape) -> int | None:
    """Return the same axis if the rank stays, else the only one of its size but the batch, or None."""
    if len(before) == len(after):
        return axis
    same = [place for place, size in enumerate(after) if place and size == before[axis]]
    return same[0] if len(same) == 1 else None


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
    default their own; if that raises, with _PLACEHOLDER_STEPS for each None. Masks that `compute_mask`
    returns get `_is_mask_of_layer`. To be used within `nodes_restored`.
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
