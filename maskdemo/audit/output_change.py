"""Do the outputs move when padding is added? This decides; everything else explains.

The reference is every sequence without any padding, in a batch of sequences of its own length. A model
of one fixed length has no such reference: there the same sequence stands at the start, then at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from maskdemo.audit.run_model import Batch
from maskdemo.audit.samples import Samples, Side

Run = Callable[[Batch], list[np.ndarray]]

#: Padded steps added to the longest sequence of a batch.
ADDED_STEPS = (1, 7, 32)
#: Rounding that a right model may show, in units of the last digit of its largest output. Half
#: precision gets less room: there a leak of one part in a hundred would otherwise pass.
TOLERANCE_ULPS, HALF_TOLERANCE_ULPS = 64.0, 8.0
#: How often a model's own rounding, seen when the batch changes but no padding does, may be exceeded;
#: and how many times its tolerance that can be before it is no rounding.
NOISE_FACTOR, MAX_NOISE_FACTOR = 8.0, 16.0
_EPSILONS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


@dataclass(frozen=True)
class Measure:
    """How far one output moved in one way of padding.

    largest: the largest |difference| to the reference over sequences, valid steps and units; infinite
    where an output is lost or no number. moved: how many of `of` sequences exceeded the tolerance.
    scale: the largest |output| of the reference.
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

    @property
    def leaks(self) -> bool:
        """Whether it moved further than rounding does."""
        return self.moved > 0


@dataclass(frozen=True)
class Reference:
    """What the model says without padding: for each sequence its outputs; and how far rounding goes."""

    rows: tuple[list[np.ndarray], ...]
    scales: tuple[float, ...]
    tolerances: tuple[float, ...]
    #: How far a sequence's outputs moved between a batch of its own and one of equals.
    noise: tuple[float, ...]
    rows_mix: bool


def reference(run: Run, samples: Samples, precision: str, steps: int | None = None) -> Reference:
    """Run every sequence without padding.

    steps: the fixed length of the model, if it has one; there each sequence stands at the start.
    """
    rows: list[list[np.ndarray]] = [[] for _ in samples.rows]
    noise: list[float] = []
    groups = [list(range(len(rows)))] if steps is not None else samples.by_length().values()
    for group in groups:
        together = run(samples.padded_batch(group, "post", to=steps))
        for index, row in enumerate(group):
            rows[row] = [output[index] for output in together]
        alone = run(samples.padded_batch(group[:1], "post", to=steps))
        changes = [
            largest_change(*each) for each in zip(rows[group[0]], (o[0] for o in alone), strict=True)
        ]
        noise = [max(pair) for pair in zip(changes, noise or changes, strict=True)]
    return _make_reference(rows, noise, precision)


def _make_reference(rows: list[list[np.ndarray]], noise: list[float], precision: str) -> Reference:
    """Return the reference; noise: the change of each output without any padding."""
    scales = tuple(
        max((largest_number(row[index]) for row in rows), default=1e-6) for index in range(len(noise))
    )
    ulps = TOLERANCE_ULPS if precision in ("float32", "float64") else HALF_TOLERANCE_ULPS
    rounding = [ulps * _EPSILONS.get(precision, _EPSILONS["float32"]) * scale for scale in scales]
    return Reference(
        rows=tuple(rows),
        scales=scales,
        tolerances=tuple(
            max(least, min(NOISE_FACTOR * moved, MAX_NOISE_FACTOR * least))
            for least, moved in zip(rounding, noise, strict=True)
        ),
        noise=tuple(noise),
        rows_mix=any(
            moved > MAX_NOISE_FACTOR * least for least, moved in zip(rounding, noise, strict=True)
        ),
    )


def measures(
    run: Run,
    samples: Samples,
    reference: Reference,
    *,
    sides: Sequence[Side],
    added: Sequence[int],
    steps: int | None = None,
) -> list[Measure]:
    """Measure how far the outputs move with padding on each side by each amount.

    The amount 0, sequences of all lengths in one batch, comes first. steps: the fixed length of the
    model, if it has one; there the same sequences are run once, at the end instead of the start.
    """
    everything = range(len(samples.rows))
    if steps is not None:
        outputs = run(samples.padded_batch(everything, "pre", to=steps))
        free = steps - min(min(samples.lengths(row)) for row in samples.rows)
        return _measures_of(outputs, reference, "pre", free, window=(samples, steps))
    return [
        measure
        for side in sides
        for amount in (0, *added)
        for measure in _measures_of(
            run(samples.padded_batch(everything, side, amount)), reference, side, amount
        )
    ]


def _measures_of(
    outputs: list[np.ndarray],
    reference: Reference,
    side: Side,
    added: int,
    *,
    window: tuple[Samples, int] | None = None,
) -> list[Measure]:
    """Compare the outputs for one way of padding with the reference; one measure per output."""
    result = []
    for index, output in enumerate(outputs):
        changes = []
        for row, expected in enumerate(reference.rows):
            wanted, got = expected[index], output[row]
            if window is not None:
                wanted = real_steps_of(wanted, window[0], row, window[1])
                got = got[-len(wanted) :] if wanted.ndim else got
            changes.append(largest_change(wanted, aligned(got, wanted.shape, side)))
        tolerance = reference.tolerances[index]
        result.append(
            Measure(
                side=side,
                added=added,
                output=index,
                largest=max(changes),
                tolerance=tolerance,
                scale=reference.scales[index],
                moved=sum(each > tolerance for each in changes),
                of=len(changes),
                worst=int(np.argmax(changes)),
            )
        )
    return result


def aligned(array: np.ndarray, shape: tuple[int, ...], side: Side) -> np.ndarray:
    """Return the part of a padded sequence's output that belongs to its real steps."""
    if array.ndim != len(shape):
        return array
    return array[
        tuple(
            slice(None, size) if side == "post" else slice(max(0, longer - size), None)
            for longer, size in zip(array.shape, shape, strict=True)
        )
    ]


def real_steps_of(output: np.ndarray, samples: Samples, row: int, steps: int | None) -> np.ndarray:
    """Return the real steps of a sequence's output, where it stands at the start of a fixed length."""
    if steps is None or not output.ndim or len(output) != steps:
        return output
    return output[: max(samples.lengths(samples.rows[row]))]


def not_finite(reference: Reference, samples: Samples, steps: int | None) -> list[int]:
    """Return the indices of the sequences with an output that is NaN or infinite at a real step."""
    return [
        row
        for row, outputs in enumerate(reference.rows)
        if not all(np.isfinite(real_steps_of(each, samples, row, steps)).all() for each in outputs)
    ]


def largest_change(wanted: np.ndarray, got: np.ndarray) -> float:
    """Return the largest |difference|, never NaN: see `changes_of`; infinite where shapes differ."""
    if wanted.shape != got.shape:
        return float("inf")
    return float(changes_of(wanted, got).max(initial=0))


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
    """Return the largest finite |number|, at least 1e-6, so that it can be divided by."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=1e-6))
