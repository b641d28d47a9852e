"""Look for other faults: copies that differ, sequences without a real step, real steps masked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from maskdemo.audit.exception_sentences import short_reason
from maskdemo.audit.layer_kinds import RECURRENT
from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.output_change import (
    exceeds,
    largest_change,
    largest_number,
    largest_share,
)
from maskdemo.audit.pair import TracePair
from maskdemo.audit.report import Finding
from maskdemo.audit.run_model import Batch, run_eagerly
from maskdemo.audit.samples import Samples
from maskdemo.audit.tolerances import COPY_TOLERANCES, SAME_SEQUENCE
from maskdemo.audit.trace import trace
from maskdemo.audit.trial import Trial
from maskdemo.errors import quoted


def other_findings(trial: Trial, saved: bool) -> Iterator[Finding]:
    """Yield findings of other ways to run, and on sequences of a batch that mix.

    Unless the model has a fixed length: on a sequence of padding alone. If sequences were given: on
    real steps that are masked. saved: whether a copy that is saved and loaded is another way to run.
    """
    runs = {} if trial.graph is None else {"graph_differs": trial.graph}
    if saved:
        try:
            runs["saved_differs"] = partial(run_eagerly, _saved_copy(trial.model))
        except Exception as refused:  # a class that is not registered, a disk that is full
            trial.notes.append(f"It could not be saved and loaded: {short_reason(refused)}")
    for cause, run in runs.items():
        furthest = largest_share(trial.outputs, run(trial.short_batch()))
        if furthest > COPY_TOLERANCES[trial.precision]:
            seen = f"The outputs differ by {furthest:.2g} of the largest."
            yield Finding(cause=cause, seen=seen, largest=furthest)
    if trial.reference.rows_mix:
        largest = max(trial.reference.noise)
        seen = f"Outputs move by {largest:.2g} between a batch and alone."
        group = next(iter(trial.samples.by_length().values()))
        yield _rows_mix_finding(trial.model, trial.samples.padded_batch(group, "post"), seen, largest)
    if not trial.is_fixed:
        yield from _empty_row_findings(trial)
    if not trial.drawn:
        yield from _masked_real_steps_findings(trial.samples)


def _saved_copy(model: Any) -> Any:
    """Save the model to a temporary folder and return it loaded again, not compiled."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.models.load_model(path, compile=False)


def _empty_row_findings(trial: Trial) -> Iterator[Finding]:
    """Yield "empty_row" if a sequence of padding alone, as long as the first, gives NaN or infinity.

    Before it, "rows_mix" is yielded if it moves the first sequence, unless `reference.rows_mix`.
    """
    model, samples, reference = trial.model, trial.samples, trial.reference
    batch = {
        model_input.name: np.concatenate([array, _padding_like(model_input, array[:1])])
        for model_input, array in zip(
            samples.model_inputs, samples.padded_batch([0], "post").values(), strict=True
        )
    }
    outputs = trial.run(batch)
    changes = [
        largest_change(reference.rows[0][index], output[0]) for index, output in enumerate(outputs)
    ]
    if exceeds(reference, 0, [output[0] for output in outputs]) and not reference.rows_mix:
        seen = f"A sequence of padding beside it moves another one's outputs by {max(changes):.2g}."
        yield _rows_mix_finding(model, batch, seen, max(changes))
    if all(np.isfinite(output[1]).all() for output in outputs):
        return
    for call in trace(model, batch).calls:
        finite = all(np.isfinite(input_tensor.array).all() for input_tensor in call.inputs)
        if finite and any(not np.isfinite(output[-1:]).all() for output in call.outputs):
            yield Finding.about(
                call.layer, "empty_row", "A sequence of padding from end to end gives NaN."
            )
            return


