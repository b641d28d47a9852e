"""What each column of a table holds: every column is tried as numbers, times, yes / no and words.

A file has one notation of numbers: 0.5 and perhaps 1,088, or 0,5 and perhaps 1.088. A number that can
be read both ways, or a file that has both notations, is refused by its cell; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype

from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import listed
from maskdemo.uploads.cell_patterns import (
    MEASURE,
    NUMBERS,
    TIMES,
    YES_NO,
    Cells,
    Notation,
    are_dates,
    cells_of,
    notation_of,
)
from maskdemo.uploads.limits import MAX_CATEGORIES, MAX_MAGNITUDE
from maskdemo.uploads.numbers_and_dates import times_in, values_in
from maskdemo.uploads.reading import Table

WORDS, NOTHING = "words", "nothing"
#: Of numbers such as 20260131, which sort rows as they are; and of all other times.
DATES, NO_FEATURE = "its numbers are dates", "it holds times"
#: (0.5, 2), or four numbers or more without brackets.
_LIST = r"[\[(].*,.*[\])]|([\[(]\s*)?-?[\d.][\d.eE+-]*([ ,;|]+-?[\d.][\d.eE+-]*){3,}\s*[\])]?"
LISTS = "it holds lists: str.findall(r'[^][(), ;|]+') and frame.explode([...]) make a row of each entry"
#: A time zone behind a time.
_ZONE = r"\d ?(?:[zZ]|UTC|GMT)$|[:T]\d.*[-+]\d\d(?::?\d\d)?$"
#: What names of columns say that divide the sequences, beside those that say train or test.
_DIVIDES = r"(?i).*(^|[^a-z])(folds?|cv|split|partition|subset)([^a-z]|$).*"


@dataclass(frozen=True, eq=False)
class Column:
    """What a column holds.

    kind: NUMBERS, TIMES, YES_NO, WORDS or, if all is blank, NOTHING. values: (rows,) numbers, seconds
    from 1970 of times, 0 or 1, NaN where blank and for words. bad: (first row, from 0, that the kind
    does not fit, why). unusable: why it can be no feature. idle: why it is none unless it is asked for.
    example: a cell. blanks: how many cells are blank. distinct: how many different others there are.
    note: a sentence on how cells were read that can be read in another way.
    """

    kind: str
    values: NDArray[np.float64] = field(repr=False)
    example: str
    blanks: int = 0
    unusable: str = ""
    idle: str = ""
    bad: tuple[int, str] | None = None
    distinct: int = 0
    note: str = ""

    @property
    def is_time(self) -> bool:
        """Whether it holds times, or numbers that are dates such as 20260131."""
        return self.kind == TIMES or self.idle == DATES

    @property
    def summary(self) -> str:
        """The kind, of words with how many different there are: "3 words"."""
        return f"{self.distinct:,} {WORDS}" if self.kind == WORDS else self.kind


class Columns(dict[str, Column]):
    """Column by name. notation: of the file."""

    def __init__(self, columns: Iterable[tuple[str, Column]], notation: Notation) -> None:
        """Keep the columns by name, in this order, and the file's notation."""
        super().__init__(columns)
        self.notation = notation


def read_columns(table: Table) -> Columns:
    """Return every column of the table.

    Raises `InvalidTable` where numbers can be read in two ways, or a line of units or of more names
    stands above the values.
    """
    cells = cells_of(table)
    notation = notation_of(table, cells)

    def read(name: str) -> Column:
        if name in cells:
            return _text_column(table, name, cells[name], notation)
        column = table.column(name)
        time, yes_no = is_datetime64_any_dtype(column), is_bool_dtype(column)
        kind = TIMES if time else YES_NO if yes_no else NUMBERS
        example = next(map(str, column.dropna()), "")
        return _value_column(table, name, kind, values_in(column, kind, ".", False), example)

    columns = Columns(((name, read(name)) for name in map(str, table.frame)), notation)
    # What fits no column of numbers stands above all of its numbers.
    above = {
        name: each.bad[0]
        for name, each in columns.items()
        if each.bad and each.bad[0] < (~np.isnan(each.values)).argmax()
    }
    row = min(above.values(), default=0)
    alone = above and sum(bool(each) for each in table.frame.iloc[row].astype(str)) == 1
    if len(above) > 1 or alone:
        shown = listed(quoted(table.column(name).iloc[above[name]]) for name in list(above)[:2])
        raise InvalidTable(
            f"{table.place(row)} holds {shown} where numbers follow: it seems to be a line of units "
            "or another line of names. Above the values one line may stand, with all names."
        )
    return columns


