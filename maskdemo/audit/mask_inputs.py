"""Which masks among the inputs are True at padding, and which numbers are lengths: found by trying."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from maskdemo.audit.model_inputs import ModelInput, data_of, sequence_of
from maskdemo.audit.output_change import changes_of, largest_number
from maskdemo.audit.run_model import Run
from maskdemo.audit.samples import Row, Samples


def with_masks_as_tried(run: Run, samples: Samples, drawn: bool, tolerance: float) -> Samples:
    """Return the samples, with masks inverted and "fixed" numbers as lengths where runs show them so.

    A model reads nothing where its mask says padding, or beyond its lengths: so the last steps of a
    sequence are changed once while it should read them, once while it should not. Masks that the caller
    named stay. All rows get inverted masks; lengths only if `drawn`, that is, not given.
    tolerance: the share of an output's largest number that is rounding.
    """
    model_inputs, rows = [], [dict(row) for row in samples.rows]
    for each in samples.model_inputs:
        of = each.of or sequence_of(each.name, data_of(samples.model_inputs))
        new = each
        if each.kind == "mask" and not each.from_caller and _is_inverted(run, samples, each, tolerance):
            new = replace(each, pad_value=1.0, source="as trying shows")
            for row in rows:
                mask = row[each.name]  # NumPy subtracts no bool
                row[each.name] = 1 - (mask.astype("uint8") if mask.dtype == bool else mask)
        elif each.kind == "fixed" and each.shape in ((), (1,)) and of:
            with suppress(Exception):  # a category beyond its table
                if _is_lengths(run, samples, replace(each, of=of), tolerance):
                    new = replace(each, kind="lengths", of=of, source="as trying shows")
                    for row in rows if drawn else ():
                        row[each.name] = np.full_like(row[each.name], len(row[of]))
        model_inputs.append(new)
    return Samples(tuple(model_inputs), tuple(rows))


def _middle_row(samples: Samples, of: str) -> tuple[Row, np.ndarray]:
    """Return the row of the (upper) median length of `of`, and True at its first half, rounded up."""
    rows = sorted(samples.rows, key=lambda row: len(row[of]))
    row = rows[len(rows) // 2]
    steps = len(row[of])
    return row, np.arange(steps) < steps - steps // 2


def _is_inverted(run: Run, samples: Samples, mask: ModelInput, tolerance: float) -> bool:
    """Whether a mask is True at padding: units ignore the last steps only where it is True there."""
    row, real = _middle_row(samples, mask.of)
    if len(real) < 2:
        return False
    moved = []
    for says in (real, ~real):
        rest = row[mask.name].ndim - 1
        shown = says[:, None] & says if mask.is_square else says.reshape(-1, *[1] * rest)
        shown = np.broadcast_to(shown, row[mask.name].shape)
        moved.append(_moved(run, samples, row, mask, shown.astype(mask.dtype), real, tolerance))
    true_is_padding = (moved[0] & ~moved[1]).any()
    true_is_real = (moved[1] & ~moved[0]).any()
    return bool(true_is_padding and not true_is_real)


def _is_lengths(run: Run, samples: Samples, number: ModelInput, tolerance: float) -> bool:
    """Whether a number is a length: outputs ignore the last steps exactly where it leaves them out."""
    row, real = _middle_row(samples, number.of)
    short, full = (np.full_like(row[number.name], count) for count in (real.sum(), len(real)))
    return len(real) > 1 and bool(
        not _moved(run, samples, row, number, short, real, tolerance).any()
        and _moved(run, samples, row, number, full, real, tolerance).any()
    )


def _moved(
    run: Run,
    samples: Samples,
    row: Row,
    model_input: ModelInput,
    value: np.ndarray,
    real: np.ndarray,
    tolerance: float,
) -> np.ndarray:
    """Return which units of all outputs, (units,) of bool, move at real steps with the last steps.

    model_input: the mask or number about the sequence, which is `value` all the while. real: False at
    the last steps, (steps,).
    """
    own = dict(row) | {model_input.name: value}
    other = own | {model_input.of: _other_end(samples, model_input.of, row, ~real)}
    batch = Samples(samples.model_inputs, (own, other)).padded_batch((0, 1), "post")
    moved = []
    for before, after in run(batch):
        if before.ndim and len(before) == len(real):
            before, after = before[real], after[real]
        changes = changes_of(before, after) > tolerance * largest_number(before)
        moved.append(changes.reshape(-1, changes.shape[-1] if changes.ndim else 1).any(axis=0))
    return np.concatenate(moved)


def _other_end(samples: Samples, name: str, row: Row, end: np.ndarray) -> np.ndarray:
    """Return the sequence, 1 more at steps `end` (bool); integers become the samples' least other."""
    array = row[name].copy()
    if array.dtype.kind == "f":
        array[end] += 1
        return array
    others = np.concatenate([each[name] for each in samples.rows])
    candidates = np.unique(others.reshape(len(others), -1), axis=0)
    for place in np.flatnonzero(end):
        different = candidates[(candidates != array[place].reshape(-1)).any(axis=1)]
        if len(different):
            array[place] = different[0].reshape(array[place].shape)
    return array
