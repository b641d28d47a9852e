"""How large a person's own data may be."""

from __future__ import annotations

from maskdemo.data.tasks import Task
from maskdemo.experiment import MAX_CELLS

#: Of the file, as the browser's upload is limited too.
MOST_BYTES = 20 * 2**20
#: Of a table in memory, before and after it is decompressed.
MOST_TABLE_BYTES = 64 * 2**20
MOST_ROWS = 500_000
MOST_COLUMNS = 5_000
#: Characters in one line of a CSV file.
MOST_CHARACTERS = 200_000

#: As `Experiment` limits them: a training set, a test set, a padded length.
FEWEST_SEQUENCES = 16
MOST_TRAIN, MOST_TEST = 4000, 2000
MOST_STEPS = 200
#: Inputs of the LSTM, after texts have become a column for each word.
MOST_FEATURES = 64
#: Different texts in one column of features.
MOST_WORDS = 20
MOST_CLASSES = 50
#: Beyond it float32 has nothing left for squares and sums.
MOST_MAGNITUDE = 1e15


def padded_length(task: Task, wanted: int) -> int:
    """The padded length nearest to the wanted one that a task of recorded data has room for."""
    fixed = task.fixed
    assert fixed is not None
    room = MAX_CELLS // ((fixed.train_size + fixed.test_size) * task.features)
    return max(fixed.max_length, min(wanted, room))
