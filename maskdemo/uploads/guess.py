"""What the columns are for: guessed where there is little doubt, else left empty and asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads import rows
from maskdemo.uploads.columns import NOTHING, NUMBERS, TIMES, WORDS, Column, Columns
from maskdemo.uploads.foreign import WIDE_NAMED
from maskdemo.uploads.limits import MAX_CLASSES
from maskdemo.uploads.names import (
    IDS,
    LABELS,
    ORDERS,
    PEOPLE,
    READINGS,
    SURE_LABELS,
    SURE_ORDERS,
    VALUES,
    word,
)
from maskdemo.uploads.reading import Table
from maskdemo.uploads.roles import Guess, Roles, parts_by
from maskdemo.uploads.rows import numbers_of, stands_together

#: In an order that is guessed, at most this share of steps stands behind a later one, and stands there
#: twice by a slip; of the sequences, at most this share changes its label by a slip.
MAX_RESORTED, MAX_TWICE, MAX_SLIPS = 0.1, 0.02, 0.1
MAX_IDS = 8  # columns named like an id that are compared in pairs


def guess(table: Table, columns: Columns, given: Mapping[str, Any] | None = None) -> Guess:
    """The roles; those in `given` are fixed. Raises `InvalidTable` for a table that is wide."""
    for said in (given or {}).values():
        for name in [said] if isinstance(said, str) else said if isinstance(said, tuple) else ():
            if name not in columns:
                raise InvalidTable(f"There is no column {quoted(name)} in this file.")
    return _Guess(table, columns, dict(given or {})).guess()


def check_long(table: Table, columns: Columns) -> None:
    """Raise where the rows are whole sequences, their steps side by side in numbered columns."""
    numbered: dict[tuple[str, str], set[int]] = {}
    for name, column in columns.items():
        if column.kind == NUMBERS and (parts := re.fullmatch(r"(.*?)([_ .-]?)(\d{1,4})", name)):
            numbered.setdefault((parts[1], parts[2]), set()).add(int(parts[3]))
    steps = {
        key: at for key, at in numbered.items() if len(at) > 2 and max(at) - min(at) < 1.5 * len(at)
    }
    total, others = len(table.frame), [name for name in columns if not re.fullmatch(r".*\d", name)]
    counts = {name: _distinct(table, [name]) for name in others}
    repeats = any(
        word(name, IDS) or (count <= total / 2 and stands_together(table, [name]))
        for name, count in counts.items()
        if 1 < count < total and not word(name, LABELS)
    )
    if steps and not repeats:
        (stem, between), at = max(steps.items(), key=lambda each: len(each[1]))
        first, last = (quoted(f"{stem}{between}{each}") for each in (min(at), max(at)))
        stems = ", ".join(repr(each) for each, _ in steps)
        raise InvalidTable(
            f"The columns {first} to {last} seem to be the steps of a sequence, and no column says "
            "which rows belong together: the table is wide. A row for each step is needed.",
            code=WIDE_NAMED.replace("STEMS", stems).replace("SEP", between),
        )


class _Guess:
    def __init__(self, table: Table, columns: Columns, given: dict[str, Any]) -> None:
        self._table, self._columns, self._given = table, columns, given
        self._doubts: dict[str, str] = {}
        taken = [given.get(role) for role in ("id", "order", "label", "group", "split")]
        self._taken = {
            name for each in taken for name in ([each] if isinstance(each, str) else each or ())
        }

    def guess(self) -> Guess:
        if "id" not in self._given:
            check_long(self._table, self._columns)
        split = self._role("split", self._split)
        label = self._role("label", self._label)
        ids = self._role("id", self._id)
        order = self._role("order", lambda: self._order(ids))
        group = self._role("group", lambda: self._group(ids, label))
        usable = [
            name for name in self._free()
            if not (self._columns[name].unusable or self._columns[name].idle)
            and not (self._columns[name].kind == WORDS and word(name, SURE_ORDERS))
        ]  # fmt: skip
        features = tuple(self._given.get("features", usable))
        changes = self._changes(ids, label)
        roles = Roles(id=tuple(ids), order=order, label=label, features=features, group=group,
                      split=split, per_step=self._given.get("per_step", changes))  # fmt: skip
        return Guess(roles, self._doubts)

    def _role(self, role: str, guessed: Any) -> Any:
        found = self._given[role] if role in self._given else guessed()
        self._taken |= {found} if isinstance(found, str) else set(found or ())
        return found

    def _free(self) -> list[str]:
        return [name for name in self._columns if name not in self._taken]

    def _named(self, words: tuple[str, ...]) -> list[str]:
        """The free columns with one of the words in their name, the surest first."""
        found = [(words.index(said), name) for name in self._free() if (said := word(name, words))]
        return [name for _, name in sorted(found, key=lambda each: each[0])]

    def _split(self) -> str | None:
        for name in self._free():
            said, parts = set(map(str.lower, self._table.texts(name).unique())), parts_by(name)
            if len(said) > 1 and said <= parts.keys() and "train" in {parts[each] for each in said}:
                return name
        return None

    def _label(self) -> str | None:
        named = [
            name for name in self._named(LABELS)
            if (word(name, SURE_LABELS) or 1 < _distinct(self._table, [name]) <= MAX_CLASSES)
            and not self._beside_x(name)
        ]  # fmt: skip
        sure = [name for name in named if word(name, SURE_LABELS)]
        if named and len(sure) < 2:
            return named[0]
        self._doubts["label"] = (
            f"{' and '.join(map(quoted, sure[:3]))} can be the label."
            if sure
            else "No column's name says that it is the label."
        )
        return None

    def _beside_x(self, name: str) -> bool:
        """Whether it is the y of x, y and z."""
        return (
            name.lower() == "y"
            and "x" in {each.lower() for each in self._free()}
            and ("z" in {each.lower() for each in self._free()} or bool(self._named(LABELS)[1:]))
        )

    def _id(self) -> tuple[str, ...]:
        candidates = [name for name in self._free() if self._can_be_id(name)]
        named = [name for name in self._named(IDS) if name in candidates][:MAX_IDS]
        whole = [name for name in named or candidates if stands_together(self._table, [name])]
        for name in named:
            pairs = [[name, other] for other in named if other != name]
            finer = [pair for pair in pairs if self._is_finer(pair)]
            if finer:
                first, second = sorted(
                    finer[0], key=lambda each: not stands_together(self._table, [each])
                )
                self._doubts["id"] = (
                    f"{quoted(first)} alone, or {quoted(first)} and {quoted(second)} together, can say "
                    "which sequence a row belongs to."
                )
                return ()
        if len(whole) == 1 or (whole and named):
            return (whole[0],)
        # A column of times or steps tells how the rows of an id go together.
        sorted_by = [name for name in named if self._order((name,), say=False)]
        if len(sorted_by) == 1 and not whole:
            return (sorted_by[0],)
        constant = [name for name in self._named(IDS) if _distinct(self._table, [name]) == 1]
        if constant and not whole:
            return (constant[0],)
        single = [
            name
            for name in self._named(IDS)
            if _distinct(self._table, [name]) == len(self._table.frame)
        ]
        several = " and ".join(map(quoted, (whole or named)[:3]))
        self._doubts["id"] = (
            f"{several} can say which sequence a row belongs to."
            if len(whole or named) > 1
            else f"The rows of one {quoted(named[0])} stand apart, and no column says how they "
            "go together."
            if named
            else f"Each row has its own {quoted(single[0])}, and a sequence has a row for each step."
            if single
            else "No column surely says which sequence a row belongs to."
        )
        return ()

    def _can_be_id(self, name: str) -> bool:
        column, count = self._columns[name], len(self._table.frame)
        named = word(name, IDS) is not None
        whole = column.kind not in (TIMES, NOTHING) and (column.kind != NUMBERS or _is_whole(column))
        most = count - 1 if named else count / 1.5
        return whole and (named or not column.blanks) and 1 < _distinct(self._table, [name]) <= most

    def _is_finer(self, pair: list[str]) -> bool:
        """Whether the second column cuts the sequences of the first into several of several rows."""
        both = _distinct(self._table, pair)
        each = max(_distinct(self._table, [name]) for name in pair)
        return each < both <= len(self._table.frame) / 1.5 and stands_together(self._table, pair)

    def _order(self, ids: tuple[str, ...], *, say: bool = True) -> tuple[str, ...] | None:
        """None where some column may be it. say: ask about it, and leave it out of the features."""
        if not ids:
            return ()
        free = [each for each in self._free() if each not in ids]
        number = numbers_of(self._table, list(ids))
        if not number.max():
            return ()  # one sequence is refused anyway
        # The trials of a participant are the steps where each is one row.
        named = [each for each in dict.fromkeys(self._named(ORDERS) + self._named(IDS)) if each in free]
        times = [name for name in free if self._columns[name].kind == TIMES and name not in named]
        unsure: list[str] = []
        for name in [*named, *times]:
            column = self._columns[name]
            # A few bad cells change nothing: their lines are named when the rows are sorted.
            if column.kind == TIMES:
                once = (
                    not np.isnan(column.values).all() and rows.twice(number, column.values) <= MAX_TWICE
                )
                once = once and not rows.pass_midnight(number, column.values)
                if once and not unsure:  # the hours beside a date that repeats may pass midnight
                    return (name,)
                unsure.append(name)
            elif column.kind == NUMBERS and rows.twice(number, column.values) <= MAX_TWICE:
                values = column.values
                if rows.is_dense(number, values) or rows.resorted(number, values) <= MAX_RESORTED:
                    return (name,)
                if word(name, SURE_ORDERS):
                    unsure.append(name)
            elif word(name, SURE_ORDERS):
                unsure.append(name)
        if not unsure:
            return ()
        if say:
            self._taken |= set(unsure)
            self._doubts["order"] = self._why_unsure(ids, number, unsure)
        return None

    def _finer(self, ids: tuple[str, ...], column: Column) -> str:
        """A sentence on the column that, with the id, makes each step one row."""
        for other in self._free():
            if other != column.name and other not in ids and self._columns[other].kind != TIMES:
                number = numbers_of(self._table, [*ids, other])
                if number.max() < len(number) / 1.5 and not rows.twice(number, column.values):
                    if word(other, READINGS) and any(word(each, VALUES) for each in self._free()):
                        return f" A row for each reading is too long: pivot {quoted(other)} to columns."
                    names = " and ".join(map(quoted, [*ids, other]))
                    return f" Perhaps {names} together say which sequence a row belongs to."
        return ""

    def _why_unsure(self, ids: tuple[str, ...], number: NDArray, names: list[str]) -> str:
        column, name = self._columns[names[0]], quoted(names[0])
        if len(names) > 1:
            return (
                f"{' and '.join(map(quoted, names))} can be the order of the steps, alone or together."
            )
        if column.bad is not None and column.kind == TIMES:
            return f"Steps cannot be sorted by {name}: {column.bad[1]}."
        if column.kind not in (NUMBERS, TIMES) or column.bad is not None:
            example = quoted(column.example)
            return f"Steps cannot be sorted by {name}: {example} is neither number nor time."
        if rows.twice(number, column.values) > MAX_TWICE:
            return f"Several rows of a sequence are the same step of {name}.{self._finer(ids, column)}"
        if column.kind == TIMES and rows.pass_midnight(number, column.values):
            return f"{name} has no date: sorted by it, what is after midnight would come first."
        return f"Sorted by {name}, most rows would change places."

    def _group(self, ids: tuple[str, ...], label: str | None) -> str | None:
        """People or machines with several sequences each, and no class alone in one of them."""
        if not ids or label is None:
            return None
        number = numbers_of(self._table, list(ids))
        own = [name for name in ids if len(ids) > 1 and word(name, PEOPLE)]
        for name in [*own, *self._named(PEOPLE)]:
            one = numbers_of(self._table, [name])
            groups, classes = one.max() + 1, self._table.column(label)
            whole = rows.is_constant(number, one) and 4 <= groups < number.max() + 1
            spread = pd.Series(one).groupby(classes.to_numpy()).nunique()
            if whole and bool((spread > 1).all()):
                return name
        return None

    def _changes(self, ids: tuple[str, ...], label: str | None) -> bool:
        """Whether the label changes within more sequences than by a slip."""
        if not ids or label is None:
            return False
        labels = self._table.texts(label)
        several = labels.groupby(numbers_of(self._table, list(ids))).nunique() > 1
        return bool(several.mean() > MAX_SLIPS)


def _distinct(table: Table, names: list[str]) -> int:
    return len(table.frame[names].drop_duplicates())


def _is_whole(column: Column) -> bool:
    values = column.values[~np.isnan(column.values)]
    return column.kind == NUMBERS and bool((np.isfinite(values) & (np.floor(values) == values)).all())
