"""Validate a table whose columns have a meaning; each error is a sentence that names the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.columns import PARTS, Columns, is_number, mostly_numbers, stems_of
from maskdemo.uploads.limits import (
    MAX_CATEGORIES,
    MAX_CLASSES,
    MAX_FEATURES,
    MAX_MAGNITUDE,
    MAX_ROWS,
    MAX_STEPS,
)
from maskdemo.uploads.table import column_of, numbers_in, times_in

#: Row of the long form -> where the row stands in the file: "line 7".
Location = Callable[[int], str]


def check_columns(frame: pd.DataFrame, columns: Columns) -> None:
    """Raise where a chosen column is missing or is chosen twice."""
    if not columns.features:
        raise InvalidTable("Choose at least one feature: a column of numbers that the network reads.")
    if not columns.label:
        raise InvalidTable("Choose the column that holds the label.")
    if columns.id is None and columns.length is None:
        raise InvalidTable(
            "Choose the column that says which sequence a row belongs to, or, where each row is a "
            "sequence, the column with its length."
        )
    meaning: dict[str, str] = {}
    for role, name in columns.named():
        if name not in frame:
            raise InvalidTable(f"There is no column {quoted(name)} in this file.")
        if name in meaning:
            raise InvalidTable(
                f"The column {quoted(name)} is chosen as {meaning[name]} and as {role}. Choose it once."
            )
        meaning[name] = role


def check_wide(frame: pd.DataFrame, columns: Columns, where: Location) -> None:
    """Raise where a row of the wide form has a length that its numbered columns cannot hold."""
    known = stems_of(frame)
    for feature in columns.features:
        if feature not in known or feature in ("row", "step"):
            raise InvalidTable(
                f"There are no columns {feature}1, {feature}2, ... or {feature}_1, {feature}_2, ... "
                "in this file."
            )
    assert columns.length is not None
    lengths, name = column_of(frame, columns.length), columns.length
    room = min(
        sum(str(column).removeprefix(feature).lstrip("_").isdecimal() for column in frame
            if str(column).startswith(feature))
        for feature in columns.features
    )  # fmt: skip
    if not is_numeric_dtype(lengths):
        raise InvalidTable(
            f"The column {quoted(name)} must hold the length of each sequence as a number."
        )
    bad = _first(~((lengths >= 1) & (lengths <= room) & (lengths % 1 == 0)))
    if bad is not None:
        raise InvalidTable(
            f"The length in {where(bad)} is {lengths.iloc[bad]:g}; it must be a whole number from 1 to "
            f"{room}, the number of columns for a feature."
        )
    if int(lengths.sum()) > MAX_ROWS:
        raise InvalidTable(
            f"The lengths add up to {int(lengths.sum()):,} steps; {MAX_ROWS:,} are possible. "
            "Take out some of the sequences."
        )


def check_rows(frame: pd.DataFrame, columns: Columns, where: Location) -> None:
    """Validate the rows of the long form, column by column; `columns.id` is set."""
    assert columns.id is not None
    ids = column_of(frame, columns.id)
    _check_ids(ids, where)
    if columns.order is not None:
        _check_order(column_of(frame, columns.order), ids, where)
    labels = column_of(frame, columns.label)
    _check_labels(labels, where)
    if not columns.per_step:
        _check_one_label(labels, ids, where)
    if columns.group is not None:
        _check_whole(column_of(frame, columns.group), ids, "group", where)
    if columns.split is not None:
        _check_split(column_of(frame, columns.split), where)
        _check_whole(column_of(frame, columns.split), ids, "part", where)
    features = [column_of(frame, name) for name in columns.features]
    for each in features:
        _check_feature(each, where)
    count = sum(1 if is_number(each) else each.nunique() for each in features)
    if count > MAX_FEATURES:
        raise InvalidTable(
            f"These are {count} features, a column for each text counted; {MAX_FEATURES} are "
            "possible. Choose fewer."
        )


def check_lengths(lengths: NDArray[np.intp], names: NDArray) -> None:
    """Raise where a sequence is longer than MAX_STEPS."""
    longest = int(lengths.argmax())
    if lengths[longest] > MAX_STEPS:
        every = -(-int(lengths[longest]) // MAX_STEPS)
        raise InvalidTable(
            f"Sequence {quoted(names[longest])} has {lengths[longest]} steps; {MAX_STEPS} are "
            f"possible. Take one step in {every}, or cut the sequences into pieces.",
            offer="every",
        )


def _check_ids(ids: pd.Series, where: Location) -> None:
    _check_no_gap(ids, "says which sequence a row belongs to", where)
    if is_numeric_dtype(ids):
        bad = _first(ids % 1 != 0)
        if bad is not None:
            raise InvalidTable(
                f"The sequence in {where(bad)} is called {ids.iloc[bad]:g}. Choose a column of whole "
                f"numbers or of names; {quoted(ids.name)} looks like a measurement."
            )
    _check_no_formula(ids, where)
    if ids.nunique() == 1:
        raise InvalidTable(
            f"All rows belong to one sequence, {quoted(ids.iloc[0])}. Choose another column for the "
            "sequences, or cut the sequence into pieces and number them."
        )


def _check_order(order: pd.Series, ids: pd.Series, where: Location) -> None:
    _check_no_gap(order, "says the order of the steps", where)
    when = order
    if not is_numeric_dtype(order) and not is_datetime64_any_dtype(order):
        when = times_in(order)
        bad = _first(when.isna())
        if bad is not None:
            raise InvalidTable(
                f"{_capital(where(bad))}: {quoted(order.iloc[bad])} in {quoted(order.name)} is neither "
                "a number nor a date such as 2026-01-31. Rows are sorted by this column."
            )
    bad = _first(pd.DataFrame({"sequence": ids, "order": when}).duplicated())
    if bad is not None:
        same = _first((ids == ids.iloc[bad]) & (when == when.iloc[bad]))
        assert same is not None
        raise InvalidTable(
            f"{_capital(where(same))} and {where(bad)} are the same step, {quoted(order.iloc[bad])}, "
            f"of sequence {quoted(ids.iloc[bad])}. Take one of them out, or choose another order."
        )


def _check_labels(labels: pd.Series, where: Location) -> None:
    _check_no_gap(labels, "holds the label", where)
    _check_no_formula(labels, where)
    classes = labels.nunique()
    if classes == 1:
        raise InvalidTable(
            f"All labels in {quoted(labels.name)} are {quoted(labels.iloc[0])}. With one class there "
            "is nothing to tell apart: choose another label."
        )
    if classes > MAX_CLASSES:
        raise InvalidTable(
            f"{quoted(labels.name)} holds {classes:,} different labels; {MAX_CLASSES} are possible. "
            "Choose a column of classes, or make classes out of its values."
        )


def _check_one_label(labels: pd.Series, ids: pd.Series, where: Location) -> None:
    start = labels.groupby(ids, sort=False).transform("first")
    bad = _first(labels != start)
    if bad is not None:
        raise InvalidTable(
            f"In sequence {quoted(ids.iloc[bad])} the label changes from {quoted(start.iloc[bad])} to "
            f"{quoted(labels.iloc[bad])} in {where(bad)}. Correct it, or say that there is a label at "
            "each step."
        )


def _check_whole(column: pd.Series, ids: pd.Series, what: str, where: Location) -> None:
    _check_no_gap(column, f"says the {what} of a sequence", where)
    start = column.groupby(ids, sort=False).transform("first")
    bad = _first(column != start)
    if bad is not None:
        raise InvalidTable(
            f"Sequence {quoted(ids.iloc[bad])} changes its {what} from {quoted(start.iloc[bad])} to "
            f"{quoted(column.iloc[bad])} in {where(bad)}. A sequence is whole in one {what}."
        )


def _check_split(column: pd.Series, where: Location) -> None:
    words = column.astype(str).str.strip().str.lower()
    bad = _first(~words.isin(list(PARTS)))
    if bad is not None:
        raise InvalidTable(
            f"{_capital(where(bad))}: {quoted(column.iloc[bad])} in {quoted(column.name)} is neither "
            "train nor test."
        )


def _check_feature(column: pd.Series, where: Location) -> None:
    name = quoted(column.name)
    if column.isna().all():
        raise InvalidTable(f"The column {name} is empty. Choose other features.")
    if is_number(column):
        _check_finite(column, column.astype(float), where)
        return
    if is_datetime64_any_dtype(column):
        raise InvalidTable(f"{name} holds times. Choose it as order, or turn it into numbers.")
    _check_no_formula(column, where)
    if mostly_numbers(column):
        numbers = numbers_in(column)
        _check_finite(column, numbers, where)
        bad = _first(numbers.isna() & column.notna())
        if bad is None:
            raise InvalidTable(f"The numbers in {name} are stored as texts. Store them as numbers.")
        raise InvalidTable(
            f"{_capital(where(bad))}: {quoted(column.iloc[bad])} in {name} is not a number, as most of "
            "that column are. Leave the field empty where a reading is missing."
        )
    words = column.nunique()
    if words > MAX_CATEGORIES:
        raise InvalidTable(
            f"{name} holds {words:,} different texts; {MAX_CATEGORIES} are possible. Leave it out of "
            "the features."
        )


def _check_finite(column: pd.Series, numbers: pd.Series, where: Location) -> None:
    """Raise where a number is too large. numbers: the column's values as floats."""
    bad = _first(numbers.abs() > MAX_MAGNITUDE)
    if bad is not None:
        raise InvalidTable(
            f"{_capital(where(bad))}: {quoted(column.iloc[bad])} in {quoted(column.name)} is infinite, "
            "or as good as. Leave the field empty where a reading is missing."
        )


def _check_no_gap(column: pd.Series, what: str, where: Location) -> None:
    bad = _first(column.isna())
    if bad is None and is_numeric_dtype(column):
        bad = _first(~np.isfinite(column.astype(float)))
    if bad is not None:
        raise InvalidTable(
            f"{_capital(where(bad))} has nothing usable in {quoted(column.name)}, which {what}. "
            "Fill it in; an empty field, NA and None all count as missing."
        )


def _check_no_formula(column: pd.Series, where: Location) -> None:
    if is_number(column):
        return
    bad = _first(column.astype(str).str.startswith("="))
    if bad is not None:
        raise InvalidTable(
            f"{_capital(where(bad))}: {quoted(column.iloc[bad])} in {quoted(column.name)} is a "
            "formula. Save the values of the sheet instead."
        )


def _first(wrong: Any) -> int | None:
    """The index of the first True in `wrong`, (rows,) of bool; None without any."""
    indices = np.flatnonzero(np.asarray(wrong))
    return int(indices[0]) if len(indices) else None


def _capital(place: str) -> str:
    return place[0].upper() + place[1:]
