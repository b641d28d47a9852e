"""Sequences to try a model with, and the padded batches that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from maskdemo.audit.model_inputs import ModelInput, data_of
from maskdemo.errors import UnsupportedModel, quoted

Side = Literal["post", "pre"]
Row = Mapping[str, np.ndarray]

#: Number of sequences drawn, and their lengths in steps; a model that needs longer ones gets multiples.
SEQUENCES = 24
LENGTHS = (3, 5, 8)
#: Steps of one drawn sequence in LONG_EVERY: windows and tables may end at 64.
LONG, LONG_EVERY = 70, 6
#: Steps of the longest sequence that is run step by step, without a graph, if there are shorter ones.
SHORT = 32
#: Factors by which sequences are drawn longer until the model takes them.
STRETCHES = (1, 2, 4, 8, 16, 64)
#: Rows and columns of an image that may have any size.
IMAGE_SIZE = 32
SEED = 20


@dataclass(frozen=True)
class Samples:
    """Sequences without padding.

    rows: for each sequence an array (steps, ...) per input, or (...) where the input is no sequence.
    """

    model_inputs: tuple[ModelInput, ...]
    rows: tuple[Row, ...]

    def lengths(self, row: Row) -> tuple[int, ...]:
        """Return the steps of every input of a row that is a sequence, masks too, in their order."""
        return tuple(len(row[each.name]) for each in self.model_inputs if each.is_sequence)

    def movable_steps(self) -> int:
        """Return the most steps by which one input's sequence can be moved; 0 if any takes any length.

        Raises UnsupportedModel where all fill their length, so that nothing can be moved.
        """
        sequences = [each for each in self.model_inputs if each.is_sequence]
        if any(each.steps is None for each in sequences):
            return 0
        steps = max(
            (each.steps or 0) - min(len(row[each.name]) for row in self.rows) for each in sequences
        )
        if not steps:
            raise UnsupportedModel(
                "Every sequence fills the model's fixed length, so no step is padded: give shorter "
                "ones, without their padding."
            )
        return steps

    def short(self) -> list[int]:
        """Return the indices of the sequences of at most SHORT steps; those of all if there is none."""
        everything = list(range(len(self.rows)))
        return [
            index for index in everything if max(self.lengths(self.rows[index])) <= SHORT
        ] or everything

    def chosen(self, indices: Iterable[int]) -> Samples:
        """Return the samples of these indices."""
        return Samples(self.model_inputs, tuple(self.rows[index] for index in indices))

    def by_length(self) -> dict[tuple[int, ...], list[int]]:
        """Return the indices of the sequences by their lengths, as `lengths` returns them."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for index, row in enumerate(self.rows):
            groups.setdefault(self.lengths(row), []).append(index)
        return groups

    def padded_batch(self, indices: Iterable[int], side: Side, extra: int = 0) -> dict[str, np.ndarray]:
        """Return the sequences of these indices as a batch, by name of input.

        Sequences are padded on `side` with their input's pad value: (N, steps, ...), masks of steps by
        steps on both axes. steps: of the input, if it has one length; else the longest length and
        `extra` more. Inputs that are not sequences are stacked: (N, ...).
        """
        rows = [self.rows[index] for index in indices]
        return {
            each.name: _padded([row[each.name] for row in rows], each, side, extra)
            for each in self.model_inputs
        }


def _padded(
    arrays: Sequence[np.ndarray], model_input: ModelInput, side: Side, extra: int
) -> np.ndarray:
    """Return sequences as a batch, (N, steps, ...), padded on `side`; other inputs as (N, ...)."""
    if not model_input.is_sequence:
        return np.stack(arrays).astype(model_input.dtype)
    steps = model_input.steps or max(map(len, arrays)) + extra
    rest = (steps,) if model_input.is_square else arrays[0].shape[1:]
    batch = np.full((len(arrays), steps, *rest), model_input.pad_value, model_input.dtype)
    with np.errstate(over="ignore"):  # `preconditions` reports numbers that are too large
        for row, array in zip(batch, arrays, strict=True):
            real = slice(len(array)) if side == "post" else slice(steps - len(array), steps)
            row[(real, real) if model_input.is_square else real] = array
    return batch


