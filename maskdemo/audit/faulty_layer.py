"""Which layer is at fault: outputs move after one call, and the mask was lost at another before it.

The first call whose outputs move at real steps is found; then the way back along its inputs leads to
where a mask that was right went in and none, or a wrong one, came out. Then the outputs that moved are
put right and the rest runs again, so that what still moves is a fault of its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from maskdemo.audit.inherent import RECURRENT, only_at_the_border, only_counts_positions
from maskdemo.audit.model_inputs import is_a
from maskdemo.audit.pair import TracePair
from maskdemo.audit.trace import Call, InputTensor

#: Calls that are put right one after another before the rest is left unexplained.
MAX_REPAIRS = 8
MASK_MAKERS = ("Masking", "Embedding", "ReversibleEmbedding")
MERGING_LAYERS = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")


@dataclass(frozen=True)
class Fault:
    """A layer at fault.

    cause: one of the names in `causes`. layer, of_class: its name and class. mover: the layer after
    which outputs change first, by `change` times their largest number. side: the side of the padding
    that shows it. order: the number of its call.
    """

    cause: str
    layer: str
    of_class: str
    mover: str
    change: float
    side: str
    order: int


def faults(pair: TracePair, tolerance: float) -> tuple[list[Fault], float]:
    """Return all faults, and the change of the model's outputs that is left without them.

    tolerance: the share of its largest number that a call may move by rounding.
    """
    result: list[Fault] = []
    overrides: dict[int, list[np.ndarray]] = {}
    for _ in range(MAX_REPAIRS):
        call = next((each for each in pair.padded.calls if _change(each, pair) > tolerance), None)
        if call is None:
            break
        for cause, at_fault in _causes_of(call, pair, tolerance):
            fault = Fault(
                cause=cause,
                layer=at_fault.name,
                of_class=type(at_fault.layer).__name__,
                mover=call.name,
                change=_change(call, pair),
                side=pair.side,
                order=at_fault.order,
            )
            if not any((each.layer, each.cause) == (fault.layer, fault.cause) for each in result):
                result.append(fault)
        if call is pair.padded.calls[-1]:
            break  # the model itself: nothing comes after it
        overrides[call.order] = [_repaired(call, index, pair) for index in range(len(call.outputs))]
        pair.rerun_padded(overrides)
    return result, max((_change(pair.padded.calls[-1], pair), 0.0))


def _change(call: Call, pair: TracePair) -> float:
    """Return the largest relative change of a call's outputs at real steps."""
    return max((pair.relative_change(call, index) for index in range(len(call.outputs))), default=0.0)


def _repaired(call: Call, index: int, pair: TracePair) -> np.ndarray:
    """Return an output with its real steps replaced by those without padding."""
    unpadded, got = pair.twin(call).outputs[index], call.outputs[index].copy()
    real_steps = pair.real_steps(unpadded, got)
    if real_steps is None:
        return got
    if real_steps[1].shape != real_steps[0].shape:
        return unpadded
    real_steps[1][...] = real_steps[0]  # a view into `got`
    return got


def _causes_of(call: Call, pair: TracePair, tolerance: float) -> list[tuple[str, Call]]:
    """Return why the outputs of a call move: each cause with the call at fault."""
    if only_at_the_border(call, pair, tolerance):
        return [("border", call)]
    if pair.side == "pre" and only_counts_positions(call, pair, tolerance):
        return [("positions", call)]
    unmasked = [
        input_tensor
        for input_tensor in pair.time_inputs(call)
        if pair.received(call, input_tensor) != "right"
    ]
    if not unmasked:
        return [(_cause_of_ignored_mask(call), call)]
    return lost_before(call, pair) or [("no_mask", call)]


def lost_before(call: Call, pair: TracePair) -> list[tuple[str, Call]]:
    """Return cause and call where the masks that a call lacks were lost; empty if none was made."""
    result: list[tuple[str, Call]] = []
    visited: set[int] = set()
    waiting = deque([call])
    while waiting:
        receiver = waiting.popleft()
        if receiver.order in visited:
            continue
        visited.add(receiver.order)
        for input_tensor in pair.time_inputs(receiver):
            if pair.received(receiver, input_tensor) == "right":
                continue
            maker = input_tensor.maker
            if maker is None:
                if (
                    not input_tensor.from_input
                    and (source := _last_masked_before(receiver, pair)) is not None
                ):
                    result.append(("unrecorded", source))
                continue
            index = maker.keys.index(input_tensor.key) if input_tensor.key in maker.keys else 0
            if (remover := _mask_remover(input_tensor, pair)) is not None:
                result.append(("taken_off", remover))
            elif any(pair.received(maker, each) == "right" for each in _first_inputs(maker, pair)):
                removers = [_mask_remover(each, pair) for each in _first_inputs(maker, pair)]
                removed = [("taken_off", remover) for remover in removers if remover is not None]
                result += removed or [(_cause_of_dropped_mask(maker, pair), maker)]
            elif is_a(maker.layer, *MASK_MAKERS) and pair.passed(maker, index) == "wrong":
                result.append(("mask_never_matches", maker))
            else:
                waiting.append(maker)
    return list(dict.fromkeys(result))


def dropped_before_output(pair: TracePair, index: int) -> Call | None:
    """Return the call that lost the mask of an output; None where there never was a mask."""
    call = pair.padded.output_makers[index] or pair.padded.calls[-1]
    if any(pair.received(call, each) == "right" for each in _first_inputs(call, pair)):
        return call
    return next((at_fault for _, at_fault in lost_before(call, pair)), None)


def _first_inputs(call: Call, pair: TracePair) -> list[Any]:
    """Return the tensors with a time axis in the first argument of a call."""
    timed = pair.time_inputs(call)
    return [input_tensor for input_tensor in call.inputs[: call.first] if input_tensor in timed]


def _mask_remover(input_tensor: InputTensor, pair: TracePair) -> Call | None:
    """Return the call that took a right mask off a tensor; None where no call did."""
    maker = input_tensor.maker
    if maker is None or input_tensor.mask is not None or input_tensor.key not in maker.keys:
        return None
    if pair.passed(maker, maker.keys.index(input_tensor.key)) != "right":
        return None
    return next((call for call in pair.padded.calls if input_tensor.key in call.unmasked_keys), None)


def _last_masked_before(receiver: Call, pair: TracePair) -> Call | None:
    """Return the last call before `receiver` whose output had a right mask."""
    for call in reversed(pair.padded.calls[: receiver.order]):
        if pair.outputs_time_axis(call) and pair.passed(call, 0) == "right":
            return call
    return None


def _cause_of_ignored_mask(call: Call) -> str:
    """Name the cause where a call moves although all its masks are right."""
    if is_a(call.layer, *RECURRENT) and len(call.inputs) > call.first and call.explicit_mask is None:
        return "initial_state"
    if is_a(call.layer, "Functional", "Sequential") or call.is_container:
        return "unrecorded"
    if call.warned:
        return "dropped_with_warning"
    return "dropped_silently" if call.kind == "operation" else "ignored"


def _cause_of_dropped_mask(call: Call, pair: TracePair) -> str:
    """Name the cause where a right mask went into a call and did not come out."""
    if is_a(call.layer, *MERGING_LAYERS) and any(
        pair.received(call, each) != "right" for each in _first_inputs(call, pair)
    ):
        return "mixed"
    if is_a(call.layer, *RECURRENT, "Bidirectional", "TimeDistributed"):
        return "recurrent_passes_none"
    if call.warned:
        return "dropped_with_warning"
    return "dropped_silently" if call.kind == "operation" else "dropped_by_layer"
