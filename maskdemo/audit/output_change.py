"""Do the outputs move when padding is added? This decides; everything else explains.

The reference is every sequence without any padding, in a batch of sequences of its own length. A model
of one fixed length has no such reference: there the same sequence stands at the start, then at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from maskdemo.audit.run_model import Batch, Run
from maskdemo.audit.samples import Samples, Side
from maskdemo.audit.tolerances import (
    EPSILONS,
    HALF_OUTPUT_ULPS,
    MAX_NOISE_FACTOR,
    MIN_SCALE,
    NOISE_FACTOR,
    OUTPUT_ULPS,
)

#: Padded steps added to the longest sequence of a batch.
ADDED_STEPS = (1, 7, 32, 100)


@dataclass(frozen=True)
class Measure:
    """How far one output moved in one way of padding.

    added: steps beyond the longest; at 0 only shorter ones are padded. output: its index. worst: the
    index of the sequence that moved furthest. largest: the largest |difference| to the reference over
    sequences and valid steps; infinite where an output is lost or no number. unit: where it is, along
    the last axis: the unit that exceeds its tolerance furthest, or else moves furthest. moved: how many
    of `of` sequences exceeded a tolerance. scale: the unit's largest |output| in the reference.
    before_activation: whether it is what goes into the last activation, which is saturated.
    """

    side: Side
    added: int
    output: int
    largest: float
    tolerance: float
    scale: float
    moved: int
    of: int
    worst: int = 0
    unit: int = 0
    before_activation: bool = False

    @property
    def leaks(self) -> bool:
        """Whether any sequence's output moved further than rounding does."""
        return self.moved > 0


@dataclass(frozen=True)
class Reference:
    """The model's outputs for each sequence without padding, and how far rounding moves them.

    rows: for each sequence its outputs, without batch axis. scales, tolerances: for each output the
    largest |number| and the largest rounding of each unit, (units,). noise: for each output, by which
    |difference| it moves between a batch of sequences of equal length and alone. rows_mix: whether
    sequences of a batch influence one another.
    """

    rows: tuple[list[np.ndarray], ...]
    scales: tuple[np.ndarray, ...]
    tolerances: tuple[np.ndarray, ...]
    noise: tuple[float, ...]
    rows_mix: bool


def reference(
    run: Run,
    samples: Samples,
    precision: str,
    rounded: Callable[[list[Batch]], list[list[np.ndarray]]] | None = None,
) -> Reference:
    """Return the reference: outputs of every sequence without padding, and what counts as rounding.

    Where an input has one length, sequences stand at its start. rounded: a function that runs the model
    on batches with other last digits of weights and inputs; None to do without.
    """
    rows: list[list[np.ndarray]] = [[] for _ in samples.rows]
    of_batch: list[list[np.ndarray]] = []
    groups = list(samples.by_length().values())
    batches: list[Batch] = [samples.padded_batch(group, "post") for group in groups]
    outputs = [run(batch) for batch in batches]
    for group, together in zip(groups, outputs, strict=True):
        for index, row in enumerate(group):
            rows[row] = [output[index] for output in together]
        alone = run(samples.padded_batch(group[:1], "post"))
        of_batch.append([_by_unit(all_[:1], one) for all_, one in zip(together, alone, strict=True)])
    of_digits = [
        [_by_unit(*each) for each in zip(together, other, strict=True)]
        for together, other in zip(outputs, rounded(batches) if rounded else [], strict=bool(rounded))
    ]
    fixed = next((each.steps for each in samples.model_inputs if each.steps is not None), None)
    lengths = [fixed or max(samples.lengths(row)) for row in samples.rows]
    return _make_reference(rows, of_batch, of_digits, precision, lengths)


def _by_unit(wanted: np.ndarray, got: np.ndarray) -> np.ndarray:
    """Return the largest |difference| by unit of the last axis, (units,), if that is not of the batch.

    (1,) otherwise; [inf] if shapes differ, [0] if they are empty.
    """
    if wanted.shape != got.shape or not wanted.size:
        return np.full(1, np.inf if wanted.shape != got.shape else 0.0)
    changes = changes_of(wanted, got)
    return changes.reshape(-1, changes.shape[-1] if changes.ndim > 1 else 1).max(axis=0)


