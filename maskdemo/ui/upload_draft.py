"""A file that a viewer is looking at, before and while it is the session's task.

It lives in the session's state, and its bytes are counted where all viewers' are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

from maskdemo.errors import InvalidTable
from maskdemo.machine import give_back_memory
from maskdemo.ui import server
from maskdemo.uploads.columns import Columns, read_columns
from maskdemo.uploads.guess import guess
from maskdemo.uploads.reading import Table, read
from maskdemo.uploads.roles import Guess
from maskdemo.uploads.task import OwnTask, Preparation, task_of

#: One file at a time is unpacked, which takes several times the memory of what comes of it.
_UNPACKING = threading.Lock()


@dataclass
class Draft:
    """A table, what its columns hold, and the task last made of it.

    number: which of the session's files it is. given: role -> what the person said of it; everything
    else is guessed, anew after each correction. offered: what would have made the file usable.
    made: from which roles, prepared how, and what came of it.
    """

    number: int
    name: str
    table: Table
    columns: Columns
    given: dict[str, Any] = field(default_factory=dict)
    offered: set[str] = field(default_factory=set)
    made: tuple[Any, Preparation, OwnTask | InvalidTable] | None = None

    def guess(self) -> Guess:
        """What the columns are for. Raises `InvalidTable` for a table that is wide."""
        return guess(self.table, self.columns, self.given)

    def correct(self, role: str, value: Any) -> None:
        """Take a person's word; an earlier word that says another use of the same column is dropped."""
        taken = set(value) if isinstance(value, tuple) else {value}
        for other, said in list(self.given.items()):
            if other == "features":
                self.given[other] = tuple(each for each in said if each not in taken)
            elif taken & (set(said) if isinstance(said, tuple) else {said}) - {None}:
                del self.given[other]
        self.given[role] = value

    def own(self, guessed: Guess, preparation: Preparation) -> OwnTask:
        """The task. Raises `InvalidTable` with a sentence; what was made last is not made again."""
        if self.made is None or self.made[:2] != (guessed.roles, preparation):
            self.made = (guessed.roles, preparation, self._made_of(guessed, preparation))
            try:
                server.registry().count_draft(server.viewer(), self.nbytes)
            except InvalidTable:
                self.made = None
                raise
        made = self.made[2]
        if isinstance(made, InvalidTable):
            raise made
        return made

    def _made_of(self, guessed: Guess, preparation: Preparation) -> OwnTask | InvalidTable:
        try:
            with _UNPACKING:
                salt = server.viewer().encode()
                return task_of(self.table, self.columns, guessed, preparation, salt=salt)
        except InvalidTable as unusable:
            if unusable.offer.startswith("steps") or unusable.offer == "sample":
                self.offered.add(unusable.offer)
            return unusable

    def let_go(self) -> None:
        """Of the table and what was made of it: Streamlit remembers a draft a while longer."""
        self.table = replace(self.table, frame=self.table.frame.iloc[:0].copy(), lines=None)
        self.columns, self.made = replace(self.columns, by_name={}), None

    @property
    def nbytes(self) -> int:
        """Bytes of the table, of its columns' values and of what was made of it."""
        made = self.made[2] if self.made is not None else None
        values = sum(each.values.nbytes for each in self.columns.values())
        table = int(self.table.frame.memory_usage(deep=True).sum())
        return table + values + (made.nbytes if isinstance(made, OwnTask) else 0)


def opened(number: int, name: str, content: bytes) -> Draft:
    """The draft of a file. Raises `InvalidTable` with a sentence."""
    with _UNPACKING:
        try:
            table = read(name, content)
            columns = read_columns(table)
        finally:
            give_back_memory()
    draft = Draft(number, name, table, columns)
    draft.guess()
    server.registry().count_draft(server.viewer(), draft.nbytes)
    return draft
