"""Put the pages' style into the page that a browser gets first.

Streamlit 1.67 sends a style like all else on a page, later than what it is about: title, menu and text
moved when it came. It runs where the app is served as the `st.App` of `app.py`.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLE = Path(__file__).with_name("pages.css")
#: Request headers that would have the page come compressed, or not at all.
SHORTCUTS = (b"accept-encoding", b"if-none-match", b"if-modified-since")


class StyleMiddleware:
    """Adds the style to every HTML page that the app serves."""

    def __init__(self, app: ASGIApp) -> None:
        """Keep the app that answers the requests, and the style read from `pages.css`."""
        self._app = app
        self._style = f"<style>{STYLE.read_text()}</style></head>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; put the style into an HTML answer, sent whole and uncompressed.

        Only a request that accepts HTML is touched, which loses its `SHORTCUTS`.
        """
        asked = dict(scope["headers"]).get(b"accept", b"") if scope["type"] == "http" else b""
        if b"text/html" not in asked:
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []
        parts: list[bytes] = []

        async def send_styled(message: Message) -> None:
            """Hold back an HTML page until all of it is here, then send it; send all else at once."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if not headers.get("content-type", "").startswith("text/html"):
                    await send(message)
                    return
                begun.append(message)
            elif not begun:
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    await self._send_whole(begun[0], b"".join(parts), send)

        headers = [each for each in scope["headers"] if each[0] not in SHORTCUTS]
        await self._app({**scope, "headers": headers}, receive, send_styled)

    async def _send_whole(self, start: Message, page: bytes, send: Send) -> None:
        """Send the page in one piece, the style in its head, without `ETag` and `Last-Modified`."""
        page = page.replace(b"</head>", self._style, 1)
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(page))
        # A browser that asks whether its page is still good would be told so by a style that is not.
        for name in ("etag", "last-modified"):
            del headers[name]
        await send(start)
        await send({"type": "http.response.body", "body": page})
