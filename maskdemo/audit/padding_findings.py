"""Findings about padding: where outputs move, also within a fixed length."""

from __future__ import annotations

from dataclasses import replace

from maskdemo.audit.error_sentences import short_reason
from maskdemo.audit.faulty_layer import Fault, faults
from maskdemo.audit.findings import findings_of, measurement_sentence
from maskdemo.audit.output_change import Measure
from maskdemo.audit.padding_within_length import pair_without_padding, readers_of_padding
from maskdemo.audit.pair import TracePair
from maskdemo.audit.report import Finding
from maskdemo.audit.trial import Trial
from maskdemo.errors import UnsupportedModel

#: Said of outputs whose padding is not at one end.
JOINED = (
    "Padding stands between real steps of the outputs, as sequences are joined: they were compared "
    "where their masks are True."
)


def padding_findings(
    trial: Trial, measures: list[Measure], tolerance: float
) -> tuple[list[Finding], TracePair | None, dict[str, float]]:
    """Return findings about padding, traces, and the share by which calls at fault moved, by name.

    tolerance: the share of its largest number that a call may move by rounding. measures: changed in
    place: outputs whose padding stands between joined sequences get `moved` 0 and a new `largest` if
    they stand still where their masks are True. Where the search fails: no findings, None and a note,
    or UnsupportedModel if a measure leaks.
    """
    try:
        return _explained(trial, measures, tolerance)
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


def _explained(
    trial: Trial, measures: list[Measure], tolerance: float
) -> tuple[list[Finding], TracePair, dict[str, float]]:
    """Return what `padding_findings` does; raise what tracing raises.

    A leak of each side is traced and explained. The traces are those of the first, or of any measure.
    """
    all_faults: list[Fault] = []
    first_pair: TracePair | None = None
    unexplained = False
    leaking = [each for each in measures if each.leaks]
    for side in dict.fromkeys(each.side for each in leaking):
        measures_of_side = [each for each in leaking if each.side == side]
        # Seven steps are quickly traced; fewer may hide behind a window, or be none for some lengths.
        chosen = next((each for each in measures_of_side if each.added >= 7), measures_of_side[-1])
        pair = trial.pair(chosen)
        side_faults, change = faults(pair, tolerance)
        all_faults += side_faults
        first_pair = first_pair or pair
        if not side_faults and _holds_masked_steps(pair, tolerance):
            still = [each for each in measures_of_side if each.output in _outputs_with_time_axis(pair)]
            for each in still:
                measures[measures.index(each)] = replace(each, moved=0, largest=change * each.scale)
                leaking.remove(each)
            if JOINED not in trial.notes:
                trial.notes.append(JOINED)
            if len(still) == len(measures_of_side):
                continue
        unexplained = unexplained or change > tolerance or not side_faults
    if first_pair is None:
        first_pair = trial.pair(next((each for each in measures if each.added), measures[-1]))
    model = (trial.model.name, type(trial.model).__name__)
    largest = max((each.largest for each in leaking), default=0.0)
    findings = findings_of(
        all_faults, measurement_sentence(leaking), largest, model if unexplained else None
    )
    return findings, first_pair, {each.mover: each.change for each in all_faults}


def _outputs_with_time_axis(pair: TracePair) -> list[int]:
    """Return the indices of the model's outputs with a time axis."""
    both = zip(pair.unpadded.outputs, pair.padded.outputs, strict=True)
    return [at for at, each in enumerate(both) if pair.has_time_axis(*each)]


def _holds_masked_steps(pair: TracePair, tolerance: float) -> bool:
    """Whether outputs stand still, and their masks are True at the very steps that do."""
    model = pair.padded.calls[-1]
    return not pair.moves(tolerance) and all(
        pair.passed(model, at) == "right" and model.masks[at] is not None
        for at in _outputs_with_time_axis(pair)
    )


def findings_within_fixed_length(
    trial: Trial, pair: TracePair | None, tolerance: float, earlier: list[Finding]
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
        found = _without_moving(trial, pair, tolerance)
    except UnsupportedModel:
        if leaks:
            return []
        raise
    return [each for each in found if (each.cause, each.layer) not in known]


def _without_moving(trial: Trial, pair: TracePair | None, tolerance: float) -> list[Finding]:
    """Return findings from a shorter copy, or else from other numbers at padded steps.

    Raises UnsupportedModel where neither can tell.
    """
    alone = pair_without_padding(trial.model, trial.samples, tolerance)
    if alone is not None:
        trial.notes.append("It was compared with a copy that is as short as the sequences.")
        if alone.stands_still(tolerance):
            return []
        seen = f"Without any padding, as a shorter copy, outputs move by {alone.furthest():.0%}"
        found, left = faults(alone, tolerance)
        model = (trial.model.name, type(trial.model).__name__)
        return findings_of(
            found, f"{seen} of the largest", None, model if left > tolerance or not found else None
        )
    found, furthest, not_tried = ([], 0.0, "") if pair is None else readers_of_padding(pair, tolerance)
    if not found and (not_tried or pair is None):
        raise UnsupportedModel(
            "Whether padding leaks cannot be told: the model takes one length, no copy of it runs on "
            f"another, and {not_tried or 'its layers cannot be traced'}, so a mean or sum over all "
            "steps would not be seen. Build it for any length, with Input((None, ...)), and audit that."
        )
    seen = f"With other numbers at padded steps, outputs move by up to {furthest:.0%} of the largest"
    return findings_of(found, seen, None)
