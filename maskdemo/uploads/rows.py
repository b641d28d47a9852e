"""How the rows of a table stand together: which are a sequence, and whether something sorts its steps.

number: (rows,), of each row's sequence, from 0. values: (rows,), of a column, NaN where there is none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.uploads.reading import Table


def sequence_numbers(table: Table, names: tuple[str, ...] | list[str]) -> NDArray[np.integer]:
    """Return the number of each row's sequence, (rows,), from 0, as they come. names: of the id."""
    return table.frame.groupby(list(names), sort=False).ngroup().to_numpy()


def distinct_count(table: Table, names: list[str]) -> int:
    """Return how many different combinations of values these columns have."""
    return len(table.frame[names].drop_duplicates())


def are_contiguous(table: Table, names: tuple[str, ...] | list[str]) -> bool:
    """Whether the rows of every sequence follow each other. names: the columns of the id."""
    number = sequence_numbers(table, names)
    return int((np.diff(number, prepend=-1) != 0).sum()) == number.max() + 1


def is_finer(table: Table, names: list[str]) -> bool:
    """Whether columns make more sequences than each, contiguous, of 1.5 rows on average."""
    each, both = max(distinct_count(table, [name]) for name in names), distinct_count(table, names)
    return each < both <= len(table.frame) / 1.5 and are_contiguous(table, names)


def moved_share(number: NDArray, values: NDArray) -> float:
    """Return the share of rows that change places where each sequence is sorted by its values."""
    ranks = pd.Series(values).groupby(number).rank(method="first").to_numpy() - 1
    return float((ranks != pd.Series(number).groupby(number).cumcount().to_numpy()).mean())


def repeated_share(number: NDArray, values: NDArray) -> float:
    """Return the share of rows with a value that repeat a step of an earlier row of their sequence."""
    there = pd.DataFrame({"n": number, "v": values})[~np.isnan(values)]
    return float(there.duplicated().mean()) if len(there) else 0.0


def passed_hour(number: NDArray, values: NDArray) -> str:
    """Return "midnight" or "12:59" if times without date pass it in a sequence; or "".

    Beyond 38 hours, a day and the farthest zone, they are dates or times since a beginning.
    values: in seconds. Past midnight times fall by more than half a day; past noon 1 follows 12 where
    all hours are 1 to 12.
    """
    if np.nanmin(values) <= -86_400 or np.nanmax(values) >= 38 * 3600:
        return ""
    if (pd.Series(values).groupby(number).diff() < -43_200).any():
        return "midnight"
    hours = pd.Series(values // 3600)
    ahead = hours.groupby(number).shift(-1)
    of_twelve = hours.dropna().between(1, 12).all()
    return "12:59" if of_twelve and ((hours == 12) & (ahead == 1)).any() else ""


def are_whole(values: NDArray) -> bool:
    """Whether all values are whole numbers; False where any is NaN or infinite."""
    return bool((np.isfinite(values) & (np.floor(values) == values)).all())


def is_constant(number: NDArray, values: NDArray) -> bool:
    """Whether every sequence has exactly one value, NaN aside."""
    return bool((pd.Series(values).groupby(number).nunique() == 1).all())


def is_sorted(number: NDArray, values: NDArray, most: float) -> bool:
    """Whether values sort the steps of every sequence: whole numbers, as many as max - min + 1.

    Or at most the share `most` of the steps but the first has a lesser value than the step before.
    """
    grouped = pd.Series(values).groupby(number)
    spread = grouped.agg(["min", "max", "size"])
    if are_whole(values) and bool((spread["max"] - spread["min"] + 1 == spread["size"]).all()):
        return True
    return float((grouped.diff() < 0).sum() / max(1, len(number) - number.max() - 1)) <= most


def is_in_order(number: NDArray, values: NDArray) -> bool:
    """Whether values rise, and never stay, within each sequence, NaN aside."""
    return not bool((pd.Series(values).groupby(number).diff() <= 0).any())


def restarts(number: NDArray, values: NDArray, most: float) -> bool:
    """Whether values are `is_sorted`, and fall, if at all, to the first value of their sequence."""
    grouped = pd.Series(values).groupby(number)
    falls = grouped.diff() < 0
    back = bool((values[falls] == grouped.transform("first")[falls]).all())
    return back and is_sorted(number, values, most)


def counts_steps(number: NDArray, values: NDArray) -> bool:
    """Whether values count the steps of all sequences, all from 0 or all from 1; one has 3 or more."""
    if values[0] not in (0, 1):
        return False
    step = pd.Series(number).groupby(number).cumcount().to_numpy()
    return bool(step.max() > 1 and (values - step == values[0]).all())
