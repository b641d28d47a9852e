"""`audit`: whether padding leaks into a Keras model, and where the mask was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from maskdemo.audit import run_model
from maskdemo.audit.exception_sentences import failure_sentence, short_reason
from maskdemo.audit.fault_sentences import Severity
from maskdemo.audit.length_copies import copy_of_length
from maskdemo.audit.loss_and_metrics import training_findings
from maskdemo.audit.mask_path import layer_rows
from maskdemo.audit.model_inputs import InputHints, ModelInput, model_inputs_of
from maskdemo.audit.other_checks import findings_from_trace, other_findings
from maskdemo.audit.output_change import ADDED_STEPS
from maskdemo.audit.padding_findings import findings_within_fixed_length, padding_findings
from maskdemo.audit.preconditions import build_by_running
from maskdemo.audit.report import Finding, LayerRow, Report, TrialSummary
from maskdemo.audit.samples import SEED, SEQUENCES, Row, Side, rows_of
from maskdemo.audit.temporary_changes import random_weights, restored, steps_at_once
from maskdemo.audit.time_axis import nodes_restored
from maskdemo.audit.tolerances import CALL_TOLERANCES
from maskdemo.audit.trial import Trial
from maskdemo.errors import UnsupportedModel

_SEVERITIES = get_args(Severity)  # leaks first, notes last
#: Chance to miss a leak of the size that `TrialSummary.power` names.
_MISSED = 0.05


def audit(
    model: Any,
    sequences: Any = None,
    *,
    pad_value: Any = None,
    lengths: Any = None,
    mask: Any = None,
    sides: Sequence[Side] | None = None,
    added: Sequence[int] = ADDED_STEPS,
    trained: bool = False,
    saved: bool = True,
    seed: int = SEED,
    count: int = SEQUENCES,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Report:
    """Return a report on whether padding changes what a Keras model says, and at which layer.

    model: a keras.Model of any kind, left as it was, but built with `sequences` if it was not.
    sequences: a list of arrays (steps, ...), without padding; for several inputs a mapping of their
    names to such lists. Drawn with `seed` where none are given.
    pad_value: what padded steps hold, or a mapping of input names to that; by default what the model's
    own layers and operations take for padding, else 0.
    lengths: the name of an input that holds lengths, several names, or a mapping of such names to those
    of their sequences. mask: the name of an input that is a mask, True at real steps; "name:inverted"
    if True at padding; or several. By default both are recognised.
    sides: where to pad; by default on both, or after the end alone where an input holds lengths.
    added: padded steps beyond the longest sequence, at least 1.
    trained: measure with the model's own weights. By default they are replaced by drawn ones while the
    audit lasts: a leak is a matter of structure, and new weights, whose biases are 0, hide it.
    saved: also compare with a copy that is saved and loaded.
    count: how many sequences to draw.
    on_stage: called with the name of each stage as it begins.

    Raises UnsupportedModel with a sentence for people where nothing can be said, whatever went wrong.
    """
    try:
        hints = InputHints.from_arguments(pad_value=pad_value, lengths=lengths, mask=mask)
        sides = None if sides is None else tuple(sides)
        options = _Options(hints, sides, tuple(added), trained, saved, seed, count, on_stage)
        if not hasattr(model, "_flatten_layers"):
            raise UnsupportedModel("This is not a Keras model.")
        rows = None if sequences is None else rows_of(sequences, _input_names(model))
        if rows is not None and not model.built:
            build_by_running(model, rows)
            rows = rows_of(sequences, _input_names(model))  # known since it is built
        # Not before: what building adds to a model stays.
        with nodes_restored(model):
            return _audit_built(model, rows, options)
    except UnsupportedModel:
        raise
    except Exception as failure:  # a fault of the audit, or of a model, is no verdict
        raise UnsupportedModel(failure_sentence(failure)) from failure


@dataclass(frozen=True)
class _Options:
    """The arguments of `audit` besides the model and its sequences."""

    hints: InputHints
    sides: tuple[Side, ...] | None
    added: tuple[int, ...]
    trained: bool
    saved: bool
    seed: int
    count: int
    on_stage: Callable[[str], None]


def _input_names(model: Any) -> list[str]:
    """Return the names of the model's inputs; none for a model without a graph."""
    return [each._keras_history.operation.name for each in getattr(model, "inputs", None) or ()]


def _audit_built(model: Any, rows: tuple[Row, ...] | None, options: _Options) -> Report:
    """Return the report on a built model; of one length: on a copy for any length, if that runs."""
    model_inputs = model_inputs_of(model, rows, options.hints)
    fixed_lengths = frozenset(each.steps for each in model_inputs if each.steps is not None)
    if fixed_lengths:
        any_length = tuple(each.with_steps(None) for each in model_inputs)
        if (copied := copy_of_length(model, model_inputs, any_length)) is not None:
            flexible, _ = copied
            inputs = model_inputs_of(flexible, rows, options.hints)
            try:
                return _audit_with(flexible, inputs, rows, options, fixed_lengths)
            except Exception:  # it can be built, and not run: sequences are moved within the length
                pass
    return _audit_with(model, model_inputs, rows, options, fixed_lengths)


