"""How large a person's own data may be."""

from __future__ import annotations

from maskdemo.data.tasks import Task
from maskdemo.errors import InvalidTable
from maskdemo.experiment import MAX_CELLS, MAX_PADDED_LENGTH, NUMBERS

#: Of the file. Streamlit's `maxUploadSize` in .streamlit/config.toml has to allow as much.
MAX_FILE_BYTES = 20 * 2**20
#: Of a table in memory, before and after it is decompressed.
MAX_TABLE_BYTES = 64 * 2**20
MAX_ROWS = 500_000
MAX_COLUMNS = 5_000
#: Characters in one line of a CSV file.
MAX_LINE_CHARACTERS = 200_000

#: Sequences of the training set and the test set, as `Experiment` limits them.
MIN_SEQUENCES = 16
MAX_TRAIN = int(NUMBERS["train_size"].high)
MAX_TEST = int(NUMBERS["test_size"].high)
#: Inputs of the LSTM, after texts have become a column for each word.
MAX_FEATURES = 64
#: Different texts in one column of features.
MAX_CATEGORIES = 20
MAX_CLASSES = 50
#: Beyond it float32 has nothing left for squares and sums.
MAX_MAGNITUDE = 1e15
#: What can be done about a table that is too large, or too wide.
LESS = "Take out columns that are not needed, or some of the sequences."
FEWER = "Take out some of the sequences."
LINES = "A table has one line a row: check the line breaks."


def nearest_padded_length(task: Task, wanted: int) -> int:
    """Return `wanted`, cut to `MAX_CELLS` in both parts, but at least the longest sequence's length.

    task: recorded or uploaded.
    """
    fixed = task.fixed
    assert fixed is not None
    room = MAX_CELLS // ((fixed.train_size + fixed.test_size) * task.features)
    return max(fixed.max_length, min(wanted, room))


def usual_padded_length(task: Task) -> int:
    """Return the padded length that uploaded data begin with: twice their longest, or what fits."""
    assert task.fixed is not None
    return nearest_padded_length(task, min(2 * task.fixed.max_length, MAX_PADDED_LENGTH))


def check_size(rows: int = 0, columns: int = 0, unpacked: int = 0) -> None:
    """Raise `InvalidTable` for more than `MAX_ROWS`, `MAX_COLUMNS` or, unpacked, `MAX_TABLE_BYTES`."""
    unpacks = f"unpacks to more than {unpacked / 2**20:,.0f} MB"
    for size, most, what, possible, way_out in (
        (rows, MAX_ROWS, f"has {rows:,} rows or more", f"{MAX_ROWS:,}", FEWER),
        (columns, MAX_COLUMNS, f"has {columns:,} columns", f"{MAX_COLUMNS:,}", LINES),
        (unpacked, MAX_TABLE_BYTES, unpacks, f"{MAX_TABLE_BYTES // 2**20} MB", LESS),
    ):
        if size > most:
            raise InvalidTable(f"The table {what}; {possible} are possible. {way_out}")
