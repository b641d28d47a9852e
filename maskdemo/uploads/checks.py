"""Check that a table is long, its roles, rows and parts; each error says where and what to change."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.data.sequences import Sequences
from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import listed
from maskdemo.experiment import MAX_PADDED_LENGTH
from maskdemo.uploads.cell_patterns import BLANKS
from maskdemo.uploads.columns import NUMBERS, TIMES, WORDS, Columns
from maskdemo.uploads.limits import MAX_CLASSES, MAX_FEATURES, MIN_SEQUENCES
from maskdemo.uploads.reading import Table
from maskdemo.uploads.roles import IDS, LABELS, ORDERS, Guess, Roles, parts_when_chosen, word_in
from maskdemo.uploads.rows import are_contiguous

#: Role that has to be chosen -> the question.
ASKED = {
    "id": "Choose the column, or the two columns together, that say which sequence a row belongs to.",
    "label": "Choose the column that holds the label.",
    "order": "Choose what the steps are sorted by, or that they stand in order in the file.",
}
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
        if named and count == 1 and any(word_in(each, ORDERS) and counts[each] > 1 for each in counts):
            return  # of one sequence, which is refused as such
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
        stems = ", ".join(repr(each) for each, _ in steps)
        raise InvalidTable(
            f"The columns {first} to {last} seem to be the steps of a sequence, and no column says "
            f"which rows belong together: {needed}",
            code=WIDE_NAMED.replace("STEMS", stems).replace("SEP", between),
        )


def check_roles(columns: Columns, guess: Guess) -> None:
    """Raise `InvalidTable` if id, order, label or features are missing, or two roles share a column.

    The group or the split may be a column of the id. An order of () is not missing.
    """
    roles = guess.roles
    meaning: dict[str, str] = {}
    for role, name in roles.used():
        if name in meaning and (role not in ("group", "split") or meaning[name] != "id"):
            raise InvalidTable(
                f"{quoted(name)} is chosen as {meaning[name]} and {role}. Choose it once."
            )
        meaning[name] = role
    for role, asked in ASKED.items():
        if getattr(roles, role) is None or (role == "id" and not roles.id):
            raise InvalidTable(f"{guess.doubts.get(role, '')} {asked}".lstrip(), offer=role)
    if not roles.features:
        left = [f" {quoted(name)}: {why}." for name, why in guess.reasons.items() if why][:2]
        raise InvalidTable(f"Choose at least one feature that the network reads.{''.join(left)}")


def check_rows(table: Table, columns: Columns, roles: Roles, number: NDArray) -> None:
    """Raise `InvalidTable` for a row unfit for its role, 1 sequence, unusable or too many features.

    number: (rows,), of each row's sequence. Each different word counts as a feature.
    """
    for name in roles.id:
        _check_no_gap(table, _blank(table, columns, name), name, "is in the id")
        if (bad := _first(table.texts(name).str.fullmatch(r"\d[.,]\d+E\+\d+"))) is not None:
            rounded = f"{table.cell(bad, name)} was rounded by a spreadsheet"
            raise InvalidTable(f"{rounded}, and ids may have become one. Export them as text.")
    if number.max() == 0:
        raise InvalidTable(
            f"All rows belong to one sequence, {quoted(table.column(roles.id[0]).iloc[0])}. Choose "
            "another column for the sequences, or cut the sequence into pieces and number them."
        )
    _check_order(table, columns, roles, number)
    _check_labels(table, columns, roles, number)
    for name, what in ((roles.group, "group"), (roles.split, "part")):
        if name is not None:
            _check_no_gap(table, _blank(table, columns, name), name, f"says the {what} of a sequence")
            _check_constant(table, table.texts(name), number, roles, what)
    if roles.split is not None:
        said = table.texts(roles.split).str.lower()
        if (bad := _first(~said.isin(list(parts_when_chosen(roles.split))))) is not None:
            raise InvalidTable(f"{table.cell(bad, roles.split)} is none of train, validation and test.")
    for name in roles.features:
        column = columns[name]
        if column.bad is not None and column.kind != TIMES:
            bad = f"{table.place(column.bad[0])}: {column.bad[1]}"
            raise InvalidTable(f"{bad}. Leave the field empty where a reading is missing.")
        if column.unusable:
            raise InvalidTable(f"{quoted(name)} can be no feature: {column.unusable}.")
    used = [columns[name] for name in roles.features]
    count = sum(each.distinct if each.kind == WORDS else 1 for each in used)
    if count > MAX_FEATURES:
        counted = f"These are {count} features, a column for each word counted"
        raise InvalidTable(f"{counted}; {MAX_FEATURES} are possible. Choose fewer.")


def _check_order(table: Table, columns: Columns, roles: Roles, number: NDArray) -> None:
    """Raise `InvalidTable` where rows cannot be sorted by the order, or two rows are the same step."""
    mend = "Correct it, or choose another order: rows are sorted by it."
    for name in roles.order or ():
        column = columns[name]
        if column.kind not in (NUMBERS, TIMES):
            neither = f"{quoted(column.example)} is neither number nor time. Choose another order"
            raise InvalidTable(f"Steps cannot be sorted by {quoted(name)}: {neither}.")
        if column.bad is not None:
            raise InvalidTable(f"{table.place(column.bad[0])}: {column.bad[1]}. {mend}")
        _check_no_gap(table, np.isnan(column.values), name, "says the order of the steps")
    if not roles.order:
        return
    steps = pd.DataFrame({"": number} | {name: columns[name].values for name in roles.order})
    if (bad := _first(steps.duplicated())) is not None:
        same = int(np.flatnonzero((steps == steps.iloc[bad]).all(axis=1))[0])
        at = " ".join(str(table.column(name).iloc[bad]) for name in roles.order)
        alike = f"are the same step, {quoted(at)}, of sequence {_sequence(table, roles, bad)}"
        mended = "Take one of them out, or choose another order or id."
        raise InvalidTable(f"{table.place(same)} and {table.location(bad)} {alike}. {mended}")


def _check_labels(table: Table, columns: Columns, roles: Roles, number: NDArray) -> None:
    """Raise `InvalidTable` for blank labels, formulas, one or too many classes, or changing labels.

    At most MAX_CLASSES are possible. Unless `per_step`, labels must not change within a sequence, and
    at most half as many classes as sequences are possible (but always 2).
    """
    assert roles.label is not None
    labels, name = table.texts(roles.label), quoted(roles.label)
    _check_no_gap(table, _blank(table, columns, roles.label), roles.label, "holds the label")
    if (bad := _first(labels.str.fullmatch(r"=[A-Z(].*"))) is not None:
        raise InvalidTable(f"{table.cell(bad, roles.label)} is a formula. Save the sheet's values.")
    classes = labels.nunique()
    if classes == 1:
        all_are = f"All labels in {name} are {quoted(labels.iloc[0])}"
        raise InvalidTable(f"{all_are}: there is nothing to tell apart. Choose another label.")
    most = MAX_CLASSES if roles.per_step else min(MAX_CLASSES, max(2, int(number.max() + 1) // 2))
    if classes > most:
        found = f"{name} holds {classes:,} different labels; {most} are possible"
        raise InvalidTable(f"{found}. Choose a column of classes, or make classes out of its values.")
    if not roles.per_step:
        _check_constant(table, labels, number, roles, "label")


def _check_constant(table: Table, cells: pd.Series, number: NDArray, roles: Roles, what: str) -> None:
    """Raise `InvalidTable` where cells, (rows,), change within a sequence. what: such as "label"."""
    start = cells.groupby(number, sort=False).transform("first")
    if (bad := _first(cells != start)) is not None:
        more = f"A sequence is whole in one {what}. Correct it, or choose another column."
        if what == "label":
            more = "Correct it, or say that there is a label at each step."
        raise InvalidTable(
            f"In sequence {_sequence(table, roles, bad)} the {what} changes from "
            f"{quoted(start.iloc[bad])} to {quoted(cells.iloc[bad])} in {table.location(bad)}. {more}"
        )


def check_lengths(number: NDArray, table: Table, roles: Roles, lengths: NDArray) -> None:
    """Raise `InvalidTable` where a sequence has more than MAX_PADDED_LENGTH steps, with the way out.

    number: (rows,), of each row's sequence; the error names the longest of them. lengths: (sequences,),
    in steps that are kept.
    """
    if lengths.max() <= MAX_PADDED_LENGTH:
        return
    steps = np.bincount(number)
    every = -(-int(steps.max()) // MAX_PADDED_LENGTH)
    raise InvalidTable(
        f"Sequence {_sequence(table, roles, int((number == steps.argmax()).argmax()))} has "
        f"{steps.max():,} steps; {MAX_PADDED_LENGTH} are possible. Keep the first or the last "
        f"{MAX_PADDED_LENGTH} of each sequence, or one step in {every} (--steps first, --steps last, "
        f"--steps every:{every}).",
        offer=f"steps {every}",
    )


def check_parts(train: Sequences, test: Sequences, roles: Roles, classes: tuple[str, ...]) -> None:
    """Raise `InvalidTable` for too few sequences in a part, a class in one part only, or one class."""
    decides = roles.split or roles.group
    hint = f" Look at {quoted(decides)}, which decides it." if decides else ""
    if len(classes) == 1:
        raise InvalidTable(
            f"Among the sequences with a complete step there is one label only, {quoted(classes[0])}. "
            "Leave out features that are often missing."
        )
    for name, part in (("training", train), ("test", test)):
        if len(part) < MIN_SEQUENCES:
            few = f"{len(part)} sequences; {MIN_SEQUENCES} are the fewest"
            raise InvalidTable(f"The {name} part has {few}.{hint}")
        there = np.unique(np.concatenate(part.labels))
        lacks = [quoted(each) for at, each in enumerate(classes) if at not in there]
        if lacks:
            more = f" and {len(lacks) - 3} more" if len(lacks) > 3 else ""
            raise InvalidTable(
                f"The {name} part has no sequence of class {listed(lacks[:3])}{more}.{hint} Every "
                "class has to be in both parts: give more of it, or leave it out."
            )


def _check_no_gap(table: Table, gaps: NDArray[np.bool_], name: str, what: str) -> None:
    """Raise `InvalidTable` at the first gap, (rows,), in a column. what: a clause on its role."""
    if (bad := _first(gaps)) is not None:
        few = "Fill it in, or take the row out."
        raise InvalidTable(
            f"{table.place(bad)} has nothing usable in {quoted(name)}, which {what}. "
            + ("Fill it in in every row." if gaps.mean() > 0.5 else few)
        )


def _blank(table: Table, columns: Columns, name: str) -> NDArray[np.bool_]:
    """Return which cells of a column are blank, (rows,): "" and, but for words, `BLANKS` such as NA."""
    blanks = ("",) if columns[name].kind == WORDS else BLANKS
    return table.texts(name).str.lower().isin(blanks).to_numpy()


def _first(wrong: Any) -> int | None:
    """Return the index of the first True in `wrong`, (rows,) of bool; None without any."""
    indices = np.flatnonzero(np.asarray(wrong, bool))
    return int(indices[0]) if len(indices) else None


def _sequence(table: Table, roles: Roles, row: int) -> str:
    """Return the id of a row's (from 0) sequence, `quoted`, its columns with a blank between."""
    return quoted(" ".join(str(table.column(name).iloc[row]) for name in roles.id))
