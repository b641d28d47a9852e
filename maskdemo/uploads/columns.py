"""What each column of a table holds: every column is tried as numbers, times, yes / no and words.

A file has one notation of numbers: 0.5 and perhaps 1,088, or 0,5 and perhaps 1.088. A number that can
be read both ways, or a file that has both notations, is refused by its cell; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_string_dtype

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import MAX_CATEGORIES, MAX_MAGNITUDE
from maskdemo.uploads.reading import Table
from maskdemo.uploads.recipe import numbers_in, times_in

NUMBERS, TIMES, YES_NO, WORDS, NOTHING = "numbers", "times", "yes / no", "words", "nothing"
#: What stands for a missing number, time or yes / no, in lower case: as pandas has them.
BLANKS = ("", "#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "nan", "-nan", "none", "null")
_SIGN, _END = "[-+\u2212]?", r"([eE][-+]?\d+)?"
_GROUPS = "[1-9]\\d{0,2}"
_OTHER = "[ \u00a0\u202f'\u2019]"
_PLAIN = rf"{_SIGN}(\d+{_END}|{_GROUPS}({_OTHER}\d{{3}})+)"
#: A time with an impossible hour or month is still meant as a time.
_LIKE_A_TIME = r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d\d)(\D.*)?"
_LIKE_A_TIME += r"|(19|20)\d\d(-(0[1-9]|1[0-2])|-?W\d\d(-?[1-7])?|[- ]?Q[1-4])"
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

    name: str
    kind: str
    values: NDArray[np.float64] = field(repr=False)
    example: str
    blanks: int
    unusable: str = ""
    idle: str = ""
    bad: tuple[int, str] | None = None
    distinct: int = 0

    @property
    def summary(self) -> str:
        """What it was taken for, in a few words."""
        return f"{self.distinct:,} {WORDS}" if self.kind == WORDS else self.kind


@dataclass(frozen=True, eq=False)
class Columns(Mapping[str, Column]):
    """Column by name. decimal: the file's decimal point or comma. day_first: of its dates."""

    by_name: Mapping[str, Column]
    decimal: str
    day_first: bool

    def __getitem__(self, name: str) -> Column:
        return self.by_name[name]

    def __iter__(self):
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)


def read_columns(table: Table) -> Columns:
    """Every column of the table. Raises `InvalidTable` where its numbers can be read in two ways."""
    counts = {
        str(name): table.column(name).value_counts()
        for name in table.frame
        if is_string_dtype(table.column(name))
    }
    decimal = _decimal(table, counts)
    day_first, undecided = _day_first(counts)
    found = {}
    for name in map(str, table.frame):
        column = table.column(name)
        if name in counts:
            found[name] = _of_texts(table, name, counts[name], decimal, day_first, undecided)
        else:
            kind = YES_NO if is_bool_dtype(column) else NUMBERS
            is_time = is_datetime64_any_dtype(column)
            values = times_in(column, day_first) if is_time else numbers_in(column, decimal)
            shown = column.dropna()
            example = str(shown.iloc[0]) if len(shown) else ""
            found[name] = _of_values(table, name, TIMES if is_time else kind, values, example)
        if re.fullmatch(_DIVIDES, name):
            found[name] = replace(found[name], idle="its name says that it divides the sequences")
    above = [each for each in found.values() if each.bad is not None and each.bad[0] == 0]
    filled = [name for name in found if table.texts(name).iloc[0] != ""]
    if len(above) > 1 or (above and len(filled) == 1):
        shown = " and ".join(quoted(table.column(each.name).iloc[0]) for each in above[:2])
        raise InvalidTable(
            f"{table.place(0)} holds {shown} where numbers follow: it seems to be a line of units "
            "or a second line of names. Take out what stands between the names and the values."
        )
    return Columns(found, decimal, day_first)


def _decimal(table: Table, counts: Mapping[str, pd.Series]) -> str:
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


