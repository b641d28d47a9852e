"""Which layer is at fault: a call whose inputs stand still at real steps and whose outputs move.

`lost_mask` says where the mask was lost that it lacks. Then the outputs of all such calls are put right
(at real steps they become those without padding) and the rest of the padded run is repeated: what still
moves has a fault of its own. A tensor moves by the largest |difference| that padding makes at its real
steps, as a share of its largest number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from maskdemo.audit.cures import COUNTED, OWN_CODE, cure_of, cure_of_wrong_mask
from maskdemo.audit.layer_kinds import is_own_code
from maskdemo.audit.lost_mask import (
    cause_of_ignored_mask,
    lost_before,
    taken_by_number_before,
    was_handed_a_mask,
)
from maskdemo.audit.pair import TracePair
from maskdemo.audit.positions_and_windows import (
    effects_of_windows,
    lays_out_positions,
    moves_with_position_alone,
)
from maskdemo.audit.trace import Call, InputTensor, Overrides

#: How often calls are put right, one after another, before the rest is left unexplained.
MAX_REPAIRS = 64


@dataclass(frozen=True)
class Fault:
    """A layer at fault.

    cause: a name in `CAUSES`. layer, of_class: its name and class. mover: the layer whose outputs move
    by `change` though its inputs do not; if `before`, the layer whose inputs own code moves. cure: of
    the mover, as `cure_of` returns it. order: index in the trace of the call at fault, of own code the
    mover's. within: " in " and the name of the nested model or layer that calls the mover, or "".
    """

    cause: str
    layer: str
    of_class: str
    mover: str
    change: float
    order: int
    cure: str = ""
    before: bool = False
    within: str = ""


@dataclass(frozen=True)
class _OwnCode:
    """Own code between layers that moves a tensor.

    container: the call of the layer or model whose code it is. before: the call that receives the
    tensor; None where the container returns it. change: how far the tensor moved, as a share.
    """

    container: Call
    before: Call | None
    change: float


def faults(pair: TracePair) -> tuple[list[Fault], float]:
    """Return the faults, one per cause, layer and mover, and how far the repaired model still moves.

    Calls are put right in up to MAX_REPAIRS rounds, as the module says. A round in which the model
    itself moves, or a call that `lays_out_positions`, is the last one, and the share is 0.
    """
    pair = replace(pair)  # the caller's stays as it is
    result: dict[tuple[str, str, str], Fault] = {}
    overrides = Overrides()
    weighing: set[int] = set()  # softmaxes whose cure gives padded steps the weight 0
    for _ in range(MAX_REPAIRS):
        movers, own_code = _first_to_move(pair)
        if own_code is None:
            found = [(call, fault) for call in movers for fault in _faults_at(call, pair)]
        else:
            found = [(own_code.container, _fault_of_own_code(own_code, pair))]
            if own_code.before is None:
                movers = [own_code.container]
            else:
                overrides.inputs[own_code.before.order] = _repaired_inputs(own_code.before, pair)
        for call, fault in found:
            result.setdefault((fault.cause, fault.layer, fault.mover), fault)
            weighing |= {call.order} if fault.cure.startswith("masked_softmax") else set()
        for call in movers:
            overrides.outputs[call.order] = [
                _repaired(unpadded, output, pair, zero=call.order in weighing)
                for unpadded, output in zip(pair.twin(call).outputs, call.outputs, strict=True)
            ]
        if pair.padded.calls[-1] in movers or any(lays_out_positions(each, pair) for each in movers):
            return list(result.values()), 0.0  # nothing comes after that, or nothing stays in place
        if not movers and own_code is None:
            if pair.by_unit or not replace(pair, by_unit=True).moves():
                break
            pair.by_unit = True  # a small unit beside a large one
            continue
        pair.rerun_padded(overrides)
    return list(result.values()), pair.furthest()


def _first_to_move(pair: TracePair) -> tuple[list[Call], _OwnCode | None]:
    """Return all calls, but containers, whose outputs move though no input does; and None.

    Where a tensor moves between calls before any such call returns: no calls, and that own code.
    """
    movers: list[Call] = []
    by_unit = replace(pair, by_unit=True)
    for call in pair.padded.calls:
        if call.returns_a_mask:
            continue
        change = pair.change(call)
        if call.is_container:
            if change > pair.tolerance and not movers:
                return [], _OwnCode(call, None, change)
            continue
        change_of_inputs = _inputs_change(call, pair)
        if change_of_inputs > pair.tolerance:
            if not movers:
                return [], _OwnCode(_container_of(call, pair), call, change_of_inputs)
            continue
        if change > pair.tolerance and _inputs_change(call, by_unit) <= pair.tolerance:
            movers.append(call)
    return movers, None


def _container_of(call: Call, pair: TracePair) -> Call:
    """Return the innermost layer or model around a call whose inputs stand still, else the model."""
    container = call.inside
    while container is not None and container.inside is not None:
        if all(_input_change(container, each, pair) <= pair.tolerance for each in container.inputs):
            return container
        container = container.inside
    return container or pair.padded.calls[-1]


def _inputs_change(call: Call, pair: TracePair) -> float:
    """Return how far the inputs of a call, without masks, move: the largest share; 0 without inputs."""
    return max(
        (_input_change(call, each, pair) for each in call.inputs if not each.is_mask), default=0.0
    )


def _input_change(call: Call, input_tensor: InputTensor, pair: TracePair) -> float:
    """Return how far a call's input moves, by `pair.share`: 0 where shapes do not fit."""
    unpadded = pair.twin(call).inputs[call.inputs.index(input_tensor)].array
    return pair.share(unpadded, input_tensor.array)


