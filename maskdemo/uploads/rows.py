"""How the rows of a table stand together: which are a sequence, and whether something sorts its steps.

number: (rows,), of each row's sequence.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.uploads.reading import Table


def numbers_of(table: Table, names: tuple[str, ...] | list[str]) -> NDArray[np.intp]:
    """(rows,) the number of each row's sequence, in the order of the file."""
    return table.frame.groupby(list(names), sort=False).ngroup().to_numpy()


def stands_together(table: Table, names: tuple[str, ...] | list[str]) -> bool:
    """Whether the rows of every sequence follow each other in the file."""
    number = numbers_of(table, names)
    return int((np.diff(number, prepend=-1) != 0).sum()) == number.max() + 1


def twice(number: NDArray, values: NDArray) -> float:
    """The share of steps that are the same step of their sequence as an earlier row."""
    there = pd.DataFrame({"n": number, "v": values})[~np.isnan(values)]
    return float(there.duplicated().mean()) if len(there) else 0.0


def pass_midnight(number: NDArray, values: NDArray) -> bool:
    """Whether the hours of a day that is not told fall by more than half a day within a sequence."""
    falls = pd.Series(values).groupby(number).diff() < -43_200
    return bool(np.nanmin(values) > -86_400 and np.nanmax(values) < 2 * 86_400 and falls.any())


def is_constant(number: NDArray, values: NDArray) -> bool:
    """Whether a sequence has one value throughout, each of them."""
    return bool((pd.Series(values).groupby(number).nunique() == 1).all())


def is_dense(number: NDArray, values: NDArray) -> bool:
    """Whether each sequence has all whole numbers from its least to its greatest."""
    if not (np.isfinite(values) & (np.floor(values) == values)).all():
        return False
    spread = pd.Series(values).groupby(number).agg(["min", "max", "size"])
    return bool((spread["max"] - spread["min"] + 1 == spread["size"]).all())


def resorted(number: NDArray, values: NDArray) -> float:
    """The share of steps that are less than the one before them in their sequence."""
    falls = pd.Series(values).groupby(number).diff() < 0
    return float(falls.sum() / max(1, len(number) - number.max() - 1))