def _day_first(counts: Mapping[str, pd.Series]) -> tuple[bool, str]:
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
    blank = texts.str.lower().isin(BLANKS)
    filled: Any = texts[~blank]
    example = str(filled.iloc[0]) if len(filled) else ""
    if filled.empty and not (texts != "").any():
        return Column(name, NOTHING, np.full(len(column), np.nan), "", len(column), "it is empty")
    comma = {".": ",", ",": "."}[decimal]
    point = "[.]" if decimal == "." else ","
    number = rf"{_SIGN}((\d+{point}?\d*|{point}\d+){_END}|"
    number += rf"{_GROUPS}([{comma}]\d{{3}}|{_OTHER}\d{{3}})+({point}\d*)?)"
    like_a_time = filled.str.fullmatch(_LIKE_A_TIME)
    is_time = like_a_time.copy()
    is_time[like_a_time] = ~np.isnan(times_in(filled[like_a_time], day_first))
    fits = {
        NUMBERS: filled.str.fullmatch(number),
        TIMES: is_time,
        YES_NO: filled.str.lower().isin(["true", "false", "yes", "no"]),
    }
    meant = fits | {TIMES: like_a_time}
    weight = cells.to_numpy()[~blank]
    kind = next((each for each, fit in meant.items() if weight[fit].sum() > weight.sum() / 2), WORDS)
    if kind == YES_NO and not fits[YES_NO].all():
        kind = WORDS
    if kind == WORDS:
        return _of_words(table, name, cast(pd.Series, texts[texts != ""]))
    if kind == TIMES and undecided and bool(filled.str.fullmatch(_DAY_AND_MONTH).any()):
        why = f"nothing in the file says which number is the day in {quoted(example)}"
        row = int(np.flatnonzero(column == example)[0])
        return Column(
            name, TIMES, np.full(len(column), np.nan), example, 0, "it holds times", bad=(row, why)
        )
    if kind == TIMES and not is_time.any():
        why = f"{quoted(example)} in {quoted(name)} is no time such as 2026-01-31 14:05:09+01:00"
        row = int(np.flatnonzero(column == example)[0])
        return Column(
            name, TIMES, np.full(len(column), np.nan), example, 0, "it holds times", bad=(row, why)
        )
    wrong: Any = filled[~fits[kind]]
    if kind == NUMBERS:
        values = numbers_in(column, decimal)
    elif kind == TIMES:
        values = times_in(column, day_first)
    else:
        said = column.str.lower().map({"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0})
        values = said.to_numpy(dtype=float, na_value=np.nan)
    found = _of_values(table, name, kind, values, example)
    if wrong.empty:
        return found
    row = int(np.flatnonzero(column.isin(wrong))[0])
    what = "a number" if kind == NUMBERS else "a time"
    why = f"{quoted(column.iloc[row])} in {quoted(name)} is not {what}, as most of that column are"
    unusable = (
        found.unusable
        or f"{table.location(row)}: {quoted(column.iloc[row])} is not {what}: leave it empty"
    )
    return replace(found, unusable=unusable, bad=(row, why))


def _of_values(table: Table, name: str, kind: str, values: NDArray, example: str) -> Column:
    blank = np.isnan(values)
    blanks, distinct = int(blank.sum()), len(np.unique(values[~blank]))
    unusable, idle, bad = "", "", None
    large = np.flatnonzero(np.abs(np.nan_to_num(values, posinf=np.inf)) > MAX_MAGNITUDE)
    if blanks == len(values):
        return Column(name, NOTHING, values, "", blanks, "it is empty")
    if kind == TIMES:
        unusable = "it holds times"
    elif len(large):
        row = int(large[0])
        cell = quoted(table.column(name).iloc[row])
        # Times in nanoseconds are too large to be read by a network, and sort all the same.
        if len(infinite := np.flatnonzero(np.isinf(values))):
            infinity = quoted(table.column(name).iloc[int(infinite[0])])
            bad = int(infinite[0]), f"{infinity} in {quoted(name)} is infinite"
        unusable = f"{table.location(row)}: {cell} is infinite, or as good as"
    elif _numbers_rows(values) and kind == NUMBERS:
        idle = "it numbers the rows"
    elif distinct == 1:
        idle = "it is the same everywhere"
    return Column(name, kind, values, example, blanks, unusable, idle, bad, distinct)


def _of_words(table: Table, name: str, texts: pd.Series) -> Column:
    column, unusable, idle = table.column(name), "", ""
    blanks = int((column == "").sum())
    example = str(column.to_numpy()[column.to_numpy() != ""][0])
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
    elif len(texts) == 1:
        idle = "it is the same everywhere"
    values = np.full(len(column), np.nan)
    return Column(name, WORDS, values, example, blanks, unusable, idle, None, len(texts))


def _numbers_rows(values: NDArray) -> bool:
    """Whether it is only the rows' numbers, which tables get when they are saved, in any order."""
    values = np.sort(values)
    return len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _place(table: Table, name: str, text: str, *, low: bool = False) -> str:
    row = int(np.flatnonzero(table.column(name) == text)[0])
    return f"in {table.location(row)}" if low else table.place(row)
