"""What each column of a table holds: every column is tried as numbers, times, yes / no and words.

A file has one notation of numbers: 0.5 and perhaps 1,088, or 0,5 and perhaps 1.088. A number that can
be read both ways, or a file that has both notations, is refused by its cell; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_string_dtype

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import MAX_CATEGORIES, MAX_MAGNITUDE
from maskdemo.uploads.reading import Table
from maskdemo.uploads.recipe import times_in, values_in

NUMBERS, TIMES, YES_NO, WORDS, NOTHING = "numbers", "times", "yes / no", "words", "nothing"
#: What stands for a missing number, time or yes / no, in lower case: as pandas has them.
BLANKS = ("", "#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "nan", "-nan", "none", "null")
_SIGN, _END = "[-+\u2212]?", r"([eE][-+]?\d+)?"
_GROUPS = "[1-9]\\d{0,2}"
_OTHER = "[ \u00a0\u202f'\u2019]"
_PLAIN = rf"{_SIGN}(\d+{_END}|{_GROUPS}({_OTHER}\d{{3}})+)"
#: A time with an impossible hour, or a month in another language, is still meant as a time.
_LIKE_A_TIME = "|".join(
    [
        r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)|\d{1,2}:\d\d)([^\d.].*)?",
        r"(19|20)\d\d(-(0[1-9]|1[0-2])|-?W\d\d?(-?[1-7])?|[- ]?Q[1-4]|[01]\d[0-3]\d[T _-]\d\d:?\d\d.*)",
        r"([^\W\d_]{2,9}\.?,? )?\d{1,2}(st|nd|rd|th)?\W{0,2}[^\W\d_]{3,9}\W{1,2}(\d{4}|\d\d)(\D.*)?",
        r"([^\W\d_]{2,9}\.?,? )?[^\W\d_]{3,9}\W{1,2}\d{1,2}(st|nd|rd|th)?\W{1,2}\d{4}(\D.*)?",
        r"\d{4}[-/ ][^\W\d_]{3,9}[-/ ]\d{1,2}(\D.*)?",
    ]
)
#: 29%, 3.2 C, < 5
_MEASURE = rf"[<>~$€£]?\s*{_SIGN}[.,]?\d[\d.,]*\s*[^\d\s.,:/_-]{{0,6}}"
_DAY_AND_MONTH = r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?:\D.*)?"
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
        """What it was taken for, in a few words."""
        return f"{self.distinct:,} {WORDS}" if self.kind == WORDS else self.kind


class Columns(dict[str, Column]):
    """Column by name. decimal: the file's decimal point or comma. day_first: of its dates."""

    def __init__(self, columns: Iterable[tuple[str, Column]], decimal: str, *, day_first: bool) -> None:
        super().__init__(columns)
        self.decimal, self.day_first = decimal, day_first


def read_columns(table: Table) -> Columns:
    """Every column of the table. Raises `InvalidTable` where its numbers can be read in two ways."""
    names = list(map(str, table.frame))
    counts = {
        name: table.column(name).value_counts() for name in names if is_string_dtype(table.column(name))
    }
    decimal = _decimal(table, counts)
    day_first, undecided = _day_first(counts)

    def read(name: str) -> Column:
        if name in counts:
            return _of_texts(table, name, counts[name], decimal, day_first, undecided)
        column = table.column(name)
        kind = (
            TIMES if is_datetime64_any_dtype(column) else YES_NO if is_bool_dtype(column) else NUMBERS
        )
        shown = column.dropna()
        values = values_in(column, kind, decimal, day_first)
        return _of_values(table, name, kind, values, str(shown.iloc[0]) if len(shown) else "")

    columns = Columns(((name, read(name)) for name in names), decimal, day_first=day_first)
    above = [name for name in names if (bad := columns[name].bad) is not None and bad[0] == 0]
    filled = [name for name in names if table.texts(name).iloc[0] != ""]
    if len(above) > 1 or (above and len(filled) == 1):
        shown = " and ".join(quoted(table.column(name).iloc[0]) for name in above[:2])
        raise InvalidTable(
            f"{table.place(0)} holds {shown} where numbers follow: it seems to be a line of units "
            "or a second line of names. Take out what stands between the names and the values."
        )
    return columns


