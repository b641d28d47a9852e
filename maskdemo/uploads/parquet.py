"""A Parquet file's bytes -> a frame, without room for a small file that unpacks to a huge one."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import MAX_COLUMNS, MAX_ROWS, MAX_TABLE_BYTES

#: Rows unpacked before their size is looked at.
ROWS_AT_ONCE = 10_000


def table_of_parquet(content: bytes) -> pd.DataFrame:
    """The rows of a Parquet file of flat columns. Raises `InvalidTable` with a sentence.

    Texts stay dictionaries while they are counted, so a long one that is repeated counts once.
    """
    try:
        schema = pq.read_schema(io.BytesIO(content))
        texts = [field.name for field in schema if _is_text(field.type)]
        with pq.ParquetFile(io.BytesIO(content), read_dictionary=texts) as file:
            _check(file)
            batches, size = [], 0
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                size += batch.nbytes
                if size > MAX_TABLE_BYTES:
                    raise _too_large(size)
                _check_texts(batch)
                batches.append(batch)
            return frame_of(pa.Table.from_batches(batches, schema=file.schema_arrow))
    except InvalidTable:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:  # texts and names may be damaged too
        raise InvalidTable(f"This Parquet file cannot be read: {quoted(error)}.") from None


def frame_of(arrow: pa.Table) -> pd.DataFrame:
    """The table in pandas; what pandas would change on the way, such as an id with a gap, is text."""
    arrow = arrow.replace_schema_metadata(None)
    for at, field in enumerate(arrow.schema):
        column, kind = arrow.column(at), field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            column = column.cast(kind)
        gaps = column.null_count > 0
        if pa.types.is_date(kind):
            column = column.cast(pa.timestamp("ms"))
        elif pa.types.is_duration(kind):
            column = column.cast(pa.int64())
        elif not (pa.types.is_floating(kind) or pa.types.is_timestamp(kind)) and (
            gaps or not (pa.types.is_integer(kind) or pa.types.is_boolean(kind))
        ):
            column = column.cast(pa.large_string())
        arrow = arrow.set_column(at, field.name, column)
    return arrow.to_pandas(ignore_metadata=True)


def _check(file: pq.ParquetFile) -> None:
    found, schema = file.metadata, file.schema_arrow
    if found.num_rows == 0:
        raise InvalidTable("The file has columns and no rows.")
    if found.num_rows > MAX_ROWS:
        raise InvalidTable(
            f"The table has {found.num_rows:,} rows; {MAX_ROWS:,} are possible. "
            "Take out some of the sequences."
        )
    if found.num_columns > MAX_COLUMNS:
        raise InvalidTable(
            f"The table has {found.num_columns:,} columns; {MAX_COLUMNS:,} are possible."
        )
    twice = [name for name in schema.names if schema.names.count(name) > 1]
    if twice:
        raise InvalidTable(f"Two columns are called {quoted(twice[0])}. Rename one of them.")
    for field in schema:
        if pa.types.is_decimal(field.type):
            raise InvalidTable(
                f"The column {quoted(field.name)} holds decimal fractions of a fixed length. Store it "
                "as floating-point numbers."
            )
        if pa.types.is_float16(field.type):
            raise InvalidTable(
                f"The column {quoted(field.name)} holds numbers of half precision (float16). Store it "
                "as float32."
            )
        if pa.types.is_nested(field.type) and not pa.types.is_dictionary(field.type):
            raise InvalidTable(
                f"The column {quoted(field.name)} holds lists. Write one row a step, with one number "
                "a column."
            )
    groups = [file.metadata.row_group(at) for at in range(found.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    # What the columns hold once unpacked: at least this much, whatever the file says of itself.
    size = max(size, found.num_rows * 8 * sum(not _is_text(field.type) for field in schema))
    if size > MAX_TABLE_BYTES:
        raise _too_large(size)


def _check_texts(batch: pa.RecordBatch) -> None:
    """Bytes are texts in UTF-8, or nothing here can show or compare them."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
            try:
                values.cast(pa.large_string())
            except pa.ArrowInvalid:
                raise InvalidTable(
                    f"The column {quoted(name)} holds bytes that are no text. Store it as text, or "
                    "leave it out."
                ) from None


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)


def _too_large(size: int) -> InvalidTable:
    return InvalidTable(
        f"The table unpacks to more than {size / 2**20:,.0f} MB; {MAX_TABLE_BYTES // 2**20} MB are "
        "possible. Take out columns that are not needed, or some of the sequences."
    )
