"""A file's bytes -> a table. Checks sizes before it reads; pandas and pyarrow do the reading.

>>> read("a.csv", b"id;x;label\\n1;0,5;a\\n1;1,5;a\\n").frame["x"].tolist()
[0.5, 1.5]

Every file that cannot be read raises `InvalidTable` with a sentence.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from array import array
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import MAX_COLUMNS, MAX_FILE_BYTES, MAX_LINE_CHARACTERS, MAX_ROWS
from maskdemo.uploads.npz import table_of_archive
from maskdemo.uploads.parquet import table_of_parquet
from maskdemo.uploads.table import Layout, Table

SEPARATORS = (",", ";", "\t", "|")
#: Rows that decide whether numbers are written with a comma.
SAMPLE_ROWS = 1000
#: With or without a mark at the beginning.
ENCODING = "utf-8-sig"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read(name: str, content: bytes) -> Table:
    """The table in a .csv, .parquet or .npz file. Raises `InvalidTable` with a sentence.

    name: only its ending is looked at, and only where the first bytes do not tell.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InvalidTable(
            f"The file has more than {MAX_FILE_BYTES // 2**20} MB. Take out columns that are not "
            "needed, or some of the sequences."
        )
    if not content.strip():
        raise InvalidTable("The file is empty.")
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"PAR1"):
        return Table(table_of_parquet(content), Layout("parquet"), digest)
    if content.startswith(b"PK"):
        return Table(table_of_archive(content), Layout("npz"), digest)
    if name.lower().endswith((".parquet", ".npz", ".xlsx", ".xls", ".ods")):
        kind = name.rpartition(".")[2].lower()
        if kind in ("parquet", "npz"):
            raise InvalidTable(f"This is not a {kind} file, whatever its name says.")
        raise InvalidTable("A spreadsheet cannot be read. Save the sheet as CSV UTF-8.")
    return _table_of_csv(content, digest)


def read_file(path: Path) -> Table:
    """The table in this file. Raises `InvalidTable` with a sentence; no more is read than may be."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidTable(f"{path} cannot be read: {error.strerror}.") from None
    return read(path.name, content)


def _table_of_csv(content: bytes, digest: str) -> Table:
    _check_text(content)
    separator = _separator(content)
    lines = np.array(_checked_lines(content, separator))
    decimal = "," if _has_decimal_commas(content, separator) else "."
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            decimal=decimal,
            encoding=ENCODING,
            low_memory=False,
            skip_blank_lines=True,
        )
    except (ValueError, OverflowError) as error:
        raise InvalidTable(f"This cannot be read as a table: {quoted(error)}.") from None
    # Spreadsheets write rows of nothing but separators behind the last one.
    filled = frame.notna().any(axis=1).to_numpy()
    if not filled.all():
        frame, lines = frame.loc[filled].reset_index(drop=True), lines[filled]
    if frame.empty:
        raise InvalidTable("The file has a header and no rows under it.")
    return Table(frame, Layout("csv", separator, decimal), digest, lines)


def _text(content: bytes) -> io.TextIOWrapper:
    """The text, line by line: a whole one would take five times the room of its bytes."""
    return io.TextIOWrapper(io.BytesIO(content), encoding=ENCODING)


def _check_text(content: bytes) -> None:
    if content.startswith(UTF_16):
        raise InvalidTable("The file is UTF-16. Save it as CSV UTF-8.")
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


def _separator(content: bytes) -> str:
    """The separator that the header has most of, outside quotation marks."""
    header = next((line for line in _text(content) if line.strip()), "")
    header = re.sub(r'"[^"]*"', "", header)
    counted = Counter(each for each in header if each in SEPARATORS)
    return max(SEPARATORS, key=lambda each: counted[each])


def _checked_lines(content: bytes, separator: str) -> array[int]:
    """The line in which each row starts. Raises for a bad header and for rows of another width."""
    last = ""

    def remembered(line: str) -> str:
        nonlocal last
        last = line
        return line

    rows = csv.reader(map(remembered, _text(content)), delimiter=separator)
    lines = array("q")
    header: list[str] = []
    started = 1
    try:
        for row in rows:
            blank = len(row) < 2 and not "".join(row).strip()
            if blank and '"' not in last:
                pass
            elif not header:
                header = row
                _check_header(row, started)
            elif blank:
                # To pandas a line of nothing but "" is a row of missing values.
                lines.append(started)
            elif len(row) != len(header):
                raise InvalidTable(
                    f"Line {started} has {len(row)} fields, the header {len(header)}. Put texts with "
                    f"{_in_words(separator)} into quotation marks, and leave missing fields empty."
                )
            elif len(lines) == MAX_ROWS:
                raise InvalidTable(
                    f"The table has more than {MAX_ROWS:,} rows. Take out some of the sequences."
                )
            else:
                lines.append(started)
            started = rows.line_num + 1
    except csv.Error as error:
        raise InvalidTable(f"Line {started} cannot be read: {error}.") from None
    return lines


def _check_header(header: list[str], line: int) -> None:
    if len(header) > MAX_COLUMNS:
        raise InvalidTable(
            f"Line {line} has {len(header):,} fields; {MAX_COLUMNS:,} columns are possible. "
            "A table has one line a row: check the line breaks."
        )
    if not any(name.strip() for name in header):
        raise InvalidTable(f"Line {line} has no names. The first line must name the columns.")
    if len(header) == 1:
        raise InvalidTable(
            f"Line {line} names one column only, {quoted(header[0])}. Separate columns with a comma, "
            "a semicolon or a tabulator."
        )
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise InvalidTable(f"Line {line} names two columns {quoted(twice[0])}. Rename one of them.")
    if all(_is_number(name) for name in header):
        raise InvalidTable(f"Line {line} holds numbers. The first line must name the columns.")


def _has_decimal_commas(content: bytes, separator: str) -> bool:
    """Whether the first rows hold numbers such as 0,5 and none such as 0.5."""
    sample = csv.reader(_text(content), delimiter=separator)
    cells = [cell.strip() for row, _ in zip(sample, range(SAMPLE_ROWS), strict=False) for cell in row]
    commas = any(re.fullmatch(r"[-+]?\d*,\d+([eE][-+]?\d+)?", cell) for cell in cells)
    points = any(re.fullmatch(r"[-+]?\d*\.\d+([eE][-+]?\d+)?", cell) for cell in cells)
    return commas and not points


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _in_words(separator: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tabulator", "|": "a bar"}[separator]
