"""Sequences for `audit` from a file: arrays of an .npz, or the rows of a .csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from maskdemo.audit.error_sentences import short_reason
from maskdemo.errors import UnsupportedModel, quoted


def sequences_of(path: Path) -> Any:
    """The file's sequences: a list, or lists by the name of the input. Raises UnsupportedModel."""
    try:
        sequences = _from_csv(path) if path.suffix.lower() == ".csv" else _from_npz(path)
    except UnicodeDecodeError:
        raise UnsupportedModel(f"{path.name} holds no sequences: it is no text in UTF-8.") from None
    except Exception as refused:  # whatever a damaged file makes of its readers
        raise UnsupportedModel(f"{path.name} holds no sequences: {short_reason(refused)}") from None
    if not sequences:
        raise UnsupportedModel(f"{path.name} holds no sequences.")
    return sequences


def _from_npz(path: Path) -> Any:
    arrays = np.load(path, allow_pickle=False)
    if isinstance(arrays, np.ndarray):
        raise UnsupportedModel("it is a single array; save one a sequence with numpy.savez.")
    with arrays:
        if not all("/" in name for name in arrays):
            return [arrays[name] for name in arrays]
        inputs: dict[str, list[np.ndarray]] = {}
        for name in arrays:
            inputs.setdefault(name.partition("/")[0], []).append(arrays[name])
        return inputs


def _from_csv(path: Path) -> list[np.ndarray]:
    with path.open(newline="", encoding="utf-8-sig") as lines:
        return sequences_in(lines)


def sequences_in(lines: Iterable[str]) -> list[np.ndarray]:
    """The sequences of a table: a row for each step, the sequence's name first.

    Empty rows are skipped, and so is a first row with a word among its values.

    >>> sequences_in(["name,x", "a,1", "", "a,2", "b,3"])
    [array([[1.],
           [2.]], dtype=float32), array([[3.]], dtype=float32)]
    """
    rows: dict[str, list[list[float]]] = {}
    reader = csv.reader(lines)
    width = first = 0
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        name, *values = row
        if not width:
            first, width = reader.line_num, len(row)
        elif len(row) != width:
            raise UnsupportedModel(
                f"lines {first} and {reader.line_num} differ in columns: {width} and {len(row)}."
            )
        if not values:
            raise UnsupportedModel(
                f"line {reader.line_num} has no comma; each line is the sequence's name and its values."
            )
        numbers = [_number(value) for value in values]
        if None not in numbers:
            rows.setdefault(name, []).append([each for each in numbers if each is not None])
        elif reader.line_num != first:
            column = numbers.index(None)
            raise UnsupportedModel(
                f"line {reader.line_num}, column {column + 2}: {quoted(values[column])} is no number."
            )
    with np.errstate(over="ignore"):  # the audit tells of numbers that are too large
        return [np.array(steps, "float32") for steps in rows.values()]


def _number(text: str) -> float | None:
    """Return the number of a cell, or None; `1_0` is no number, `nan` and `inf` are numbers."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