def _rows_mix_finding(model: Any, batch: Batch, seen: str, largest: float) -> Finding:
    """Return the finding that sequences of a batch influence one another, at the layer where they do.

    That is the first layer whose output for the first sequence differs between the batch and alone; no
    layer is named where there is none. seen, largest: copied to the finding.
    """
    together = trace(model, batch).calls
    alone = trace(model, {name: array[:1] for name, array in batch.items()}).calls
    for with_others, call in zip(together, alone, strict=False):
        if call.is_container and call is not alone[-1]:
            continue
        for one, other in zip(with_others.outputs, call.outputs, strict=False):
            if one.ndim != other.ndim or (one.ndim and one.shape[1:] != other.shape[1:]):
                continue
            mine = one[:1] if one.ndim else one
            if largest_change(mine, other) > SAME_SEQUENCE * largest_number(other):
                return Finding.about(call.layer, "rows_mix", seen, largest=largest)
    return Finding(cause="rows_mix", seen=seen, largest=largest)


def _padding_like(model_input: ModelInput, like: np.ndarray) -> np.ndarray:
    """Return padding alone in the shape of `like`: lengths of 0; `like` itself for fixed inputs."""
    if model_input.kind == "lengths":
        return np.zeros_like(like)
    return np.full_like(like, model_input.pad_value) if model_input.is_sequence else like


def _masked_real_steps_findings(samples: Samples) -> Iterator[Finding]:
    """Yield a finding for each input whose real steps the first layer that masks it would mask."""
    for model_input in samples.model_inputs:
        arrays = [row[model_input.name] for row in samples.rows]
        for value, layer in model_input.masked_by[:1]:
            if model_input.kind == "tokens":
                masked = [array == value for array in arrays]
            elif model_input.kind == "values" and arrays[0].ndim == 2:
                masked = [(array == value).all(axis=-1) for array in arrays]
            else:
                continue
            count, steps = sum(int(each.sum()) for each in masked), sum(each.size for each in masked)
            if count:
                yield Finding.about(
                    layer,
                    "real_rows_masked",
                    f"{count} of {steps} real steps of {quoted(model_input.name)} hold the mask value "
                    f"{value:g}, in {sum(map(np.any, masked))} of {len(masked)} sequences.",
                )


def findings_from_trace(pair: TracePair, sides: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a finding for each BatchNormalization without a right mask, and up to two warnings.

    "keras_3_16", if this Keras is older: the first layer that takes a recurrent layer's mask, which
    will not arrive there. "cudnn", if "pre" is in `sides`: the first LSTM or GRU with a right mask,
    unless `use_cudnn` is False.
    """
    import keras

    keeps_on = cudnn = None
    for call in pair.padded.calls:
        kind, timed = type(call.layer).__name__, pair.time_inputs(call)
        if not timed or call.is_container:
            continue
        received = pair.received(call, timed[0])
        if kind == "BatchNormalization" and received != "right":
            a_mask = "no mask" if received == "none" else "a wrong mask"
            yield Finding.about(call.layer, "batch_norm", f"It received {a_mask}.")
        maker = timed[0].maker
        if (
            keeps_on is None
            and (call.explicit_masks is None or isinstance(pair.model, keras.Sequential))
            and received == "right"
            and maker is not None
            and type(maker.layer).__name__ in (*RECURRENT, "Bidirectional", "TimeDistributed")
            and (kind in (*RECURRENT, "Bidirectional", "GlobalAveragePooling1D", "MultiHeadAttention"))
        ):
            keeps_on = call
        if kind in ("LSTM", "GRU") and received == "right" and call.layer.use_cudnn is not False:
            cudnn = cudnn or call
    if keeps_on is not None and tuple(map(int, keras.__version__.split(".")[:2])) < (3, 16):
        seen = f"This is Keras {keras.__version__}, where the mask still arrives."
        yield Finding.about(keeps_on.layer, "keras_3_16", seen)
    if cudnn is not None and "pre" in sides:
        seen = "It was tried on the processor, where any mask is taken."
        yield Finding.about(cudnn.layer, "cudnn", seen)
