"""Make a task, with its sequences, of a table and the meaning of its columns.

The training part and the test part share no sequence and, where the file names groups, no group.
Numbers are standardised on the training part alone. A step at which a value is missing is a missing
reading, as in every other task.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.data.sequences import Data, Sequences
from maskdemo.data.tasks import Fixed, Task
from maskdemo.errors import InvalidTable
from maskdemo.experiment import MAX_CELLS, Experiment
from maskdemo.uploads.columns import Columns, is_number
from maskdemo.uploads.limits import MAX_TEST, MAX_TRAIN, MIN_SEQUENCES, padded_length
from maskdemo.uploads.recipe import parts_of, rows_of_steps, steps_of
from maskdemo.uploads.table import Layout, Table, column_of, times_in
from maskdemo.uploads.validation import check_columns, check_lengths, check_rows, check_wide

#: Of the sequences, where no column says what is for the test.
TEST_SHARE = 1 / 3
#: Numbers within this far from 0 are left as they are unless somebody asks.
MAX_UNSCALED = 3.0


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is done to the sequences.

    standardise: numbers to mean 0 and spread 1, as the training part has them. every: one step in so
    many is taken. sample: draw as many sequences as are possible. seed: of the split and the drawing.
    """

    standardise: bool = True
    every: int = 1
    sample: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False)
class OwnTask:
    """An uploaded task. features: names of the inputs. classes: the labels. notes: what was done.

    test_count and most: how many sequences `recipe.parts_of` was to take, at least and at most.
    """

    task: Task
    data: Data
    layout: Layout
    columns: Columns
    preparation: Preparation
    features: tuple[str, ...]
    classes: tuple[str, ...]
    test_count: int
    most: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all sequences."""
        parts = (self.data.train, self.data.test)
        return sum(
            each.nbytes for part in parts for each in (*part.values, *part.observed, *part.labels)
        )


def needs_no_scaling(frame: pd.DataFrame, columns: Columns) -> bool:
    """Whether all numbers are of a size that an LSTM reads well, so that nothing need be changed."""
    if columns.length is not None:
        return False
    features = [column_of(frame, name) for name in columns.features if name in frame]
    numbers = [each.astype(float) for each in features if is_number(each)]
    return all(bool(each.abs().max() <= MAX_UNSCALED) for each in numbers)


def task_of(
    table: Table,
    columns: Columns,
    preparation: Preparation | None = None,
    *,
    salt: bytes = b"",
) -> OwnTask:
    """The task in a table. Raises `InvalidTable` with a sentence.

    salt: goes into the task's name beside the file, its columns and their preparation, so that
    who has the same file cannot tell the name.
    """
    preparation = preparation or Preparation()
    check_columns(table.frame, columns)
    frame, columns_of_rows, origin = _long(table, columns)
    check_rows(frame, columns_of_rows, lambda row: table.location(int(origin[row])))
    assert columns_of_rows.id is not None
    rows, values, are_numbers = steps_of(
        frame, columns_of_rows.id, columns_of_rows.order, columns.features, preparation.every
    )
    if rows.empty:
        raise InvalidTable(
            "No row has a value in all of the features. Leave out the one that is missing most: "
            f"'{frame[list(columns.features)].isna().sum().idxmax()}'."
        )
    lengths = rows.groupby(columns_of_rows.id, sort=False).size()
    check_lengths(lengths.to_numpy(), lengths.index.to_numpy())
    most = _most(len(lengths), int(lengths.max()), values.shape[1], preparation)
    test_count = max(MIN_SEQUENCES, round(len(lengths) * TEST_SHARE))
    parts: Any = parts_of(
        rows, values, are_numbers, columns_of_rows.id, columns.label, columns.split, columns.group,
        preparation.standardise, preparation.seed, test_count, most,
    )  # fmt: skip
    train, test = (Sequences(tuple(v), tuple(o), tuple(y)) for v, y, o in parts)
    _check_sizes(train, test, columns)
    classes = tuple(map(str, np.unique(rows[columns.label].to_numpy())))
    if len(classes) == 1:
        raise InvalidTable(
            f"Among the sequences with a complete step there is one label only, '{classes[0]}'. "
            "Leave out features that are often missing."
        )
    data = Data(train, test, classes=len(classes), per_step=columns.per_step)
    return OwnTask(
        task=_task(data, name=_name(table, columns, preparation, salt), features=values.shape[1]),
        data=data,
        layout=table.layout,
        columns=columns,
        preparation=preparation,
        features=_feature_names(rows, columns),
        classes=classes,
        test_count=test_count,
        most=most,
        notes=_notes(frame, columns_of_rows, rows, data, preparation),
    )


def experiment_with(own: OwnTask, like: Experiment) -> Experiment:
    """Return `like` with the uploaded task, padded no longer than there is room for."""
    return replace(like, task=own.task.name, padded_length=padded_length(own.task, like.padded_length))


def _long(table: Table, columns: Columns) -> tuple[pd.DataFrame, Columns, NDArray]:
    """A row for each step, the columns as they are called there, and the table's row of each."""
    frame = table.frame
    if columns.length is None:
        return frame, columns, np.arange(len(frame))
    check_wide(frame, columns, table.location)
    kept = [each for each in (columns.label, columns.group, columns.split) if each is not None]
    long = rows_of_steps(frame, columns.features, columns.length, kept)
    return long, replace(columns, id="row", order="step", length=None), long["row"].to_numpy()