def _audit_with(
    model: Any,
    model_inputs: tuple[ModelInput, ...],
    rows: tuple[Row, ...] | None,
    options: _Options,
    fixed_lengths: frozenset[int],
) -> Report:
    """Return the report on a model, or its copy for any length, whose inputs are known.

    fixed_lengths: those of the inputs of the model itself.
    """
    precision, on_stage = _precision(model), options.on_stage
    weights = restored(model) if options.trained else random_weights(model, options.seed)
    with weights, run_model.graphs_as_traced(), steps_at_once(model):
        on_stage("Trying sequences without padding")
        trial = Trial(
            model,
            model_inputs,
            rows,
            precision=precision,
            fixed_lengths=fixed_lengths,
            seed=options.seed,
            count=options.count,
        )
        # Lengths say only where a sequence ends.
        has_lengths = any(each.kind == "lengths" for each in trial.model_inputs)
        sides = options.sides or (("post",) if has_lengths else ("post", "pre"))
        if sides == ("post",) and not options.sides:
            trial.notes.append(
                "Padding in front was not tried: lengths say only where a sequence ends."
            )
        if trial.is_copy:
            trial.notes.append("It was tried as a copy that takes any length; its Input fixes one.")
        on_stage("Adding padding")
        measures = trial.measures(sides, options.added)
        on_stage("Looking where the mask is lost")
        findings, pair, changes = padding_findings(trial, measures)
        if trial.is_fixed:
            findings += findings_within_fixed_length(trial, pair, findings)
        on_stage("Looking for other traps")
        findings += trial.findings
        findings += _findings_or_note(trial, "Other traps were", other_findings, trial, options.saved)
        layers: tuple[LayerRow, ...] = ()
        if pair is not None:
            findings += _findings_or_note(trial, "Its masks were", findings_from_trace, pair, sides)
            on_stage("Looking at the loss")
            findings += _findings_or_note(
                trial, "Its loss was", training_findings, trial, pair, findings
            )
            if not model.compiled and pair.timed_outputs(pair.padded.calls[-1]):
                trial.notes.append("It is not compiled: its own loss and metrics were not tried.")
            causes = {each.layer: each.cause for each in findings if each.severity == "leak"}
            layers = layer_rows(pair, causes, changes)
        return Report(
            model=model.name,
            findings=tuple(sorted(findings, key=lambda each: _SEVERITIES.index(each.severity))),
            measures=tuple(measures),
            layers=layers,
            outputs=tuple(getattr(model, "output_names", ())),
            tried=_trial_summary(trial, sides, options.trained),
        )


def _findings_or_note(
    trial: Trial, subject: str, check: Callable[..., Iterable[Finding]], *args: Any
) -> list[Finding]:
    """Return the findings of a check; where it raises, none and a note: "<subject> not looked at"."""
    try:
        return list(check(*args))
    except Exception as failure:  # whatever a model or the check itself raises: no verdict
        trial.notes.append(f"{subject} not looked at: {short_reason(failure)}")
        return []


def _trial_summary(trial: Trial, sides: Sequence[Side], trained: bool) -> TrialSummary:
    """Return what was tried, for the report. trained: whether the weights are the model's own."""
    import keras

    count = len(trial.samples.rows)
    lengths = {each for row in trial.samples.rows for each in trial.samples.lengths(row)}
    share = 1 - _MISSED ** (1 / count)
    return TrialSummary(
        sequences=count,
        lengths=tuple(sorted(lengths)),
        drawn=trial.drawn,
        sides=tuple(sides),
        added=trial.added,
        moved=bool(trial.samples.movable_steps()),
        pad_values={each.name: each.pad_value for each in trial.model_inputs if each.is_sequence},
        inputs=tuple(each.sentence for each in trial.model_inputs),
        weights="its own" if trained else "drawn",
        precision=trial.precision,
        power=f"A leak that moves the outputs of more than {share:.0%} of such sequences would have "
        f"been seen with {1 - _MISSED:.0%} certainty.",
        also=tuple(trial.notes),
        left_out=len(trial.left_out),
        why_left_out=trial.why_left_out(),
        keras=str(keras.__version__),
    )


def _precision(model: Any) -> str:
    """Return the layers' compute type that is last in CALL_TOLERANCES; UnsupportedModel if none is."""
    used = {layer.compute_dtype for layer in model._flatten_layers()} & set(CALL_TOLERANCES)
    if not used:
        raise UnsupportedModel(
            f"This model computes in {model.compute_dtype}: no tolerance is known for it."
        )
    return max(used, key=list(CALL_TOLERANCES).index)
