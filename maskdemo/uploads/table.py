"""A table as it was read, with the line of the file on which each row stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column by its name; no table has two of a name."""
    return cast(pd.Series, frame[name])


def numbers_in(column: pd.Series) -> pd.Series:
    """Parse a column of texts as numbers, NaN where a text is no number."""
    if column.dtype == object:
        # Python's whole numbers of more than 308 digits are no float; their texts are infinite.
        column = column.where(column.isna(), column.astype(str))
    return cast(pd.Series, pd.to_numeric(column, errors="coerce"))


def times_in(column: pd.Series) -> pd.Series:
    """Parse a column of ISO texts as times, NaT where a text is no time.

    In UTC: in a log of one place the offset changes twice a year.
    """
    return cast(
        pd.Series, pd.to_datetime(column.astype(str), format="ISO8601", errors="coerce", utc=True)
    )


@dataclass(frozen=True)
class Layout:
    """How the file is read, as data that an exported script can repeat.

    kind: "csv", "parquet" or "npz". separator and decimal: of a CSV file.
    """

    kind: str
    separator: str = ","
    decimal: str = "."


@dataclass(frozen=True, eq=False)
class Table:
    """frame: the rows, numbered from 0. lines: the line of each row in a CSV file, else None.

    digest: of the file's bytes, in hexadecimal.
    """

    frame: pd.DataFrame
    layout: Layout
    digest: str
    lines: NDArray[np.int64] | None = field(default=None, repr=False)

    def location(self, row: int) -> str:
        """Where a row of the frame stands in the file: "line 7", or "row 6" without lines."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"