def _make_reference(
    rows: list[list[np.ndarray]],
    of_batch: list[list[np.ndarray]],
    of_digits: list[list[np.ndarray]],
    precision: str,
    lengths: list[int],
) -> Reference:
    """Return the reference of these outputs by sequence. lengths: steps of each, or the fixed length.

    of_batch, of_digits: for each batch and output the changes of its units, (units,), without padding:
    between a batch and alone, and with other last digits. Tolerances are the largest of OUTPUT_ULPS of
    the scale and NOISE_FACTOR times these changes, those by the batch up to MAX_NOISE_FACTOR times the
    rest, beyond which they mean `rows_mix`. Outputs (steps,), and any in half precision, whose
    `of_digits` is ignored, have one scale.
    """
    scales, tolerances, noises, mixing = [], [], [], False
    whole = precision not in ("float32", "float64")
    ulps = HALF_OUTPUT_ULPS if whole else OUTPUT_ULPS
    for index in range(len(of_batch[0])):
        outputs = [row[index] for row in rows]
        timed = all(each.shape == (steps,) for each, steps in zip(outputs, lengths, strict=True))
        scale = _scale(outputs, whole or timed)  # where the last axis is time, its places are no units
        rounding = ulps * EPSILONS[precision] * scale
        for change in of_digits if not whole else ():
            rounding = np.maximum(rounding, NOISE_FACTOR * _fitted(change[index], scale))
        noise = np.max([_fitted(change[index], scale) for change in of_batch], axis=0)
        scales.append(scale)
        noises.append(float(noise.max()))
        tolerances.append(
            np.maximum(rounding, np.minimum(NOISE_FACTOR * noise, MAX_NOISE_FACTOR * rounding))
        )
        mixing = mixing or bool((noise > MAX_NOISE_FACTOR * rounding).any())
    return Reference(tuple(rows), tuple(scales), tuple(tolerances), tuple(noises), mixing)


def _scale(outputs: list[np.ndarray], whole: bool) -> np.ndarray:
    """Return the largest finite |number|, at least `MIN_SCALE`, of each unit: (units,).

    Of all together, (1,), if `whole`, if the outputs differ in units, or without axes or numbers.
    """
    sizes = {output.shape[-1:] for output in outputs}
    if whole or len(sizes) > 1 or not outputs[0].ndim or not outputs[0].size:
        return np.array([max(map(largest_number, outputs))])
    units = np.abs(np.concatenate([each.reshape(-1, each.shape[-1]) for each in outputs]))
    return np.maximum(np.where(np.isfinite(units), units, 0.0).max(axis=0), MIN_SCALE)