def _decimal(table: Table, counts: dict[str, pd.Series]) -> str:
    """The decimal point or comma of the whole file."""
    sure: dict[str, tuple[str, str]] = {}
    unsure: dict[str, tuple[str, str]] = {}
    for name, cells in counts.items():
        marks = {point: _marks(cells.index, point) for point in ".,"}
        numbers = sum(cells[each].sum() for pair in marks.values() for each in pair)
        numbers += cells[cells.index.str.fullmatch(_PLAIN)].sum()
        if numbers <= cells[~cells.index.str.lower().isin(BLANKS)].sum() / 2:
            continue
        for point, (certain, either) in marks.items():
            if len(certain):
                sure.setdefault(point, (name, certain[0]))
            # Fractions of three digits each are usual, a few of them among whole numbers are not.
            if len(either) and (point == "," or len(certain) + len(either) < len(cells)):
                unsure.setdefault(point, (name, either[0]))
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


def _marks(texts: pd.Index, point: str) -> tuple[pd.Index, pd.Index]:
    """The texts that have this decimal point for sure, and those in which it may set off thousands.

    1,088 alone can be a thousand or a fraction, but not 0,132 or 1,088,000 or 1,088.5.
    """
    comma = {".": ",", ",": "."}[point]
    texts = texts[texts.str.contains(f"[{point}]|{comma}.*{comma}")]
    either = texts[texts.str.fullmatch(rf"{_SIGN}{_GROUPS}[{point}]\d{{3}}")]
    rest = texts.difference(either, sort=False)
    fraction = rf"\d+[{point}]\d*|[{point}]\d+"
    grouped = rf"{_GROUPS}([{comma}]\d{{3}}|{_OTHER}\d{{3}})+[{point}]\d*"
    grouped += rf"|{_GROUPS}([{comma}]\d{{3}}){{2,}}"
    return rest[rest.str.fullmatch(rf"{_SIGN}({fraction}|{grouped}){_END}")], either


def _day_first(counts: dict[str, pd.Series]) -> tuple[bool, str]:
    """Whether dates such as 31.1.2026 begin with the day, and one where the file does not say."""
    first, second, unclear, example = False, False, False, ""
    for cells in counts.values():
        texts = pd.Series(cells.index.astype(str))
        dates: Any = texts[texts.str.fullmatch(_DAY_AND_MONTH)]
        if len(dates) > len(texts) / 2:
            parts = dates.str.extract(f"^{_DAY_AND_MONTH}$")
            one, two, last = (parts[at].astype(int) for at in (0, 2, 3))
            if ((one > 31) | (one == 0)).any():
                continue  # the year comes first
            first |= bool((one > 12).any())
            second |= bool((two > 12).any())
            # 26-01-31 can begin with the year.
            short = (parts[1] == "-") & (last < 32) & (last > 0)
            unclear |= bool(short.all() and (two < 13).all())
            example = example or str(texts[parts.index[0]])
    return first, example if first == second or unclear else ""


