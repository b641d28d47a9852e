"""Sequences to try a model with, and the padded batches that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from maskdemo.audit.model_inputs import ModelInput
from maskdemo.errors import UnsupportedModel

Side = Literal["post", "pre"]
Row = Mapping[str, np.ndarray]

#: Number of sequences drawn, and their lengths in steps; a model that needs longer ones gets multiples.
SEQUENCES = 24
LENGTHS = (3, 5, 8)
SEED = 20


@dataclass(frozen=True)
class Samples:
    """Sequences without padding.

    rows: for each sequence an array (steps, ...) per input, or (...) where the input is no sequence.
    """

    model_inputs: tuple[ModelInput, ...]
    rows: tuple[Row, ...]

    def lengths(self, row: Row) -> tuple[int, ...]:
        """Return the number of steps of every input that is a sequence."""
        return tuple(len(row[each.name]) for each in self.model_inputs if each.is_sequence)

    def by_length(self) -> dict[tuple[int, ...], list[int]]:
        """Group the indices of the sequences by their lengths."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for index, row in enumerate(self.rows):
            groups.setdefault(self.lengths(row), []).append(index)
        return groups

    def padded_batch(
        self, indices: Iterable[int], side: Side, extra: int = 0, *, to: int | None = None
    ) -> dict[str, np.ndarray]:
        """Return the sequences of these indices as a batch, by name of input.

        Sequences are padded on `side` with their input's pad value (a mask with 0): (N, steps, ...).
        steps: `to`, where it is given; else the longest length and `extra` more. Inputs that are not
        sequences are stacked: (N, ...).
        """
        rows = [self.rows[index] for index in indices]
        return {
            each.name: _padded([row[each.name] for row in rows], each, side, extra, to)
            for each in self.model_inputs
        }


def _padded(
    arrays: Sequence[np.ndarray], model_input: ModelInput, side: Side, extra: int, to: int | None
) -> np.ndarray:
    if not model_input.is_sequence:
        return np.stack(arrays)
    steps = to or max(map(len, arrays)) + extra
    filler = 0 if model_input.kind == "mask" else model_input.pad_value
    batch = np.full((len(arrays), steps, *arrays[0].shape[1:]), filler, model_input.dtype)
    with np.errstate(over="ignore"):  # `non_finite` reports numbers that are too large
        for row, array in zip(batch, arrays, strict=True):
            row[slice(len(array)) if side == "post" else slice(steps - len(array), steps)] = array
    return batch


def draw(
    model_inputs: tuple[ModelInput, ...],
    *,
    stretch: int = 1,
    apart: bool = False,
    count: int = SEQUENCES,
    seed: int = SEED,
) -> Samples:
    """Draw sequences that fit the inputs: standard normal values, or tokens other than padding.

    stretch: how many times longer than LENGTHS. Inputs of a fixed length get shorter sequences.
    apart: the inputs of one row have different lengths.
    """
    rng = np.random.default_rng(seed)
    longest = min((each.steps for each in model_inputs if each.steps is not None), default=None)
    if longest is not None and longest < 2:
        raise UnsupportedModel("An input has a single step, so there is no room for padding.")
    # By how much the lengths of each input are shifted against those of the first.
    shift = {each.name: index for index, each in enumerate(data_of(model_inputs)) if apart}
    rows = []
    for index in range(count):
        steps = [length * stretch for length in LENGTHS]
        if longest is not None:
            steps = [
                max(1, min(each, longest * (1 + nth) // (1 + len(LENGTHS))))
                for nth, each in enumerate(steps)
            ]
        rows.append(
            {
                each.name: _random_sequence(
                    each, steps[(index + shift.get(each.name, 0)) % len(LENGTHS)], rng
                )
                for each in model_inputs
            }
        )
    return Samples(model_inputs, tuple(rows))


def data_of(model_inputs: tuple[ModelInput, ...]) -> list[ModelInput]:
    """Return the inputs that are sequences of values or tokens, without masks."""
    return [each for each in model_inputs if each.kind in ("values", "tokens")]


def _random_sequence(model_input: ModelInput, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one input of one sequence: normal values, tokens, or a mask of ones."""
    if model_input.kind == "mask":
        return np.ones(steps, model_input.dtype)
    rest = tuple(
        size or 4 for size in (model_input.shape[1:] if model_input.is_sequence else model_input.shape)
    )
    shape = (steps, *rest) if model_input.is_sequence else rest
    if model_input.vocabulary:
        tokens = range(min(model_input.vocabulary, 1000))
        choices = [token for token in tokens if token != model_input.pad_value]
        if model_input.kind == "tokens":
            choices = [value for value in choices if value] or choices
        if not choices:
            raise UnsupportedModel(
                f"The Embedding on {model_input.name!r} has no row for anything but padding."
            )
        return rng.choice(choices, shape).astype(model_input.dtype)
    return rng.normal(size=shape).astype(model_input.dtype)


def rows_of(sequences: Any, names: Sequence[str]) -> tuple[Row, ...]:
    """Return the sequences of a caller as one mapping per sequence, from input name to array.

    sequences: for a model with one input a list of arrays (steps, ...); for one with several a
    mapping of input names to such lists, or as many lists as inputs, in order.
    """
    if isinstance(sequences, Mapping):
        columns = {str(name): list(arrays) for name, arrays in sequences.items()}
    elif len(names) > 1:
        columns = {name: list(arrays) for name, arrays in zip(names, sequences, strict=False)}
    else:
        columns = {names[0] if names else "input": list(sequences)}
    if names and set(columns) != set(names):
        raise UnsupportedModel(f"Sequences are needed for the inputs {', '.join(names)}.")
    counts = {len(arrays) for arrays in columns.values()}
    if len(counts) != 1 or not counts.pop():
        raise UnsupportedModel("Every input needs as many sequences as the others, and at least one.")
    rows = tuple(
        {name: np.asarray(array) for name, array in zip(columns, values, strict=True)}
        for values in zip(*columns.values(), strict=True)
    )
    if any(array.ndim and not len(array) for row in rows for array in row.values()):
        raise UnsupportedModel("A sequence without a single step cannot be audited.")
    return rows
