"""Whose data the server holds: one task a viewer, bounded in bytes, gone when the viewer is gone.

A task is found by its name alone, and the name is salted: only the session that brought it knows it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maskdemo.data import inputs, registry
from maskdemo.errors import InvalidTable

if TYPE_CHECKING:
    from maskdemo.uploads.task import Own

#: Bytes of all viewers, of their sequences and of the files that they are looking at.
MOST_HELD = 96 * 2**20

_OWN: dict[str, Own] = {}


def register(own: Own) -> None:
    """Let this process find the task by its name, as any other, and where it comes from."""
    _OWN[own.task.name] = own
    registry.register(own.task)


def unregister(name: str) -> None:
    """The sequences are found no more, and nothing that was made of them is kept here."""
    del _OWN[name]
    registry.unregister(name)
    inputs.clear_caches()


def own_named(name: str) -> Own:
    """Where a task that was lent comes from. Raises KeyError."""
    return _OWN[name]


def later(seconds: float, call: Callable[[], object]) -> None:
    """Call it then, in a thread of its own that nobody waits for."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


@dataclass
class _Brought:
    own: Own | None = None
    draft: int = 0  # bytes of a file that is still being looked at
    left: float | None = None  # when the viewer was last seen to leave

    @property
    def size(self) -> int:
        return self.draft + (0 if self.own is None else self.own.nbytes)


class Registry:
    """Every method may be called from any thread.

    forgotten: called with the name of each task that is gone, so that whoever keeps results of it, or
    a copy, can let go of them too. grace: seconds for which a viewer who left may come back.
    """

    def __init__(
        self,
        forgotten: Callable[[str], object] = lambda name: None,
        *,
        most_bytes: int = MOST_HELD,
        grace: float,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], object]], None] = later,
    ) -> None:
        self._forgotten, self._most_bytes = forgotten, most_bytes
        self._grace, self._clock, self._later = grace, clock, later
        self._lock = threading.RLock()
        self._brought: dict[str, _Brought] = {}

    def bring(self, viewer: str, own: Own) -> None:
        """Hold this in place of what the viewer brought before. Raises `InvalidTable` without room."""
        with self._lock:
            before = self._brought.get(viewer) or _Brought()
            self._check_room(viewer, own.nbytes + before.draft)
            self._take_back_own(before)
            self._brought[viewer] = _Brought(own, before.draft)
            register(own)

    def weigh(self, viewer: str, draft: int) -> None:
        """Count a viewer's file that is looked at, in bytes. Raises `InvalidTable` without room."""
        with self._lock:
            before = self._brought.get(viewer) or _Brought()
            self._check_room(viewer, draft + before.size - before.draft)
            self._brought[viewer] = _Brought(before.own, draft)

    def find(self, viewer: str) -> Own | None:
        """What the viewer brought, if it is still here."""
        with self._lock:
            self.sweep()
            held = self._brought.get(viewer)
            return None if held is None else held.own

    def unregister(self, viewer: str) -> None:
        """Forget what the viewer brought."""
        with self._lock:
            held = self._brought.pop(viewer, None)
            if held is not None:
                self._take_back_own(held)

    def left(self, viewer: str) -> None:
        """The viewer's connection is closed: forgotten after the grace unless they return."""
        with self._lock:
            if viewer in self._brought:
                self._brought[viewer].left = self._clock()
                self._later(self._grace, self.sweep)

    def returned(self, viewer: str) -> None:
        """The viewer is here."""
        with self._lock:
            if viewer in self._brought:
                self._brought[viewer].left = None

    def sweep(self) -> None:
        """Forget what belongs to viewers whose grace is over."""
        with self._lock:
            now = self._clock()
            for viewer, held in list(self._brought.items()):
                if held.left is not None and now - held.left >= self._grace:
                    self.unregister(viewer)

    @property
    def held(self) -> int:
        """Bytes of all that is here."""
        with self._lock:
            return self._size()

    def _size(self, *, without: str = "") -> int:
        return sum(each.size for viewer, each in self._brought.items() if viewer != without)

    def _check_room(self, viewer: str, wanted: int) -> None:
        self.sweep()
        if wanted > self._most_bytes:
            raise InvalidTable(
                f"This takes {wanted / 2**20:,.0f} MB here; {self._most_bytes // 2**20} MB are "
                "possible. Take out columns that are not needed, or some of the sequences."
            )
        if self._size(without=viewer) + wanted > self._most_bytes:
            raise InvalidTable(
                "Too many people have their own data here now, so there is no room for yours. Try "
                "again in a while, or take fewer sequences or features."
            )

    def _take_back_own(self, held: _Brought) -> None:
        if held.own is not None:
            unregister(held.own.task.name)
            self._forgotten(held.own.task.name)
