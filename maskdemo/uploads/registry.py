"""The uploaded tasks that the server holds: one per viewer, bounded in bytes, removed with the session.

A task is found by its name alone, and the name is salted: only the session that uploaded it knows it.
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
    from maskdemo.uploads.task import OwnTask

#: Bytes of all viewers, of their sequences and of the files that they are looking at.
MAX_TOTAL_BYTES = 96 * 2**20

_OWN: dict[str, OwnTask] = {}


def register(own: OwnTask) -> None:
    """Let this process find the task, and the file that it comes from, by the task's name."""
    _OWN[own.task.name] = own
    registry.register(own.task)


def unregister(name: str) -> None:
    """Remove the task by its name, and all inputs that were computed from its sequences."""
    del _OWN[name]
    registry.unregister(name)
    inputs.clear_caches()


def own_task_named(name: str) -> OwnTask:
    """Return the uploaded task of this name. Raises KeyError."""
    return _OWN[name]


def call_later(seconds: float, call: Callable[[], object]) -> None:
    """Call `call` after so many seconds, in a daemon thread."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


@dataclass
class _Upload:
    own: OwnTask | None = None
    draft: int = 0  # bytes of a file whose columns are still being chosen
    left: float | None = None  # when the viewer was last seen to leave

    @property
    def size(self) -> int:
        return self.draft + (0 if self.own is None else self.own.nbytes)


class Registry:
    """Every method may be called from any thread.

    on_unregister: called with the name of each task that is removed, so that its results and copies are
    removed too. grace: seconds for which a viewer who left may come back.
    """

    def __init__(
        self,
        on_unregister: Callable[[str], object] = lambda name: None,
        *,
        max_bytes: int = MAX_TOTAL_BYTES,
        grace: float,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], object]], None] = call_later,
    ) -> None:
        self._on_unregister, self._max_bytes = on_unregister, max_bytes
        self._grace, self._clock, self._later = grace, clock, later
        self._lock = threading.RLock()
        self._uploads: dict[str, _Upload] = {}

    def put(self, viewer: str, own: OwnTask) -> None:
        """Hold this task in place of the viewer's earlier one. Raises `InvalidTable` without room."""
        with self._lock:
            before = self._uploads.get(viewer) or _Upload()
            self._check_room(viewer, own.nbytes + before.draft)
            self._unregister_task(before)
            self._uploads[viewer] = _Upload(own, before.draft)
            register(own)

    def count_draft(self, viewer: str, draft: int) -> None:
        """Count the bytes of a viewer's unfinished upload. Raises `InvalidTable` without room."""
        with self._lock:
            before = self._uploads.get(viewer) or _Upload()
            self._check_room(viewer, draft + before.size - before.draft)
            self._uploads[viewer] = _Upload(before.own, draft)

    def find(self, viewer: str) -> OwnTask | None:
        """Return the viewer's task, if it is still there."""
        with self._lock:
            self.remove_expired()
            upload = self._uploads.get(viewer)
            return None if upload is None else upload.own

    def unregister(self, viewer: str) -> None:
        """Remove the viewer's task."""
        with self._lock:
            upload = self._uploads.pop(viewer, None)
            if upload is not None:
                self._unregister_task(upload)

    def viewer_left(self, viewer: str) -> None:
        """Remove the viewer's task after the grace, unless the viewer returns."""
        with self._lock:
            if viewer in self._uploads:
                self._uploads[viewer].left = self._clock()
                self._later(self._grace, self.remove_expired)

    def viewer_returned(self, viewer: str) -> None:
        """Keep the task of a viewer who is connected again."""
        with self._lock:
            if viewer in self._uploads:
                self._uploads[viewer].left = None

    def remove_expired(self) -> None:
        """Remove the tasks of viewers whose grace is over."""
        with self._lock:
            now = self._clock()
            for viewer, upload in list(self._uploads.items()):
                if upload.left is not None and now - upload.left >= self._grace:
                    self.unregister(viewer)

    @property
    def total_bytes(self) -> int:
        """Bytes of all tasks and drafts."""
        with self._lock:
            return self._size()

    def _size(self, *, without: str = "") -> int:
        return sum(each.size for viewer, each in self._uploads.items() if viewer != without)

    def _check_room(self, viewer: str, wanted: int) -> None:
        self.remove_expired()
        if wanted > self._max_bytes:
            raise InvalidTable(
                f"This takes {wanted / 2**20:,.0f} MB here; {self._max_bytes // 2**20} MB are "
                "possible. Take out columns that are not needed, or some of the sequences."
            )
        if self._size(without=viewer) + wanted > self._max_bytes:
            raise InvalidTable(
                "Too many people have their own data here now, so there is no room for yours. Try "
                "again in a while, or take fewer sequences or features."
            )

    def _unregister_task(self, upload: _Upload) -> None:
        if upload.own is not None:
            unregister(upload.own.task.name)
            self._on_unregister(upload.own.task.name)
