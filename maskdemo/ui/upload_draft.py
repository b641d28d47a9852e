"""A file that a viewer is looking at, before and while it is the session's task.

It lives in the session's state, and its bytes are counted where all viewers' are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from maskdemo.errors import InvalidTable
from maskdemo.machine import give_back_memory
from maskdemo.ui import server
from maskdemo.uploads.columns import Columns, guess
from maskdemo.uploads.reading import read
from maskdemo.uploads.table import Table
from maskdemo.uploads.task import OwnTask, Preparation, needs_no_scaling, task_of

#: One file at a time is unpacked, which takes several times the memory of what comes of it.
_UNPACKING = threading.Lock()


@dataclass
class Draft:
    """A table, what its columns may mean, and the task last made of it.

    number: which of the session's files it is. offered: settings of `Preparation` that would have made
    it usable. made: from which columns, prepared how, and what came of it.
    """

    number: int
    name: str
    table: Table
    guessed: Columns
    fine: bool
    offered: set[str] = field(default_factory=set)
    made: tuple[Columns, Preparation, OwnTask | InvalidTable] | None = None

    def own(self, columns: Columns, preparation: Preparation) -> OwnTask:
        """The task. Raises `InvalidTable` with a sentence; what was made last is not made again."""
        if self.made is None or self.made[:2] != (columns, preparation):
            self.made = (columns, preparation, self._made_of(columns, preparation))
            try:
                server.registry().count_draft(server.viewer(), self.nbytes)
            except InvalidTable:
                self.made = None
                raise
        made = self.made[2]
        if isinstance(made, InvalidTable):
            raise made
        return made

    def _made_of(self, columns: Columns, preparation: Preparation) -> OwnTask | InvalidTable:
        try:
            with _UNPACKING:
                salt = server.viewer().encode()
                return task_of(self.table, columns, preparation, salt=salt)
        except InvalidTable as unusable:
            if unusable.offer:
                self.offered.add(unusable.offer)
            return unusable

    def let_go(self) -> None:
        """Of the table and what was made of it: Streamlit remembers a draft a while longer."""
        self.table, self.made = replace(self.table, frame=self.table.frame.iloc[:0].copy()), None

    @property
    def nbytes(self) -> int:
        """Bytes of the table and of what was made of it."""
        made = self.made[2] if self.made is not None else None
        table = int(self.table.frame.memory_usage(deep=True).sum())
        return table + (made.nbytes if isinstance(made, OwnTask) else 0)


def opened(number: int, name: str, content: bytes) -> Draft:
    """The draft of a file. Raises `InvalidTable` with a sentence."""
    with _UNPACKING:
        try:
            table = read(name, content)
        finally:
            give_back_memory()
    guessed = guess(table.frame)
    draft = Draft(number, name, table, guessed, needs_no_scaling(table.frame, guessed))
    server.registry().count_draft(server.viewer(), draft.nbytes)
    return draft
