"""Which masks among the inputs of a model are True at padding: found by trying."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maskdemo.audit.model_inputs import ModelInput
from maskdemo.audit.output_change import Run, changes_of, largest_number
from maskdemo.audit.samples import Row, Samples


def with_masks_as_tried(run: Run, samples: Samples, tolerance: float) -> Samples:
    """Return the samples with those masks inverted that the model reads as True at padding.

    A model reads nothing where its mask says padding: so the last steps of a sequence are changed once
    while the mask is False there alone, once while it is True there alone. Where units of the outputs
    stand still in the latter case only, True is padding. tolerance: the share of the largest number
    that is rounding.
    """
    inverted = {
        each.name
        for each in samples.model_inputs
        if each.kind == "mask" and not each.told and _is_inverted(run, samples, each, tolerance)
    }
    if not inverted:
        return samples
    model_inputs = tuple(
        replace(each, pad_value=1.0, source="as trying shows") if each.name in inverted else each
        for each in samples.model_inputs
    )
    rows = tuple(
        {name: 1 - array if name in inverted else array for name, array in _as_numbers(row).items()}
        for row in samples.rows
    )
    return Samples(model_inputs, rows)


def _as_numbers(row: Row) -> Row:
    return {
        name: array.astype("uint8") if array.dtype == bool else array for name, array in row.items()
    }


def _is_inverted(run: Run, samples: Samples, mask: ModelInput, tolerance: float) -> bool:
    rows = sorted(samples.rows, key=lambda row: len(row[mask.of]))
    row = rows[len(rows) // 2]
    steps = len(row[mask.of])
    if steps < 2:
        return False
    real = np.arange(steps) < steps - steps // 2
    moved = []
    for says in (real, ~real):
        rest = row[mask.name].ndim - 1
        shown = says[:, None] & says if mask.is_square else says.reshape(-1, *[1] * rest)
        shown = np.broadcast_to(shown, row[mask.name].shape)
        masked = dict(row) | {mask.name: shown.astype(mask.dtype)}
        other = masked | {mask.of: _other_end(samples, mask.of, row, ~real)}
        batch = Samples(samples.model_inputs, (masked, other)).padded_batch((0, 1), "post")
        moved.append(_moved_units(run(batch), real, tolerance))
    true_is_padding = (moved[0] & ~moved[1]).any()
    true_is_real = (moved[1] & ~moved[0]).any()
    return bool(true_is_padding and not true_is_real)


def _other_end(samples: Samples, name: str, row: Row, end: np.ndarray) -> np.ndarray:
    """Return the sequence with other steps at its end."""
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


def _moved_units(outputs: list[np.ndarray], real: np.ndarray, tolerance: float) -> np.ndarray:
    """Return which units of all outputs differ between two rows, at real steps if they have steps."""
    moved = []
    for one, other in outputs:
        if one.ndim and len(one) == len(real):
            one, other = one[real], other[real]
        changes = changes_of(one, other) > tolerance * largest_number(one)
        moved.append(changes.reshape(-1, changes.shape[-1] if changes.ndim else 1).any(axis=0))
    return np.concatenate(moved)
