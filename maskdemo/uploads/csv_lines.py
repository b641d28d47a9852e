"""The lines of a CSV file: how they are separated, and whether each has the fields that it should.

Each fault raises `InvalidTable` with its line, and where there are such with the pandas that mends it.
"""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections import Counter

import numpy as np

from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import counted
from maskdemo.uploads.limits import LINES, MAX_LINE_CHARACTERS, check_size
from maskdemo.uploads.table_to_sequences import bare
from maskdemo.uploads.unsupported_files import WIDE, from_frame

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tabulator", "|": "a bar"}
#: With or without a mark at the beginning.
ENCODING = "utf-8-sig"
NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?")
COMMENTS = ("#", "%", "//")


def csv_layout(content: bytes) -> tuple[str, int, str, array[int]]:
    """Return separator, number of lines above the names, quotation mark and each row's first line.

    Lines count from 1; rows, blank ones too, begin below the names. Raises `InvalidTable` if not sound.
    """
    _check_text(content)
    separator, skipped = _separator(content)
    quote = "'" if _has_single_quotes(content, separator) else '"'
    return separator, skipped, quote, _row_lines(content, separator, skipped, quote)


def _has_single_quotes(content: bytes, separator: str) -> bool:
    """Whether fields stand in single quotation marks.

    Some do, each line has an even number of them, no field has two lines, and no double mark is there.
    """
    single = rf"(?m)(^|{re.escape(separator)})\s*'[^'\n]*'\s*({re.escape(separator)}|$)".encode()
    if b'"' in content or not re.search(single, content[:5000]):
        return False
    if any(line.count("'") % 2 for line in _text_lines(content)):
        return False
    rows = csv.reader(_text_lines(content), delimiter=separator, quotechar="'", skipinitialspace=True)
    try:
        return not any("\n" in field for row in rows for field in row)
    except csv.Error:
        return False


def _text_lines(content: bytes) -> io.TextIOWrapper:
    """Return the lines of a file, decoded one by one: a whole text takes five times the bytes."""
    return io.TextIOWrapper(io.BytesIO(content), encoding=ENCODING)


def _check_text(content: bytes) -> None:
    """Raise `InvalidTable` where the file is no UTF-8, holds a zero byte or has too long a line."""
    try:
        content.decode(ENCODING)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidTable(
            f"Line {line} is not UTF-8. Save the file as CSV UTF-8.",
            code=from_frame('pd.read_csv("data.csv", encoding="cp1252", sep=None, engine="python")'),
        ) from None
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise InvalidTable(f"Line {line} holds bytes that are no text. Save the table as CSV UTF-8.")
    length, line = max((len(text), -line) for line, text in enumerate(_text_lines(content), 1))
    if length > MAX_LINE_CHARACTERS:
        many = f"{length:,} characters; {MAX_LINE_CHARACTERS:,} are possible"
        raise InvalidTable(f"Line {-line} has {many}. {LINES}")


def _separator(content: bytes) -> tuple[str, int]:
    """Return the commonest separator in the header (a comma if none), and the number of lines above it.

    Above are blank lines, and one such as "sep=;", which Excel writes and which decides.
    """
    skipped, header, said = 0, "", None
    for line in _text_lines(content):
        if found := re.fullmatch(r'"?sep=([,;|\t])"?\s*', line):
            said = found[1]
        elif line.strip():
            header = re.sub(r'"[^"]*"', "", line)
            break
        skipped += 1
    return said or max(SEPARATORS, key=header.count), skipped


def _row_lines(content: bytes, separator: str, skipped: int, quote: str) -> array[int]:
    """Return each row's first line (from 1); raise `InvalidTable` for bad names or rows of other width.

    skipped: how many lines stand above the names.
    """
    text = _text_lines(content)
    for _ in range(skipped):
        text.readline()
    rows = csv.reader(text, delimiter=separator, quotechar=quote, skipinitialspace=True)
    lines, header, under, started = array("q"), [], [], skipped + 1
    try:
        for row in rows:
            blank = len(row) < 2 and not "".join(row).strip()
            if not header:
                header = [bare(name) for name in row]
                _check_header(header, started)
            elif not blank and len(row) != len(header):
                raise _row_error(started, row, len(header), separator, early=len(lines) < 3)
            else:
                under = under or (not blank and row) or []
                lines.append(started)
                check_size(len(lines))
            started = skipped + rows.line_num + 1
    except csv.Error as error:
        raise InvalidTable(f"Line {started} cannot be read: {error}.") from None
    _check_names(header, under, skipped + 1)
    return lines


