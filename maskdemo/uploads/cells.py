"""The different texts of each column, and which patterns of numbers and times they fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_string_dtype

from maskdemo.uploads.reading import Table

NUMBERS, TIMES, YES_NO = "numbers", "times", "yes / no"
#: What stands for a missing number, time or yes / no, in lower case: as pandas has them.
BLANKS = ("", "#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "nan", "-nan", "none", "null")
_SIGN, _END = "[-+\u2212]?", r"([eE][-+]?\d+)?"
_OTHER = "[ \u00a0\u202f'\u2019]"
#: A time with an impossible hour, or a month in another language, is still meant as a time.
_LIKE_A_TIME = "|".join(
    [
        r"((?i:jan(u?ar|uary|vier)?|feb(ruar|ruary)?|f[eé]v(rier|r)?|mar(ch|s)?|m[aä]rz?|a[pv]r(il)?|ma[iy]"
        r"|june?|juni|juin|july?|juli|juil(let)?|aug(ust)?|ao[uû]t|sept?(ember|embre)?"
        r"|o[ck]t(ober|obre)?|nov(ember|embre)?|d[eé][cz](ember|embre)?)\.?"
        r"|[Qq][1-4])[-/, ]{1,2}'?(\d{4}|\d\d)",
        r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)|\d{1,2}:\d\d)([^\d.].*)?",
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

    fits: (n,) by "blank", TIMES, YES_NO, "date" (see DAY_AND_MONTH), and with a decimal point or comma
    at the end: "number." (any), "sure." (in this notation alone), "either." (1.088 can be a thousand).
    """

    texts: pd.Series
    counts: NDArray[np.int64]
    fits: dict[str, NDArray[np.bool_]]

    def share(self, *patterns: str) -> float:
        """Return the share of the cells, without blank cells, that fit one of the patterns."""
        fit = np.any([self.fits[each] for each in patterns], axis=0)
        return float(self.counts[fit].sum() / max(1, self.counts[~self.fits["blank"]].sum()))


def cells_of(table: Table) -> dict[str, Cells]:
    """Return the different texts of every column of texts, matched to all patterns at once."""
    columns = [table.column(str(name)) for name in table.frame]
    counts = [each.value_counts() for each in columns if is_string_dtype(each)]
    if not counts:
        return {}
    texts = pd.Series(pd.concat(counts).index.astype(str))
    low = texts.str.lower()
    fits = {"blank": low.isin(BLANKS), YES_NO: low.isin(["true", "false", "yes", "no"])}
    patterns = {TIMES: _LIKE_A_TIME, "date": DAY_AND_MONTH, **_numbers(".", ","), **_numbers(",", ".")}
    fits |= {name: texts.str.fullmatch(pattern) for name, pattern in patterns.items()}
    found, start = {}, 0
    for each in counts:
        part = slice(start, start := start + len(each))
        own = {name: fit.to_numpy(bool)[part] for name, fit in fits.items()}
        for point in ".,":
            own[f"sure{point}"] = own[f"sure{point}"] & ~own[f"either{point}"]
        found[str(each.index.name)] = Cells(texts.iloc[part], each.to_numpy(), own)
    return found


def _numbers(point: str, comma: str) -> dict[str, str]:
    """Return the patterns of numbers with this decimal point and this mark of thousands, by name."""
    groups = r"[1-9]\d{0,2}"
    fraction = rf"(\d+[{point}]\d*|[{point}]\d+){_END}"
    grouped = rf"{groups}([{comma}]\d{{3}}|{_OTHER}\d{{3}})+"
    sure = rf"{fraction}|{grouped}[{point}]\d*|{groups}([{comma}]\d{{3}}){{2,}}"
    return {
        f"number{point}": rf"{_SIGN}({fraction}|\d+{_END}|{grouped}([{point}]\d*)?)",
        f"sure{point}": f"{_SIGN}({sure})",
        f"either{point}": rf"{_SIGN}{groups}[{point}]\d{{3}}",
    }
