"""How much memory a server and its workers hold, looked at all the time."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import psutil

#: Seconds between two looks.
TICK = 0.1


def own_mb(pid: int) -> float:
    """MB that only this process holds: not the files that it maps, which the system can drop."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    with suppress(psutil.Error):
        return psutil.Process(pid).memory_info().rss / 2**20
    return 0.0


def workers(server: int) -> list[int]:
    """The worker processes of a server."""
    with suppress(psutil.Error):
        return [each.pid for each in psutil.Process(server).children()]
    return []


class Memory:
    """Of a server and its workers, the most that each has held, in MB."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.largest_server = self.largest_worker = 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def server(self) -> float:
        """The server's memory now."""
        return own_mb(self._server)

    def is_there(self) -> bool:
        """Whether the server still runs."""
        with suppress(psutil.Error):
            return psutil.Process(self._server).status() != psutil.STATUS_ZOMBIE
        return False

    def _look(self) -> None:
        while not self._over.wait(TICK):
            self.largest_server = max(self.largest_server, self.server())
            for worker in workers(self._server):
                self.largest_worker = max(self.largest_worker, own_mb(worker))
