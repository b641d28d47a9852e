"""What the columns of a table are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from maskdemo.uploads.columns import Columns

#: What a split column may say, in lower case -> the part.
PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
         "dev": "val", "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
         "holdout": "test", "learn": "train", "learning": "train"}  # fmt: skip


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


def parts_by(name: str) -> Mapping[str, str]:
    """What a split column may say, in lower case -> the part; one called `is_train` says yes or no."""
    asked = re.fullmatch(r"(?:is|in|for)?[_ ]?(train|test)(?:ing)?", name.lower())
    if asked is None:
        return PARTS
    yes, no = ("train", "test") if asked[1] == "train" else ("test", "train")
    return {
        **PARTS,
        **dict.fromkeys(("true", "yes", "1", "1.0"), yes),
        **dict.fromkeys(("false", "no", "0", "0.0"), no),
    }


def unused(columns: Columns, roles: Roles) -> tuple[tuple[str, str], ...]:
    """(column, why) of every column that nothing is made of."""
    used = {name for _, name in roles.used()}
    return tuple(
        (name, each.unusable or each.idle or "it was not chosen")
        for name, each in columns.items()
        if name not in used
    )
