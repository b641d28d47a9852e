"""Turn faults and measures into findings, and the traced calls into the table of layers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from maskdemo.audit.cures import HANDED_ON
from maskdemo.audit.fault_sentences import CAUSES
from maskdemo.audit.faulty_layer import Fault
from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.lost_mask import MASK_MAKERS, MERGING_LAYERS
from maskdemo.audit.mask_path import by_branch, sources_of
from maskdemo.audit.output_change import Measure
from maskdemo.audit.pair import State, TracePair
from maskdemo.audit.report import Finding, LayerRow
from maskdemo.audit.trace import Call
from maskdemo.titles import SIDES

#: Causes of layers that receive the right mask and read padding all the same.
IGNORING = ("ignored", "initial_state")
#: Layers with the same fault that a sentence names.
MAX_NAMES = 12
_RANK = ("leak", "trap", "inherent", "note")


def findings_of(
    faults: list[Fault],
    sentence: str,
    largest: float | None,
    unexplained: tuple[str, str] | None = None,
) -> list[Finding]:
    """Return a finding for each cause and layer, but one for all layers of cause "no_mask".

    They are in the order of the calls. sentence: what was measured, without its full stop. largest: in
    every finding, how far the model's outputs moved; None if not measured. unexplained: name and class
    of a model whose outputs still move once all faults are put right, for a last finding.
    """
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in sorted(faults, key=lambda each: each.order):
        layer = "" if fault.cause == "no_mask" else fault.layer
        groups.setdefault((fault.cause, layer), []).append(fault)
    findings = [
        Finding(
            cause=group[0].cause,
            layer=group[0].layer,
            of_class=group[0].of_class,
            seen=_seen(group, sentence),
            largest=largest,
            cures=_programs(group),
        )
        for group in groups.values()
    ]
    if unexplained is not None:
        explained = any(CAUSES[each.cause].severity == "leak" for each in faults)
        findings.append(
            Finding(
                cause="more_at_fault" if explained else "own_code",
                layer=unexplained[0],
                of_class=unexplained[1],
                seen=f"{sentence}.",
                largest=largest,
                cures=(),
            )
        )
    return findings


def _seen(group: list[Fault], sentence: str) -> str:
    """Return the measurement, the layer where it first shows, and others with the fault, as sentences.

    For a cause of the severity "inherent" only how far the first mover's own outputs move.
    """
    first = group[0]
    if CAUSES[first.cause].severity == "inherent":
        return (
            f"Its outputs move by {first.change:.0%} of the largest, whatever stands at padded steps."
        )
    text = f"{sentence}, first {'before' if first.before else 'after'} {first.mover}{first.within}."
    if first.mover != first.layer and first.cure not in ("", HANDED_ON):
        text += f" The cure that is shown is for {first.mover}."
    others = list(dict.fromkeys(each.layer for each in group if each.layer != first.layer))
    if others:
        text += f" The same holds for {names_text(others)}."
    return text


def names_text(names: list[str]) -> str:
    """Return names in words, such as "a, b and c": the first MAX_NAMES, and how many more there are."""
    if len(names) > MAX_NAMES:
        return f"{', '.join(names[:MAX_NAMES])} and {len(names) - MAX_NAMES} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _programs(group: list[Fault]) -> tuple[str, ...]:
    """Return the distinct programs of cures; for HANDED_ON that of the cause, for "" none."""
    own = CAUSES[group[0].cause].fix
    programs = [own if each.cure == HANDED_ON else each.cure for each in group]
    return tuple(dict.fromkeys(each for each in programs if each))


def measurement_sentence(leaking: list[Measure]) -> str:
    """Return a sentence, without full stop, on the padding that moves outputs furthest; "" for none."""
    if not leaking:
        return ""
    worst = max(leaking, key=lambda each: (each.largest, each.added))
    side = SIDES[worst.side].phrase
    steps = f"{worst.added} {'step' if worst.added == 1 else 'steps'} of padding"
    where = f"With {steps} {side}" if worst.added else f"In a batch with longer ones, padded {side}"
    far = "altogether" if math.isinf(worst.largest) else f"by up to {worst.largest:.2g}"
    what = "what goes into the last activation moves" if worst.before_activation else "outputs move"
    return (
        f"{where}, {what} {far} ({worst.moved} of {worst.of} sequences; rounding is below "
        f"{worst.tolerance:.1g})"
    )


def without_repetition(findings: Iterable[Finding], earlier: list[Finding]) -> list[Finding]:
    """Return findings without those on the loss that an earlier finding explains.

    That is "loss_counts_padding" after any "no_mask" or a leak of the same layer, and
    "output_unmasked" after any "no_mask".
    """
    layers = {each.layer for each in earlier if each.severity == "leak"}
    no_mask = any(each.cause == "no_mask" for each in earlier)
    return [
        each
        for each in findings
        if not (each.cause == "loss_counts_padding" and (no_mask or each.layer in layers))
        and not (each.cause == "output_unmasked" and no_mask)
    ]


def ranked(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted by severity: leaks first, notes last."""
    return tuple(sorted(findings, key=lambda each: _RANK.index(each.severity)))


def layer_rows(
    pair: TracePair, at_fault: Mapping[str, str], changes: Mapping[str, float]
) -> tuple[LayerRow, ...]:
    """Return a row per call on the mask's path, branch by branch; inner calls, not their containers.

    at_fault: causes by the name of the layer. changes: how far each layer's output moved, by name.
    """
    sources = sources_of([each for each in pair.padded.calls[:-1] if _is_on_path(each, pair)], pair)
    calls, rows = by_branch(sources), []
    for call in calls:
        received, passed = _received_state(call, pair), _passed_state(call, pair)
        rows.append(
            LayerRow(
                name=call.name,
                of_class=type(call.layer).__name__,
                received=received,
                passed=passed,
                change="ignores it"
                if at_fault.get(call.name) in IGNORING
                else _mask_change(call, received, passed),
                at_fault=call.name in at_fault,
                moved=changes.get(call.name),
                sources=tuple((calls.index(each), state) for each, state in sources[call].items()),
            )
        )
    return tuple(rows)


def _is_on_path(call: Call, pair: TracePair) -> bool:
    """Whether a call takes in a tensor with a time axis and puts out floats, and is no container."""
    return bool(
        not call.is_container and call.outputs and pair.time_inputs(call) and call.has_float_outputs
    )


def _received_state(call: Call, pair: TracePair) -> State:
    """Return the mask state of a call's first sequence; "wrong" if a merging layer's states differ."""
    states: list[State] = [pair.received(call, input_tensor) for input_tensor in pair.time_inputs(call)]
    return "wrong" if is_a(call.layer, *MERGING_LAYERS) and len(set(states)) > 1 else states[0]


def _passed_state(call: Call, pair: TracePair) -> str:
    """Return the state of the mask of a call's first output; "ends" where no output has a time axis."""
    return pair.passed(call, 0) if pair.outputs_time_axis(call) else "ends"


def _mask_change(call: Call, received: str, passed: str) -> str:
    """Return what a call does with the mask, such as "keeps it", from the states before and after."""
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
