"""A file that a viewer is looking at, before and while it is the session's task.

It lives in the session's state and nowhere else, and its bytes are counted where all sessions' are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from maskdemo.errors import InvalidTable
from maskdemo.machine import give_back_memory
from maskdemo.ui import live_job
from maskdemo.uploads.columns import Columns, read_columns
from maskdemo.uploads.guess_roles import guess_roles
from maskdemo.uploads.limits import UPLOADS
from maskdemo.uploads.reading import Table, read_table
from maskdemo.uploads.roles import Guess, Preparation
from maskdemo.uploads.task import OwnTask, task_of

#: One file at a time is unpacked, which takes several times the memory of what comes of it.
_UNPACKING = threading.Lock()


@dataclass
class Draft:
    """A table, what its columns hold, and the task last made of it.

    number: which of the session's files it is. given: role -> the person's choice of columns; all else
    is guessed, anew after each. offered: "sample" or "steps N", as the errors so far offered them.
    made: from which roles, prepared how, and the task or error of these.
    """

    number: int
    name: str
    table: Table
    columns: Columns
    given: dict[str, Any] = field(default_factory=dict)
    offered: set[str] = field(default_factory=set)
    made: tuple[Any, Preparation, OwnTask | InvalidTable] | None = None

    def guess(self) -> Guess:
        """Return the roles, guessed but for `given`. Raises `InvalidTable` for a wide table."""
        return guess_roles(self.table, self.columns, self.given)

    def correct(self, role: str, value: Any) -> None:
        """Keep a person's choice for a role in `given`; drop other roles' choices that share a column.

        Of chosen features only the shared columns are dropped, to () at last. None shares nothing.
        """
        taken = set(value) if isinstance(value, tuple) else {value}
        for other, said in list(self.given.items()):
            if other == "features":
                self.given[other] = tuple(each for each in said if each not in taken)
            elif taken & (set(said) if isinstance(said, tuple) else {said}) - {None}:
                del self.given[other]
        self.given[role] = value

    def task(self, guessed: Guess, preparation: Preparation) -> OwnTask | InvalidTable:
        """Return the task of these roles, or the error, or that memory is full; the last is kept."""
        if self.made is None or self.made[:2] != (guessed.roles, preparation):
            self.made = None  # never two at once
            self.made = guessed.roles, preparation, self._new_task(guessed, preparation)
        made = self.made[2]
        if isinstance(made, OwnTask):
            try:
                UPLOADS.hold(made, made.nbytes, live_job.viewer())
            except InvalidTable as full:
                self.made = None
                return full.with_traceback(None)
        return made

    def _new_task(self, guessed: Guess, preparation: Preparation) -> OwnTask | InvalidTable:
        """Return the task or the error; a control that the error asks for is added to `offered`."""
        try:
            with _UNPACKING:
                return task_of(self.table, self.columns, guessed, preparation)
        except InvalidTable as unusable:
            if unusable.offer.startswith("steps") or unusable.offer == "sample":
                self.offered.add(unusable.offer)
            # Its traceback would hold the table.
            return unusable.with_traceback(None)


def open_draft(number: int, name: str, content: bytes) -> Draft | InvalidTable:
    """Return the draft of a file, or the error if unreadable, wide, or memory is full."""
    try:
        with _UNPACKING:
            try:
                table = read_table(name, content)
                columns = read_columns(table)
            finally:
                give_back_memory()
        draft = Draft(number, name, table, columns)
        draft.guess()
        values = sum(each.values.nbytes for each in columns.values())
        texts = int(table.frame.memory_usage(deep=True).sum())
        UPLOADS.hold(table, texts + values, live_job.viewer())
        return draft
    except InvalidTable as unusable:
        return unusable.with_traceback(None)
