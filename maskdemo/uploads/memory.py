"""The memory that all sessions' files take: each thing is counted once, for as long as it lives."""

from __future__ import annotations

import gc
import threading
from weakref import WeakKeyDictionary

from maskdemo.errors import InvalidTable
from maskdemo.uploads.limits import LESS

#: Of all sessions: what they are looking at, and what they train on.
MAX_TOTAL_BYTES = 96 * 2**20


class UploadMemory:
    """The bytes of each thing that sessions hold, such as a table. Safe to share among threads."""

    def __init__(self, max_bytes: int = MAX_TOTAL_BYTES) -> None:
        """Hold nothing yet; max_bytes: of all sessions together."""
        self._max_bytes, self._lock = max_bytes, threading.Lock()
        self._held: WeakKeyDictionary[object, tuple[str, int]] = WeakKeyDictionary()

    def hold(self, thing: object, nbytes: int, session: str) -> None:
        """Count the bytes of a session's thing, once for all sessions, until it is collected.

        Raises `InvalidTable` where all together would exceed `max_bytes`, and if the session's would.
        """
        with self._lock:
            if thing in self._held:
                return
            if self.used + nbytes > self._max_bytes:
                gc.collect()  # whoever left may be remembered in a circle
            mine = nbytes + sum(size for of, size in self._held.values() if of == session)
            if mine > self._max_bytes:
                possible = f"{self._max_bytes // 2**20} MB are possible"
                raise InvalidTable(f"This takes {mine / 2**20:,.0f} MB here; {possible}. {LESS}")
            if self.used + nbytes > self._max_bytes:
                full = "Too many people have their own data here now, so there is no room for yours"
                again = "Try again in a while, or take fewer sequences or features."
                raise InvalidTable(f"{full}. {again}")
            self._held[thing] = session, nbytes

    @property
    def used(self) -> int:
        """The bytes of all things that are held."""
        return sum(size for _, size in list(self._held.values()))


#: Of this process.
UPLOADS = UploadMemory()
