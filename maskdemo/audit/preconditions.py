"""What must hold before anything is said of padding: finite outputs for each sequence, the same twice.

A difference to NaN says nothing, so a sequence with NaN cannot show whether padding leaks: it is found
where that begins, in the sequence or at the first layer that returns it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from maskdemo.audit.exception_sentences import short_reason
from maskdemo.audit.layer_kinds import parts_of
from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.output_change import largest_share
from maskdemo.audit.run_model import Batch, Run, batch_size, one_batch, run_eagerly, to_float64
from maskdemo.audit.samples import Row, Samples
from maskdemo.audit.trace import Call, trace
from maskdemo.errors import UnsupportedModel, quoted

#: Number of sequences that a sentence lists; the others are counted.
_LISTED = 5
_RANDOM_OR_STATE = "draws random numbers, or keeps something from the batch before,"


def build_by_running(model: Any, rows: Sequence[Batch]) -> None:
    """Run the model on a batch of the first row, built or not; UnsupportedModel if that fails."""
    try:
        run_eagerly(model, {name: np.asarray(array)[None] for name, array in rows[0].items()})
    except Exception as refused:
        raise UnsupportedModel(
            f"The model cannot be run on these sequences: {short_reason(refused)}"
        ) from None


def repeatable_outputs(model: Any, batch: Batch, tolerance: float) -> list[np.ndarray]:
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


def refuse_change(model: Any, run: Run, batch: Batch, tolerance: float) -> None:
    """Raise UnsupportedModel, naming the layer, where `run` gives other outputs the second time.

    tolerance: the share of an output's largest number that is rounding.
    """
    if largest_share(run(batch), run(batch)) > tolerance:
        raise UnsupportedModel(_change_sentence(model, batch, tolerance))


def _no_row_sentence(model: Any, batch: Batch, index: int, output: np.ndarray, count: int) -> str:
    """Return the sentences that an output has no row for each sequence, and where rows are lost.

    That is after a layer, or before it, in the model's own code; left out if no layer sees it.
    index: of the output, told from 1. count: the number of sequences.
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
    named, does = "A part of the model", _RANDOM_OR_STATE
    for one, other in zip(first.calls, second.calls, strict=False):
        same_call = one.outputs and one.name == other.name
        if same_call and largest_share(one.outputs, other.outputs) > tolerance:
            named, does = f"Layer {_named(one)}", _why_changed(one.layer, before)
            break
    return (
        "Whether padding leaks cannot be told: the same batch gives other outputs a second time. "
        f"{named} {does} when the model predicts. Audit the model without that, or switched off "
        "where `training` is False."
    )


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
    return _RANDOM_OR_STATE


def _named(call: Call) -> str:
    """Return the quoted name of a call's layer, and the layer's class in brackets."""
    return f"{quoted(call.name)} ({type(call.layer).__name__})"


def non_finite_in_sequence(model_inputs: Iterable[ModelInput], row: Row) -> str:
    """Return a clause on a row's first input that is not finite, with the step (from 1); else ""."""
    for model_input in model_inputs:
        array = row[model_input.name]
        if array.dtype.kind == "f" and model_input.dtype.startswith("float"):
            with np.errstate(over="ignore"):  # numbers that are too large become infinite
                array = array.astype(model_input.dtype)
        finite = np.isfinite(array) if array.dtype.kind == "f" else np.True_
        if finite.all():
            continue
        name = quoted(model_input.name)
        if not model_input.is_sequence:
            return f"{_nan_or_infinity(array)} stands in {name}"
        step = int(np.argmin(finite.reshape(len(array), -1).all(axis=1)))
        return f"{_nan_or_infinity(array[step])} stands at step {step + 1} of {name}"
    return ""


def non_finite_in_model(model: Any, samples: Samples, rows: Sequence[int]) -> dict[int, str]:
    """Return, for each index of a sequence in `rows`, a clause on the first layer with NaN or infinity.

    If the pad value of an input of one length is not finite, the clause says that instead.
    """
    for model_input in samples.model_inputs:
        if model_input.steps is not None and not np.isfinite(model_input.pad_value):
            return dict.fromkeys(
                rows, f"no finite number stands at padded steps of {quoted(model_input.name)}"
            )
    clauses: dict[int, str] = {}
    for group in samples.by_length().values():
        mine = [row for row in group if row in rows]
        if not mine:
            continue
        calls = trace(model, samples.padded_batch(mine, "post")).calls
        clauses |= {
            row: _first_non_finite_layer(calls, index, len(mine)) for index, row in enumerate(mine)
        }
    return clauses


def left_out_sentences(left_out: Mapping[int, str], total: int) -> tuple[str, ...]:
    """Return a sentence per reason: the numbers (from 1) of the sequences left out, and the reason.

    left_out: reasons, as clauses, by the index of the sequence. total: how many sequences there were.
    """
    numbers: dict[str, list[int]] = {}
    for index, why in left_out.items():
        numbers.setdefault(why, []).append(index + 1)
    return tuple(f"In {_sequence_numbers_text(mine, total)} {why}." for why, mine in numbers.items())


def _sequence_numbers_text(numbers: list[int], total: int) -> str:
    """Return sequence numbers, from 1, in words: "all 20 sequences", "sequences 2, 5 of 20".

    Beyond _LISTED of them, the others are counted: "and 3 more".
    """
    if len(numbers) == total and total > 1:
        return f"all {total} sequences"
    if len(numbers) == 1:
        return f"sequence {numbers[0]} of {total}"
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    return f"sequences {', '.join(map(str, numbers[:_LISTED]))}{more} of {total}"


def _first_non_finite_layer(calls: Sequence[Call], index: int, of: int) -> str:
    """Return a clause on the first layer that is not finite for sequence `index` of a batch of `of`.

    Outputs of another batch size count as a whole. If all are finite, the clause blames the graph.
    """
    for call in calls:
        for output in call.outputs:
            mine = output[index] if output.ndim and len(output) == of else output
            if not np.isfinite(mine).all():
                return (
                    f"{_named(call)} is the first layer that puts out {_nan_or_infinity(mine)}"
                    f"{_weights_clause(call.layer)}"
                )
    return "the model puts out NaN or infinity as one graph, though not layer by layer"


def _weights_clause(layer: Any) -> str:
    """Return a clause that a layer's weights hold NaN or infinity; "" where all are finite."""
    for variable in getattr(layer, "weights", ()):
        values = to_float64(variable)
        if not np.isfinite(values).all():
            return f"; its weights hold {_nan_or_infinity(values)}"
    return ""


def _nan_or_infinity(array: np.ndarray) -> str:
    """Return "NaN" if an array that is not finite holds NaN, else "infinity"."""
    return "NaN" if np.isnan(array).any() else "infinity"