def _most(count: int, longest: int, features: int, preparation: Preparation) -> tuple[int, int]:
    """How many training and test sequences there may be. Raises where there are too few or too many."""
    if count < 2 * MIN_SEQUENCES:
        raise InvalidTable(
            f"There are {count} sequences; {MIN_SEQUENCES} for training and as many for the test "
            "are the fewest. Take more, or cut long ones into pieces."
        )
    room = MAX_CELLS // (longest * features)
    most = min(MAX_TRAIN, round(room * (1 - TEST_SHARE))), min(MAX_TEST, round(room * TEST_SHARE))
    if count > sum(most) and not preparation.sample:
        raise InvalidTable(
            f"These are {count:,} sequences of up to {longest} steps with {features} features; "
            f"{sum(most):,} of that size are possible. Draw as many by the seed, or take fewer "
            "features or steps.",
            offer="sample",
        )
    return most


def _check_sizes(train: Sequences, test: Sequences, columns: Columns) -> None:
    """Enough sequences in both parts."""
    for name, part in (("training", train), ("test", test)):
        if len(part) < MIN_SEQUENCES:
            why = columns.split or columns.group
            hint = f" Look at '{why}', which decides it." if why else ""
            raise InvalidTable(
                f"The {name} part has {len(part)} sequences; {MIN_SEQUENCES} are the fewest.{hint}"
            )


def _task(data: Data, *, name: str, features: int) -> Task:
    lengths = [len(each) for part in (data.train, data.test) for each in part.values]
    count, what = data.classes, "at every step" if data.per_step else "of each"
    return Task(
        name=name,
        title="Your own sequences",
        summary=f"{len(lengths):,} sequences of {min(lengths)} to {max(lengths)} steps with {features} "
        f"feature{'s' if features > 1 else ''} from your file. Tell the label {what}, one of {count}.",
        features=features,
        classes=count,
        per_step=data.per_step,
        fixed=Fixed(len(data.train), len(data.test), min(lengths), max(lengths)),
        recorded=lambda: (data.train, data.test),
    )


def _name(table: Table, columns: Columns, preparation: Preparation, salt: bytes) -> str:
    digest = hashlib.sha256(salt)
    digest.update(f"{table.digest} {table.layout} {columns} {preparation}".encode())
    return f"own-{digest.hexdigest()[:32]}"


def _feature_names(rows: pd.DataFrame, columns: Columns) -> tuple[str, ...]:
    names: list[str] = []
    for name in columns.features:
        column = column_of(rows, name)
        words = [] if is_number(column) else sorted(map(str, column.dropna().unique()))
        names += [f"{name} = {word}" for word in words] or [name]
    return tuple(names)


def _notes(
    frame: pd.DataFrame, columns: Columns, rows: pd.DataFrame, data: Data, preparation: Preparation
) -> tuple[str, ...]:
    """What was done to the sequences, where it was not just reading them."""
    notes = []
    assert columns.id is not None
    ids = column_of(frame, columns.id)
    before, after = ids.nunique(), column_of(rows, columns.id).nunique()
    if columns.order is not None:
        order = column_of(frame, columns.order)
        if not is_number(order):
            order = times_in(order)
        falls = order.groupby(ids, sort=False).shift() > order
        unsorted = ids.loc[falls.to_numpy()].nunique()
        if unsorted:
            notes.append(
                f"The rows of {unsorted:,} of {before:,} sequences were not in order: they were sorted."
            )
    if before > after:
        notes.append(
            f"{before - after:,} of {before:,} sequences have no step at which all features are there: "
            "they were left out."
        )
    if preparation.every > 1:
        notes.append(f"One step in {preparation.every} was taken, from the first on.")
    taken = len(data.train) + len(data.test)
    if taken < after:
        notes.append(f"{taken:,} of {after:,} sequences were drawn with seed {preparation.seed}.")
    if columns.split is None:
        whole = ", groups kept whole" if columns.group else ""
        notes.append(
            f"{len(data.train):,} sequences for training and {len(data.test):,} for the test were "
            f"drawn with seed {preparation.seed}, each label by its share{whole}."
        )
    return tuple(notes)
