"""A connection of a browser to a server that can be cut and mended: a proxy in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Connection:
    """Passes bytes on to the server at this address, both ways, until it is cut.

    url: where a browser finds it. refused: set when somebody has tried to connect since it was cut.
    """

    def __init__(self, server: str) -> None:
        address = urlsplit(server)
        self._host, self._port = address.hostname, address.port
        self._passing_on: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._ready = threading.Event()
        self.url = ""
        self.refused = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._ready.wait()

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self.refused.clear()
        self._call(self._cut)

    def mend(self) -> None:
        """Let new connections through."""
        self._is_cut = False

    def close(self) -> None:
        """End the proxy."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _call(self, what: Callable[[], None]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(what)
        self._loop.call_soon_threadsafe(done.set)
        done.wait()

    # From here on in the proxy's own thread.

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._end.wait()
        listening.close()
        self._cut()

    def _cut(self) -> None:
        self._is_cut = True
        for each in self._passing_on:
            each.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            self.refused.set()
            return
        answers, asks = await asyncio.open_connection(self._host, self._port)
        await asyncio.gather(self._pass_on(reader, asks), self._pass_on(answers, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._passing_on.add(writer)
        with suppress(OSError):
            while data := await reader.read(2**16):
                writer.write(data)
                await writer.drain()
        self._passing_on.discard(writer)
        writer.close()


@contextmanager
def connection_to(server: str) -> Iterator[Connection]:
    """A connection to the server at this address, which ends on the way out."""
    connection = Connection(server)
    try:
        yield connection
    finally:
        connection.close()
