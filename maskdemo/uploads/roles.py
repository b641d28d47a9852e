"""What the columns of a table are for, and which of its rows are a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maskdemo.uploads.columns import Columns
from maskdemo.uploads.reading import Table

#: What a split column may say, in lower case -> the part.
PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
         "dev": "val", "test": "test", "testing": "test"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The names of the columns by what they are for.

    id: they say together which sequence a row belongs to. order: what the steps of a sequence are
    sorted by, one after the other; empty for the rows' order, None while nobody has said. group:
    sequences that must stay in one part. split: says train or test. per_step: whether each step has a
    label.
    """

    id: tuple[str, ...] = ()
    order: tuple[str, ...] | None = ()
    label: str | None = None
    features: tuple[str, ...] = ()
    group: str | None = None
    split: str | None = None
    per_step: bool = False

    def used(self) -> list[tuple[str, str]]:
        """(role, name) of every column in use."""
        single = [("label", self.label), ("group", self.group), ("split", self.split)]
        return [
            *(("id", name) for name in self.id),
            *(("order", name) for name in self.order or ()),
            *((role, name) for role, name in single if name is not None),
            *(("features", name) for name in self.features),
        ]


@dataclass(frozen=True)
class Guess:
    """roles: as far as there is little doubt. doubts: role -> why it is asked for, a sentence."""

    roles: Roles
    doubts: Mapping[str, str] = field(default_factory=dict)


def numbers_of(table: Table, names: tuple[str, ...] | list[str]) -> NDArray[np.intp]:
    """(rows,) the number of each row's sequence, in the order of the file."""
    return table.frame.groupby(list(names), sort=False).ngroup().to_numpy()


def stands_together(table: Table, names: tuple[str, ...] | list[str]) -> bool:
    """Whether the rows of every sequence follow each other in the file."""
    number = numbers_of(table, names)
    return int((np.diff(number, prepend=-1) != 0).sum()) == number.max() + 1


def unused(columns: Columns, roles: Roles) -> tuple[tuple[str, str], ...]:
    """(column, why) of every column that nothing is made of."""
    used = {name for _, name in roles.used()}
    return tuple(
        (name, each.unusable or each.idle or "it was not chosen")
        for name, each in columns.items()
        if name not in used
    )