def _text_column(table: Table, name: str, cells: Cells, notation: Notation) -> Column:
    """Return a column of texts as numbers or times where most cells are, yes / no where all are.

    Else it is words. Cells of another kind make it bad.
    """
    column, blank, decimal = table.column(name), cells.fits["blank"], notation.decimal
    texts: Any = cells.texts
    if not (texts != "").any():
        return _value_column(table, name, NUMBERS, np.full(len(column), np.nan), "")
    fits = cells.fits[f"number{decimal}"]
    if cells.share(f"number{decimal}") > 0.5:
        kind = NUMBERS
    elif cells.share(TIMES) > 0.5:
        return _time_column(table, name, cells, notation)
    elif cells.share(YES_NO) == 1:
        kind, fits = YES_NO, cells.fits[YES_NO]
    else:
        # Of half numbers and half something else, something else is shown.
        return _word_column(table, name, texts[texts != ""], texts[~blank & ~fits])
    filled, note = texts[~blank], ""
    values = values_in(column, kind, decimal, notation.day_first)
    found = _value_column(table, name, kind, values, str(filled.iloc[0]))
    if kind == NUMBERS:
        codes, either = filled[filled.str.fullmatch(r"0\d+")], texts[cells.fits[f"either{decimal}"]]
        if len(codes):
            note = f"{quoted(name)} is read as numbers, {quoted(codes.iloc[0])} too. If they are codes"
            note += ", write a letter before each, which makes words of them."
        elif len(either) and not notation.is_sure:
            note = f"{_cell(name, either.iloc[0])} is read as a fraction, and no number of the file "
            note += "says whether it is one. If it is a thousand, write it without the point."
    return _with_bad_cells(table, replace(found, note=note), name, texts[~blank & ~fits], "a number")


def _time_column(table: Table, name: str, cells: Cells, notation: Notation) -> Column:
    """Return a column of texts as times; bad where some are none, or day or time zone is not clear."""
    column, blank, meant = table.column(name), cells.fits["blank"], cells.fits[TIMES]
    texts: Any = cells.texts
    seconds: Any = pd.Series(np.nan, index=texts.array)
    seconds[meant] = times_in(texts[meant], notation.day_first)
    filled, is_time = texts[~blank], seconds.notna().to_numpy()
    no_zone = texts[is_time & ~texts.str.contains(_ZONE).to_numpy(bool)]
    dates = texts[is_time & cells.fits["date"]]
    clocks = texts[is_time & texts.str.fullmatch(r"\d+:\d\d(:\d\d([.,]\d+)?)?").to_numpy(bool)]
    short = clocks[clocks.str.count(":") == 1]
    example, why, note = str(filled.iloc[0]), "", ""
    if not is_time.any():
        why = f"{_cell(name, example)} is no time such as 2026-01-31 14:05:09+01:00"
    elif len(dates) and notation.undecided:
        example = str(dates.iloc[0])
        why = f"nothing in the file says which number is the day in {quoted(example)}"
    elif 0 < len(no_zone) < is_time.sum():
        example = str(no_zone.iloc[0])
        why = f"{quoted(example)} has no time zone, and others of that column have one"
    elif 0 < len(short) < len(clocks):
        example = str(short.iloc[0])
        why = f"{quoted(example)} is in hours or in minutes, as others of that column have seconds too"
    if why:
        row, blanks = int(np.flatnonzero(column == example)[0]), int(cells.counts[blank].sum())
        return _unsortable_column(column, row, why, blanks, len(filled))
    pointed = dates[dates.str.match(r"\d+\.")]
    if len(pointed) and notation.by_points:
        # Without the hour, whose zone can make it another day in UTC.
        (at,) = times_in(pointed.iloc[:1].str.extract(r"^([\d.]+)")[0], notation.day_first)
        day = np.datetime64(int(at), "s").astype("datetime64[D]")
        note = f"{_cell(name, pointed.iloc[0])} is read as {day}: dates with points begin with the day."
    if len(late := clocks[clocks.str.extract(r"^(\d+)")[0].astype(int) > 23]):
        note = f"{_cell(name, late.iloc[0])} is read as a time since a beginning, not as one of a day."
    found = _value_column(table, name, TIMES, column.map(seconds).to_numpy(dtype=float), example)
    return _with_bad_cells(table, replace(found, note=note), name, texts[~blank & ~is_time], "a time")


def _unsortable_column(column: pd.Series, row: int, why: str, blanks: int, distinct: int) -> Column:
    """Return a bad column of times without values. row, why: `Column.bad`."""
    nothing, example = np.full(len(column), np.nan), str(column.iloc[row])
    return Column(TIMES, nothing, example, blanks, NO_FEATURE, "", (row, why), distinct)


