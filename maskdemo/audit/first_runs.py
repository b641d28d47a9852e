"""What must hold before anything is said of padding: an output for each sequence, the same twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maskdemo.audit.error_sentences import short_reason
from maskdemo.audit.layer_kinds import parts_of
from maskdemo.audit.output_change import largest_share
from maskdemo.audit.run_model import Batch, Run, batch_size, run_eagerly, to_float64
from maskdemo.audit.trace import Call, Trace, trace
from maskdemo.errors import UnsupportedModel, quoted


def build_by_running(model: Any, rows: Sequence[Batch]) -> None:
    """Run the model on a batch of the first row, built or not; UnsupportedModel if that fails."""
    try:
        run_eagerly(model, {name: np.asarray(array)[None] for name, array in rows[0].items()})
    except Exception as refused:
        raise UnsupportedModel(
            f"The model cannot be run on these sequences: {short_reason(refused)}"
        ) from None


def first_runs(model: Any, batch: Batch, tolerance: float) -> list[np.ndarray]:
    """Return the eager outputs for a batch, which is run twice.

    tolerance: the share of an output's largest number that is rounding. Raises UnsupportedModel where
    an output has no row for each sequence, or where the second run gives something else.
    """
    states = [(each, to_float64(each)) for each in model.variables if not each.trainable]
    outputs = run_eagerly(model, batch)
    count = len(next(iter(batch.values())))
    for index, output in enumerate(outputs):
        if not output.ndim or len(output) != count:
            raise UnsupportedModel(_no_row_sentence(model, batch, index, output, count))
    if largest_share(outputs, run_eagerly(model, batch)) > tolerance:
        for variable, value in states:
            variable.assign(value)  # a state may have come to rest by now
        raise UnsupportedModel(_change_sentence(model, batch, tolerance))
    return outputs


def refuse_change(
    model: Any, run: Run, batch: Batch, outputs: Sequence[np.ndarray], tolerance: float
) -> None:
    """Raise UnsupportedModel, naming the layer, where `run` gives other outputs than before.

    outputs: those for the batch from before. tolerance: the share of the largest number that is
    rounding.
    """
    if largest_share(outputs, run(batch)) > tolerance:
        raise UnsupportedModel(_change_sentence(model, batch, tolerance))


def one_batch(model: Any, batch: Batch) -> Batch:
    """Return a batch, cut to at most the model's batch size where that is fixed."""
    size = batch_size(model)
    return batch if size is None else {name: array[:size] for name, array in batch.items()}


def _no_row_sentence(model: Any, batch: Batch, index: int, output: np.ndarray, count: int) -> str:
    """Return the sentence that an output has no row for each sequence, and the layer that loses rows.

    index: of the output. count: the number of sequences.
    """
    batch = one_batch(model, batch)
    rows = batch_size(model) or count
    where = ""
    for call in trace(model, batch).calls[:-1]:
        before = any(each.array.ndim and len(each.array) != rows for each in call.inputs)
        if before or any(not each.ndim or len(each) != rows for each in call.outputs):
            where = f" They are gone {'before' if before else 'after'} {_named(call)}."
            break
    found = f"{len(output)} rows" if output.ndim else "a single number"
    return (
        f"Whether padding leaks cannot be told: for {count} sequences, output {index + 1} of the model "
        f"has {found} where it should have one a sequence.{where} Audit the model up to there, or keep "
        "padded steps and hand the mask on."
    )


def _change_sentence(model: Any, batch: Batch, tolerance: float) -> str:
    """Run a batch twice; return the sentence that names the layer whose output changes, and why."""
    batch = one_batch(model, batch)
    before = {id(each): to_float64(each) for each in model.variables}
    first, second = trace(model, batch), trace(model, batch)
    call = _first_changed(first, second, tolerance)
    if call is None:
        named = "A part of the model"
        does = "draws random numbers, or keeps something from the batch before,"
    else:
        named = f"Layer {_named(call)}"
        does = _why_changed(call.layer, before)
    return (
        "Whether padding leaks cannot be told: the same batch gives other outputs a second time. "
        f"{named} {does} when the model predicts. Audit the model without that, or switched off "
        "where `training` is False."
    )


def _first_changed(first: Trace, second: Trace, tolerance: float) -> Call | None:
    """Return, of the calls with other outputs the second time, the first that returned, or None."""
    for one, other in zip(first.calls, second.calls, strict=False):
        if (
            one.outputs
            and one.name == other.name
            and largest_share(one.outputs, other.outputs) > tolerance
        ):
            return one
    return None


def _why_changed(layer: Any, before: dict[int, np.ndarray]) -> str:
    """Return why a layer changed its output, as a verb phrase: random numbers, a state, or either.

    before: the values of the model's variables, by `id`, from before the two runs.
    """
    seeds = [each for part in parts_of(layer) for each in getattr(part, "_seed_generators", ())]
    states = {id(each.state) for each in seeds}
    changed = {
        id(each)
        for each in getattr(layer, "variables", ())
        if id(each) in before and not np.array_equal(before[id(each)], to_float64(each), equal_nan=True)
    }
    if changed - states:
        return "keeps a state from batch to batch"
    if seeds or "random" in type(layer).__name__.lower():
        return "draws random numbers"
    return "draws random numbers, or keeps something from the batch before,"


def _named(call: Call) -> str:
    """Return the quoted name of a call's layer, and the layer's class in brackets."""
    return f"{quoted(call.name)} ({type(call.layer).__name__})"
