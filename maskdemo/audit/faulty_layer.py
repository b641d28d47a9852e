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
MAKERS = ("Masking", "Embedding", "ReversibleEmbedding")
MERGING = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")


@dataclass(frozen=True)
class Fault:
    """A layer at fault.

    cause: one of the names in `causes`. layer: its name. mover: the layer after which outputs move, by
    `moved` times their own size. side: the side of the padding that shows it. order: its place.
    """

    cause: str
    layer: str
    of_class: str
    mover: str
    moved: float
    side: str
    order: int


def faults(pair: TracePair, tolerance: float) -> tuple[list[Fault], float]:
    """All faults, and how far the model's outputs still move when they are put right.

    tolerance: the share of its largest number that a call may move by rounding.
    """
    found: list[Fault] = []
    overrides: dict[int, list[np.ndarray]] = {}
    for _ in range(MAX_REPAIRS):
        call = next((each for each in pair.padded.calls if _moves(each, pair) > tolerance), None)
        if call is None:
            break
        for cause, guilty in _explained(call, pair, tolerance):
            fault = Fault(
                cause=cause,
                layer=guilty.name,
                of_class=type(guilty.layer).__name__,
                mover=call.name,
                moved=_moves(call, pair),
                side=pair.side,
                order=guilty.order,
            )
            if not any((each.layer, each.cause) == (fault.layer, fault.cause) for each in found):
                found.append(fault)
        if call is pair.padded.calls[-1]:
            break  # the model itself: nothing comes after it
        overrides[call.order] = [_put_right(call, index, pair) for index in range(len(call.outputs))]
        pair.rerun_padded(overrides)
    return found, max((_moves(pair.padded.calls[-1], pair), 0.0))


def _moves(call: Call, pair: TracePair) -> float:
    return max((pair.moved(call, index) for index in range(len(call.outputs))), default=0.0)


def _put_right(call: Call, index: int, pair: TracePair) -> np.ndarray:
    unpadded, got = pair.twin(call).outputs[index], call.outputs[index].copy()
    both = pair.real_steps(unpadded, got)
    if both is None:
        return got
    if both[1].shape != both[0].shape:
        return unpadded
    both[1][...] = both[0]  # a view into `got`
    return got


def _explained(call: Call, pair: TracePair, tolerance: float) -> list[tuple[str, Call]]:
    if only_at_the_border(call, pair, tolerance):
        return [("border", call)]
    if pair.side == "pre" and only_counts_positions(call, pair, tolerance):
        return [("positions", call)]
    lacking = [
        input_tensor
        for input_tensor in pair.time_inputs(call)
        if pair.received(call, input_tensor) != "right"
    ]
    if not lacking:
        return [(_ignored(call), call)]
    return lost_before(call, pair) or [("no_mask", call)]


def lost_before(call: Call, pair: TracePair) -> list[tuple[str, Call]]:
    """Where the masks that a call lacks were lost on their way; nothing where there never was one."""
    found: list[tuple[str, Call]] = []
    seen: set[int] = set()
    waiting = deque([call])
    while waiting:
        receiver = waiting.popleft()
        if receiver.order in seen:
            continue
        seen.add(receiver.order)
        for input_tensor in pair.time_inputs(receiver):
            if pair.received(receiver, input_tensor) == "right":
                continue
            maker = input_tensor.maker
            if maker is None:
                if not input_tensor.from_input and (source := _before(receiver, pair)) is not None:
                    found.append(("unrecorded", source))
                continue
            index = maker.keys.index(input_tensor.key) if input_tensor.key in maker.keys else 0
            if (thief := _taken_off(input_tensor, pair)) is not None:
                found.append(("taken_off", thief))
            elif any(pair.received(maker, each) == "right" for each in _first(maker, pair)):
                thieves = [_taken_off(each, pair) for each in _first(maker, pair)]
                stolen = [("taken_off", thief) for thief in thieves if thief is not None]
                found += stolen or [(_dropped(maker, pair), maker)]
            elif is_a(maker.layer, *MAKERS) and pair.passed(maker, index) == "wrong":
                found.append(("mask_never_matches", maker))
            else:
                waiting.append(maker)
    return list(dict.fromkeys(found))


def dropped_before_output(pair: TracePair, index: int) -> Call | None:
    """The call that lost the mask of an output; None where there never was one."""
    call = pair.padded.output_makers[index] or pair.padded.calls[-1]
    if any(pair.received(call, each) == "right" for each in _first(call, pair)):
        return call
    return next((guilty for _, guilty in lost_before(call, pair)), None)


def _first(call: Call, pair: TracePair) -> list[Any]:
    timed = pair.time_inputs(call)
    return [input_tensor for input_tensor in call.inputs[: call.first] if input_tensor in timed]


def _taken_off(input_tensor: InputTensor, pair: TracePair) -> Call | None:
    """The call that took a right mask off a tensor after it was made; None without one."""
    maker = input_tensor.maker
    if maker is None or input_tensor.mask is not None or input_tensor.key not in maker.keys:
        return None
    if pair.passed(maker, maker.keys.index(input_tensor.key)) != "right":
        return None
    return next((call for call in pair.padded.calls if input_tensor.key in call.unmasked_keys), None)


def _before(receiver: Call, pair: TracePair) -> Call | None:
    """The last call before `receiver` whose output had a right mask: unrecorded work came between."""
    for call in reversed(pair.padded.calls[: receiver.order]):
        if pair.outputs_time_axis(call) and pair.passed(call, 0) == "right":
            return call
    return None


def _ignored(call: Call) -> str:
    if is_a(call.layer, *RECURRENT) and len(call.inputs) > call.first and call.explicit_mask is None:
        return "initial_state"
    if is_a(call.layer, "Functional", "Sequential") or call.is_container:
        return "unrecorded"
    if call.warned:
        return "dropped_with_warning"
    return "dropped_silently" if call.kind == "operation" else "ignored"


def _dropped(call: Call, pair: TracePair) -> str:
    if is_a(call.layer, *MERGING) and any(
        pair.received(call, each) != "right" for each in _first(call, pair)
    ):
        return "mixed"
    if is_a(call.layer, *RECURRENT, "Bidirectional", "TimeDistributed"):
        return "recurrent_passes_none"
    if call.warned:
        return "dropped_with_warning"
    return "dropped_silently" if call.kind == "operation" else "dropped_by_layer"
