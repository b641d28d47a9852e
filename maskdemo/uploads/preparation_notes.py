"""What was done to the sequences of a table, where it was not just reading them, and what looks odd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.data.sequences import Data
from maskdemo.errors import quoted
from maskdemo.evidence.phrases import counted, listed
from maskdemo.uploads.cell_patterns import BLANKS
from maskdemo.uploads.columns import NUMBERS, TIMES, Column, Columns
from maskdemo.uploads.npz import apparent_padding
from maskdemo.uploads.reading import Table
from maskdemo.uploads.roles import ORDERS, Preparation, Roles, parts_in_column, word_in
from maskdemo.uploads.rows import is_constant


def preparation_notes(
    table: Table, columns: Columns, roles: Roles, preparation: Preparation, number: NDArray,
    rows: pd.DataFrame, values: NDArray, data: Data,
) -> Iterator[str]:  # fmt: skip
    """Yield sentences on what was changed, guessed or left out when the sequences were read.

    number: (rows of the table,), of each row's sequence. rows, values: (n,) and (n, F) of `steps_of`.
    """
    before, after = number.max() + 1, int(pd.Series(rows[""]).nunique())
    if roles.order:
        steps = pd.DataFrame({name: columns[name].values for name in roles.order})
        ranks = steps.groupby(list(roles.order)).ngroup()
        if moved := int((ranks.groupby(number).diff() < 0).groupby(number).any().sum()):
            yield f"The rows of {moved:,} of {before:,} sequences were not in order: they were sorted."
    elif before > 1 and int((np.diff(number, prepend=-1) != 0).sum()) > before:
        yield "Rows of different sequences alternate; in each, their order is that of the file."
    if unread := table.frame.attrs.get("unread"):
        yield f"Other arrays of the archive were not read: {', '.join(map(quoted, unread))}."
    lost = int(np.isnan(values).any(axis=1).sum())
    name, blanks = emptiest_feature(columns, roles)
    most = f"Most blanks are in {quoted(name)}: {blanks:,} of {len(table.frame):,}."
    if lost:
        missing = "and the step counts as a missing reading"
        yield f"At {lost:,} of {len(values):,} steps a feature is blank, {missing}. {most}"
    if before > after:
        none = f"{before - after:,} of {before:,} sequences have no step at which all features are"
        yield f"{none} there: they were left out, and {after:,} are left.{'' if lost else f' {most}'}"
    lengths = np.bincount(pd.factorize(rows[""])[0])
    if (lengths == lengths[0]).all():  # as a rectangle would be that was padded
        steps = values.reshape(len(lengths), lengths[0], -1)
        for where, seen in (("end", steps[:, ::-1]), ("begin", steps)):
            if found := apparent_padding(seen):
                padded = f"{found[0]:,} of {after:,} sequences {where} with steps that seem to be"
                yield f"{padded} padding. If they are, take out their rows."
    for name in roles.features if not roles.order else ():
        column = columns[name]
        if word_in(name, ORDERS) and column.kind == NUMBERS and not is_constant(number, column.values):
            asked = "If it says the order, choose it as the order."
            yield f"Rows are in the order of the file, and {quoted(name)} is a feature. {asked}"
            break
    times = [name for name in roles.order or () if columns[name].kind == TIMES]
    yield from filter(None, (columns[name].note for name in (*times, *roles.features)))
    for name in roles.features:
        if columns[name].kind == NUMBERS and (far := _sentinels(columns[name].values)):
            missing = "If it stands for a missing reading, leave the cell empty."
            yield f"{quoted(name)} has {listed(far)}, far from all other values. {missing}"
    assert roles.label is not None
    for name, what in (*((name, "ids") for name in roles.id), (roles.label, "classes")):
        if same := _spelling_variants(table.texts(name), columns[name]):
            spelled = listed(map(quoted, same))
            yield f"{spelled} are different {what}. If they are not, write them alike."
    labels = table.texts(roles.label).unique()
    signs = [each for each in labels if not re.search(r"\w", each)]
    blank = [each for each in labels if each.lower() in BLANKS] or signs
    below = [each for each in labels if each.startswith("-")]
    if roles.per_step and columns[roles.label].kind == NUMBERS and len(below) == 1 < len(labels) - 1:
        blank = below  # what does not count, as -1 or -100 in a loss
    if blank and len(signs) < len(labels):
        yield f"{quoted(blank[0])} is a class of its own here. If it means none, take its rows out."
    for which in ("first", "last"):
        if (count := getattr(preparation, which)) is not None:
            cut = int((np.bincount(number) > count).sum())
            yield f"Of {cut:,} sequences only the {which} {count} steps were kept."
    if preparation.every > 1:
        yield f"One step in {preparation.every} was kept, from the first on."
    train, test = len(data.train), len(data.test)
    if train + test < after:
        yield f"{train + test:,} of {after:,} sequences were drawn with seed {preparation.seed}."
    if roles.split is None:
        whole = f", each {quoted(roles.group)} kept whole" if roles.group else ""
        drawn = f"were drawn with seed {preparation.seed}, each label by its share{whole}"
        yield f"{train:,} sequences for training and {test:,} for the test {drawn}."
    elif "val" in (said := parts_in_column(table, roles).values()):
        use = "training" if "test" in said else "the test"
        yield f"Validation sequences are used for {use}: none are set aside here."


def emptiest_feature(columns: Columns, roles: Roles) -> tuple[str, int]:
    """Return the feature with the most blank cells, and how many are blank."""
    return max(((name, columns[name].blanks) for name in roles.features), key=lambda each: each[1])


def _sentinels(values: NDArray) -> list[str]:
    """Return "-999 in 12 rows" of each repeated value, two at each end at most, far from all others.

    values: (rows,), of one column. Far: farther than the range of the others, 5 values or more.
    """
    found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    most: list[int] = []
    for low, high in product(range(3), repeat=2):
        rest, ends = found[low : len(found) - high], [*range(low), *range(-high, 0)]
        if len(rest) > 4 and len(ends) > len(most):
            far = [max(rest[0] - found[at], found[at] - rest[-1]) > np.ptp(rest) for at in ends]
            most = ends if all(far) and (counts[ends] > 1).all() else most
    return [f"{found[at]:.12g} in {counted(int(counts[at]), 'row')}" for at in most]


def _spelling_variants(texts: pd.Series, column: Column) -> list[str]:
    """Return up to 3 texts, the first that differ only in number format (NUMBERS), else case; or []."""
    same: Any = texts.str.lower().to_numpy()
    if column.kind == NUMBERS:
        same = np.where(np.abs(column.values) < 2**53, column.values, np.nan)  # others are rounded
    spelled = pd.DataFrame({"text": texts.to_numpy(), "same": same}).drop_duplicates().dropna()
    again: Any = spelled[spelled["same"].duplicated(keep=False)]
    return again.loc[again["same"] == again["same"].iloc[0], "text"].tolist()[:3] if len(again) else []