def _with_bad_cells(table: Table, found: Column, name: str, others: Any, what: str) -> Column:
    """Return the column, made bad and unusable by cells with the texts `others`, if there are any.

    These cells do not count as blank. what: the kind that they are not, such as "a number".
    """
    if not len(others):
        return found
    wrong = table.column(name).isin(others).to_numpy()
    row = int(wrong.argmax())
    cell = table.column(name).iloc[row]
    why = f"{_cell(name, cell)} is not {what}, as most of that column are"
    unusable = found.unusable or f"{table.location(row)}: {quoted(cell)} is not {what}: leave it empty"
    return replace(found, blanks=found.blanks - int(wrong.sum()), unusable=unusable, bad=(row, why))


def _value_column(table: Table, name: str, kind: str, values: NDArray, example: str) -> Column:
    """Return a column of these values, (rows,), NaN where blank.

    Times and infinite values are unusable; row numbers and dates such as 20260131 are idle. Numbers
    such as 31012026 are a bad column of times, all NaN is NOTHING.
    """
    blanks, distinct = int(np.isnan(values).sum()), len(np.unique(values[~np.isnan(values)]))
    if blanks == len(values):
        return Column(NOTHING, values, "", blanks, "it is empty")
    column, unusable, idle, bad = table.column(name), NO_FEATURE * (kind == TIMES), "", None
    large = np.abs(np.nan_to_num(values, posinf=np.inf)) > MAX_MAGNITUDE
    if kind != TIMES and large.any():
        # Times in nanoseconds are too large to be read by a network, and sort all the same.
        if (infinite := np.isinf(values)).any():
            row = int(infinite.argmax())
            bad = row, f"{_cell(name, column.iloc[row])} is infinite"
        row = int(large.argmax())
        unusable = f"{table.location(row)}: {quoted(column.iloc[row])} is infinite, or as good as"
    elif kind == NUMBERS:
        first, last = are_dates(values)
        if last:
            row = int(np.isfinite(values).argmax())
            why = f"{_cell(name, column.iloc[row])} is a date: write 2026-01-31 or 31.1.2026"
            return _unsortable_column(column, row, why, blanks, distinct)
        idle = DATES if first else "it numbers the rows" * _are_row_numbers(values)
    idle = idle or _why_idle(name, blanks, distinct)
    return Column(kind, values, example, blanks, unusable, idle, bad, distinct)


def _word_column(table: Table, name: str, texts: Any, shown: Any) -> Column:
    """Return a column of words, unusable for a formula, mostly lists or 5 kg, or over `MAX_CATEGORIES`.

    texts: the different texts. shown: those neither blank nor a number, for example and measures.
    """
    column, unusable = table.column(name), ""
    shown = shown if len(shown) else texts
    example, measures = str(shown.iloc[0]), shown[shown.str.fullmatch(MEASURE)]
    if texts.str.startswith("=").mean() > 0.5 or texts.str.fullmatch(r"=[A-Z(].*").any():
        row = int(np.flatnonzero(column.str.startswith("="))[0])
        unusable = f"{table.location(row)}: {quoted(column.iloc[row])} is a formula: save its value"
    elif texts.str.fullmatch(_LIST).mean() > 0.5:
        unusable = LISTS
    elif len(measures) > len(shown) / 2:
        unusable = f"{quoted(measures.iloc[0])} is a number with more beside it: write the number alone"
    elif len(texts) > MAX_CATEGORIES:
        unusable = f"it holds {len(texts):,} different texts such as {quoted(example)}; "
        unusable += f"{MAX_CATEGORIES} are possible"
    nothing, blanks = np.full(len(column), np.nan), int((column == "").sum())
    idle, note = _why_idle(name, blanks, len(texts)), ""
    if texts.str.match("(?i)train").any() and texts.str.contains("(?i)train|test|val").all():
        idle = idle or "its words say that it divides the sequences"  # Training, PublicTest
    if (numeric := shown[shown.str.match(r"[-+~]?\d")]).size > len(shown) / 2:  # 0x1F, 1/2, 5-10
        note = f"{_cell(name, numeric.iloc[0])} is read as a word, not as a number."
    return Column(WORDS, nothing, example, blanks, unusable, idle, None, len(texts), note)


def _cell(name: str, cell: object) -> str:
    """Return a cell and its column as part of a sentence: "'low' in 'x'"."""
    return f"{quoted(cell)} in {quoted(name)}"


def _why_idle(name: str, blanks: int, distinct: int) -> str:
    """Return why a column is idle: a name such as fold or split, or a single value; else ""."""
    if re.fullmatch(_DIVIDES, name):
        return "its name says that it divides the sequences"
    return f"it is {'blank or ' * (blanks > 0)}the same everywhere" if distinct == 1 else ""


def _are_row_numbers(values: NDArray) -> bool:
    """Whether values, (rows,), are all numbers from 0 or 1 on, once each, in any order."""
    values = np.sort(values)
    return len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())
