"""Where the mask was lost that a call lacks: the way back along its inputs.

It leads to where a mask that was right went in and none, or a wrong one, came out. The words on each
cause are in `fault_sentences`.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from maskdemo.audit.cures import marked, repeats
from maskdemo.audit.layer_kinds import ATTENTION, RECURRENT, is_a
from maskdemo.audit.pair import TracePair, mask_of
from maskdemo.audit.trace import Call, InputTensor

MASK_MAKERS = ("Masking", "Embedding", "ReversibleEmbedding")
MERGING_LAYERS = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
_MODELS = ("Functional", "Sequential", "Model")


def lost_before(
    call: Call, pair: TracePair, cache: dict[int, list[tuple[str, Call]]] | None = None
) -> list[tuple[str, Call]]:
    """Return (cause, call) for each place where a right mask, which a call's input lacks, was lost.

    cause: a name in `CAUSES`. Each pair comes once; none if no right mask was made before the call.
    cache: results by the `order` of calls, read and filled, as branches that meet are followed once.
    """
    cache = {} if cache is None else cache
    if call.order in cache:
        return cache[call.order]
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
            if (remover := _mask_remover(input_tensor, pair)) is not None:
                result.append(("taken_off", remover))
            elif any(pair.received(maker, each) == "right" for each in _first_inputs(maker, pair)):
                removers = [_mask_remover(each, pair) for each in _first_inputs(maker, pair)]
                removed = [("taken_off", remover) for remover in removers if remover is not None]
                cause = _cause_of_dropped_mask(maker, pair)
                earlier = lost_before(maker, pair, cache) if cause == "mixed" else []
                result += removed or earlier or [(cause, maker)]
            elif is_a(maker.layer, *MASK_MAKERS) and pair.passed(maker, 0) == "wrong":
                result.append(("mask_never_matches", maker))
            else:
                waiting.append(maker)
    cache[call.order] = list(dict.fromkeys(result))
    return cache[call.order]


def taken_by_number_before(call: Call, pair: TracePair) -> Call | None:
    """Return the first GetItem or Cropping1D back from a call's wrong mask that takes padding as real.

    That is, its outputs hold other, more or fewer real steps with padding. None without such a call.
    """
    waiting = [each for each in pair.time_inputs(call) if pair.received(call, each) == "wrong"]
    visited: set[int] = set()
    while waiting:
        maker = waiting.pop().maker
        if maker is None or maker.order in visited:
            continue
        visited.add(maker.order)
        if is_a(maker.layer, "GetItem", "Cropping1D"):
            got = mask_of(marked(repeats(maker, pair)[1])[0] != 0)
            if (got != pair.right_mask(pair.twin(maker).outputs[0], maker.outputs[0])).any():
                return maker
        waiting += pair.time_inputs(maker)
    return None


def dropped_before_output(pair: TracePair, index: int) -> Call | None:
    """Return the call that lost the mask of output `index` of the model; None if no mask was made."""
    call = pair.padded.output_makers[index] or pair.padded.calls[-1]
    if any(pair.received(call, each) == "right" for each in _first_inputs(call, pair)):
        return call
    return next((at_fault for _, at_fault in lost_before(call, pair)), None)


def _first_inputs(call: Call, pair: TracePair) -> list[InputTensor]:
    """Return the input tensors with a time axis in the first argument of a call."""
    timed = pair.time_inputs(call)
    return [each for each in call.inputs[: call.count_in_first] if each in timed]


def _mask_remover(input_tensor: InputTensor, pair: TracePair) -> Call | None:
    """Return the call that removed a right mask, which its maker attached, from a tensor; else None."""
    maker = input_tensor.maker
    if maker is None or input_tensor.mask is not None:
        return None
    if pair.passed(maker, input_tensor.output_index) != "right":
        return None
    return next((call for call in pair.padded.calls if input_tensor.key in call.unmasked_keys), None)


def _last_masked_before(receiver: Call, pair: TracePair) -> Call | None:
    """Return the last call before `receiver`, on any branch, whose first output had a right mask."""
    for call in reversed(pair.padded.calls[: receiver.order]):
        if pair.timed_outputs(call) and pair.passed(call, 0) == "right":
            return call
    return None


def cause_of_ignored_mask(call: Call) -> str:
    """Return the cause where a call moves although all its masks are right.

    The first that fits: "initial_state" (a recurrent layer that is passed a state, but no `mask=`),
    "own_code" (a model), "dropped_with_warning" (Keras warned in the call), "dropped_silently" (an
    operation) or "ignored" (any other layer).
    """
    has_state = len(call.inputs) > call.count_in_first
    if is_a(call.layer, *RECURRENT) and has_state and call.explicit_masks is None:
        return "initial_state"
    if is_a(call.layer, *_MODELS):
        return "own_code"
    if call.warned:
        return "dropped_with_warning"
    return "dropped_silently" if call.kind == "operation" else "ignored"


def _cause_of_dropped_mask(call: Call, pair: TracePair) -> str:
    """Return the cause where a right mask went into a call and did not come out.

    "mixed" (by a merging layer with an input without right mask), "recurrent_passes_none" (also of a
    TimeDistributed), "dropped_with_warning", "dropped_silently" (an operation), "dropped_by_layer".
    """
    # A gate for all steps has no mask, so Multiply drops that of the steps; Dot never passes any on.
    merged = call.inputs[: call.count_in_first]
    merged = _first_inputs(call, pair) if is_a(call.layer, "Dot") else merged
    if is_a(call.layer, *MERGING_LAYERS) and any(
        pair.received(call, each) != "right" for each in merged
    ):
        return "mixed"
    if is_a(call.layer, *RECURRENT, "Bidirectional", "TimeDistributed"):
        return "recurrent_passes_none"
    if call.warned:
        return "dropped_with_warning"
    return "dropped_silently" if call.kind == "operation" else "dropped_by_layer"


def was_handed_a_mask(call: Call) -> bool:
    """Whether a call was passed, as `mask=`, another mask (by value) than its input's maker made.

    Any mask that is passed to attention by a keyword that ends in `_mask` counts.
    """
    if is_a(call.layer, *ATTENTION) and any(
        name.endswith("_mask") and mask is not None and not isinstance(mask, bool)
        for name, mask in call.arguments[1].items()
    ):
        return True
    if call.explicit_masks is None:
        return False
    for place, each in enumerate(call.inputs[: call.count_in_first]):
        attached: Any = None if each.maker is None else each.maker.masks[each.output_index]
        if not np.array_equal(attached, call.mask_at(place)):  # pyrefly: ignore[bad-argument-type]
            return True
    return False
