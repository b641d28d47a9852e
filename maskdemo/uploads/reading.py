"""A file's bytes -> a table in which everything that the file does not type itself is text.

>>> read("a.csv", b"id;x;label\\n001;0,5;a\\n1;1,5;\\n").frame.to_numpy().tolist()
[['001', '0,5', 'a'], ['1', '1,5', '']]

Every file that cannot be read raises `InvalidTable` with a sentence, and with the lines of pandas or
NumPy that make a long table of it where there are such lines.
"""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import capital
from maskdemo.uploads.foreign import WIDE, check_kind
from maskdemo.uploads.limits import MAX_COLUMNS, MAX_FILE_BYTES, MAX_LINE_CHARACTERS, MAX_ROWS
from maskdemo.uploads.npz import table_of_archive
from maskdemo.uploads.parquet import table_of_parquet
from maskdemo.uploads.recipe import without_blank_rows

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tabulator", "|": "a bar"}
#: With or without a mark at the beginning.
ENCODING = "utf-8-sig"
NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, eq=False)
class Table:
    """frame: the rows, texts stripped, "" where a cell is blank. kind: "csv", "parquet" or "npz".

    separator, skipped: of a CSV file, and its lines above the names.
    lines: the line of each row in a CSV file, else None.
    """

    frame: pd.DataFrame
    kind: str
    separator: str = ","
    skipped: int = 0
    lines: NDArray[np.int64] | None = field(default=None, repr=False)

    def location(self, row: int) -> str:
        """Where a row of the frame stands in the file: "line 7", or "row 6" without lines."""
        return f"row {self.frame.index[row] + 1}" if self.lines is None else f"line {self.lines[row]}"

    def place(self, row: int) -> str:
        """The location of a row as a sentence begins with it."""
        return capital(self.location(row))

    def column(self, name: str) -> pd.Series:
        """A column; no table has two of a name."""
        return cast(pd.Series, self.frame[name])

    def texts(self, name: str) -> pd.Series:
        """A column as text, "" where a cell is blank."""
        column = self.column(name)
        return column.astype(str).where(column.notna(), "")


def read(name: str, content: bytes) -> Table:
    """The table in a .csv, .tsv, .parquet or .npz file. Raises `InvalidTable`.

    name: only its ending is looked at, and only where the bytes do not tell.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InvalidTable(
            f"The file has more than {MAX_FILE_BYTES // 2**20} MB. Take out columns that are not "
            "needed, or some of the sequences."
        )
    if not content.strip():
        raise InvalidTable("The file is empty.")
    check_kind(name, content)
    if content.startswith(b"PAR1"):
        return _typed(table_of_parquet(content), "parquet")
    if content.startswith(b"PK"):
        return _typed(table_of_archive(content), "npz")
    return _table_of_csv(content)


def read_file(path: Path) -> Table:
    """The table in this file. Raises `InvalidTable`; no more is read than may be."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidTable(f"{path} cannot be read: {error.strerror}.") from None
    return read(path.name, content)


def _typed(frame: pd.DataFrame, kind: str) -> Table:
    frame = cast(pd.DataFrame, without_blank_rows(frame))
    if frame.empty:
        raise InvalidTable("The file has columns and no rows.")
    return Table(frame, kind)


def _table_of_csv(content: bytes) -> Table:
    _check_text(content)
    separator, skipped = _separator(content)
    names, lines = _checked_lines(content, separator, skipped)
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            skiprows=skipped,
            header=0,
            names=names,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            encoding=ENCODING,
            skipinitialspace=True,
        )
    except (ValueError, OverflowError) as error:
        raise InvalidTable(f"This cannot be read as a table: {quoted(error)}.") from None
    if len(frame) != len(lines):
        raise InvalidTable("The quotation marks in this file do not match. Write it anew as CSV UTF-8.")
    frame = cast(pd.DataFrame, without_blank_rows(frame))
    if frame.empty:
        raise InvalidTable("The file has a header and no rows under it.")
    lines = np.array(lines)[frame.index]
    return Table(frame.reset_index(drop=True), "csv", separator, skipped, lines)


def _text(content: bytes) -> io.TextIOWrapper:
    """The text, line by line: a whole one would take five times the room of its bytes."""
    return io.TextIOWrapper(io.BytesIO(content), encoding=ENCODING)


def _check_text(content: bytes) -> None:
    try:
        content.decode(ENCODING)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidTable(f"Line {line} is not UTF-8. Save the file as CSV UTF-8.") from None
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise InvalidTable(f"Line {line} holds bytes that are no text. Save the table as CSV UTF-8.")
    length, line = max((len(text), -line) for line, text in enumerate(_text(content), 1))
    if length > MAX_LINE_CHARACTERS:
        raise InvalidTable(
            f"Line {-line} has {length:,} characters; {MAX_LINE_CHARACTERS:,} are possible. "
            "A table has one line a row: check the line breaks."
        )


