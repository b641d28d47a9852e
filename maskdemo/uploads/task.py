"""Make a task, with its sequences, of a table and what its columns are for.

The training part and the test part share no sequence and, where the file names groups, no group.
Numbers are standardised on the training part alone. A step at which a value is missing is a missing
reading, as in every other task. Whatever cannot be used raises `InvalidTable` with its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.data.sequences import Data, Sequences
from maskdemo.data.tasks import OWN, Fixed, Task
from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import counted, span
from maskdemo.experiment import MAX_CELLS
from maskdemo.uploads.checks import check_lengths, check_parts, check_roles, check_rows
from maskdemo.uploads.columns import NUMBERS, WORDS, Columns
from maskdemo.uploads.limits import MAX_TEST, MAX_TRAIN, MIN_SEQUENCES
from maskdemo.uploads.preparation_notes import emptiest_feature, preparation_notes
from maskdemo.uploads.reading import Table
from maskdemo.uploads.roles import Guess, Preparation, Roles, parts_in_column, unused_columns
from maskdemo.uploads.rows import sequence_numbers
from maskdemo.uploads.table_to_sequences import classes_of, parts_of, steps_of

#: The last reading goes on; what nobody has read yet is the usual one.
FILLED = """\
import pandas as pd
frame = pd.read_csv("data.csv")  # each sequence in the order of its steps
features = {features}
last = frame.groupby({id})[features].ffill()
frame[features] = last.fillna(frame[features].median(numeric_only=True))
frame.to_csv("long.csv", index=False)"""
#: Of the sequences, where no column says what is for the test.
TEST_SHARE = 1 / 3
#: Numbers within this far from 0 are left as they are unless somebody asks.
MAX_UNSCALED = 3.0


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OwnTask(Task):
    """An uploaded task. notes: what was done to its sequences. table: of the file, without its rows.

    arguments: those of `steps_of` and of `parts_of`, by name. unused: (column, why) of each
    column that nothing is made of. examples: title -> values (length, F) as the file has them, of the
    first, the last and the longest sequence.
    """

    data: Data
    table: Table
    roles: Roles
    arguments: tuple[dict[str, Any], dict[str, Any]]
    notes: tuple[str, ...]
    unused: tuple[tuple[str, str], ...]
    examples: Mapping[str, NDArray[np.float64]]

    @property
    def nbytes(self) -> int:
        """The bytes of all sequences."""
        parts = (self.data.train, self.data.test)
        pieces = (each for part in parts for each in (part.values, part.observed, part.labels))
        return sum(each.nbytes for piece in pieces for each in piece)


def task_of(table: Table, columns: Columns, guess: Guess, preparation: Preparation) -> OwnTask:
    """Make a task of a table whose columns have the roles of the guess. Raises `InvalidTable`."""
    roles = guess.roles
    check_roles(columns, guess)
    number = sequence_numbers(table, roles.id)
    check_rows(table, columns, roles, number)
    said = parts_in_column(table, roles)
    numbers = [columns[name].values for name in roles.features if columns[name].kind == NUMBERS]
    standardise = preparation.standardise
    if standardise is None:
        standardise = any(float(np.nanmax(np.abs(each))) > MAX_UNSCALED for each in numbers)
    steps = {
        "sequence": list(roles.id),
        "order": {name: columns[name].kind for name in roles.order or ()},
        "features": {name: columns[name].kind for name in roles.features},
        "decimal": columns.notation.decimal,
        "day_first": columns.notation.day_first,
        **{name: getattr(preparation, name) for name in ("first", "last", "every")},
    }
    frame = table.frame
    rows, values, are_numbers = steps_of(frame, **steps)
    if rows.empty:
        most = f"Leave out {quoted(emptiest_feature(columns, roles)[0])}, which is missing most"
        raise InvalidTable(
            f"No row has a value in all of the features. {most}, or fill the gaps in.",
            code=FILLED.format(id=list(roles.id), features=list(roles.features)),
        )
    lengths = np.bincount(pd.factorize(rows[""])[0])
    check_lengths(number, table, roles, lengths)
    for_test = "test" if "test" in said.values() else "val"
    most = _most_counts(len(lengths), int(lengths.max()), values.shape[1], preparation)
    parts = {
        "label": roles.label,
        "split": roles.split,
        "test_words": [word for word, part in said.items() if part == for_test],
        "group": roles.group,
        "standardise": standardise,
        "seed": preparation.seed,
        "test_count": max(MIN_SEQUENCES, round(len(lengths) * TEST_SHARE)),
        "most": most,
    }
    made: Any = parts_of(rows, values, are_numbers, **parts)
    train, test = (Sequences(tuple(v), tuple(o), tuple(y)) for v, y, o in made)
    classes = tuple(classes_of(rows[roles.label].astype(str)))
    check_parts(train, test, roles, classes)
    data = Data(train, test, classes=len(classes), per_step=roles.per_step)
    names = tuple(
        name if columns[name].kind != WORDS else f"{name} = {word}"
        for name in roles.features
        for word in (sorted(set(rows[name]) - {""}) if columns[name].kind == WORDS else [name])
    )
    return OwnTask(
        name=OWN,
        title="Your own sequences",
        summary=_summary_text(data, names, classes),
        features=len(names),
        classes=len(classes),
        per_step=roles.per_step,
        fixed=Fixed.of(train, test),
        recorded=lambda: (train, test),
        feature_names=names,
        label_names=classes,
        data=data,
        table=replace(table, frame=frame.iloc[:0].copy(), lines=None),
        roles=roles,
        arguments=(steps, parts),
        notes=tuple(preparation_notes(table, columns, roles, preparation, number, rows, values, data)),
        unused=unused_columns(columns, guess),
        examples=_examples(roles, rows, values, lengths),
    )


def _most_counts(count: int, longest: int, features: int, preparation: Preparation) -> tuple[int, int]:
    """Return most sequences, (training, test): of `MAX_CELLS`, padded to the longest, by `TEST_SHARE`.

    Raises `InvalidTable` for fewer than are needed, or more than fit, unless `sample`.
    """
    if count < 2 * MIN_SEQUENCES:
        few = f"{MIN_SEQUENCES} for training and as many for the test are the fewest"
        raise InvalidTable(
            f"There are {count} sequences; {few}. Take more, or cut long ones into pieces."
        )
    room = MAX_CELLS // (longest * features)
    most = min(MAX_TRAIN, round(room * (1 - TEST_SHARE))), min(MAX_TEST, round(room * TEST_SHARE))
    if count > sum(most) and not preparation.sample:
        raise InvalidTable(
            f"These are {count:,} sequences of up to {longest} steps with {features} features; "
            f"{sum(most):,} of that size are possible. Draw as many by the seed (--sample), or take "
            "fewer features or steps.",
            offer="sample",
        )
    return most


def _summary_text(data: Data, names: tuple[str, ...], classes: tuple[str, ...]) -> str:
    """Return the summary of a task. names: of the features. classes: names of the labels."""
    sizes = Fixed.of(data.train, data.test)
    steps = f"{span(sizes.min_length, sizes.max_length)} {'step' if sizes.max_length == 1 else 'steps'}"
    return (
        f"{sizes.train_size + sizes.test_size:,} sequences of {steps} with "
        f"{counted(len(names), 'feature')} from your file. "
        f"Tell the label {'at every step' if data.per_step else 'of each'}, one of {len(classes)}."
    )


def _examples(
    roles: Roles, rows: pd.DataFrame, values: NDArray, lengths: NDArray
) -> dict[str, NDArray[np.float64]]:
    """Return "First, 'id': 9 steps" -> values, (T, F); so the last and longest. lengths: (N,)."""
    ends, found = lengths.cumsum(), {}
    longest = int(lengths.argmax())
    for which, at in (("First", 0), ("Last", len(lengths) - 1), ("Longest", longest)):
        start = int(ends[at] - lengths[at])
        name = quoted(" ".join(str(rows[each].iloc[start]) for each in roles.id))
        title = f"{which}, {name}: {counted(int(lengths[at]), 'step')}"
        found[title] = values[start : ends[at]].copy()
    return found
