"""Find out whether padded steps count in the loss and in compiled metrics.

The compiled loss is tried, with outputs that differ at padded steps alone; where none is compiled, the
squared error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.lost_mask import dropped_before_output
from maskdemo.audit.pair import TracePair
from maskdemo.audit.report import Finding
from maskdemo.audit.tolerances import SAME_LOSS
from maskdemo.audit.trace import Call
from maskdemo.audit.training_batch import (
    PADDED_TARGETS,
    RealSteps,
    TrainingBatch,
    built_anew,
    is_of_keras,
    losses_of,
    name_of,
)
from maskdemo.audit.trial import Trial


def training_findings(trial: Trial, pair: TracePair, earlier: list[Finding]) -> Iterator[Finding]:
    """Yield findings where padded steps of an output, with other values or NaN, change loss or metrics.

    Outputs of a fixed number of steps are judged, too. The trial's notes receive a sentence for each
    loss or metric that cannot be. What an earlier finding explains is left out: "loss_counts_padding"
    after any "no_mask" or a leak of the same layer, "output_unmasked" after any "no_mask".
    """
    leaking = {each.layer for each in earlier if each.severity == "leak"}
    no_mask = any(each.cause == "no_mask" for each in earlier)
    for index in range(len(pair.padded.outputs)):
        if (real := _real_steps(trial, pair, index)) is None:
            continue
        training = TrainingBatch(
            trial.model, real, tuple(each.pad_value for each in trial.model_inputs)
        )
        call = _first_non_finite_call(pair, index) if real.of_inputs else None
        if call is None:
            for each in _findings_of_output(trial, pair, training):
                explained = {
                    "loss_counts_padding": no_mask or each.layer in leaking,
                    "output_unmasked": no_mask,
                }
                if not explained.get(each.cause, False):
                    yield each
        elif not np.isfinite(training.losses()[0]):
            seen = "Its outputs at padded steps turn the loss into NaN, whatever the targets are there."
            yield Finding.about(call.layer, "loss_not_finite", seen)


def _real_steps(trial: Trial, pair: TracePair, index: int) -> RealSteps | None:
    """Return which steps of an output are real, in the padded batch; None where it has none to judge.

    An output of a fixed number of steps above 1 is judged if it has 3 axes and a loss is compiled, in a
    batch of up to 8 rows with fewer steps: its first are real, as many as the longest input has.
    """
    unpadded, got = pair.unpadded.outputs[index], pair.padded.outputs[index]
    if pair.has_time_axis(unpadded, got):
        return RealSteps(index, pair.right_mask(unpadded, got), pair.batch)
    if got.ndim != 3 or not losses_of(trial.model) or got.shape[1] < 2:
        return None
    # As many steps for every sequence: those of targets that are shorter are padded.
    count, rows = got.shape[1], trial.samples.rows
    chosen = [row for row in range(len(rows)) if max(trial.samples.lengths(rows[row])) < count][:8]
    if not chosen:
        return None
    lengths = [max(trial.samples.lengths(rows[row])) for row in chosen]
    batch = trial.samples.padded_batch(chosen, "post", count - max(lengths))
    real = np.arange(count) < np.array(lengths)[:, None]
    return RealSteps(index, real, batch, of_inputs=False)


def _first_non_finite_call(pair: TracePair, index: int) -> Call | None:
    """Return the first call with padding that returns NaN or infinity, if output `index` holds any."""
    if np.isfinite(pair.padded.outputs[index]).all():
        return None
    for call in pair.padded.calls:
        if not all(np.isfinite(output).all() for output in call.outputs):
            return call
    return None


def _findings_of_output(trial: Trial, pair: TracePair, training: TrainingBatch) -> Iterator[Finding]:
    """Yield a finding if the loss counts padded steps of an output, else those on compiled metrics.

    The trial's notes receive a sentence where the loss cannot be judged, or leaves out steps whose
    target is a certain number.
    """
    model, notes = trial.model, trial.notes
    change = training.change_of_loss()
    what = "loss" if losses_of(model) else "mean squared error"
    if change is None:
        notes.append(f"Its {what} is no finite number here, or takes other targets: it was not tried.")
        return
    if change.share > SAME_LOSS:
        seen = (
            f"Other outputs at padded steps alone change the {what} "
            f"from {change.before:.3g} to {change.after:.3g}."
        )
        weighted = training.change_of_loss(weighted=True)
        cures = ("weigh_the_loss",) if weighted is not None and weighted.share <= SAME_LOSS else ()
        yield _loss_finding(trial, pair, training.real, seen, cures)
        return
    if change.target is not None:
        notes.append(f"Its loss leaves out steps whose target is {change.target:g}.")
    if model.compiled and not _weighs_steps(model):
        yield from _metric_findings(training, notes)


def _loss_finding(
    trial: Trial, pair: TracePair, real: RealSteps, seen: str, cures: tuple[str, ...]
) -> Finding:
    """Return "loss_counts_padding", or the note "output_unmasked" where that depends on its use.

    An output with an input's steps has the former if a loss is compiled that does not weigh steps, or a
    mask was lost and padded steps are not 0, as in weights of attention. One of a fixed number of steps
    has it if such a loss is compiled, a RepeatVector occurs, and it has as many steps as an input
    (autoencoder) or the model reads tokens and has only crossentropies (translator): else all targets
    may have as many, so that none is padded.
    """
    model, call = trial.model, pair.padded.output_makers[real.output] or pair.padded.calls[-1]
    compiled = bool(losses_of(model)) and not _weighs_steps(model)
    if real.of_inputs:
        guilty = dropped_before_output(pair, real.output)
        padded = pair.padded.outputs[real.output][~real.steps]
        leaks = compiled or (guilty is not None and bool(padded.any()))
    else:
        repeats = [each for each in pair.padded.calls if is_a(each.layer, "RepeatVector")]
        guilty = repeats[-1] if repeats else None
        translates = any(each.kind == "tokens" for each in trial.model_inputs) and all(
            "crossentropy" in name_of(each) for each in losses_of(model)
        )
        # Without that layer, as many outputs for every sequence may be classes or a forecast.
        of_steps = bool(repeats) and (translates or real.steps.shape[1] in trial.fixed_lengths)
        leaks = compiled and of_steps
    if not leaks:
        return Finding(cause="output_unmasked", seen=seen, cures=cures)
    return Finding.about((guilty or call).layer, "loss_counts_padding", seen, cures=cures)


def _metric_findings(training: TrainingBatch, notes: list[str]) -> Iterator[Finding]:
    """Yield a finding for each metric that other outputs at padded steps change, or make NaN.

    A metric that is not finite before is noted. One that is not Keras's is tried with each of
    PADDED_TARGETS, too, and its smallest change counts.
    """
    with built_anew(training.model):
        values = training.metrics(None)
        groups = [getattr(each, "metrics", None) or [each] for each in training.model.metrics]
        by_name = {each.name: each for group in groups for each in group}
    # A metric of one's own may leave padding out by its targets.
    targets = () if all(map(is_of_keras, by_name.values())) else PADDED_TARGETS
    for_own = [others for target in targets if (others := training.metrics(target))]
    for name, before in values[0].items() if values else ():
        if name == "loss" or name.endswith("_loss"):
            continue
        if not np.isfinite(before):
            notes.append(f"The metric {name} is no finite number here, so it was not judged.")
            continue
        metric = by_name.get(name)
        tried = [values] if is_of_keras(metric) else [values, *for_own]
        change = min(_furthest(each, name) for each in tried)
        if change > SAME_LOSS:
            how = "into no number." if math.isinf(change) else f"by {change:.2g}."
            yield Finding(
                cause="metric_counts_padding",
                layer=name,
                of_class=type(metric).__name__ if metric else "It",
                seen=f"Other outputs at padded steps alone change it {how}",
            )


def _weighs_steps(model: Any) -> bool:
    """Whether the model was compiled with any `weighted_metrics`, as for weights of steps."""
    metrics = getattr(model, "_compile_metrics", None)
    return bool(metrics is not None and metrics._user_weighted_metrics)


def _furthest(values: list[dict[str, float]], name: str) -> float:
    """Return a metric's largest |difference| to its first value; inf if a later one is not finite."""
    changes = [abs(each[name] - values[0][name]) for each in values[1:]]
    return math.inf if not np.isfinite(changes).all() else max(changes)
