"""What the columns are for: guessed where there is little doubt, else left empty and asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import listed
from maskdemo.uploads import roles, rows
from maskdemo.uploads.checks import check_not_wide
from maskdemo.uploads.columns import DATES, LISTS, NOTHING, NUMBERS, TIMES, WORDS, Columns
from maskdemo.uploads.limits import MAX_CLASSES
from maskdemo.uploads.reading import Table
from maskdemo.uploads.roles import Guess, Roles, parts_by_word, word_in
from maskdemo.uploads.rows import are_contiguous, distinct_count, is_finer, sequence_numbers

#: In an order that is guessed, at most this share of steps stands behind a later one, and stands there
#: twice by a slip; of the sequences, at most this share changes its label by a slip.
MAX_RESORTED, MAX_TWICE, MAX_SLIPS = 0.1, 0.02, 0.1
MAX_FALLING = 1 / 3  # of the steps of a column that is named like an order and asked about
MAX_IDS = 8  # columns named like an id that are compared in pairs
UNNAMED = r"Unnamed: \d+|index"


def guess_roles(table: Table, columns: Columns, given: Mapping[str, Any]) -> Guess:
    """Return the guess of all roles but those `given`, role -> name, names, None or bool.

    Raises `InvalidTable` for a wide table, unless the id is given, and for names that are no column.
    """
    for said in given.values():
        for name in [said] if isinstance(said, str) else said if isinstance(said, tuple) else ():
            if name not in columns:
                raise InvalidTable(f"There is no column {quoted(name)} in this file.")
    return _Guesser(table, columns, dict(given)).guess()


class _Guesser:
    """The columns that have got a role so far, and the doubts about the others."""

    def __init__(self, table: Table, columns: Columns, given: dict[str, Any]) -> None:
        """Take the given columns of all roles but the features, so that no other role gets them."""
        self._table, self._columns, self._given = table, columns, given
        self._doubts: dict[str, str] = {}
        self._taken: set[str] = set()
        for role in ("id", "order", "label", "group", "split"):
            self._columns_of(role, tuple)

    def guess(self) -> Guess:
        """Return the given and guessed roles, doubts about them, and why columns are no features."""
        if "id" not in self._given:
            check_not_wide(self._table, self._columns)
        split = self._columns_of("split", self._split)
        label = self._columns_of("label", self._label)
        ids = self._columns_of("id", lambda: self._id(split))
        order = self._columns_of("order", lambda: self._order(ids))
        group = self._columns_of("group", lambda: self._group(ids, label))
        number = sequence_numbers(self._table, list(ids)) if ids else None
        reasons = {name: self._why_no_feature(name, number, label) for name in self._free()}
        features = tuple(self._given.get("features", [name for name in reasons if not reasons[name]]))
        per_step = self._given.get("per_step", self._label_changes(number, label))
        found = Roles(id=tuple(ids), order=order, label=label, features=features, group=group,
                      split=split, per_step=per_step)  # fmt: skip
        return Guess(found, self._doubts, reasons)

    def _columns_of(self, role: str, guessed: Any) -> Any:
        """Return the given columns of a role, else those that `guessed()` returns; take them."""
        found = self._given[role] if role in self._given else guessed()
        self._taken |= {found} if isinstance(found, str) else set(found or ())
        return found

    def _free(self) -> list[str]:
        """Return the columns that have no role yet."""
        return [name for name in self._columns if name not in self._taken]

    def _named(self, words: tuple[str, ...]) -> list[str]:
        """Return the free columns with one of the words in their name, the surest first."""
        found = [(words.index(said), name) for name in self._free() if (said := word_in(name, words))]
        return [name for _, name in sorted(found, key=lambda each: each[0])]

    def _why_no_feature(self, name: str, number: NDArray | None, label: str | None) -> str:
        """Return why it is no feature: unusable, idle, id, step count, same as label; "" if it is."""
        column = self._columns[name]
        if column.unusable or column.idle:
            return column.unusable or column.idle
        if word_in(name, roles.IDS) and column.distinct == len(column.values):
            return "it is another one in every row"
        if column.kind == WORDS and word_in(name, roles.SURE_ORDERS):
            return "its name says that it is the order, and it cannot be sorted by"
        is_unnamed = re.fullmatch(UNNAMED, name)
        if number is not None and is_unnamed and rows.counts_steps(number, column.values):
            return "it counts the steps of each sequence"
        if label is not None and 1 < column.distinct == self._columns[label].distinct <= MAX_CLASSES:
            both = {distinct_count(self._table, each) for each in ([name], [label], [name, label])}
            return "it says the same as the label" if len(both) == 1 else ""
        return ""

    def _split(self) -> str | None:
        """Return the first column all of whose cells are words of parts, train among them, or None."""
        for name in (*self._given.get("id", ()), *self._free()):
            parts = {} if word_in(name, roles.LABELS) else parts_by_word(name)
            if self._columns[name].distinct > len(parts):
                continue
            said = set(map(str.lower, self._table.texts(name).unique()))
            if len(said) > 1 and said <= parts.keys() and "train" in {parts[each] for each in said}:
                return name
        return None

    def _label(self) -> str | None:
        """Return the column of labels; None, with a doubt noted, if none or several are likely."""
        named = [name for name in self._named(roles.LABELS) if not self._is_coordinate(name)]
        sure = [name for name in named if word_in(name, roles.SURE_LABELS)]
        named = sure or [name for name in named if 1 < self._columns[name].distinct <= MAX_CLASSES]
        same = {distinct_count(self._table, each) for each in ([name] for name in named)}
        if named and len(same | {distinct_count(self._table, named)}) == 1:
            return named[0]
        none = "No column's name says that it is"
        several = f"{listed(map(quoted, named[:3]))} can be" if named else none
        self._doubts["label"] = f"{several} the label."
        return None

    def _is_coordinate(self, name: str) -> bool:
        """Whether it is y beside x, with z, a rival label, or over `MAX_CLASSES` values of y."""
        free = {each.lower() for each in self._free()}
        no_label = self._columns[name].distinct > MAX_CLASSES or len(self._named(roles.LABELS)) > 1
        return name.lower() == "y" and "x" in free and ("z" in free or no_label)

    def _id(self, split: str | None) -> tuple[str, ...]:
        """Return the column of the id, as a tuple; (), with a doubt noted, where it is not clear."""
        candidates = [name for name in self._free() if self._can_be_id(name)]
        named = [name for name in self._named(roles.IDS) if name in candidates][:MAX_IDS]
        apart = [name for name in named if not are_contiguous(self._table, [name])]
        # Ids may begin anew in each part of a split.
        for pair in (*combinations(named, 2), *((name, split) for name in apart if split)):
            if is_finer(self._table, list(pair)):
                first, second = pair if pair[0] not in apart or pair[1] == split else pair[::-1]
                self._doubts["id"] = (
                    f"{quoted(first)} alone, or {quoted(first)} and {quoted(second)} together, can say "
                    "which sequence a row belongs to."
                )
                return ()
        whole = [name for name in named or candidates if are_contiguous(self._table, [name])]
        if whole and not any(self._is_as_likely(whole[0], name, named) for name in whole[1:]):
            return (whole[0],)
        # A column of times or steps tells how the rows of an id go together.
        sorted_by = [name for name in named if self._order((name,), say=False)]
        constant = [name for name in self._named(roles.IDS) if self._columns[name].distinct == 1]
        if not whole and (len(sorted_by) == 1 or constant):
            return (sorted_by[0] if len(sorted_by) == 1 else constant[0],)
        self._doubts["id"] = self._why_no_id((whole or named)[:3])
        return ()

    def _is_as_likely(self, first: str, other: str, named: list[str]) -> bool:
        """Whether `other` may be the id too: `named` is empty, or id words agree, `distinct` not."""
        words = {word_in(each, roles.IDS) for each in (first, other)}
        more = self._columns[first].distinct - self._columns[other].distinct
        # People and machines have several sequences each; as many ids are the same sequences.
        people = more > 0 and word_in(other, roles.PEOPLE) and not word_in(first, roles.PEOPLE)
        return not named or (len(words) == 1 and more != 0 and not people)

    def _why_no_id(self, candidates: list[str]) -> str:
        """Return a sentence on why no column is the id. candidates: the columns that can be it."""
        total = len(self._table.frame)
        single = [name for name in self._named(roles.IDS) if self._columns[name].distinct == total]
        if len(candidates) > 1:
            return f"{listed(map(quoted, candidates))} can say which sequence a row belongs to."
        for name in candidates:
            if blanks := self._columns[name].blanks:
                some = f"{quoted(name)} is blank in {blanks:,} of {total:,} rows. Every row has to say"
                return f"{some} which sequence it belongs to: fill the cells in from above."
            apart = f"The rows of one {quoted(name)} stand apart"
            return f"{apart}, and no column says how they go together."
        for name, column in self._columns.items():
            if column.unusable == LISTS:
                return f"{quoted(name)} cannot be read: {LISTS}."
        if single:
            return f"Each row has its own {quoted(single[0])}, and a sequence has a row for each step."
        return "No column surely says which sequence a row belongs to."

    def _can_be_id(self, name: str) -> bool:
        """Whether it `_can_divide` into 2 to rows - 1 parts; not named as id: rows / 1.5, no blanks."""
        column, count = self._columns[name], len(self._table.frame)
        named = word_in(name, roles.IDS) is not None
        most = count - 1 if named else count / 1.5
        return self._can_divide(name) and (named or not column.blanks) and 1 < column.distinct <= most

    def _can_divide(self, name: str) -> bool:
        """Whether a column holds words, yes / no, whole numbers, or days in a column named as an id."""
        column = self._columns[name]
        whole = column.kind != NUMBERS or rows.are_whole(column.values[~np.isnan(column.values)])
        # Sessions can be named by their days: 20260131.
        is_time = column.is_time and not (column.idle == DATES and word_in(name, roles.IDS))
        return whole and not is_time and column.kind != NOTHING

    def _order(self, ids: tuple[str, ...], *, say: bool = True) -> tuple[str, ...] | None:
        """Return a likely order that sorts, or None (`say`: note, take); none likely: a count or ()."""
        free = [each for each in self._free() if each not in ids]
        number = sequence_numbers(self._table, list(ids)) if ids else np.zeros(1, int)
        if not number.max():
            return ()  # one sequence is refused anyway
        # The trials of a participant are the steps where each is one row.
        times = [name for name in free if self._columns[name].is_time]
        unsure, weak = [], []
        for name in dict.fromkeys([*self._named(roles.ORDERS), *self._named(roles.IDS), *times]):
            column, values = self._columns[name], self._columns[name].values
            numbers_rows = column.distinct == len(values) and not word_in(name, roles.ORDERS)
            same = numbers_rows and not column.is_time and rows.is_in_order(number, values)
            if name in ids or column.kind == NOTHING or same:
                continue
            if rows.is_constant(number, values):
                # The day of each sequence, say, beside the hour of each step.
                weak += [name] * bool(column.is_time or word_in(name, roles.SURE_ORDERS))
                continue
            # A few bad cells change nothing: their lines are named when the rows are sorted.
            once = not np.isnan(values).all() and rows.repeated_share(number, values) <= MAX_TWICE
            if column.is_time:
                # The hours beside a date that repeats may pass midnight or noon.
                if once and not unsure and not rows.passed_hour(number, values):
                    return (name,)
                unsure.append(name)
                continue
            most = MAX_RESORTED if word_in(name, roles.ORDERS) else 0.0
            if column.kind == NUMBERS and once and rows.is_sorted(number, values, most):
                return (name,)
            if word_in(name, roles.SURE_ORDERS):
                unsure.append(name)
            elif column.kind == WORDS and word_in(name, roles.ORDERS):
                # Months or visits by their names: each step has another one.
                weak += [name] * (distinct_count(self._table, [*ids, name]) == len(number))
            elif column.kind == NUMBERS and word_in(name, roles.ORDERS):
                # Numbers of steps may repeat, or begin anew; a measurement falls to other values, too.
                weak += [name] * rows.restarts(number, values, MAX_FALLING)
        if unsure := unsure or weak:
            if say:
                self._taken |= set(unsure)
                self._doubts["order"] = self._why_unsure(ids, number, unsure)
            return None
        numbers = [name for name in free if self._columns[name].kind == NUMBERS]
        counting = [each for each in numbers if rows.counts_steps(number, self._columns[each].values)]
        return tuple(counting[:1]) if len(numbers) > 1 else ()

    def _finer_sentence(self, ids: tuple[str, ...], name: str) -> str:
        """Return advice on a column that tells repeated steps of `name` apart; "" where none does."""
        values, has_values = self._columns[name].values, self._named(roles.VALUES)
        for other in self._free():
            if other in (name, *ids) or not self._can_divide(other):
                continue
            number = sequence_numbers(self._table, [*ids, other])
            if number.max() < len(number) / 1.5 and not rows.repeated_share(number, values):
                if word_in(other, roles.READINGS) and has_values:
                    return f" A row for each reading is too long: pivot {quoted(other)} to columns."
                if word_in(other, roles.ORDERS):
                    return f" Perhaps {listed(map(quoted, [other, name]))} are the order together."
                both = listed(map(quoted, [*ids, other]))
                return f" Perhaps {both} together say which sequence a row belongs to."
        return ""

    def _why_unsure(self, ids: tuple[str, ...], number: NDArray, names: list[str]) -> str:
        """Return a sentence on why the columns `names` are not taken for the order."""
        column, name = self._columns[names[0]], quoted(names[0])
        if column.bad is not None and column.kind == TIMES:
            return f"Steps cannot be sorted by {name}: {column.bad[1]}."
        if len(names) > 1:
            return f"{listed(map(quoted, names))} can be the order of the steps, alone or together."
        if column.kind not in (NUMBERS, TIMES) or column.bad is not None:
            example = quoted(column.example)
            return f"Steps cannot be sorted by {name}: {example} is neither number nor time."
        if rows.repeated_share(number, column.values) > MAX_TWICE:
            perhaps = self._finer_sentence(ids, names[0])
            return f"Several rows of a sequence are the same step of {name}.{perhaps}"
        if column.kind == TIMES and (passed := rows.passed_hour(number, column.values)):
            return f"{name} has no date: sorted by it, what is after {passed} would come first."
        moved = rows.moved_share(number, column.values)
        return f"Sorted by {name}, {moved:.0%} of the rows would change places."

    def _group(self, ids: tuple[str, ...], label: str | None) -> str | None:
        """Return the column named as people or machines, 4 to fewer than sequences, 2+ in a class."""
        if not ids or label is None:
            return None
        number, classes = sequence_numbers(self._table, list(ids)), self._table.column(label).to_numpy()
        own = [name for name in ids if len(ids) > 1 and word_in(name, roles.PEOPLE)]
        for name in [*own, *self._named(roles.PEOPLE)]:
            one = sequence_numbers(self._table, [name])
            whole = rows.is_constant(number, one) and 4 <= one.max() + 1 < number.max() + 1
            if whole and bool((pd.Series(one).groupby(classes).nunique() > 1).all()):
                return name
        return None

    def _label_changes(self, number: NDArray | None, label: str | None) -> bool:
        """Whether the label changes in over the share `MAX_SLIPS` of sequences; False if unknown."""
        if number is None or label is None:
            return False
        return bool((self._table.texts(label).groupby(number).nunique() > 1).mean() > MAX_SLIPS)
