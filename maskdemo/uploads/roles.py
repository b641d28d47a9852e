"""What the columns of a table are for, what their names say of it, and how sequences are prepared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from maskdemo.uploads.columns import Columns
from maskdemo.uploads.reading import Table

#: What a split column may say, in lower case -> the part.
PARTS = {
    **dict.fromkeys(("train", "training", "tr", "trn", "learn", "learning"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "te", "tst", "eval", "evaluation", "holdout"), "test"),
}
#: Of them, those that are languages and codes as well: only in a column whose name says that it splits.
_SHORT = ("tr", "trn", "te", "tst")
_SPLITS = "set|split|part|fold"
#: Words in the names of such columns, the surest first.
IDS = ("sequence", "seq", "series", "utterance", "case", "episode", "trajectory", "run", "trial",
       "session", "segment", "window", "recording", "record", "id", "uid", "subject", "patient",
       "participant", "person", "user", "unit", "machine", "device", "station", "shop", "store",
       "vehicle")  # fmt: skip
ORDERS = ("step", "order", "timestamp", "datetime", "date", "time", "ts", "elapsed", "epoch", "year",
          "quarter", "month", "week", "day", "hour", "minute", "second", "seconds", "ms", "cycle",
          "visit", "frame", "position", "index", "t", "zeit", "zeitpunkt", "datum",
          "uhrzeit")  # fmt: skip
#: Those that are hardly anything else: if such a column cannot be sorted by, that is asked.
SURE_ORDERS = ("step", "order", "timestamp", "datetime", "date", "time", "day", "hour", "minute",
               "ts", "zeit", "zeitpunkt", "datum", "uhrzeit")  # fmt: skip
LABELS = ("label", "labels", "class", "target", "y", "outcome", "category", "activity", "diagnosis",
          "status", "speaker", "state")  # fmt: skip
SURE_LABELS = LABELS[:4]
PEOPLE = ("subject", "patient", "participant", "person", "user", "machine", "device", "site")
#: A table with a row for each reading has a column that says of what, and one of values.
READINGS = ("variable", "parameter", "measurement", "metric", "signal", "channel", "sensor",
            "attribute")  # fmt: skip
VALUES = ("value", "reading")


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
        """Return (role, name) of every column in use, the role as the field is called."""
        single = [("label", self.label), ("group", self.group), ("split", self.split)]
        return [
            *(("id", name) for name in self.id),
            *(("order", name) for name in self.order or ()),
            *((role, name) for role, name in single if name is not None),
            *(("features", name) for name in self.features),
        ]


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is done to the sequences.

    standardise: numbers to mean 0, spread 1 in the training part; None: if any of the file exceeds ±3.
    last, else first: so many steps of each sequence are kept at most; else the first of each `every`.
    sample: draw as many sequences as `MAX_CELLS` allows. seed: of the split and the drawing.
    """

    standardise: bool | None = None
    first: int | None = None
    last: int | None = None
    every: int = 1
    sample: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Guess:
    """The guess of `guess_roles`. roles: as far as there is little doubt. doubts: role -> a sentence.

    reasons: free column -> why it is no feature unless it is asked for, or "".
    """

    roles: Roles
    doubts: Mapping[str, str]
    reasons: Mapping[str, str]


def parts_by_word(name: str) -> Mapping[str, str]:
    """Return word in lower case -> "train", "val" or "test", for a split column of this name.

    The words of `PARTS`, of which the short (tr, te ...) only if the name speaks of parts (split, fold
    ...). For `is_train`, `test` or the like all of them, and yes, true, 1 for that part, no, false, 0
    for the other.
    """
    asked = re.fullmatch(r"(?:is|in|for)?[_ ]?(train|test)(?:ing)?", name.lower())
    if asked is None:
        unsure = () if re.search(_SPLITS, name.lower()) else _SHORT
        return {word: part for word, part in PARTS.items() if word not in unsure}
    yes, no = ("train", "test") if asked[1] == "train" else ("test", "train")
    return {
        **PARTS,
        **dict.fromkeys(("true", "yes", "1", "1.0"), yes),
        **dict.fromkeys(("false", "no", "0", "0.0"), no),
    }


def parts_when_chosen(name: str) -> Mapping[str, str]:
    """Return `parts_by_word` and all of `PARTS`: somebody has said that this column is the split."""
    return {**PARTS, **parts_by_word(name)}


def parts_in_column(table: Table, roles: Roles) -> dict[str, str]:
    """Return cell in lower case -> part, of all cells of the split; {} without; KeyError at others."""
    if roles.split is None:
        return {}
    parts = parts_when_chosen(roles.split)
    return {word: parts[word] for word in sorted(table.texts(roles.split).str.lower().unique())}


def unused_columns(columns: Columns, guess: Guess) -> tuple[tuple[str, str], ...]:
    """Return (column, why it has no role) of every column without a role."""
    used = {name for _, name in guess.roles.used()}
    return tuple(
        (name, guess.reasons.get(name) or "it was not chosen") for name in columns if name not in used
    )


def word_in(name: str, words: tuple[str, ...]) -> str | None:
    """Return the first of `words` that is a word of a name (`caseId`: case, id), or None (`__case`)."""
    parts = "" if name.startswith("__") else re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    own = [each for each in re.split(r"[^A-Za-z]+", parts.lower()) if each]
    return next((word for word in words if word in own), None)
