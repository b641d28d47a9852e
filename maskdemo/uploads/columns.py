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
from maskdemo.uploads.cells import DAY_AND_MONTH, MEASURE, NUMBERS, TIMES, YES_NO, Cells, cells_of
from maskdemo.uploads.limits import MAX_CATEGORIES, MAX_MAGNITUDE
from maskdemo.uploads.reading import Table
from maskdemo.uploads.recipe import times_in, values_in

WORDS, NOTHING = "words", "nothing"
#: A time zone behind a time.
_ZONE = r"\d ?(?:[zZ]|UTC|GMT)$|[:T]\d.*[-+]\d\d(?::?\d\d)?$"
#: What names of columns say that divide the sequences, beside those that say train or test.
_DIVIDES = r"(?i).*(^|[^a-z])(folds?|cv|split|partition|subset)([^a-z]|$).*"


@dataclass(frozen=True, eq=False)
class Column:
    """What a column holds.

    kind: one of the constants above. values: (rows,) numbers, NaN where blank: seconds of times, and
    nothing for words. bad: the first row that the kind does not fit, and why it does not. unusable: why
    it can be no feature. idle: why it is none unless it is asked for. example: a cell. blanks: how many
    cells are blank. distinct: how many different cells are not.
    """

    kind: str
    values: NDArray[np.float64] = field(repr=False)
    example: str
    blanks: int = 0
    unusable: str = ""
    idle: str = ""
    bad: tuple[int, str] | None = None
    distinct: int = 0

    @property
    def summary(self) -> str:
        """The kind of the column in a few words."""
        return f"{self.distinct:,} {WORDS}" if self.kind == WORDS else self.kind


class Columns(dict[str, Column]):
    """Column by name. decimal: the file's decimal point or comma. day_first: of its dates."""

    def __init__(self, columns: Iterable[tuple[str, Column]], decimal: str, *, day_first: bool) -> None:
        super().__init__(columns)
        self.decimal, self.day_first = decimal, day_first