def _row_error(line: int, row: list[str], header: int, separator: str, *, early: bool) -> InvalidTable:
    """Return the error for a row that has not as many fields as the header has (`header`).

    early: whether the row is among the first, so that what stands above may be no header.
    """
    found, mark = len(row), SEPARATORS[separator]
    other = next((each for each in SEPARATORS if found == 1 and each in row[0]), None)
    if row[0].startswith(COMMENTS):
        return _comment_error(line, row[0], separator)
    quotation = f"texts with {mark} into quotation marks"
    if found == header + 1 and not row[-1]:
        take_out = "Take it out of every line, or give the last column a name."
        why = f"ends with {mark}, and the line of names does not. {take_out}"
    elif other:
        but = f"but by {SEPARATORS[other]}. Write all lines the same way."
        why = f"is not separated by {mark}, as the first line is, {but}"
    elif early and found > header:
        why = f"has {found} fields, the first line {header}. Take out whatever stands above the line "
        why += "that names the columns, and names of rows (in R: row.names = FALSE); "
        why += f"or put {quotation}."
    else:
        leave = "Leave missing fields empty, and take out lines that are no rows of the table."
        put = f"Put {quotation}." if found > header else leave
        why = f"has {counted(found, 'field')}, the header {header}. {put}"
    return InvalidTable(f"Line {line} {why}")


def _comment_error(line: int, text: str, separator: str) -> InvalidTable:
    """Return the error for a line that begins with the sign of a comment."""
    return InvalidTable(
        f"Line {line} begins with {text[0]} and seems to be a comment. Take out all such lines.",
        code=from_frame(f'pd.read_csv("data.csv", sep={separator!r}, comment={text[0]!r})'),
    )


def _check_header(header: list[str], line: int) -> None:
    """Raise `InvalidTable` for a header with any number or no name, of a comment, a title, or too wide.

    A title is a single name where there are three fields or more.
    """
    if not any(header):
        raise InvalidTable(f"Line {line} has no names. The first line must name the columns.")
    check_size(columns=len(header))
    if len(header) == 1 and header[0].startswith(COMMENTS):
        raise _comment_error(line, header[0], ",")
    if len(header) > 2 and len(list(filter(None, header))) == 1:
        alone = f"{quoted(max(header))} alone, where {len(header)} columns need names"
        raise InvalidTable(
            f"Line {line} holds {alone}. Take out whatever stands above the line of names."
        )
    numbers = [name for name in header if NUMBER.fullmatch(name)]
    named = len(numbers) < len(header)
    steps = [int(name) for name in numbers if name.isdecimal()]
    if len(numbers) > 12 or (named and len(steps) > 2 and (np.diff(steps) == 1).all()):
        raise InvalidTable(
            f"Line {line} holds the numbers {numbers[0]} to {numbers[-1]}, so each line seems to be a "
            "whole sequence, its steps side by side. A row for each step is needed, with names above.",
            code=WIDE.replace("NAMES", "" if named else ", header=None"),
        )
    if numbers:
        values = f"values such as {quoted(numbers[0])}"
        raise InvalidTable(f"Line {line} holds {values}. A line with all names must stand above them.")


def _check_names(header: list[str], under: list[str], line: int) -> None:
    """Raise `InvalidTable` for a single name, or a repeated name. under: the row below."""
    if len(header) == 1:
        whole = any(each in header[0] for each in SEPARATORS)
        blanks = " " in header[0] and not whole
        way_out = "Separate columns with a comma, a semicolon or a tabulator."
        way_out = "Put texts alone into quotation marks, and not whole lines." if whole else way_out
        code = from_frame(r'pd.read_csv("data.csv", sep=r"\s+")') if blanks else ""
        raise InvalidTable(
            f"Line {line} names one column only, {quoted(header[0])}. {way_out}", code=code
        )
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if not twice:
        return
    more = [text for name, text in zip(header, under, strict=False) if name == twice[0]]
    if len(set(filter(None, more))) < len(more) or any(map(NUMBER.fullmatch, under)):
        raise InvalidTable(f"Line {line} names two columns {quoted(twice[0])}. Rename one of them.")
    join = 'frame.columns = ["_".join(each) for each in frame.columns]'
    raise InvalidTable(
        f"Line {line} names several columns {quoted(twice[0])}, and the line below has the rest of "
        "their names. Write one line of names.",
        code=from_frame(f'pd.read_csv("data.csv", header=[0, 1])\n{join}'),
    )