def _separator(content: bytes) -> tuple[str, int]:
    """The separator that the header has most of, outside quotation marks, and the lines above it.

    Excel writes a line of its own with the separator: sep=;
    """
    skipped, header = 0, ""
    for line in _text(content):
        if found := re.fullmatch(r'"?sep=([,;|\t])"?\s*', line):
            return found[1], skipped + 1
        if line.strip():
            header = re.sub(r'"[^"]*"', "", line)
            break
        skipped += 1
    counted = Counter(each for each in header if each in SEPARATORS)
    return max(SEPARATORS, key=lambda each: counted[each]), skipped


def _checked_lines(content: bytes, separator: str, skipped: int) -> tuple[list[str], array[int]]:
    """The names, and the line in which each row starts. Raises for rows of another width."""
    text, last = _text(content), ""
    for _ in range(skipped):
        text.readline()

    def remembered(line: str) -> str:
        nonlocal last
        last = line
        return line

    rows = csv.reader(map(remembered, text), delimiter=separator, skipinitialspace=True)
    lines, header, started = array("q"), [], skipped + 1
    try:
        for row in rows:
            blank = len(row) < 2 and not "".join(row).strip()
            if blank and '"' not in last:
                pass
            elif not header:
                header = [name.strip() for name in row]
                _check_header(header, started)
            elif not blank and len(row) != len(header):
                raise _ragged(started, row, len(header), separator, early=len(lines) < 3)
            elif len(lines) == MAX_ROWS:
                raise InvalidTable(
                    f"The table has more than {MAX_ROWS:,} rows. Take out some of the sequences."
                )
            else:  # to pandas a line of nothing but "" is a row too
                lines.append(started)
            started = skipped + rows.line_num + 1
    except csv.Error as error:
        raise InvalidTable(f"Line {started} cannot be read: {error}.") from None
    if len(header) == 1:
        raise InvalidTable(
            f"Line {skipped + 1} names one column only, {quoted(header[0])}. Separate columns with a "
            "comma, a semicolon or a tabulator."
        )
    return [name or f"column {at}" for at, name in enumerate(header, 1)], lines


def _ragged(line: int, row: list[str], header: int, separator: str, *, early: bool) -> InvalidTable:
    found = len(row)
    if found == header + 1 and not row[-1]:
        return InvalidTable(
            f"Line {line} ends with {SEPARATORS[separator]}, and the line of names does not. Take it "
            "out of every line, or give the last column a name."
        )
    if early and found > header:
        return InvalidTable(
            f"Line {line} has {found} fields, the first line {header}. Take out whatever stands above "
            "the line that names the columns; if that is the first line, put texts with "
            f"{SEPARATORS[separator]} into quotation marks."
        )
    return InvalidTable(
        f"Line {line} has {found} fields, the header {header}. Put texts with {SEPARATORS[separator]} "
        "into quotation marks, and leave missing fields empty."
    )


def _check_header(header: list[str], line: int) -> None:
    if len(header) > MAX_COLUMNS:
        raise InvalidTable(
            f"Line {line} has {len(header):,} fields; {MAX_COLUMNS:,} columns are possible. "
            "A table has one line a row: check the line breaks."
        )
    if not any(header):
        raise InvalidTable(f"Line {line} has no names. The first line must name the columns.")
    if len(header) > 2 and len(list(filter(None, header))) == 1:
        raise InvalidTable(
            f"Line {line} holds {quoted(max(header))} alone, where {len(header)} columns need names. "
            "Take out whatever stands above the line that names the columns."
        )
    numbers = [name for name in header if NUMBER.fullmatch(name)]
    counted = [int(name) for name in numbers if name.isdecimal()]
    if len(numbers) < len(header) and len(counted) > 2 and (np.diff(counted) == 1).all():
        raise InvalidTable(
            f"Line {line} names columns {numbers[0]} to {numbers[-1]}, so each line seems to be a "
            "whole sequence, its steps side by side. A row for each step is needed.",
            code=WIDE.replace("NAMES", ""),
        )
    if len(numbers) > 12:
        raise InvalidTable(
            f"Line {line} holds {len(numbers)} numbers, so each line seems to be a whole sequence. A "
            "row for each step is needed, and names in the first line.",
            code=WIDE.replace("NAMES", ", header=None"),
        )
    if numbers:
        raise InvalidTable(
            f"Line {line} holds values such as {quoted(numbers[0])}. The first line must name the "
            "columns: put a line with their names above it."
        )
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise InvalidTable(f"Line {line} names two columns {quoted(twice[0])}. Rename one of them.")