def _draw(
    model_inputs: tuple[ModelInput, ...], stretch: int, apart: bool, seed: int, count: int
) -> Samples:
    """Return drawn sequences that fit the inputs: standard normal values, or tokens other than padding.

    stretch: how many times longer than LENGTHS; at 1, one in LONG_EVERY has LONG steps. apart: whether
    the inputs of one row have different lengths. Inputs of a fixed length get sequences of at most 3/4
    of it; if it is 1, UnsupportedModel is raised.
    """
    rng = np.random.default_rng(seed)
    data = data_of(model_inputs)
    if any(each.steps is not None and each.steps < 2 for each in data):
        raise UnsupportedModel("An input has a single step, so there is no room for padding.")
    # By how much the lengths of each input are shifted against those of the first.
    shift = {each.name: index for index, each in enumerate(data) if apart}

    def steps_of(each: ModelInput, index: int) -> int:
        place = index + shift.get(each.name, 0)
        nth = place % len(LENGTHS)
        if each.steps is not None:
            room = each.steps * (1 + nth) // (1 + len(LENGTHS))
            return max(1, min(LENGTHS[nth] * stretch, room))
        long = stretch == 1 and place % LONG_EVERY == LONG_EVERY - 1
        return LONG if long else LENGTHS[nth] * stretch

    rows = []
    for index in range(count):
        row = {
            each.name: _random_sequence(each, steps_of(each, index), rng)
            for each in model_inputs
            if each in data or each.kind == "fixed"
        }
        rows.append(_with_masks_and_lengths(row, model_inputs))
    return Samples(model_inputs, tuple(rows))


def candidates(model_inputs: tuple[ModelInput, ...], seed: int, count: int) -> Iterator[Samples]:
    """Yield sequences to try until a model takes some: for each of STRETCHES; LONG ones at the first.

    Several inputs of any length are drawn, at each, first with different lengths, as a translator takes
    them, then with equal ones, as many models need.
    """
    of_any_length = sum(each.steps is None for each in data_of(model_inputs))
    for stretch in STRETCHES:
        for apart in (True, False) if of_any_length > 1 else (False,):
            yield _draw(model_inputs, stretch, apart, seed, count)


def _with_masks_and_lengths(row: Row, model_inputs: tuple[ModelInput, ...]) -> Row:
    """Return a row with the masks and lengths that it lacks: every step of its sequences is real."""
    full = dict(row)
    for each in model_inputs:
        if each.name in full:
            continue
        steps = len(full[each.of])
        if each.kind == "lengths":
            full[each.name] = np.full([1] * len(each.shape), steps, each.dtype)
        elif each.kind == "mask":
            rest = (steps,) if each.is_square else tuple(size or 1 for size in each.shape[1:])
            full[each.name] = np.full((steps, *rest), 1 - each.pad_value, each.dtype)
    return full


def _random_sequence(model_input: ModelInput, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random input: (steps, ...) for a sequence, else its own shape; values or tokens.

    Of a size that is None: 4, or IMAGE_SIZE of no sequence. Tokens are neither the pad value nor, if
    others exist, 0. Raises UnsupportedModel where an Embedding has no row but that of padding.
    """
    if model_input.is_sequence:
        shape = (steps, *(size or 4 for size in model_input.shape[1:]))
    else:
        shape = tuple(size or IMAGE_SIZE for size in model_input.shape)
    if model_input.vocabulary:
        tokens = range(min(model_input.vocabulary, 1000))
        choices = [token for token in tokens if token != model_input.pad_value]
        if model_input.kind == "tokens":
            choices = [value for value in choices if value] or choices
        if not choices:
            raise UnsupportedModel(
                f"The Embedding on {quoted(model_input.name)} has no row for anything but padding."
            )
        return rng.choice(choices, shape).astype(model_input.dtype)
    return rng.normal(size=shape).astype(model_input.dtype)


def rows_of(sequences: Any, names: Sequence[str]) -> tuple[Row, ...]:
    """Return the sequences of a caller as one mapping per sequence, from input name to array.

    sequences: for a model with one input a list of arrays (steps, ...); for one with several a
    mapping of input names to such lists, or as many lists as inputs, in order. Without names, the one
    input is "input". Raises UnsupportedModel without sequences, for lists of different lengths, or for
    a sequence without steps.
    """
    if isinstance(sequences, Mapping):
        columns = {str(name): list(arrays) for name, arrays in sequences.items()}
    elif len(names) > 1:
        columns = {name: list(arrays) for name, arrays in zip(names, sequences, strict=False)}
    else:
        columns = {names[0] if names else "input": list(sequences)}
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


def samples_of(rows: Sequence[Row], model_inputs: tuple[ModelInput, ...]) -> Samples:
    """Return a caller's sequences as samples, of their own dtype: masks and lengths may be left out.

    Raises UnsupportedModel for another input without any, an unknown name, or one that is too long.
    """
    needed = [each.name for each in model_inputs if each.kind not in ("mask", "lengths")]
    names = [each.name for each in model_inputs]
    if not set(needed) <= set(rows[0]) <= set(names):
        raise UnsupportedModel(f"Sequences are needed for the inputs {', '.join(needed)}.")
    for each in model_inputs:
        for index, row in enumerate(rows):
            if each.steps is not None and each.name in row and len(row[each.name]) > each.steps:
                raise UnsupportedModel(
                    f"Sequence {index + 1} of {quoted(each.name)} has {len(row[each.name])} steps; the "
                    f"input takes {each.steps}."
                )
    return Samples(model_inputs, tuple(_with_masks_and_lengths(row, model_inputs) for row in rows))