def _repaired(
    unpadded: np.ndarray, got: np.ndarray, pair: TracePair, *, zero: bool = False
) -> np.ndarray:
    """Return a copy of the padded array `got` with its real steps as in the unpadded array.

    zero: whether padded steps become 0. Where real steps cannot be told, they stay as in `got`; where
    they differ in shape, the unpadded array itself is returned.
    """
    got = np.where(pair.real_elements(unpadded, got)[1], got, 0.0) if zero else got.copy()
    index, real_steps = pair.real_index(unpadded, got), pair.real_steps(unpadded, got)
    if index is None or real_steps is None:
        return got
    if real_steps[1].shape != real_steps[0].shape:
        return unpadded
    got[index] = real_steps[0]
    return got


def _repaired_inputs(call: Call, pair: TracePair) -> dict[int, np.ndarray]:
    """Return index in `call.inputs` -> input, masks too, its real steps as they are without padding."""
    inputs = zip(pair.twin(call).inputs, call.inputs, strict=True)
    return {at: _repaired(twin.array, each.array, pair) for at, (twin, each) in enumerate(inputs)}


def _fault_of_own_code(own: _OwnCode, pair: TracePair) -> Fault:
    """Return the fault of own code: "positions" if only the index of steps moves it, else "own_code".

    Its mover is the call that receives the tensor or, without one, the container, which is at fault.
    """
    positions = moves_with_position_alone(own.container, pair)
    mover = own.before or own.container
    return Fault(
        cause="positions" if positions else "own_code",
        layer=own.container.name,
        of_class=type(own.container.layer).__name__,
        mover=mover.name,
        change=own.change,
        order=mover.order,
        before=own.before is not None,
        cure=OWN_CODE if is_own_code(own.container.layer) and not positions else "",
    )


def _faults_at(call: Call, pair: TracePair) -> list[Fault]:
    """Return a fault for each of `_causes_of` a call, which is their mover."""
    outer = call.inside
    return [
        Fault(
            cause=cause,
            layer=at_fault.name,
            of_class=type(at_fault.layer).__name__,
            mover=call.name,
            change=pair.change(call),
            order=at_fault.order,
            cure=cure,
            within=f" in {outer.name}" if outer is not None and outer.inside is not None else "",
        )
        for cause, at_fault, cure in _causes_of(call, pair)
    ]


def _causes_of(call: Call, pair: TracePair) -> list[tuple[str, Call, str]]:
    """Return why the outputs of a call move: at least one cause with the call at fault and the cure.

    The first that fits of: `effects_of_windows`, "positions", "other_steps", `cause_of_ignored_mask`,
    "wrong_mask", and all of `lost_before`, or else "no_mask".
    """
    if effects := effects_of_windows(call, pair):
        return [(cause, call, program) for cause, program in effects]
    if lays_out_positions(call, pair) or moves_with_position_alone(call, pair):
        return [("positions", call, "")]
    unmasked = [each for each in pair.time_inputs(call) if pair.received(call, each) != "right"]
    if (taker := taken_by_number_before(call, pair)) is not None:
        return [("other_steps", taker, COUNTED if cure_of_wrong_mask(call, pair) else "")]
    lost = lost_before(call, pair) or [("no_mask", call)]
    never_matches = any(cause == "mask_never_matches" for cause, _ in lost)
    if not unmasked:
        lost = [(cause_of_ignored_mask(call), call)]
    elif was_handed_a_mask(call) and not never_matches:
        return [("wrong_mask", call, cure_of_wrong_mask(call, pair))]
    cure = cure_of(call, pair)
    if not cure and any(pair.received(call, each) == "wrong" for each in unmasked):
        cure = cure_of_wrong_mask(call, pair)
    if cure == COUNTED and lost[0][1] is call:
        return [("other_steps", call, cure)]
    return [(cause, at_fault, cure) for cause, at_fault in lost]
