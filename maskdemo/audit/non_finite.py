"""Find where NaN or infinity begins: in a sequence, or at the first layer that returns it.

A difference to NaN says nothing, so such a sequence cannot show whether padding leaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.run_model import to_float64
from maskdemo.audit.samples import Row, Samples
from maskdemo.audit.trace import Call, trace
from maskdemo.errors import quoted

#: Number of sequences that a sentence lists; the others are counted.
_LISTED = 5


def in_sequence(model_inputs: Iterable[ModelInput], row: Row) -> str:
    """Return a clause on a row's first input that is not finite, with the step (from 1); else ""."""
    for model_input in model_inputs:
        array = _in_input_precision(row[model_input.name], model_input)
        finite = np.isfinite(array) if array.dtype.kind == "f" else np.True_
        if finite.all():
            continue
        name = quoted(model_input.name)
        if not model_input.is_sequence:
            return f"{_nan_or_infinity(array)} stands in {name}"
        step = int(np.argmin(finite.reshape(len(array), -1).all(axis=1)))
        return f"{_nan_or_infinity(array[step])} stands at step {step + 1} of {name}"
    return ""


def in_model(model: Any, samples: Samples, rows: Sequence[int]) -> dict[int, str]:
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
                    f"{quoted(call.name)} ({type(call.layer).__name__}) is the first layer that puts "
                    f"out {_nan_or_infinity(mine)}{_weights_clause(call.layer)}"
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


def _in_input_precision(array: np.ndarray, model_input: ModelInput) -> np.ndarray:
    """Return floats for a float input in its precision, where large ones are infinite; others as is."""
    if array.dtype.kind != "f" or not model_input.dtype.startswith("float"):
        return array
    with np.errstate(over="ignore"):
        return array.astype(model_input.dtype)