def read_columns(table: Table) -> Columns:
    """Return every column of the table.

    Raises `InvalidTable` where numbers can be read in two ways, or another line of names stands above.
    """
    names = list(map(str, table.frame))
    cells = cells_of(table)
    decimal = _decimal(table, cells)
    day_first, undecided = _day_first(cells)

    def read(name: str) -> Column:
        if name in cells:
            return _of_texts(table, name, cells[name], decimal, day_first, undecided)
        column = table.column(name)
        kind = (
            TIMES if is_datetime64_any_dtype(column) else YES_NO if is_bool_dtype(column) else NUMBERS
        )
        shown = column.dropna()
        values = values_in(column, kind, decimal, day_first)
        return _of_values(table, name, kind, values, str(shown.iloc[0]) if len(shown) else "")

    columns = Columns(((name, read(name)) for name in names), decimal, day_first=day_first)
    # What fits no column of numbers stands above all of its numbers.
    above = {
        name: row
        for name in names
        if (bad := columns[name].bad) and np.isnan(columns[name].values[: (row := bad[0]) + 1]).all()
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


def _decimal(table: Table, cells: dict[str, Cells]) -> str:
    """Return the decimal point or comma of the whole file; raise `InvalidTable` if it is not clear."""
    sure: dict[str, tuple[str, str]] = {}
    unsure: dict[str, tuple[str, str]] = {}
    for name, own in cells.items():
        if own.share("number.", "number,") <= 0.5:
            continue
        for point in ".,":
            certain, either = own.fits[f"sure{point}"], own.fits[f"either{point}"]
            if certain.any():
                sure.setdefault(point, (name, own.texts.iloc[certain.argmax()]))
            # Fractions of three digits each are usual, a few of them among whole numbers are not.
            if either.any() and (point == "," or not (certain | either).all()):
                unsure.setdefault(point, (name, own.texts.iloc[either.argmax()]))
    if len(sure) == 2:
        (first, point), (second, comma) = sure["."], sure[","]
        raise InvalidTable(
            f"{_place(table, first, point)}: {quoted(point)} in {quoted(first)} has a decimal point, "
            f"and {_place(table, second, comma, low=True)} {quoted(comma)} in {quoted(second)} a "
            "decimal comma. Write all numbers of the file the same way."
        )
    if not sure and unsure:
        name, text = next(iter(unsure.values()))
        raise InvalidTable(
            f"{_place(table, name, text)}: {quoted(text)} in {quoted(name)} can be a thousand or a "
            "fraction, and no other number of the file says which. Write it without the mark, or "
            "fractions with a decimal point."
        )
    return next(iter(sure), ".")


def _day_first(cells: dict[str, Cells]) -> tuple[bool, str]:
    """Return whether dates such as 31.1.2026 begin with the day; and a date if not clear, else ""."""
    first, second, unclear, example = False, False, False, ""
    for own in cells.values():
        dates: Any = own.texts[own.fits["date"]]
        if len(dates) > len(own.texts) / 2:
            parts: Any = dates.str.extract(f"^{DAY_AND_MONTH}$")
            one, two, last = (parts[at].astype(int) for at in (0, 2, 3))
            if ((one > 31) | (one == 0)).any():
                continue  # the year comes first
            first |= bool((one > 12).any())
            second |= bool((two > 12).any())
            # 26-01-31 can begin with the year.
            short = (parts[1] == "-") & (last < 32) & (last > 0)
            unclear |= bool(short.all() and (two < 13).all())
            example = example or str(dates.iloc[0])
    return first, example if first == second or unclear else ""


def _of_texts(
    table: Table, name: str, cells: Cells, decimal: str, day_first: bool, undecided: str
) -> Column:
    """Return a column of texts as numbers, times, yes and no, or words, whichever most cells are.

    undecided: a date whose day is not clear, "" where dates are. Cells of another kind make it bad.
    """
    column, blank = table.column(name), cells.fits["blank"]
    texts: Any = cells.texts
    nothing = np.full(len(column), np.nan)
    if not (texts != "").any():
        return _of_values(table, name, NUMBERS, nothing, "")
    is_number = cells.fits[f"number{decimal}"]
    if cells.share(f"number{decimal}") > 0.5:
        kind, fits = NUMBERS, is_number
    elif cells.share(TIMES) > 0.5:
        kind, times = TIMES, pd.Series(np.nan, index=texts.array)
        times[cells.fits[TIMES]] = times_in(texts[cells.fits[TIMES]], day_first)
        fits = times.notna().to_numpy()
    elif cells.share(YES_NO) == 1:
        kind, fits = YES_NO, cells.fits[YES_NO]
    else:
        # Of half numbers and half something else, something else is shown.
        return _of_words(table, name, texts[texts != ""], texts[~blank & ~is_number])
    filled, fits, blanks = texts[~blank], fits[~blank], int(cells.counts[blank].sum())
    example, why = str(filled.iloc[0]), ""
    what = {NUMBERS: "a number", TIMES: "a time"}.get(kind, "")
    if kind == TIMES:
        no_zone = filled[fits & ~filled.str.contains(_ZONE).to_numpy(bool)]
        if not fits.any():
            why = f"{quoted(example)} in {quoted(name)} is no time such as 2026-01-31 14:05:09+01:00"
        elif undecided and cells.fits["date"].any():
            why = f"nothing in the file says which number is the day in {quoted(example)}"
        elif 0 < len(no_zone) < fits.sum():
            example = str(no_zone.iloc[0])
            why = f"{quoted(example)} has no time zone, and others of that column have one"
        if why:
            row = int(np.flatnonzero(column == example)[0])
            return Column(
                TIMES, nothing, example, blanks, "it holds times", "", (row, why), len(filled)
            )
        values = column.map(times).to_numpy(dtype=float)
    else:
        values = values_in(column, kind, decimal, day_first)
    found = _of_values(table, name, kind, values, example)
    if fits.all():
        return found
    row = int(np.flatnonzero(column.isin(filled[~fits]))[0])
    cell = quoted(column.iloc[row])
    why = f"{cell} in {quoted(name)} is not {what}, as most of that column are"
    unusable = found.unusable or f"{table.location(row)}: {cell} is not {what}: leave it empty"
    return replace(found, blanks=blanks, unusable=unusable, bad=(row, why))


def _of_values(table: Table, name: str, kind: str, values: NDArray, example: str) -> Column:
    """Return a column with these values, (rows,), NaN where blank: empty, unusable or idle if so."""
    blanks, distinct = int(np.isnan(values).sum()), len(np.unique(values[~np.isnan(values)]))
    if blanks == len(values):
        return Column(NOTHING, values, "", blanks, "it is empty")
    unusable, idle, bad = "", "", None
    large = np.flatnonzero(np.abs(np.nan_to_num(values, posinf=np.inf)) > MAX_MAGNITUDE)
    if kind == TIMES:
        unusable = "it holds times"
    elif len(large):
        # Times in nanoseconds are too large to be read by a network, and sort all the same.
        if len(infinite := np.flatnonzero(np.isinf(values))):
            infinity = quoted(table.column(name).iloc[int(infinite[0])])
            bad = int(infinite[0]), f"{infinity} in {quoted(name)} is infinite"
        cell = quoted(table.column(name).iloc[int(large[0])])
        unusable = f"{table.location(int(large[0]))}: {cell} is infinite, or as good as"
    elif kind == NUMBERS and _numbers_rows(values):
        idle = "it numbers the rows"
    idle = idle or _idle(name, blanks, distinct)
    return Column(kind, values, example, blanks, unusable, idle, bad, distinct)


def _of_words(table: Table, name: str, texts: Any, shown: Any) -> Column:
    """Return a column of words. texts: the different texts. shown: those neither blank nor a number."""
    column, unusable = table.column(name), ""
    shown = shown if len(shown) else texts
    example, measures = str(shown.iloc[0]), shown[shown.str.fullmatch(MEASURE)]
    if texts.str.startswith("=").mean() > 0.5 or texts.str.fullmatch(r"=[A-Z(].*").any():
        row = int(np.flatnonzero(column.str.startswith("="))[0])
        unusable = f"{table.location(row)}: {quoted(column.iloc[row])} is a formula: save its value"
    elif texts.str.fullmatch(r"[\[(].*,.*[\])]").mean() > 0.5:
        unusable = "it holds lists: frame.explode([...]) makes a row of each entry"
    elif len(measures) > len(shown) / 2:
        unusable = f"{quoted(measures.iloc[0])} is a number with more beside it: write the number alone"
    elif len(texts) > MAX_CATEGORIES:
        unusable = f"it holds {len(texts):,} different texts such as {quoted(example)}; "
        unusable += f"{MAX_CATEGORIES} are possible"
    nothing, blanks = np.full(len(column), np.nan), int((column == "").sum())
    idle = _idle(name, blanks, len(texts))
    return Column(WORDS, nothing, example, blanks, unusable, idle, None, len(texts))


def _idle(name: str, blanks: int, distinct: int) -> str:
    """Return why a column is no feature unless asked for: its name, or a single value; else ""."""
    if re.fullmatch(_DIVIDES, name):
        return "its name says that it divides the sequences"
    return f"it is {'blank or ' * (blanks > 0)}the same everywhere" if distinct == 1 else ""


def _numbers_rows(values: NDArray) -> bool:
    """Whether values, (rows,), are the rows' numbers, in any order, as a saved table gets them."""
    values = np.sort(values)
    return len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _place(table: Table, name: str, text: str, *, low: bool = False) -> str:
    """Return the location of the first row with this text; low: as within a sentence."""
    row = int(np.flatnonzero(table.column(name) == text)[0])
    return f"in {table.location(row)}" if low else table.place(row)
