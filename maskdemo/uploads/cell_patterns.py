"""The different texts of each column, which patterns they fit, and what they say of the whole file.

A file has one notation of numbers: 0.5 and perhaps 1,088, or 0,5 and perhaps 1.088.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_string_dtype

from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import capital
from maskdemo.uploads.reading import Table

NUMBERS, TIMES, YES_NO = "numbers", "times", "yes / no"
#: What stands for a missing number, time or yes / no, in lower case: as pandas and databases write it.
BLANKS = ("", "#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "nan", "-nan", "none", "null", "1.#ind",
          "-1.#ind", "1.#qnan", "-1.#qnan", "\\n", "(null)")  # fmt: skip
_SIGN, _END = "[-+\u2212]?", r"([eE][-+]?\d+)?"
_OTHER = "[ \u00a0\u202f'\u2019]"
#: A time with an impossible hour, or a month in another language, is still meant as a time.
_LIKE_A_TIME = "|".join(
    [
        r"((?i:jan(u?ar|uary|vier)?|feb(ruar|ruary)?|f[eé]v(rier|r)?|mar(ch|s)?|m[aä]rz?|a[pv]r(il)?|ma[iy]"
        r"|june?|juni|juin|july?|juli|juil(let)?|aug(ust)?|ao[uû]t|sept?(ember|embre)?"
        r"|o[ck]t(ober|obre)?|nov(ember|embre)?|d[eé][cz](ember|embre)?)\.?"
        r"|[Qq][1-4])[-/, ]{1,2}'?(\d{4}|\d\d)",
        r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)|\d{1,3}:\d\d)([^\d.].*)?",
        r"(0?[1-9]|1[0-2])/(19|20)\d\d|(0[1-9]|1[0-2])/\d\d",
        r"(19|20)\d\d(-(0[1-9]|1[0-2])|/(0?[1-9]|1[0-2])|-?W\d\d?(-?[1-7])?|[- ]?Q[1-4])",
        r"(19|20)\d\d[01]\d[0-3]\d[T _-]\d\d:?\d\d.*",
        r"([^\W\d_]{2,9}\.?,? )?\d{1,2}(st|nd|rd|th)?\W{0,2}[^\W\d_]{3,9}\W{1,2}(\d{4}|\d\d)(\D.*)?",
        r"([^\W\d_]{2,9}\.?,? )?[^\W\d_]{3,9}\W{1,2}\d{1,2}(st|nd|rd|th)?\W{1,2}\d{4}(\D.*)?",
        r"\d{4}[-/ ][^\W\d_]{3,9}[-/ ]\d{1,2}(\D.*)?",
    ]
)
#: 29%, 3.2 C, < 5, (5)
MEASURE = rf"[<>~$€£(]?\s*{_SIGN}[.,]?\d[\d.,]*\s*[^\d\s.,:/_-]{{0,6}}"
DAY_AND_MONTH = r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?:\D.*)?"


class Cells(NamedTuple):
    """The different texts of a column, (n,), how many cells have each, and those that fit a pattern.

    fits: (n,) by "blank", TIMES, YES_NO, "date" (see DAY_AND_MONTH), and by these with the decimal mark
    at the end, "." or ",": "number." (12, too), "sure." (0.5; not 12), "either." (1.088, perhaps 1088).
    """

    texts: pd.Series
    counts: NDArray[np.integer]
    fits: dict[str, NDArray[np.bool_]]

    def share(self, *patterns: str) -> float:
        """Return the share of all but blank cells that fit one of the patterns; 0 if all are blank."""
        fit = np.any([self.fits[each] for each in patterns], axis=0)
        return float(self.counts[fit].sum() / max(1, self.counts[~self.fits["blank"]].sum()))


def cells_of(table: Table) -> dict[str, Cells]:
    """Return column name -> its `Cells`, of the columns of texts; columns with a type are left out."""
    columns = [table.column(str(name)) for name in table.frame]
    counts = [each.value_counts() for each in columns if is_string_dtype(each)]
    if not counts:
        return {}
    texts = pd.Series(pd.concat(counts).index.astype(str))
    low = texts.str.lower()
    fits = {"blank": low.isin(BLANKS), YES_NO: low.isin(["true", "false", "yes", "no"])}
    patterns = {TIMES: _LIKE_A_TIME, "date": DAY_AND_MONTH, **_numbers(".", ","), **_numbers(",", ".")}
    fits |= {name: texts.str.fullmatch(pattern) for name, pattern in patterns.items()}
    for point in ".,":
        fits[f"sure{point}"] &= ~fits[f"either{point}"]
    found, start = {}, 0
    for each in counts:
        part = slice(start, start := start + len(each))
        own = {name: fit.to_numpy(bool)[part] for name, fit in fits.items()}
        found[str(each.index.name)] = Cells(texts.iloc[part], each.to_numpy(), own)
    return found


class Notation(NamedTuple):
    """How a file writes numbers and dates.

    decimal: "." or ",". is_sure: whether a number shows which. day_first: of dates such as 31.1.2026.
    by_points: whether their points alone say so. undecided: of dates, none says so or they disagree.
    """

    decimal: str
    is_sure: bool
    day_first: bool
    by_points: bool
    undecided: bool


def notation_of(table: Table, cells: dict[str, Cells]) -> Notation:
    """Return how the file writes numbers and dates. Raises `InvalidTable` as `_decimal` does."""
    return Notation(*_decimal(table, cells), *_day_first(cells))


def _decimal(table: Table, cells: dict[str, Cells]) -> tuple[str, bool]:
    """Return `Notation.decimal`, "." if no number shows which, and `is_sure`.

    Only columns of texts, over half of them numbers, count. Raises `InvalidTable` where numbers show
    both, or none shows which and there is 1,088, or 1.088 beside whole numbers.
    """
    sure: dict[str, tuple[str, str]] = {}
    unsure: dict[str, tuple[str, str]] = {}
    for name, own in cells.items():
        if own.share("number.", "number,") <= 0.5:
            continue
        for point in ".,":
            certain, either = own.fits[f"sure{point}"], own.fits[f"either{point}"]
            # Fractions of three digits each are usual, a few of them among whole numbers are not.
            usual = point == "." and (certain | either).all()
            for found, fits in ((sure, certain), (unsure, either & (not usual))):
                if fits.any() and point not in found:
                    text = own.texts.iloc[fits.argmax()]
                    place = table.location(int((table.column(name) == text).to_numpy().argmax()))
                    found[point] = place, f"{quoted(text)} in {quoted(name)}"
    if len(sure) == 2:
        (first, point), (second, comma) = sure["."], sure[","]
        raise InvalidTable(
            f"{capital(first)}: {point} has a decimal point, and in {second} {comma} a decimal comma. "
            "Write all numbers of the file the same way."
        )
    if not sure and unsure:
        place, cell = next(iter(unsure.values()))
        raise InvalidTable(
            f"{capital(place)}: {cell} can be a thousand or a fraction, and no other number of the "
            "file says which. Write it without the mark, or fractions with a decimal point."
        )
    return next(iter(sure), "."), bool(sure)


def _day_first(cells: dict[str, Cells]) -> tuple[bool, bool, bool]:
    """Return `Notation.day_first`, `by_points` and `undecided`.

    A number over 12 in front means the day; else dates with points begin with it, unless one cannot.
    Undecided is also a column of dates that all may begin with the year, as 26-01-31.
    """
    first, second, points, others, unclear, short, american = [False] * 7
    for own in cells.values():
        dates: Any = own.texts[own.fits["date"] & own.fits[TIMES]]
        if len(dates) and own.share(TIMES) > 0.5:
            parts: Any = dates.str.extract(f"^{DAY_AND_MONTH}$")
            one, two, last = (parts[at].astype(int) for at in (0, 2, 3))
            if ((one > 31) | (one == 0)).any():
                continue  # the year comes first
            pointed = bool((parts[1] == ".").all())
            points, others = points or pointed, others or not pointed
            first, second = first or bool((one > 12).any()), second or bool((two > 12).any())
            # 26-01-31 can begin with the year.
            year = bool((last.between(1, 31) & (two < 13)).all())
            unclear |= year and bool((parts[1] == "-").all())
            short |= year and pointed
            american |= pointed and bool((two > 12).any())
    points = points and (first or not american)
    undecided = unclear or (second and (first or points)) or (others and not first and not second)
    return first or points, points and (short or not first), undecided


def are_dates(values: NDArray) -> tuple[bool, bool]:
    """Return (all are 20260131, perhaps with HH, HHMM or HHMMSS behind; all are 31012026, day first).

    values: (rows,), not all NaN. Years: 1900 to 2099. The second needs more than two different dates.
    """
    there = values[~np.isnan(values)]
    digits = len(str(int(there.max())))
    if digits not in (8, 10, 12, 14) or (there != np.floor(there)).any():
        return False, False
    day, clock = np.divmod(there, 10.0 ** (digits - 8))
    hour = clock // 10.0 ** max(0, digits - 10)
    if (hour > 23).any() or (digits > 10 and (clock % 100 > 59).any()):
        return False, False

    def fit(year: NDArray, one: NDArray, two: NDArray, most: int) -> bool:
        years = (year >= 1900) & (year < 2100)
        return bool((years & (np.minimum(one, two) > 0) & (one <= most) & (two < 32)).all())

    year_last = fit(day % 10_000, day // 10_000 % 100, day // 1_000_000, 31)
    several = len(np.unique(there)) > 2
    return fit(day // 10_000, day // 100 % 100, day % 100, 12), (year_last and digits == 8 and several)


def _numbers(point: str, comma: str) -> dict[str, str]:
    """Return the patterns of `Cells.fits` by name, such as "sure.". comma: the mark of thousands."""
    groups = r"[1-9]\d{0,2}"
    fraction = rf"(\d+[{point}]\d*|[{point}]\d+){_END}"
    grouped = rf"{groups}([{comma}]\d{{3}}|{_OTHER}\d{{3}})+"
    sure = rf"{fraction}|{grouped}[{point}]\d*|{groups}([{comma}]\d{{3}}){{2,}}"
    return {
        f"number{point}": rf"{_SIGN}({fraction}|\d+{_END}|{grouped}([{point}]\d*)?)",
        f"sure{point}": f"{_SIGN}({sure})",
        f"either{point}": rf"{_SIGN}{groups}[{point}]\d{{3}}",
    }