def _of_texts(
    table: Table, name: str, cells: pd.Series, decimal: str, day_first: bool, undecided: str
) -> Column:
    column, texts = table.column(name), pd.Series(cells.index.astype(str))
    nothing = np.full(len(column), np.nan)
    if not (texts != "").any():
        return _of_values(table, name, NUMBERS, nothing, "")
    blank = texts.str.lower().isin(BLANKS)
    filled: Any = texts[~blank]
    like_a_time = filled.str.fullmatch(_LIKE_A_TIME)
    times = pd.Series(np.nan, index=filled.array)
    times[like_a_time.array] = times_in(filled[like_a_time], day_first)
    is_time = pd.Series(times.notna().array, index=filled.index)
    is_number = filled.str.fullmatch(_number(decimal))
    says_yes_or_no = filled.str.lower().isin(["true", "false", "yes", "no"])
    weight = cells.to_numpy()[~blank]
    for kind, meant, fits in (
        (NUMBERS, is_number, is_number),
        (TIMES, like_a_time, is_time),
        (YES_NO, says_yes_or_no, says_yes_or_no),
    ):
        if weight[meant].sum() > weight.sum() / 2 and (kind != YES_NO or fits.all()):
            break
    else:
        # Of half numbers and half something else, something else is shown.
        return _of_words(table, name, cast(pd.Series, texts[texts != ""]), filled[~is_number])
    example = str(filled.iloc[0])
    what = {NUMBERS: "a number", TIMES: "a time"}.get(kind, "")
    if kind == TIMES and (not fits.any() or (undecided and filled.str.fullmatch(_DAY_AND_MONTH).any())):
        why = f"nothing in the file says which number is the day in {quoted(example)}"
        if not fits.any():
            why = f"{quoted(example)} in {quoted(name)} is no time such as 2026-01-31 14:05:09+01:00"
        row = int(np.flatnonzero(column == example)[0])
        return Column(TIMES, nothing, example, unusable="it holds times", bad=(row, why))
    if kind == TIMES:
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
    return replace(found, unusable=unusable, bad=(row, why))


def _number(decimal: str) -> str:
    """The pattern of numbers, perhaps with marks of thousands, in the file's notation."""
    point, comma = ("[.]", ",") if decimal == "." else (",", "[.]")
    fraction = rf"(\d+{point}?\d*|{point}\d+){_END}"
    return rf"{_SIGN}({fraction}|{_GROUPS}({comma}\d{{3}}|{_OTHER}\d{{3}})+({point}\d*)?)"


def _of_values(table: Table, name: str, kind: str, values: NDArray, example: str) -> Column:
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
    return Column(kind, values, example, blanks, unusable, idle or _idle(name, distinct), bad, distinct)


def _of_words(table: Table, name: str, texts: pd.Series, shown: pd.Series) -> Column:
    column, unusable = table.column(name), ""
    example = str((shown if len(shown) else texts).iloc[0])
    if texts.str.startswith("=").mean() > 0.5 or texts.str.fullmatch(r"=[A-Z(].*").any():
        row = int(np.flatnonzero(column.str.startswith("="))[0])
        unusable = f"{table.location(row)}: {quoted(column.iloc[row])} is a formula: save its value"
    elif texts.str.fullmatch(r"[\[(].*,.*[\])]").mean() > 0.5:
        unusable = "it holds lists: frame.explode([...]) makes a row of each entry"
    elif texts.str.fullmatch(_MEASURE).mean() > 0.5:
        unusable = f"{quoted(example)} is a number with more beside it: write the number alone"
    elif len(texts) > MAX_CATEGORIES:
        unusable = f"it holds {len(texts):,} different texts such as {quoted(example)}; "
        unusable += f"{MAX_CATEGORIES} are possible"
    nothing, blanks = np.full(len(column), np.nan), int((column == "").sum())
    idle = _idle(name, len(texts))
    return Column(WORDS, nothing, example, blanks, unusable, idle, None, len(texts))


def _idle(name: str, distinct: int) -> str:
    if re.fullmatch(_DIVIDES, name):
        return "its name says that it divides the sequences"
    return "it is the same everywhere" if distinct == 1 else ""


def _numbers_rows(values: NDArray) -> bool:
    """Whether it is only the rows' numbers, which tables get when they are saved, in any order."""
    values = np.sort(values)
    return len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _place(table: Table, name: str, text: str, *, low: bool = False) -> str:
    row = int(np.flatnonzero(table.column(name) == text)[0])
    return f"in {table.location(row)}" if low else table.place(row)
