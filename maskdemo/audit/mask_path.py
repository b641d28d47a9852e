"""The path of the mask: a row per traced call, with the rows that it reads, in a readable order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.lost_mask import MASK_MAKERS, MERGING_LAYERS
from maskdemo.audit.pair import State, TracePair
from maskdemo.audit.report import LayerRow
from maskdemo.audit.trace import Call

#: The calls whose outputs a call takes in, each with the state of the mask that comes along.
Sources = dict[Call, State]
#: Causes of layers that receive the right mask and read padding all the same.
_IGNORING = ("ignored", "initial_state")


def layer_rows(
    pair: TracePair, at_fault: Mapping[str, str], changes: Mapping[str, float]
) -> tuple[LayerRow, ...]:
    """Return a row per call on the mask's path, branch by branch; inner calls, not their containers.

    at_fault: causes by the name of the layer. changes: how far each layer's output moved, by name.
    """
    on_path = [
        call
        for call in pair.padded.calls[:-1]
        if not call.is_container and call.has_float_outputs and pair.time_inputs(call)
    ]
    sources = _sources_of(on_path, pair)
    calls, rows = _by_branch(sources), []
    for call in calls:
        received = _received_state(call, pair)
        passed = pair.passed(call, 0) if pair.timed_outputs(call) else "ends"
        rows.append(
            LayerRow(
                name=call.name,
                of_class=type(call.layer).__name__,
                received=received,
                passed=passed,
                change="ignores it"
                if at_fault.get(call.name) in _IGNORING
                else _mask_change(call, received, passed),
                at_fault=call.name in at_fault,
                moved=changes.get(call.name),
                sources=tuple((calls.index(each), state) for each, state in sources[call].items()),
            )
        )
    return tuple(rows)


def _received_state(call: Call, pair: TracePair) -> State:
    """Return the mask state of a call's first sequence; "wrong" if a merging layer's states differ."""
    states = [pair.received(call, each) for each in pair.time_inputs(call)]
    return "wrong" if is_a(call.layer, *MERGING_LAYERS) and len(set(states)) > 1 else states[0]


def _mask_change(call: Call, received: str, passed: str) -> str:
    """Return what a call does with the mask, such as "keeps it", from the states before and after.

    passed: "ends" where no output has a time axis.
    """
    if call.unmasked_keys:
        return "hides it from others"
    if is_a(call.layer, *MASK_MAKERS) and passed == "right":
        return "makes it"
    if passed == "ends" and not call.warned:
        return {"right": "uses it up", "none": "reads every step"}.get(received, "uses a wrong one")
    if received == "right":
        if passed == "right":
            return "keeps it"
        if passed == "wrong":
            return "changes it"
        return "loses it, with a warning" if call.warned else "loses it silently"
    return {"right": "mends it", "wrong": "has a wrong one"}.get(passed, "has none")


def _sources_of(calls: Sequence[Call], pair: TracePair) -> dict[Call, Sources]:
    """Map each call to the nearest of `calls` before it, these to the mask state that first arrives."""
    chosen, cache = set(calls), dict[Call, list[Call]]()
    result: dict[Call, Sources] = {}
    for call in calls:
        sources: Sources = {}
        for input_tensor in pair.time_inputs(call):
            for maker in _chosen_makers(input_tensor.maker, chosen, pair, cache):
                sources.setdefault(maker, pair.received(call, input_tensor))
        result[call] = sources
    return result


def _chosen_makers(
    maker: Call | None, chosen: set[Call], pair: TracePair, cache: dict[Call, list[Call]]
) -> list[Call]:
    """Return `maker` if it is chosen, else the nearest chosen calls before it; [] if it has no floats.

    cache: results for other calls, read and filled, as branches that meet are followed once.
    """
    if maker is None or not maker.has_float_outputs:
        return []  # masks and token numbers are no part of the path
    if maker in chosen:
        return [maker]
    if maker not in cache:
        before = (_chosen_makers(each.maker, chosen, pair, cache) for each in pair.time_inputs(maker))
        cache[maker] = list(dict.fromkeys(each for makers in before for each in makers))
    return cache[maker]


def _by_branch(sources: dict[Call, Sources]) -> list[Call]:
    """Return the calls, each after its sources: first those ready that follow the last call directly.

    Keras runs branches in turns; here a branch comes whole, before the next branch.
    """
    waiting, result, done = list(sources), list[Call](), set[Call]()
    while waiting:
        ready = [call for call in waiting if sources[call].keys() <= done] or waiting
        following = (call for call in ready if result and result[-1] in sources[call])
        result.append(next(following, ready[0]))
        done.add(result[-1])
        waiting.remove(result[-1])
    return result