def _fitted(changes: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the changes by unit; if their shape is not the scale's, their largest in that shape."""
    return changes if changes.shape == scale.shape else np.full(scale.shape, changes.max())


def measures(
    run: Run, samples: Samples, reference: Reference, side: Side, added: int, timed: Sequence[str] = ()
) -> list[Measure]:
    """Return a measure for each output: how far it moves with padding on a side.

    added: steps beyond the longest; 0 for sequences of all lengths in one batch. Inputs of one length
    are not made longer: padded in front, their sequences stand at the end in place of the start. timed:
    for each output the input of one length whose steps it has, or "".
    """
    # Where sequences influence one another, the same ones are together as without padding.
    together = list(range(len(samples.rows)))
    groups = list(samples.by_length().values()) if reference.rows_mix else [together]
    rows: dict[int, list[np.ndarray]] = {}
    for group in groups:
        outputs = run(samples.padded_batch(group, side, added))
        rows |= {row: [output[index] for output in outputs] for index, row in enumerate(group)}
    result = []
    for index, scale in enumerate(reference.scales):
        tolerance = reference.tolerances[index]
        changes = np.zeros((len(rows), len(scale)))
        for row, expected in enumerate(reference.rows):
            wanted, got = expected[index], rows[row][index]
            if name := (timed[index] if timed else ""):
                length = len(samples.rows[row][name])
                wanted = wanted[:length]
                got = got[:length] if side == "post" else got[len(got) - length :]
            if got.ndim == wanted.ndim:
                got = got[aligned_index(got.shape, wanted.shape, side)]
            changes[row] = _fitted(_by_unit(wanted[None], got[None]), scale)
        excess = changes / tolerance
        moved = (excess > 1).any(axis=1)
        unit = int(np.argmax((excess if moved.any() else changes).max(axis=0)))
        result.append(
            Measure(
                side=side,
                added=added,
                output=index,
                largest=float(changes[:, unit].max()),
                tolerance=float(tolerance[unit]),
                scale=float(scale[unit]),
                moved=int(moved.sum()),
                of=len(changes),
                worst=_worst(excess.max(axis=1), samples),
                unit=unit,
            )
        )
    return result


def exceeds(reference: Reference, row: int, outputs: Sequence[np.ndarray]) -> bool:
    """Whether outputs of sequence `row` differ from the reference by more than its tolerances."""
    return any(
        bool((_fitted(_by_unit(wanted[None], got[None]), tolerance) > tolerance).any())
        for wanted, got, tolerance in zip(
            reference.rows[row], outputs, reference.tolerances, strict=True
        )
    )


def _worst(excess: np.ndarray, samples: Samples) -> int:
    """Return the index of the largest excess: of a short sequence, unless only long ones exceed 1."""
    short = samples.short()
    moved = any(excess[index] > 1 for index in short) or excess.max() <= 1
    return max(short, key=lambda index: excess[index]) if moved else int(np.argmax(excess))


def aligned_index(padded: tuple[int, ...], shape: tuple[int, ...], side: Side) -> tuple[slice, ...]:
    """Return the index that cuts a tensor of shape `padded` to `shape`: its start, or end if "pre"."""
    return tuple(
        slice(None, size) if side == "post" else slice(max(0, longer - size), None)
        for longer, size in zip(padded, shape, strict=True)
    )


def not_finite(reference: Reference, samples: Samples, timed: Sequence[str]) -> list[int]:
    """Return the indices of the sequences with an output that is NaN or infinite at a real step.

    timed: as in `measures`; where it is "", every step of that output counts.
    """
    return [
        row
        for row, outputs in enumerate(reference.rows)
        if not all(
            np.isfinite(each[: len(samples.rows[row][name])] if name else each).all()
            for each, name in zip(outputs, timed or [""] * len(outputs), strict=True)
        )
    ]


def largest_change(wanted: np.ndarray, got: np.ndarray) -> float:
    """Return the largest of `changes_of`, 0 if empty; infinite where shapes differ."""
    if wanted.shape != got.shape:
        return float("inf")
    return float(changes_of(wanted, got).max(initial=0))


def largest_share(wanted: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> float:
    """Return the largest |difference| of any output, as a share of the largest number in its `wanted`.

    Infinite where shapes differ. Raises ValueError without outputs, or where their counts differ.
    """
    return max(
        largest_change(one, other) / largest_number(one) for one, other in zip(wanted, got, strict=True)
    )


def changes_of(wanted: np.ndarray, got: np.ndarray) -> np.ndarray:
    """Return each |difference|; infinite where only one is a number, 0 where both are NaN or equal.

    >>> changes_of(np.array([1.0, np.nan, np.nan, np.inf]), np.array([1.5, 2.0, np.nan, -np.inf]))
    array([0.5, inf, 0. , inf])
    """
    finite = np.isfinite(wanted) & np.isfinite(got)
    same = (wanted == got) | (np.isnan(wanted) & np.isnan(got))
    apart = np.abs(np.where(finite, wanted, 0.0) - np.where(finite, got, 0.0))
    return np.where(finite, apart, np.where(same, 0.0, np.inf))


def largest_number(array: np.ndarray) -> float:
    """Return the largest finite |number|, at least MIN_SCALE, so that it can be divided by."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=MIN_SCALE))
