"""What stands before Streamlit's upload endpoint and refuses what the server has no room for.

Streamlit 1.67 bounds the size of one file (`server.maxUploadSize`), and refuses a session that is not
there, but neither counts files nor asks whether a page wants one. It runs where the app is served as
the `st.App` of `app.py`.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maskdemo.ui.upload_limits import SENTENCES, UploadRefused

UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
#: Seconds without a byte after which an upload is given up.
ARRIVAL_S = 20.0
#: Bytes of a refused upload that are read and thrown away: a browser reads the answer only then.
MAX_DISCARDED_BYTES = 21 * 2**20


class UploadMiddleware:
    """Passes an upload on only while the limits of `maskdemo.ui.upload` allow it."""

    def __init__(self, app: ASGIApp, *, timeout_s: float = ARRIVAL_S) -> None:
        self._app, self._timeout_s = app, timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, as ASGI has it."""
        is_put = scope["type"] == "http" and scope["method"] == "PUT"
        if not is_put or not (found := UPLOAD.search(scope["path"])):
            await self._app(scope, receive, send)
            return
        try:
            await self._count(found[1], found[2], scope, receive, send)
        except UploadRefused as refused:
            if refused.status != HTTPStatus.REQUEST_TIMEOUT:
                await self._discard(receive)
            sentence = SENTENCES[refused.status]
            await PlainTextResponse(sentence, refused.status)(scope, receive, send)

    async def _count(self, session: str, file: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and count its bytes; raises `UploadRefused` beyond a limit or a timeout."""
        # Not above: Streamlit's caches, where the limits are, want its runtime, which is not there yet.
        from maskdemo.ui.upload import files, limits

        counted, held = limits(), files()
        upload = counted.begin(session, file, held)

        async def receive_counted() -> Message:
            try:
                message = await asyncio.wait_for(receive(), self._timeout_s)
            except TimeoutError:
                raise UploadRefused(HTTPStatus.REQUEST_TIMEOUT) from None
            counted.receive(upload, len(message.get("body", b"")))
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            counted.end(upload, held)

    async def _discard(self, receive: Receive) -> None:
        """Read and drop the rest of the request, up to a limit of bytes or time."""
        size, more = 0, True
        while more and size < MAX_DISCARDED_BYTES:
            try:
                message = await asyncio.wait_for(receive(), self._timeout_s)
            except TimeoutError:
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
