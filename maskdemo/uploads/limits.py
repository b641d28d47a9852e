"""How large a person's own data may be, and the memory that the files of all sessions take together."""

from __future__ import annotations

import gc
import threading
from weakref import WeakKeyDictionary

from maskdemo.data.tasks import Task
from maskdemo.errors import InvalidTable
from maskdemo.experiment import MAX_CELLS, MAX_PADDED_LENGTH, NUMBERS

#: Of the file. Streamlit's `maxUploadSize` in .streamlit/config.toml has to allow as much.
MAX_FILE_BYTES = 20 * 2**20
#: Of a table in memory, before and after it is decompressed.
MAX_TABLE_BYTES = 64 * 2**20
#: Of all sessions: what they are looking at, and what they train on.
MAX_TOTAL_BYTES = 96 * 2**20
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
    if rows > MAX_ROWS:
        raise InvalidTable(f"The table has {rows:,} rows or more; {MAX_ROWS:,} are possible. {FEWER}")
    if columns > MAX_COLUMNS:
        raise InvalidTable(f"The table has {columns:,} columns; {MAX_COLUMNS:,} are possible. {LINES}")
    if unpacked > MAX_TABLE_BYTES:
        possible = f"{MAX_TABLE_BYTES // 2**20} MB are possible. {LESS}"
        raise InvalidTable(f"The table unpacks to more than {unpacked / 2**20:,.0f} MB; {possible}")


class UploadMemory:
    """The bytes of each thing that sessions hold, such as a table. Safe to share among threads."""

    def __init__(self, max_bytes: int = MAX_TOTAL_BYTES) -> None:
        """Hold nothing yet; max_bytes: of all sessions together."""
        self._max_bytes, self._lock = max_bytes, threading.Lock()
        self._held: WeakKeyDictionary[object, tuple[str, int]] = WeakKeyDictionary()

    def hold(self, thing: object, nbytes: int, session: str) -> None:
        """Count the bytes of a session's thing, once for all sessions, until it is collected.

        Raises `InvalidTable` where all together would exceed `max_bytes`, and if the session's would.
        """
        with self._lock:
            if thing in self._held:
                return
            if self.used + nbytes > self._max_bytes:
                gc.collect()  # whoever left may be remembered in a circle
            mine = nbytes + sum(size for of, size in self._held.values() if of == session)
            if mine > self._max_bytes:
                possible = f"{self._max_bytes // 2**20} MB are possible"
                raise InvalidTable(f"This takes {mine / 2**20:,.0f} MB here; {possible}. {LESS}")
            if self.used + nbytes > self._max_bytes:
                full = "Too many people have their own data here now, so there is no room for yours"
                again = "Try again in a while, or take fewer sequences or features."
                raise InvalidTable(f"{full}. {again}")
            self._held[thing] = session, nbytes

    @property
    def used(self) -> int:
        """The bytes of all things that are held."""
        return sum(size for _, size in list(self._held.values()))


#: Of this process.
UPLOADS = UploadMemory()
