"""What padding does while training: to the loss, to compiled metrics, to the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from maskdemo.audit.blame import dropped_before_output
from maskdemo.audit.entries import Entry
from maskdemo.audit.pair import Pair
from maskdemo.audit.report import Finding
from maskdemo.audit.running import numbers, packed

#: Change of a loss, as a share of it, that is no rounding.
_SHARE = 1e-4


def training_findings(model: Any, pair: Pair) -> Iterator[Finding]:
    """Loss and metrics of outputs at every step, when only the targets at padded steps change."""
    timed = _timed(pair)
    for at in timed:
        share = _loss_change(model, pair, at)
        if share <= _SHARE:
            continue
        guilty = dropped_before_output(pair, at)
        yield Finding(
            cause="loss_counts_padding" if guilty else "output_unmasked",
            layer=guilty.name if guilty else "",
            of_class=type(guilty.layer).__name__ if guilty else "",
            seen=f"Other targets at padded steps alone change the mean squared error by {share:.0%}.",
        )
    if timed and getattr(model, "compiled", False):
        yield from _metric_findings(model, pair, timed)


def is_labelled_by_step(pair: Pair) -> bool:
    """Whether an output has an axis of time, so that padded steps can count."""
    return bool(_timed(pair))


def _timed(pair: Pair) -> list[int]:
    return [at for at in range(len(pair.padded.outputs)) if _is_timed(pair, at)]


def _is_timed(pair: Pair, at: int) -> bool:
    bare, got = pair.bare.outputs[at], pair.padded.outputs[at]
    return pair.grows(bare, got) and got.ndim >= 2


def _two_targets(pair: Pair, at: int, like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Targets (N, steps, ...) that differ at padded steps only: all of one kind, then of the other."""
    real = pair.real(pair.bare.outputs[at], pair.padded.outputs[at])
    first = np.zeros(like.shape)
    second = first.copy()
    second[~real] = 1.0
    return first, second


def _loss_change(model: Any, pair: Pair, at: int) -> float:
    import keras

    output = _outputs(model, pair)[at]
    losses = [
        float(numbers(keras.losses.MeanSquaredError()(targets, output)))
        for targets in _two_targets(pair, at, pair.padded.outputs[at])
    ]
    if not np.isfinite(losses).all():
        return 0.0
    return abs(losses[1] - losses[0]) / max(losses[0], 1e-6)


def _metric_findings(model: Any, pair: Pair, timed: list[int]) -> Iterator[Finding]:
    import keras

    config = model.get_compile_config() or {}
    if len(pair.padded.outputs) != 1 or config.get("weighted_metrics"):
        return  # whoever weighs metrics weighs steps
    predicted = keras.tree.flatten(_outputs(model, pair))[0]
    like = pair.padded.outputs[0]
    if "sparse" in str(config.get("loss")) or "Sparse" in str(config.get("loss")):
        like = like[..., 0]
    values = []
    for targets in _two_targets(pair, 0, like):
        model.reset_metrics()
        try:
            found = model.compute_metrics(None, targets.astype("float32"), predicted)
        except Exception:  # targets of these shapes do not suit these metrics
            return
        values.append({name: float(np.mean(value)) for name, value in found.items()})
    model.reset_metrics()
    masked = predicted is not None and getattr(predicted, "_keras_mask", None) is not None
    for name, before in values[0].items():
        change = abs(values[1][name] - before)
        if name != "loss" and masked and change > _SHARE * max(abs(before), 1.0):
            metric = next((each for each in _metrics(model) if each.name == name), None)
            yield Finding(
                cause="metric_counts_padding",
                layer=name,
                of_class=type(metric).__name__ if metric else "It",
                seen=f"Other targets at padded steps alone change it by {change:.2g}.",
            )


def _metrics(model: Any) -> Iterator[Any]:
    for metric in model.metrics:
        yield from getattr(metric, "metrics", None) or [metric]


def _outputs(model: Any, pair: Pair) -> list[Any]:
    import keras

    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, packed(model, pair.batch))
    return keras.tree.flatten(model(tensors, training=False))


def gradient_share(model: Any, pair: Pair, entries: tuple[Entry, ...]) -> float | None:
    """How strongly outputs depend on padded steps: largest |gradient|, by that on real ones.

    None where no input holds values, and for other backends than TensorFlow.
    """
    import keras

    values = [entry.name for entry in entries if entry.kind == "values"]
    if not values or keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    batch = {name: tf.convert_to_tensor(array) for name, array in pair.batch.items()}
    with tf.GradientTape() as tape:
        tape.watch([batch[name] for name in values])
        outputs = keras.tree.flatten(model(packed(model, batch), training=False))
        total = tf.add_n([_sum_at_real_steps(each, pair, at) for at, each in enumerate(outputs)])
    gradients = tape.gradient(total, [batch[name] for name in values])
    added = max(pair.batch[each.name].shape[1] for each in entries if each.is_sequence) - pair.length
    padding = real = 0.0
    for gradient in gradients:
        if gradient is None:
            continue
        size = np.abs(np.asarray(gradient, np.float64))
        steps = np.zeros(size.shape[:2], bool)
        length = size.shape[1] - added
        own = slice(length) if pair.side == "post" else slice(-length, None)
        steps[:, own] = True
        real = max(real, size[steps].max(initial=0))
        padding = max(padding, size[~steps].max(initial=0))
    return float(padding / real) if real and np.isfinite(padding) else None


def _sum_at_real_steps(output: Any, pair: Pair, at: int) -> Any:
    import tensorflow as tf

    output = tf.cast(output, tf.float32)
    if _is_timed(pair, at):
        real = pair.real(pair.bare.outputs[at], pair.padded.outputs[at])
        output = tf.boolean_mask(output, real)
    # Not the plain sum: that of a softmax is 1 whatever happens.
    return tf.reduce_sum(output * tf.cast(tf.range(1, tf.shape(output)[-1] + 1), tf.float32))
