"""`audit`: whether padding leaks into a Keras model, and where the mask was lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from maskdemo.audit import running, telling, traps
from maskdemo.audit.behaviour import ADDED, Measure
from maskdemo.audit.blame import Fault, faults
from maskdemo.audit.entries import entries_of
from maskdemo.audit.failures import reason
from maskdemo.audit.flexible import any_length
from maskdemo.audit.pair import Pair
from maskdemo.audit.path import layer_rows
from maskdemo.audit.report import Finding, Report, Tried
from maskdemo.audit.samples import DRAWN, SEED, Row, Side, given
from maskdemo.audit.training import is_labelled_by_step, training_findings
from maskdemo.audit.trying import Trial
from maskdemo.audit.weights import drawn_weights
from maskdemo.errors import UnsupportedModel

#: A call within the model may move by this share of its largest number before it counts as moved.
_CALL_ROOM = {"float64": 1e-9, "float32": 2e-5, "float16": 2e-2, "bfloat16": 1e-1}
#: Between a model and its saved copy or its graph this share of an output is rounding.
_COPY_ROOM = {"float64": 1e-8, "float32": 1e-4, "float16": 1e-1, "bfloat16": 0.5}
#: The chance with which a leak of the size that `power` names would be missed.
_MISSED = 0.05


def audit(
    model: Any,
    sequences: Any = None,
    *,
    pad_value: Any = None,
    sides: Sequence[Side] = ("post", "pre"),
    added: Sequence[int] = ADDED,
    trained: bool = False,
    saved: bool = True,
    seed: int = SEED,
    count: int = DRAWN,
    tell: Callable[[str], None] = lambda stage: None,
) -> Report:
    """Find out whether padding changes what a Keras model says, and at which layer.

    model: a built keras.Model of any kind. It is left as it was.
    sequences: a list of arrays (steps, ...), without padding; for several inputs a mapping of their
    names to such lists. Drawn with `seed` where none are given.
    pad_value: what padded steps hold, or a mapping of input names to that; by default the mask value
    of the model's Masking layer, else 0.
    added: padded steps beyond the longest sequence.
    trained: measure with the model's own weights. By default they are replaced by drawn ones while the
    audit lasts: a leak is a matter of structure, and new weights, whose biases are 0, hide it.
    saved: also compare with a copy that is saved and loaded.
    count: how many sequences to draw.
    tell: called with a few words on what is being done.

    Raises UnsupportedModel with a sentence for people where nothing can be said.
    """
    if not hasattr(model, "_flatten_layers"):
        raise UnsupportedModel("This is not a Keras model.")
    names = [each._keras_history.operation.name for each in getattr(model, "inputs", None) or ()]
    rows = None if sequences is None else given(sequences, names)
    if rows is not None and not model.built:
        _build(model, rows)
    entries = entries_of(model, rows, pad_value)
    opened = None
    if any(entry.steps is not None for entry in entries):
        opened = any_length(model, entries)
    if opened is not None:
        model, entries = opened, entries_of(opened, rows, pad_value)
    precision = _precision(model)
    with nullcontext() if trained else drawn_weights(model, seed):
        tell("Trying sequences without padding")
        trial = Trial(
            model, entries, rows, precision=precision, opened=opened is not None, seed=seed, count=count
        )
        if opened is not None:
            trial.notes.append("It was tried as a copy that takes any length; its Input fixes one.")
        tell("Adding padding")
        measures = trial.measures(sides, added)
        tell("Looking where the mask is lost")
        findings, pair, moved = _explained(trial, measures, precision)
        tell("Looking for other traps")
        findings += trial.findings + _others(trial, saved, _COPY_ROOM[precision])
        findings += traps.told_by_reading(model, pair, tuple(sides))
        tell("Looking at the loss")
        findings += telling.new(training_findings(model, pair, trial.notes), findings)
        if not model.compiled and is_labelled_by_step(pair):
            trial.notes.append("It is not compiled: its own loss and metrics were not tried.")
        guilty = {each.layer: each.cause for each in findings if each.severity == "leak"}
        return Report(
            model=model.name,
            findings=telling.ranked(findings),
            measures=tuple(measures),
            layers=layer_rows(pair, guilty, moved),
            outputs=tuple(getattr(model, "output_names", ())),
            tried=_tried(trial, sides, added, precision, trained),
        )


def _explained(
    trial: Trial, measures: list[Measure], precision: str
) -> tuple[list[Finding], Pair, dict[str, float]]:
    """Findings about padding; a pair of traces without repairs; how far calls moved."""
    found: list[Fault] = []
    traced: Pair | None = None
    rest = False
    leaking = [each for each in measures if each.leaks]
    for side in dict.fromkeys(each.side for each in leaking):
        mine = [each for each in leaking if each.side == side]
        # Seven steps are quickly traced; fewer may hide behind a window, or be none for some lengths.
        chosen = next((each for each in mine if each.added >= 7), mine[-1])
        pair = trial.pair(chosen)
        here, moves = faults(replace(pair), _CALL_ROOM[precision])
        found += here
        rest = rest or moves > _CALL_ROOM[precision] or not here
        traced = traced or pair
    if traced is None:
        traced = trial.pair(next((each for each in measures if each.added), measures[-1]))
    model = (trial.model.name, type(trial.model).__name__)
    findings = telling.told(found, leaking, model, rest)
    return findings, traced, {each.mover: each.moved for each in found}


def _others(trial: Trial, saved: bool, room: float) -> list[Finding]:
    ways: dict[str, Any] = {"graph_differs": trial.graph}
    if saved:
        try:
            copy = traps.saved_copy(trial.model)
            ways["saved_differs"] = lambda batch: running.eager(copy, batch)
        except Exception as refused:  # a class that is not registered, a disk that is full
            trial.notes.append(f"It could not be saved and loaded: {reason(refused)}")
    findings = list(traps.other_ways(trial.outputs, ways, trial.mixed(), room))
    if trial.reference.rows_mix:
        findings.append(
            Finding(
                cause="rows_mix",
                layer="",
                of_class="",
                seen=f"Outputs move by {max(trial.reference.noise):.2g} between a batch and alone.",
                largest=max(trial.reference.noise),
            )
        )
    if trial.steps is None:
        findings += traps.empty_row(trial.model, trial.run, trial.samples, trial.reference)
    if not trial.drawn:
        findings += traps.real_rows_masked(trial.model, trial.samples)
    return findings


def _tried(
    trial: Trial, sides: Sequence[Side], added: Sequence[int], precision: str, trained: bool
) -> Tried:
    import keras

    count = len(trial.samples.rows)
    lengths = {each for row in trial.samples.rows for each in trial.samples.lengths(row)}
    share = 1 - _MISSED ** (1 / count)
    return Tried(
        sequences=count,
        lengths=tuple(sorted(lengths)),
        drawn=trial.drawn,
        sides=tuple(sides),
        added=tuple(added) if trial.steps is None else (),
        pad_values={entry.name: entry.pad_value for entry in trial.entries if entry.is_sequence},
        weights="its own" if trained else "drawn",
        precision=precision,
        power=f"A leak that moves the outputs of more than {share:.0%} of such sequences would have "
        f"been seen with {1 - _MISSED:.0%} certainty.",
        also=tuple(trial.notes),
        left_out=len(trial.left_out),
        why_left_out=trial.why_left_out(),
        keras=str(keras.__version__),
    )


def _build(model: Any, rows: Sequence[Row]) -> None:
    try:
        running.eager(model, {name: np.asarray(array)[None] for name, array in rows[0].items()})
    except Exception as refused:
        raise UnsupportedModel(
            f"The model cannot be run on these sequences: {reason(refused)}"
        ) from None


def _precision(model: Any) -> str:
    """The coarsest float that any layer computes in."""
    used = {layer.compute_dtype for layer in model._flatten_layers()} & set(_CALL_ROOM)
    if not used:
        raise UnsupportedModel(
            f"This model computes in {model.compute_dtype}: no tolerance is known for it."
        )
    return max(used, key=list(_CALL_ROOM).index)
