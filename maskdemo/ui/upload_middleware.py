"""What a session and all sessions together may upload; what has no room is refused as it arrives.

Streamlit 1.67 bounds the size of one file (`server.maxUploadSize`) and refuses a session that is not
there. It neither counts files nor asks whether a page wants one, and holds them until the session ends.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager as Files

UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
#: Files of one session: the new one, and one that its page has not taken yet.
MAX_SESSION_FILES = 2
#: Bytes of the files of all sessions, while they arrive and until their pages take them.
MAX_SERVER_BYTES = 64 * 2**20
#: Seconds after which a file that no page has taken gives its room to another one.
MAX_HELD_S = 60.0
#: Seconds without a byte after which an upload is given up.
ARRIVAL_S = 20.0
#: Bytes of a refused upload that are read and thrown away: a browser reads the answer only then.
MAX_DISCARDED_BYTES = 21 * 2**20

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
    """An upload that is not taken. status: a key of `SENTENCES`."""

    def __init__(self, status: int) -> None:
        """Take the sentence of this HTTP status as the error's text."""
        super().__init__(SENTENCES[status])
        self.status = status


@dataclass(eq=False)
class Upload:
    """A file on its way or held. size: bytes so far. arrived: seconds of the clock; None on its way."""

    session: str
    file: str
    size: int = 0
    arrived: float | None = None


@dataclass
class UploadLimits:
    """Which sessions may upload now, and how much is held.

    `allow` and `forbid` may be called from any thread; everything else from the server's event loop.
    files, of methods: where Streamlit holds the files of all sessions.
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
        """Drop released files, count a new one. `UploadRefused`: 403 not allowed, 429 session full."""
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
        """Count bytes that arrived; `UploadRefused` (503), not counted, beyond `max_server_bytes`."""
        if self.held_bytes + size > self.max_server_bytes:
            raise UploadRefused(503)
        upload.size += size

    def end(self, upload: Upload, files: Files) -> None:
        """Note when a file arrived, to count while held; drop it if Streamlit does not hold it."""
        if files.get_files(upload.session, [upload.file]):
            upload.arrived = self.clock()
        else:
            self._uploads.remove(upload)

    @property
    def held_bytes(self) -> int:
        """The bytes of all files counted; those released count until the next upload begins."""
        return sum(each.size for each in self._uploads)

    def _drop_released(self, files: Files) -> None:
        """Remove files held for `max_held_s` from Streamlit; stop counting arrived files not held."""
        now = self.clock()
        for each in list(self._uploads):
            if each.arrived is None:
                continue
            if now - each.arrived >= self.max_held_s:
                files.remove_file(each.session, each.file)
            if not files.get_files(each.session, [each.file]):
                self._uploads.remove(each)


#: Of this server.
LIMITS = UploadLimits()


def streamlit_files() -> Files:
    """Return the running server's store of uploaded files."""
    held = runtime.get_instance().uploaded_file_mgr
    assert isinstance(held, Files)
    return held


class UploadMiddleware:
    """Passes an upload on to the app, the `st.App` of `app.py`, only while the limits allow it.

    files: returns where Streamlit holds the files of all sessions.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: UploadLimits = LIMITS,
        files: Callable[[], Files] = streamlit_files,
        timeout_s: float = ARRIVAL_S,
    ) -> None:
        """Keep app, limits and files. timeout_s: seconds without a byte until an upload is given up."""
        self._app, self._limits, self._files, self._timeout_s = app, limits, files, timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer an upload beyond the limits with status and sentence instead."""
        is_put = scope["type"] == "http" and scope["method"] == "PUT"
        if not is_put or not (found := UPLOAD.search(scope["path"])):
            await self._app(scope, receive, send)
            return
        try:
            await self._pass_on(found[1], found[2], scope, receive, send)
        except UploadRefused as refused:
            if refused.status != HTTPStatus.REQUEST_TIMEOUT:
                await self._discard(receive)
            sentence = SENTENCES[refused.status]
            await PlainTextResponse(sentence, refused.status)(scope, receive, send)

    async def _pass_on(
        self, session: str, file: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pass an upload on, its bytes counted. `UploadRefused` beyond a limit, 408 if it stops."""
        held = self._files()
        upload = self._limits.begin(session, file, held)

        async def receive_counted() -> Message:
            """Return the next message of the request, its bytes counted."""
            try:
                message = await asyncio.wait_for(receive(), self._timeout_s)
            except TimeoutError:
                raise UploadRefused(HTTPStatus.REQUEST_TIMEOUT) from None
            self._limits.receive(upload, len(message.get("body", b"")))
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._limits.end(upload, held)

    async def _discard(self, receive: Receive) -> None:
        """Read and drop a request's rest, up to `MAX_DISCARDED_BYTES` or a pause of `timeout_s`."""
        size, more = 0, True
        while more and size < MAX_DISCARDED_BYTES:
            try:
                message = await asyncio.wait_for(receive(), self._timeout_s)
            except TimeoutError:
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
