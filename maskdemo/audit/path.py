"""The path of the mask through the layers: who makes it, keeps it, uses it up or loses it."""

from __future__ import annotations

from collections.abc import Mapping

from maskdemo.audit.blame import MAKERS, MERGING
from maskdemo.audit.entries import is_a
from maskdemo.audit.pair import Pair, State
from maskdemo.audit.report import LayerRow
from maskdemo.audit.trace import Call

#: A layer with such a fault has the mask and reads padding all the same.
IGNORING = ("ignored", "initial_state")


def layer_rows(
    pair: Pair, at_fault: Mapping[str, str], moved: Mapping[str, float]
) -> tuple[LayerRow, ...]:
    """One row a call, in order; calls of nested models and custom layers stand for their insides.

    at_fault: the cause, by the name of the layer.
    """
    rows = []
    for call in pair.padded.calls[:-1]:
        if call.is_container or not call.outputs or not pair.timed(call) or not call.floats:
            continue  # operations on masks and token numbers are no part of the path
        received, passed = _received(call, pair), _passed(call, pair)
        rows.append(
            LayerRow(
                name=call.name,
                of_class=type(call.layer).__name__,
                received=received,
                passed=passed,
                change="ignores it"
                if at_fault.get(call.name) in IGNORING
                else _change(call, received, passed),
                at_fault=call.name in at_fault,
                moved=moved.get(call.name),
            )
        )
    return tuple(rows)


def _received(call: Call, pair: Pair) -> State:
    states: list[State] = [pair.received(call, given) for given in pair.timed(call)]
    if is_a(call.layer, *MERGING):
        return states[0] if len(set(states)) == 1 else "wrong"
    return states[0]


def _passed(call: Call, pair: Pair) -> str:
    return pair.passed(call, 0) if pair.passes_time(call) else "ends"


def _change(call: Call, received: str, passed: str) -> str:
    if call.unmasked:
        return "hides it from others"
    if is_a(call.layer, *MAKERS) and passed == "right":
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
