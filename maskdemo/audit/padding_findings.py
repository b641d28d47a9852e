"""Findings about padding: where outputs move, also within a fixed length."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from maskdemo.audit.cures import HANDED_ON
from maskdemo.audit.exception_sentences import short_reason
from maskdemo.audit.fault_sentences import CAUSES
from maskdemo.audit.faulty_layer import Fault, faults
from maskdemo.audit.output_change import Measure
from maskdemo.audit.padding_within_length import pair_without_padding, readers_of_padding
from maskdemo.audit.pair import TracePair
from maskdemo.audit.report import Finding
from maskdemo.audit.trial import Trial
from maskdemo.errors import UnsupportedModel
from maskdemo.titles import SIDES

#: Layers with the same fault that a sentence names.
MAX_NAMES = 12
#: Said of outputs whose padding is not at one end.
JOINED = (
    "Padding stands between real steps of the outputs, as sequences are joined: they were compared "
    "where their masks are True."
)


def padding_findings(
    trial: Trial, measures: list[Measure]
) -> tuple[list[Finding], TracePair | None, dict[str, float]]:
    """Return findings about padding, traces, and the share by which calls at fault moved, by name.

    measures: changed in place: outputs whose padding stands between joined sequences get `moved` 0 and
    a new `largest` if they stand still where their masks are True. Where the search fails: no findings,
    None and a note, or UnsupportedModel if a measure leaks.
    """
    try:
        return _findings_by_tracing(trial, measures)
    except Exception as failure:  # whatever a model or the search itself raises
        reason = short_reason(failure)
        leaking = [each for each in measures if each.leaks]
        if leaking:
            raise UnsupportedModel(
                f"Outputs move by up to {max(each.largest for each in leaking):.2g} with padding, and "
                f"whether a mask can help cannot be told: the search for the layer failed. {reason}"
            ) from failure
        trial.notes.append(f"Its layers and its loss were not looked at: {reason}")
        return [], None, {}


def _findings_by_tracing(
    trial: Trial, measures: list[Measure]
) -> tuple[list[Finding], TracePair, dict[str, float]]:
    """Return what `padding_findings` does; raise what tracing raises.

    A leak of each side is traced and explained. The traces are those of the first, or of any measure.
    """
    all_faults: list[Fault] = []
    first_pair: TracePair | None = None
    still_moves = False
    leaking = [each for each in measures if each.leaks]
    for side in dict.fromkeys(each.side for each in leaking):
        measures_of_side = [each for each in leaking if each.side == side]
        # Seven steps are quickly traced; fewer may hide behind a window, or be none for some lengths.
        chosen = next((each for each in measures_of_side if each.added >= 7), measures_of_side[-1])
        pair = trial.pair(chosen)
        side_faults, change = faults(pair)
        all_faults += side_faults
        first_pair = first_pair or pair
        if not side_faults and _outputs_hold_masked_steps(pair):
            timed = pair.timed_outputs(pair.padded.calls[-1])
            still = [each for each in measures_of_side if each.output in timed]
            for each in still:
                measures[measures.index(each)] = replace(each, moved=0, largest=change * each.scale)
                leaking.remove(each)
            if JOINED not in trial.notes:
                trial.notes.append(JOINED)
            if len(still) == len(measures_of_side):
                continue
        still_moves = still_moves or change > trial.tolerance or not side_faults
    if first_pair is None:
        first_pair = trial.pair(next((each for each in measures if each.added), measures[-1]))
    largest = max((each.largest for each in leaking), default=0.0)
    model = trial.model if still_moves else None
    findings = findings_of(all_faults, measurement_sentence(leaking), largest, model)
    return findings, first_pair, {each.mover: each.change for each in all_faults}


def _outputs_hold_masked_steps(pair: TracePair) -> bool:
    """Whether outputs stand still, and their masks are True at the very steps that do."""
    model = pair.padded.calls[-1]
    return not pair.moves() and all(
        pair.passed(model, at) == "right" and model.masks[at] is not None
        for at in pair.timed_outputs(model)
    )


def findings_within_fixed_length(
    trial: Trial, pair: TracePair | None, earlier: list[Finding]
) -> list[Finding]:
    """Return findings, of other cause or layer than `earlier`, on padding within a fixed length.

    pair: traces of sequences that were moved within that length; None without. earlier: the findings
    from these; where one is a leak and none is "positions", nothing more is sought: []. Raises
    UnsupportedModel where no other way can tell; [] then, too, if one is a leak.
    """
    leaks = any(each.severity == "leak" for each in earlier)
    if leaks and all(each.cause != "positions" for each in earlier):
        return []
    known = {(each.cause, each.layer) for each in earlier}
    try:
        found = _fixed_length_findings(trial, pair)
    except UnsupportedModel:
        if leaks:
            return []
        raise
    return [each for each in found if (each.cause, each.layer) not in known]


def _fixed_length_findings(trial: Trial, pair: TracePair | None) -> list[Finding]:
    """Return findings from a shorter copy, or else from other numbers at padded steps.

    Raises UnsupportedModel where neither can tell.
    """
    alone = pair_without_padding(trial)
    if alone is not None:
        trial.notes.append("It was compared with a copy that is as short as the sequences.")
        if alone.stands_still():
            return []
        seen = f"Without any padding, as a shorter copy, outputs move by {alone.furthest():.0%}"
        found, left = faults(alone)
        model = trial.model if left > trial.tolerance or not found else None
        return findings_of(found, f"{seen} of the largest", None, model)
    found, furthest, not_tried = [], 0.0, "its layers cannot be traced"
    if pair is not None:
        found, furthest, not_tried = readers_of_padding(pair)
    if not found and not_tried:
        raise UnsupportedModel(
            "Whether padding leaks cannot be told: the model takes one length, no copy of it runs on "
            f"another, and {not_tried}, so a mean or sum over all steps would not be seen. Build it "
            "for any length, with Input((None, ...)), and audit that."
        )
    seen = f"With other numbers at padded steps, outputs move by up to {furthest:.0%} of the largest"
    return findings_of(found, seen, None)


def findings_of(
    found: list[Fault],
    sentence: str,
    largest: float | None,
    still_moving: Any = None,
) -> list[Finding]:
    """Return a finding for each cause and layer, but one for all layers of cause "no_mask".

    They are in the order of the calls. sentence: what was measured, without its full stop. largest: in
    every finding, how far the model's outputs moved; None if not measured. still_moving: a model whose
    outputs still move once all faults are put right, for a last finding.
    """
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in sorted(found, key=lambda each: each.order):
        layer = "" if fault.cause == "no_mask" else fault.layer
        groups.setdefault((fault.cause, layer), []).append(fault)
    findings = [
        Finding(
            cause=group[0].cause,
            layer=group[0].layer,
            of_class=group[0].of_class,
            seen=_seen_sentences(group, sentence),
            largest=largest,
            cures=_cure_programs(group),
        )
        for group in groups.values()
    ]
    if still_moving is not None:
        explained = any(CAUSES[each.cause].severity == "leak" for each in found)
        cause = "more_at_fault" if explained else "own_code"
        seen = f"{sentence}."
        findings.append(Finding.about(still_moving, cause, seen, largest=largest, cures=()))
    return findings


def _seen_sentences(group: list[Fault], sentence: str) -> str:
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


def _cure_programs(group: list[Fault]) -> tuple[str, ...]:
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
