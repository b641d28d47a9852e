"""A Parquet file's bytes -> a frame, without room for a small file that unpacks to a huge one."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import check_size
from maskdemo.uploads.table_to_sequences import bare
from maskdemo.uploads.unsupported_files import LISTS, name_in_code

#: Rows unpacked before their size is looked at.
ROWS_AT_ONCE = 10_000
#: What no column may be -> what it holds, and what to store in its place.
UNREAD = (
    (types.is_decimal, "decimal fractions of a fixed length. Store it as floating-point numbers.", ""),
    (types.is_float16, "numbers of half precision (float16). Store it as float32.", ""),
    (types.is_struct, "records. Write a column for each of their fields.",
     'import pandas as pd\nframe = READ\nframe = frame.join(pd.json_normalize(frame.pop("COLUMN")))\n'
     'frame.to_parquet("flat.parquet")'),
    (types.is_nested, "lists. Write one row a step, with one number a column.", LISTS),
)  # fmt: skip


def table_of_parquet(content: bytes, name: str) -> pd.DataFrame:
    """Return the rows of a Parquet file of flat columns. Raises `InvalidTable` with a sentence.

    name: of the file, for code that helps. Texts stay dictionaries until their size in pandas is known.
    """
    try:
        schema = pq.read_schema(io.BytesIO(content))
        texts = [field.name for field in schema if _is_text(field.type)]
        with pq.ParquetFile(io.BytesIO(content), read_dictionary=texts) as file:
            _check_columns(file, name)
            batches, size = [], 0
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                size += batch.nbytes + sum(map(_text_bytes, batch.columns))
                check_size(unpacked=size)
                _check_texts(batch)
                batches.append(batch)
            return _to_pandas(pa.Table.from_batches(batches, schema=file.schema_arrow))
    except InvalidTable:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:  # texts and names may be damaged too
        raise InvalidTable(f"This Parquet file cannot be read: {quoted(error)}.") from None


def _to_pandas(arrow: pa.Table) -> pd.DataFrame:
    """Return the table in pandas: numbers, times and bools as they are, all else as text.

    Whole numbers and bools with a gap are text, for pandas would change them; durations are counts of
    the column's unit.
    """
    columns = []
    for column in arrow.columns:
        kind = column.type
        if types.is_dictionary(kind):
            kind = kind.value_type
            column = column.cast(kind)
        whole = types.is_integer(kind) or types.is_boolean(kind)
        if types.is_date(kind):
            column = column.cast(pa.timestamp("ms"))
        elif types.is_duration(kind):
            column = column.cast(pa.int64())
        elif not (
            types.is_floating(kind) or types.is_timestamp(kind) or (whole and not column.null_count)
        ):
            column = column.cast(pa.large_string())
        columns.append(column)
    return pa.table(columns, names=arrow.schema.names).to_pandas(ignore_metadata=True)


def _check_columns(file: pq.ParquetFile, name: str) -> None:
    """Raise `InvalidTable` for no rows, too much data, no or equal names, or a type not read."""
    found, schema = file.metadata, file.schema_arrow
    if found.num_rows == 0:
        raise InvalidTable("The file has columns and no rows.")
    check_size(found.num_rows, found.num_columns)
    names = [bare(each) for each in schema.names]
    if "" in names:
        raise InvalidTable(f"Column {names.index('') + 1} has no name. Give it a name.")
    twice = [each for each in names if names.count(each) > 1]
    if twice:
        raise InvalidTable(f"Two columns are called {quoted(twice[0])}. Rename one of them.")
    for field in schema:
        for is_unread, what, code in UNREAD:
            if is_unread(field.type) and not types.is_dictionary(field.type):
                code = code.replace("READ", f'pd.read_parquet("{name_in_code(name)}")')
                code = code.replace('"COLUMN"', repr(field.name))
                raise InvalidTable(f"The column {quoted(field.name)} holds {what}", code=code)
    groups = [file.metadata.row_group(at).total_byte_size for at in range(file.num_row_groups)]
    # What the columns hold once unpacked: at least this much, whatever the file says of itself.
    least = found.num_rows * 8 * sum(not _is_text(field.type) for field in schema)
    check_size(unpacked=max(sum(groups), least))


def _text_bytes(column: pa.Array) -> int:
    """Return the UTF-8 bytes of a dictionary's texts if each row had its own; 0 for another column."""
    if not types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return 0
    # pyarrow makes these functions as it is imported.
    lengths = pc.binary_length(column.dictionary)  # pyrefly: ignore[missing-attribute]
    return int(lengths.take(column.indices).fill_null(0).to_numpy().sum())


def _check_texts(batch: pa.RecordBatch) -> None:
    """Raise `InvalidTable` where a column of bytes holds no text in UTF-8."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        values = column.dictionary if types.is_dictionary(column.type) else column
        if types.is_binary(values.type) or types.is_large_binary(values.type):
            try:
                values.cast(pa.large_string())
            except pa.ArrowInvalid:
                why = f"The column {quoted(name)} holds bytes that are no text"
                raise InvalidTable(f"{why}. Store it as text, or leave it out.") from None


def _is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type can hold text: strings, or binary as of old; no dictionary."""
    return types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind)
