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
from maskdemo.evidence.phrases import counted
from maskdemo.experiment import MAX_CELLS, Experiment
from maskdemo.uploads.checks import check_lengths, check_parts, check_roles, check_rows
from maskdemo.uploads.columns import BLANKS, NUMBERS, WORDS, Columns
from maskdemo.uploads.limits import MAX_TEST, MAX_TRAIN, MIN_SEQUENCES, padded_length
from maskdemo.uploads.reading import Table
from maskdemo.uploads.recipe import classes_of, parts_of, steps_of
from maskdemo.uploads.roles import Guess, Roles, parts_by, unused
from maskdemo.uploads.rows import numbers_of

#: Of the sequences, where no column says what is for the test.
TEST_SHARE = 1 / 3
#: Numbers within this far from 0 are left as they are unless somebody asks.
MAX_UNSCALED = 3.0


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is done to the sequences.

    standardise: numbers to mean 0 and spread 1, as the training part has them; None where they need it.
    first, last: so many steps of each sequence are kept at most. every: one step in so many is kept.
    sample: draw as many sequences as are possible. seed: of the split and the drawing.
    """

    standardise: bool | None = None
    first: int | None = None
    last: int | None = None
    every: int = 1
    sample: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OwnTask(Task):
    """An uploaded task. notes: what was done to its sequences. table: of the file, without its rows.

    recipe: the arguments of `recipe.steps_of` and of `recipe.parts_of`. unused: (column, why) of each
    column that nothing is made of. examples: title -> values (length, F) as the file has them, of the
    first, the last and the longest sequence.
    """

    data: Data
    table: Table
    roles: Roles
    recipe: tuple[dict[str, Any], dict[str, Any]]
    notes: tuple[str, ...]
    unused: tuple[tuple[str, str], ...]
    examples: Mapping[str, NDArray[np.float64]]

    @property
    def nbytes(self) -> int:
        """Bytes of all sequences."""
        parts = (self.data.train, self.data.test)
        return sum(
            each.nbytes for part in parts for each in (*part.values, *part.observed, *part.labels)
        )


def task_of(
    table: Table,
    columns: Columns,
    guess: Guess,
    preparation: Preparation | None = None,
) -> OwnTask:
    """The task in a table. Raises `InvalidTable`."""
    preparation, roles = preparation or Preparation(), guess.roles
    check_roles(columns, guess)
    number = numbers_of(table, roles.id)
    check_rows(table, columns, roles, number)
    said = _said_parts(table, roles)
    numbers = [columns[name].values for name in roles.features if columns[name].kind == NUMBERS]
    standardise = preparation.standardise
    if standardise is None:
        standardise = any(float(np.nanmax(np.abs(each))) > MAX_UNSCALED for each in numbers)
    steps = {
        "sequence": list(roles.id),
        "order": {name: columns[name].kind for name in roles.order or ()},
        "features": {name: columns[name].kind for name in roles.features},
        "decimal": columns.decimal,
        "day_first": columns.day_first,
        **{name: getattr(preparation, name) for name in ("first", "last", "every")},
    }
    frame = table.frame
    rows, values, are_numbers = steps_of(frame, **steps)
    if rows.empty:
        raise InvalidTable(
            "No row has a value in all of the features. Leave out the one that is missing most: "
            f"{quoted(_emptiest(columns, roles)[0])}."
        )
    lengths = np.bincount(pd.factorize(rows[""])[0])
    check_lengths(number, table, roles, lengths)
    most = _most(len(lengths), int(lengths.max()), values.shape[1], preparation)
    parts = {
        "label": roles.label,
        "split": roles.split,
        "test_words": [
            word
            for word, part in said.items()
            if part == ("test" if "test" in said.values() else "val")
        ],
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
        summary=_summary(data, names, classes),
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
        recipe=(steps, parts),
        notes=_notes(table, columns, roles, preparation, number, rows, values, data),
        unused=unused(columns, guess),
        examples=_examples(table, roles, rows, values, lengths),
    )


def experiment_with(own: OwnTask, like: Experiment) -> Experiment:
    """Return `like` with the uploaded task, padded no longer than there is room for."""
    return replace(like, task=OWN, own=own, padded_length=padded_length(own, like.padded_length))


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
            f"{sum(most):,} of that size are possible. Draw as many by the seed (--sample), or take "
            "fewer features or steps.",
            offer="sample",
        )
    return most


def _said_parts(table: Table, roles: Roles) -> dict[str, str]:
    """What the split column says, in lower case -> the part that it means."""
    if roles.split is None:
        return {}
    parts = parts_by(roles.split)
    return {word: parts[word] for word in sorted(table.texts(roles.split).str.lower().unique())}


def _summary(data: Data, names: tuple[str, ...], classes: tuple[str, ...]) -> str:
    sizes = Fixed.of(data.train, data.test)
    shortest, longest = sizes.min_length, sizes.max_length
    steps = counted(longest, "step") if shortest == longest else f"{shortest} to {longest} steps"
    return (
        f"{sizes.train_size + sizes.test_size:,} sequences of {steps} with "
        f"{counted(len(names), 'feature')} from your file. "
        f"Tell the label {'at every step' if data.per_step else 'of each'}, one of {len(classes)}."
    )


def _examples(
    table: Table, roles: Roles, rows: pd.DataFrame, values: NDArray, lengths: NDArray
) -> dict[str, NDArray[np.float64]]:
    ends, found = lengths.cumsum(), {}
    longest = int(lengths.argmax())
    for which, at in (("First", 0), ("Last", len(lengths) - 1), ("Longest", longest)):
        start = int(ends[at] - lengths[at])
        name = quoted(" ".join(str(rows[each].iloc[start]) for each in roles.id))
        title = f"{which}, {name}: {counted(int(lengths[at]), 'step')}"
        found[title] = values[start : ends[at]].copy()
    return found


def _emptiest(columns: Columns, roles: Roles) -> tuple[str, int]:
    return max(((name, columns[name].blanks) for name in roles.features), key=lambda each: each[1])


def _sentinel(values: NDArray) -> tuple[float, int] | None:
    """(value, rows) of a least or greatest number that repeats, farther off than all others span."""
    found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    for end, next_to, rest in ((0, 1, found[1:]), (-1, -2, found[:-1])):
        if len(rest) > 4 and counts[end] > 1 and abs(found[end] - found[next_to]) > np.ptp(rest):
            return float(found[end]), int(counts[end])
    return None


def _notes(
    table: Table, columns: Columns, roles: Roles, preparation: Preparation, number: NDArray,
    rows: pd.DataFrame, values: NDArray, data: Data,
) -> tuple[str, ...]:  # fmt: skip
    """What was done to the sequences, where it was not just reading them."""
    notes = []
    before, after = number.max() + 1, int(pd.Series(rows[""]).nunique())
    if roles.order:
        steps = pd.DataFrame({name: columns[name].values for name in roles.order})
        ranks = steps.groupby(list(roles.order)).ngroup()
        unsorted = int((ranks.groupby(number).diff() < 0).groupby(number).any().sum())
        if unsorted:
            notes.append(
                f"The rows of {unsorted:,} of {before:,} sequences were not in order: they were sorted."
            )
    elif before > 1 and int((np.diff(number, prepend=-1) != 0).sum()) > before:
        notes.append("Rows of different sequences alternate; in each, their order is that of the file.")
    if unread := table.frame.attrs.get("unread"):
        notes.append(f"Other arrays of the archive were not read: {', '.join(map(quoted, unread))}.")
    lost = int(np.isnan(values).any(axis=1).sum())
    name, blanks = _emptiest(columns, roles)
    if lost or before > after:
        notes.append(
            f"At {lost:,} of {len(values):,} steps a feature is blank, and the step counts as a "
            f"missing reading. Most blanks are in {quoted(name)}: {blanks:,} of {len(table.frame):,}."
        )
    if before > after:
        notes.append(
            f"{before - after:,} of {before:,} sequences have no step at which all features are there: "
            f"they were left out, and {after:,} are left."
        )
    for name in roles.features:
        if columns[name].kind == NUMBERS and (found := _sentinel(columns[name].values)):
            notes.append(
                f"{quoted(name)} has {found[0]:.12g} in {counted(found[1], 'row')}, far from all other "
                "values. If it stands for a missing reading, leave the cell empty."
            )
    if like := [each for each in table.texts(roles.label or "").unique() if each.lower() in BLANKS]:
        notes.append(
            f"{quoted(like[0])} is a class of its own here. If it means none, take its rows out."
        )
    for which in ("first", "last"):
        if (count := getattr(preparation, which)) is not None:
            cut = int((np.bincount(number) > count).sum())
            notes.append(f"Of {cut:,} sequences only the {which} {count} steps were kept.")
    if preparation.every > 1:
        notes.append(f"One step in {preparation.every} was kept, from the first on.")
    taken = len(data.train) + len(data.test)
    if taken < after:
        notes.append(f"{taken:,} of {after:,} sequences were drawn with seed {preparation.seed}.")
    if roles.split is None:
        whole = f", each {quoted(roles.group)} kept whole" if roles.group else ""
        notes.append(
            f"{len(data.train):,} sequences for training and {len(data.test):,} for the test were "
            f"drawn with seed {preparation.seed}, each label by its share{whole}."
        )
    elif "val" in (said := _said_parts(table, roles).values()):
        use = "training" if "test" in said else "the test"
        notes.append(f"Validation sequences are used for {use}: none are set aside here.")
    return tuple(notes)
