"""Which column means what: guessed from names and contents, shown, and changeable.

>>> import pandas as pd
>>> guess(pd.DataFrame({"id": [1, 1, 2], "t": [0, 1, 0], "x": [0.1, 0.2, 0.3], "y": [0, 0, 1]}))
Columns(features=('x',), label='y', id='id', order='t', length=None, group=None, split=None, \
per_step=False)

Long form has a row for each step and an `id`. Wide form has a row for each sequence, a `length`, and
for each feature the columns name1, name2, ... or name_1, name_2, ...; its features are those names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from maskdemo.uploads.limits import MAX_CATEGORIES
from maskdemo.uploads.table import column_of, numbers_in, times_in

#: What such columns are often called, the surest first; compared in lower case.
IDS = ("sequence", "sequence_id", "seq", "seq_id", "series", "series_id", "case", "case_id", "id",
       "trial", "utterance", "run", "episode", "session", "subject", "patient", "unit")  # fmt: skip
ORDERS = ("step", "order", "time", "timestamp", "t", "position", "index", "cycle", "visit", "minute",
          "day", "date", "datetime", "frame")  # fmt: skip
LABELS = ("label", "labels", "class", "target", "y", "outcome", "status", "category", "speaker",
          "state")  # fmt: skip
LENGTHS = ("length", "len", "steps", "n_steps", "lengths")
GROUPS = ("group", "groups", "subject", "patient", "person", "site", "machine")
SPLITS = ("split", "part", "set", "subset", "partition")
#: What a split column may say, in lower case -> whether that is the training part.
PARTS = {"train": True, "training": True, "test": False, "testing": False}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The names of the columns by what they mean; None where there is none.

    id: which sequence a row belongs to (long form). length: how many steps a row has (wide form).
    order: what the steps of a sequence are sorted by; without one, the rows' order. group: sequences
    that must stay together in one part. split: says train or test. per_step: a label at each step.
    """

    features: tuple[str, ...]
    label: str
    id: str | None = None
    order: str | None = None
    length: str | None = None
    group: str | None = None
    split: str | None = None
    per_step: bool = False

    def named(self) -> Iterator[tuple[str, str]]:
        """(what it means, name) of every column used, features in wide form left out."""
        for role in ("id", "order", "length", "label", "group", "split"):
            if getattr(self, role) is not None:
                yield role, getattr(self, role)
        if self.length is None:
            yield from (("feature", name) for name in self.features)


def guess(frame: pd.DataFrame) -> Columns:
    """The likeliest meaning of the columns. Never raises: what cannot be guessed is left to choose."""
    left = [name for name in frame.columns if not _numbers_rows(column_of(frame, name), name)]

    def take(known: tuple[str, ...], *, suits=lambda column: True) -> str | None:
        lower = {str(name).lower().strip(): name for name in reversed(left)}
        for word in known:
            if word in lower and suits(column_of(frame, lower[word])):
                left.remove(lower[word])
                return lower[word]
        return None

    split = take(SPLITS, suits=says_parts)
    stems = stems_of(frame)
    length = take(LENGTHS, suits=_is_length) if stems else None
    label = take(LABELS) or (left.pop() if len(left) > 1 else "")
    if length is not None:
        group = take(GROUPS)
        return Columns(features=stems, label=label, length=length, group=group, split=split)
    found = take(IDS, suits=_repeats) or _first_that_repeats(frame, left)
    order = take(ORDERS, suits=sorts)
    group = take(GROUPS)
    features = tuple(name for name in left if _is_feature(column_of(frame, name)))
    changes = bool(found and label and (frame.groupby(found)[label].nunique() > 1).any())
    return Columns(
        features=features,
        label=label,
        id=found,
        order=order,
        group=group,
        split=split,
        per_step=changes,
    )


def stems_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """Names of the features in wide form: what stands before the numbers 0 or 1, 2, 3, ..."""
    found: dict[str, set[int]] = {}
    for name in map(str, frame.columns):
        if parts := re.fullmatch(r"(.*?)_?(\d{1,4})", name):
            found.setdefault(parts[1], set()).add(int(parts[2]))
    return tuple(
        stem
        for stem, numbers in found.items()
        if len(numbers) > 1 and max(numbers) - min(numbers) == len(numbers) - 1 and min(numbers) < 2
    )


def says_parts(column: pd.Series) -> bool:
    """Whether a column says train or test, and nothing else."""
    words = set(column.astype(str).str.strip().str.lower().unique())
    return words <= set(PARTS)


def sorts(column: pd.Series) -> bool:
    """Whether steps can be sorted by a column: numbers, times, or texts that are ISO dates."""
    if is_numeric_dtype(column) or is_datetime64_any_dtype(column):
        return True
    return bool(times_in(column).notna().all())


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, or yes and no."""
    return is_numeric_dtype(column) or is_bool_dtype(column)


def mostly_numbers(column: pd.Series) -> bool:
    """Whether a column of texts was probably meant as numbers."""
    there = column.dropna()
    return len(there) > 0 and bool(numbers_in(there).notna().mean() > 0.5)


def _is_feature(column: pd.Series) -> bool:
    if is_number(column) or mostly_numbers(column):
        return bool(column.notna().any())
    return not is_datetime64_any_dtype(column) and 1 < column.nunique() <= MAX_CATEGORIES


def _is_length(column: pd.Series) -> bool:
    return is_numeric_dtype(column) and bool(((column >= 1) & (column % 1 == 0)).all())


def _numbers_rows(column: pd.Series, name: object) -> bool:
    """Whether a column is only the rows' numbers, which tables get when they are saved."""
    if str(name).startswith("Unnamed:"):
        return True
    return (
        len(column) > 1
        and is_numeric_dtype(column)
        and not is_bool_dtype(column)
        and column.iloc[0] in (0, 1)
        and bool((column.diff().iloc[1:] == 1).all())
    )


def _repeats(column: pd.Series) -> bool:
    return bool(column.nunique() < len(column))


def _first_that_repeats(frame: pd.DataFrame, left: list) -> str | None:
    """The first column whose equal values stand together, as the rows of a sequence do."""
    for name in left:
        column = column_of(frame, name)
        whole = not is_numeric_dtype(column) or bool((column.dropna() % 1 == 0).all())
        runs = int((column != column.shift()).to_numpy().sum())
        if whole and 1 < runs == column.nunique() < len(column):
            left.remove(name)
            return name
    return None
