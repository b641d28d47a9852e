"""A file's bytes -> a table in which everything that the file does not type itself is text.

>>> read_table("a.csv", b"id;x;label\\n001;0,5;a\\n1;1,5;\\n").frame.to_numpy().tolist()
[['001', '0,5', 'a'], ['1', '1,5', '']]

Every file that cannot be read raises `InvalidTable` with a sentence, and with the lines of pandas or
NumPy that make a long table of it where there are such lines.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import capital
from maskdemo.uploads.csv_lines import ENCODING, csv_layout
from maskdemo.uploads.limits import LESS, MAX_FILE_BYTES
from maskdemo.uploads.npz import table_of_archive
from maskdemo.uploads.parquet import table_of_parquet
from maskdemo.uploads.table_to_sequences import without_blank_rows
from maskdemo.uploads.unsupported_files import check_kind

#: What a last line that adds the others up has in place of an id.
TOTALS = ("total", "totals", "sum", "mean", "average", "count", "summe", "gesamt", "mittelwert")


@dataclass(frozen=True, eq=False)
class Table:
    """A file's rows. frame: their cells, texts stripped, "" where blank. kind: "csv", "parquet", "npz".

    separator, skipped, quote: of a CSV file, its lines above the names, and its quotation mark.
    lines: the line of each row in a CSV file, else None.
    """

    frame: pd.DataFrame
    kind: str
    separator: str = ","
    skipped: int = 0
    quote: str = '"'
    lines: NDArray[np.int64] | None = field(default=None, repr=False)

    def location(self, row: int) -> str:
        """Return where a row (from 0) stands in the file: "line 7"; without lines "row 1" for 0."""
        return f"row {self.frame.index[row] + 1}" if self.lines is None else f"line {self.lines[row]}"

    def place(self, row: int) -> str:
        """Return the location of a row with a capital, to begin a sentence."""
        return capital(self.location(row))

    def cell(self, row: int, name: str) -> str:
        """Return a cell with its place, to begin a sentence: "Line 7: 'low' in 'x'"."""
        return f"{self.place(row)}: {quoted(self.column(name).iloc[row])} in {quoted(name)}"

    def column(self, name: str) -> pd.Series:
        """Return the cells of a column, (rows,)."""
        return cast(pd.Series, self.frame[name])

    def texts(self, name: str) -> pd.Series:
        """Return the cells of a column by `str`, (rows,), "" where a cell is blank."""
        column = self.column(name)
        return column.astype(str).where(column.notna(), "")


def read_table(name: str, content: bytes) -> Table:
    """Return the table in a .csv, .tsv, .parquet or .npz file, no blank rows. Raises `InvalidTable`.

    name: only its ending is looked at, and only where the bytes do not tell.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InvalidTable(f"The file has more than {MAX_FILE_BYTES // 2**20} MB. {LESS}")
    if not content.strip():
        raise InvalidTable("The file is empty.")
    check_kind(name, content)
    if content.startswith(b"PAR1"):
        table = Table(table_of_parquet(content, name), "parquet")
    elif content.startswith((b"PK\x03", b"PK\x05")):
        table = Table(table_of_archive(content), "npz")
    else:
        table = _table_of_csv(content)
    frame = cast(pd.DataFrame, without_blank_rows(table.frame))
    if frame.empty:
        raise InvalidTable("The file names columns and has no rows under the names.")
    if table.lines is None:
        return replace(table, frame=frame)
    table = replace(table, frame=frame.reset_index(drop=True), lines=table.lines[frame.index])
    _check_rows(table)
    return table


def read_table_file(path: Path) -> Table:
    """Return the table in the file at `path`. Raises `InvalidTable`, also if it cannot be opened."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidTable(f"{path} cannot be read: {error.strerror}.") from None
    return read_table(path.name, content)


def _check_rows(table: Table) -> None:
    """Raise `InvalidTable` where a row repeats the names, or the last, a "total", adds up the rest."""
    frame = table.frame
    names = sorted(each.lower() for each in map(str, frame))
    like: Any = frame
    for name in frame:
        like = like[like[name].str.lower().isin(names)]
        if like.empty:  # at the first column, mostly: there may be thousands
            break
    for row in like.index:
        if sorted(each.lower() for each in frame.loc[row]) == names:
            again = f"{table.place(row)} repeats the names of the columns"
            ids = "Take the line out, and give the sequences of each file ids of their own"
            raise InvalidTable(f"{again}: files seem to be put together here. {ids}.")
    last = next(text for text in frame.iloc[-1] if text)
    is_total = last.lower().rstrip(":") in TOTALS and not frame.iloc[:-1].eq(last).any(axis=None)
    if is_total and _adds_up(frame):
        total = f"{table.place(len(frame) - 1)} begins with {quoted(last)}"
        raise InvalidTable(f"{total} and seems to add up the others: take it out.")


def _adds_up(frame: pd.DataFrame) -> bool:
    """Whether in any column the last number is the sum, the mean or the count of those above it."""
    for name in frame:
        numbers: Any = pd.to_numeric(frame[name].str.replace(",", "."), errors="coerce")
        last, there = numbers.iloc[-1], numbers.iloc[:-1].dropna()
        if len(np.unique(there)) > 1:
            sums = there.sum(), there.mean(), len(there), len(frame) - 1
            if np.isclose(last, sums, rtol=0.005).any():
                return True
    return False


def _table_of_csv(content: bytes) -> Table:
    """Return the cells of a CSV file as text; raise `InvalidTable` where it cannot be read."""
    separator, skipped, quote, starts = csv_layout(content)
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            skiprows=skipped,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            encoding=ENCODING,
            quotechar=quote,
            skipinitialspace=True,
            skip_blank_lines=False,
        )
    except (ValueError, OverflowError) as error:
        raise InvalidTable(f"This cannot be read as a table: {quoted(error)}.") from None
    if len(frame) != len(starts):
        raise InvalidTable("The quotation marks in this file do not match. Write it anew as CSV UTF-8.")
    return Table(frame, "csv", separator, skipped, quote, np.array(starts))
