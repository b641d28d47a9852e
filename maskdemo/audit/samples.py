"""Sequences to try a model with, and the rectangles that padding makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from maskdemo.audit.entries import Entry
from maskdemo.errors import UnsupportedModel

Side = Literal["post", "pre"]
Row = Mapping[str, np.ndarray]

#: How many sequences are drawn, and their lengths; a model that needs longer ones gets multiples.
DRAWN = 24
LENGTHS = (3, 5, 8)
SEED = 20


@dataclass(frozen=True)
class Samples:
    """Sequences without padding: for each an array (steps, ...) an input, (...) where it is fixed."""

    entries: tuple[Entry, ...]
    rows: tuple[Row, ...]

    def lengths(self, row: Row) -> tuple[int, ...]:
        """The number of steps of every input that is a sequence."""
        return tuple(len(row[entry.name]) for entry in self.entries if entry.is_sequence)

    def by_length(self) -> dict[tuple[int, ...], list[int]]:
        """The places of the sequences that are as long as one another."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for at, row in enumerate(self.rows):
            groups.setdefault(self.lengths(row), []).append(at)
        return groups

    def rectangle(self, which: Iterable[int], side: Side, extra: int = 0) -> dict[str, np.ndarray]:
        """Arrays (N, steps, ...): each sequence padded to the longest and `extra` steps more."""
        chosen = [self.rows[at] for at in which]
        return {
            entry.name: padded([row[entry.name] for row in chosen], entry, side, extra)
            for entry in self.entries
        }


def padded(
    arrays: Sequence[np.ndarray], entry: Entry, side: Side, extra: int, *, to: int | None = None
) -> np.ndarray:
    """One input of a batch, (N, steps, ...). to: the number of steps, rather than the longest's."""
    if not entry.is_sequence:
        return np.stack(arrays)
    steps = to or max(map(len, arrays)) + extra
    filler = 0 if entry.kind == "mask" else entry.pad_value
    batch = np.full((len(arrays), steps, *arrays[0].shape[1:]), filler, entry.dtype)
    with np.errstate(over="ignore"):  # `finite` tells of numbers that are too large
        for row, array in zip(batch, arrays, strict=True):
            row[slice(len(array)) if side == "post" else slice(steps - len(array), steps)] = array
    return batch


def draw(
    entries: tuple[Entry, ...],
    *,
    stretch: int = 1,
    apart: bool = False,
    count: int = DRAWN,
    seed: int = SEED,
) -> Samples:
    """Sequences that fit the inputs: standard normal values, tokens and numbers that are no padding.

    stretch: how many times longer than LENGTHS. Inputs of one fixed length get shorter sequences.
    apart: each input of a row has another length than the one before it.
    """
    rng = np.random.default_rng(seed)
    fixed = [entry.steps for entry in entries if entry.steps is not None]
    longest = min(fixed, default=None)
    if longest is not None and longest < 2:
        raise UnsupportedModel("An input has a single step, so there is no room for padding.")
    place = {entry.name: at for at, entry in enumerate(data_of(entries))} if apart else {}
    rows = []
    for at in range(count):
        steps = [length * stretch for length in LENGTHS]
        if longest is not None:
            steps = [
                max(1, min(each, longest * (1 + nth) // (1 + len(LENGTHS))))
                for nth, each in enumerate(steps)
            ]
        rows.append(
            {
                entry.name: _drawn(entry, steps[(at + place.get(entry.name, 0)) % len(steps)], rng)
                for entry in entries
            }
        )
    return Samples(entries, tuple(rows))


def data_of(entries: tuple[Entry, ...]) -> list[Entry]:
    """The inputs that are sequences of data; a mask is as long as what it belongs to."""
    return [entry for entry in entries if entry.kind in ("values", "tokens")]


def _drawn(entry: Entry, steps: int, rng: np.random.Generator) -> np.ndarray:
    if entry.kind == "mask":
        return np.ones(steps, entry.dtype)
    rest = tuple(size or 4 for size in (entry.shape[1:] if entry.is_sequence else entry.shape))
    shape = (steps, *rest) if entry.is_sequence else rest
    if entry.vocabulary:
        choices = [value for value in range(min(entry.vocabulary, 1000)) if value != entry.pad_value]
        if entry.kind == "tokens":
            choices = [value for value in choices if value] or choices
        if not choices:
            raise UnsupportedModel(
                f"The Embedding on {entry.name!r} has no row for anything but padding."
            )
        return rng.choice(choices, shape).astype(entry.dtype)
    return rng.normal(size=shape).astype(entry.dtype)


def given(sequences: Any, names: Sequence[str]) -> tuple[Row, ...]:
    """A person's own sequences as rows.

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
