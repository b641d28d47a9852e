"""Find out whether padded steps count in the loss and in compiled metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from maskdemo.audit.faulty_layer import dropped_before_output
from maskdemo.audit.output_change import largest_change
from maskdemo.audit.pair import TracePair
from maskdemo.audit.report import Finding
from maskdemo.audit.run_model import as_model_input, to_float64
from maskdemo.audit.trace import Call

#: A change of the loss by more than this share is no rounding.
_SHARE = 1e-4


def training_findings(model: Any, pair: TracePair, notes: list[str]) -> Iterator[Finding]:
    """Yield a finding where other targets at padded steps alone change the loss or a metric.

    notes: receives a sentence for each loss or metric that cannot be judged.
    """
    timed = _timed_outputs(pair)
    spoilt = {
        index: call for index in timed if (call := _first_non_finite_call(pair, index)) is not None
    }
    for call in spoilt.values():
        yield Finding.about(
            call.layer,
            "loss_not_finite",
            "Its outputs at padded steps turn the loss into NaN, whatever the targets are there.",
        )
    timed = [index for index in timed if index not in spoilt]
    for index in timed:
        share = _loss_change(model, pair, index)
        if math.isnan(share):
            notes.append("Its outputs are too large for a mean squared error: the loss was not tried.")
        if not share > _SHARE:
            continue
        guilty = dropped_before_output(pair, index)
        seen = f"Other targets at padded steps alone change the mean squared error by {share:.0%}."
        if guilty:
            yield Finding.about(guilty.layer, "loss_counts_padding", seen)
        else:
            yield Finding(cause="output_unmasked", seen=seen)
    if timed and getattr(model, "compiled", False):
        yield from _metric_findings(model, pair, notes)


def is_labelled_by_step(pair: TracePair) -> bool:
    """Whether an output has a time axis, so that padded steps can count in the loss."""
    return bool(_timed_outputs(pair))


def _timed_outputs(pair: TracePair) -> list[int]:
    return [index for index in range(len(pair.padded.outputs)) if _is_output_timed(pair, index)]


def _is_output_timed(pair: TracePair, index: int) -> bool:
    unpadded, got = pair.unpadded.outputs[index], pair.padded.outputs[index]
    return pair.has_time_axis(unpadded, got) and got.ndim >= 2


def _two_targets(pair: TracePair, index: int, like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two arrays of targets (N, steps, ...) that differ at padded steps: 0, then 1."""
    real = pair.right_mask(pair.unpadded.outputs[index], pair.padded.outputs[index])
    first = np.zeros(like.shape)
    second = first.copy()
    second[~real] = 1.0
    return first, second


def _first_non_finite_call(pair: TracePair, index: int) -> Call | None:
    """Return the first call with an output that is not finite, where the model's is not; else None."""
    if np.isfinite(pair.padded.outputs[index]).all():
        return None
    for call in pair.padded.calls:
        if not all(np.isfinite(output).all() for output in call.outputs):
            return call
    return None


def _loss_change(model: Any, pair: TracePair, index: int) -> float:
    """Return the relative change of the squared error; NaN where the error is too large to compute."""
    import keras

    output = _output_tensors(model, pair)[index]
    loss = keras.losses.MeanSquaredError(dtype="float64")  # the square of a float32 always fits
    losses = [
        float(to_float64(loss(targets, output)))
        for targets in _two_targets(pair, index, pair.padded.outputs[index])
    ]
    if not np.isfinite(losses).all():
        return math.nan
    return abs(losses[1] - losses[0]) / max(losses[0], 1e-6)


def _metric_findings(model: Any, pair: TracePair, notes: list[str]) -> Iterator[Finding]:
    """Yield a finding for each metric that other targets at padded steps change."""
    import keras

    config = model.get_compile_config() or {}
    if len(pair.padded.outputs) != 1 or config.get("weighted_metrics"):
        return  # whoever weighs metrics weighs steps
    predicted = keras.tree.flatten(_output_tensors(model, pair))[0]
    like = pair.padded.outputs[0]
    if "sparse" in str(config.get("loss")) or "Sparse" in str(config.get("loss")):
        like = like[..., 0]
    values = []
    for targets in _two_targets(pair, 0, like):
        model.reset_metrics()
        try:
            metrics = model.compute_metrics(None, targets.astype("float32"), predicted)
        except Exception:  # targets of these shapes do not suit these metrics
            return
        values.append({name: float(np.mean(value)) for name, value in metrics.items()})
    model.reset_metrics()
    masked = predicted is not None and getattr(predicted, "_keras_mask", None) is not None
    for name, before in values[0].items():
        change = largest_change(np.asarray(before), np.asarray(values[1][name]))
        if name == "loss" or not masked:
            continue
        if not np.isfinite(before):
            notes.append(f"The metric {name} is no finite number here, so it was not judged.")
        elif change > _SHARE * max(abs(before), 1.0):
            metric = next((each for each in _inner_metrics(model) if each.name == name), None)
            yield Finding(
                cause="metric_counts_padding",
                layer=name,
                of_class=type(metric).__name__ if metric else "It",
                seen="Other targets at padded steps alone change it "
                + ("into no number." if math.isinf(change) else f"by {change:.2g}."),
            )


def _inner_metrics(model: Any) -> Iterator[Any]:
    for metric in model.metrics:
        yield from getattr(metric, "metrics", None) or [metric]


def _output_tensors(model: Any, pair: TracePair) -> list[Any]:
    import keras

    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, as_model_input(model, pair.batch))
    return keras.tree.flatten(model(tensors, training=False))
