"""What a session and all sessions together may upload; the bounds, without any HTTP or Streamlit.

Streamlit alone takes any number of files from whoever has the id of a session, and holds them until the
session ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager as Files

#: Files of one session: the new one, and one that its page has not taken yet.
MAX_SESSION_FILES = 2
#: Bytes of the files of all sessions, while they arrive and until their pages take them.
MAX_SERVER_BYTES = 64 * 2**20
#: Seconds after which a file that no page has taken gives its room to another one.
MAX_HELD_S = 60.0

#: HTTP status -> the sentence that a person reads where an upload is refused.
SENTENCES = {
    403: "The page no longer asks for a file. Load it anew and choose the file again.",
    408: "The file stopped arriving, so it was not read. Check the connection and choose it again.",
    413: "The file is too large.",
    429: "Too many files at once. Wait until the first is read, then choose this one again.",
    503: "Too many people are uploading files now, so there is no room for this one. Try again in a "
    "minute.",
}


class UploadRefused(Exception):
    """An upload that is not taken, with its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(SENTENCES[status])
        self.status = status


@dataclass(eq=False)
class Upload:
    """A file on its way or held. size: bytes so far. arrived: when all of it was here."""

    session: str
    file: str
    size: int = 0
    arrived: float | None = None


@dataclass
class UploadLimits:
    """Which sessions may upload now, and how much is held.

    `allow` and `forbid` may be called from any thread; everything else from the server's event loop.
    files: where Streamlit holds the files of all sessions.
    """

    max_session_files: int = MAX_SESSION_FILES
    max_server_bytes: int = MAX_SERVER_BYTES
    max_held_s: float = MAX_HELD_S
    clock: Callable[[], float] = time.monotonic
    _allowed: frozenset[str] = frozenset()
    _uploads: list[Upload] = field(default_factory=list)

    def allow(self, session: str, *, is_active: Callable[[str], bool] = lambda session: True) -> None:
        """Let a session upload: its page has an uploader. Sessions that are not active are dropped."""
        self._allowed = frozenset(each for each in self._allowed if is_active(each)) | {session}

    def forbid(self, session: str) -> None:
        """Take no more files from a session: its page has no uploader."""
        self._allowed -= {session}

    def begin(self, session: str, file: str, files: Files) -> Upload:
        """Count a file that begins to arrive. Raises `UploadRefused`."""
        if session not in self._allowed:
            raise UploadRefused(403)
        self._drop_released(files)
        if sum(each.session == session for each in self._uploads) >= self.max_session_files:
            raise UploadRefused(429)
        upload = Upload(session, file)
        self.receive(upload, 0)
        self._uploads.append(upload)
        return upload

    def receive(self, upload: Upload, size: int) -> None:
        """Count bytes that arrived. Raises `UploadRefused` where there is no room for them."""
        if self.held_bytes + size > self.max_server_bytes:
            raise UploadRefused(503)
        upload.size += size

    def end(self, upload: Upload, files: Files) -> None:
        """Count an upload for as long as its file is held, or no longer where it was not taken."""
        if files.get_files(upload.session, [upload.file]):
            upload.arrived = self.clock()
        else:
            self._uploads.remove(upload)

    @property
    def held_bytes(self) -> int:
        """The bytes of all files, as of the last upload that began."""
        return sum(each.size for each in self._uploads)

    def _drop_released(self, files: Files) -> None:
        """Forget files that are no longer held, and let go of those that nobody has taken in time."""
        now = self.clock()
        for each in list(self._uploads):
            if each.arrived is None:
                continue
            if now - each.arrived >= self.max_held_s:
                files.remove_file(each.session, each.file)
            if not files.get_files(each.session, [each.file]):
                self._uploads.remove(each)
