"""Tables that are wide: the steps of a sequence, or the sequences, stand side by side in columns."""

from __future__ import annotations

import re

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.columns import NUMBERS, Columns
from maskdemo.uploads.reading import Table
from maskdemo.uploads.roles import IDS, LABELS, ORDERS, word_in
from maskdemo.uploads.rows import are_contiguous

MANY = 6  # columns of one recording side by side are seldom more
#: One feature's steps side by side in numbered columns.
WIDE_NAMED = """\
import pandas as pd
wide = pd.read_csv("data.csv").rename_axis("sequence").reset_index()
frame = pd.wide_to_long(wide, [STEMS], i="sequence", j="step", sep="SEP").reset_index()
frame.dropna().to_csv("long.csv", index=False)"""

#: A row for each time, a column for each sequence.
TIME_IN_ROWS = """\
import pandas as pd
wide = pd.read_csv("data.csv")
labels = ...  # a pandas Series: the label of each column
frame = wide.melt(TIME, var_name="sequence", value_name="x")
frame.assign(label=frame["sequence"].map(labels)).to_csv("long.csv", index=False)"""


def check_not_wide(table: Table, columns: Columns) -> None:
    """Raise `InvalidTable`, with code that helps, where steps or sequences stand side by side."""
    numbers = [name for name, each in columns.items() if each.kind == NUMBERS]
    numbered: dict[tuple[str, str], dict[int, str]] = {}
    for name in numbers:
        if parts := re.fullmatch(r"(.*?)([_ .-]?)(\d{1,4})", name):
            numbered.setdefault((parts[1], parts[2]), {})[int(parts[3])] = name
    steps = {key: at for key, at in numbered.items() if 2 < len(at) > (max(at) - min(at)) / 1.5}
    total = len(table.frame)
    counts = {name: each.distinct for name, each in columns.items() if not re.fullmatch(r".*\d", name)}
    like_ids = [name for name in counts if word_in(name, IDS)]
    for name, count in counts.items():
        named = name in like_ids and len(like_ids) < MANY
        long = named or (count <= total / 2 and are_contiguous(table, [name]))
        if long and 1 < count < total and not word_in(name, LABELS):
            return
    needed = "the table is wide. A row for each step is needed."
    labelled = any(word_in(name, LABELS) for name in columns)
    time = next((name for name in counts if word_in(name, ORDERS) and counts[name] == total), None)
    if time is not None and len(numbers) > MANY and not labelled:
        raise InvalidTable(
            f"Each row is another {quoted(time)}, and no column says which rows belong together. If "
            f"each of the other columns is a sequence, {needed}",
            code=TIME_IN_ROWS.replace("TIME", repr(time)),
        )
    if steps:
        (_, between), at = max(steps.items(), key=lambda each: len(each[1]))
        first, last = quoted(at[min(at)]), quoted(at[max(at)])
        raise InvalidTable(
            f"The columns {first} to {last} seem to be the steps of a sequence, and no column says "
            f"which rows belong together: {needed}",
            code=WIDE_NAMED.replace("STEMS", ", ".join(repr(each) for each, _ in steps)).replace(
                "SEP", between
            ),
        )
