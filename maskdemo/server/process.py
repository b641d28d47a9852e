"""A worker process as the server sees it: started, given commands, read, ended."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from maskdemo.results.trainings import store_folder
from maskdemo.server import worker_messages
from maskdemo.training.compile_cache import cache_environment, remove_all

ROOT = Path(__file__).resolve().parents[2]
MODULE = "maskdemo.server.worker"
#: glibc's allocator otherwise keeps what compiling has freed, in an arena for each thread: two arenas,
#: and a megabyte or more always straight from the system. Other systems do not read these.
_MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**20),
}

#: Signals that a process gets for what its own machine code has done.
_CRASHES = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGFPE", "SIGABRT"}


class Process:
    """One worker. A thread calls `report(self, message)` for each of its messages, at last with None.

    It starts at once. Not thread-safe: one thread sends the commands.
    """

    def __init__(self, report: Callable[[Process, object | None], None]) -> None:
        self._report = report
        self._environment = environment(os.environ)
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=-1,
            # A group of its own: it is ended with all that it has started, and Control-C in a
            # terminal is for the server, which then ends it. The flags say the same,
            # and that pages come first, to Windows, which alone has them.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
            | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        self.pid = self._process.pid
        self._outbox: queue.SimpleQueue[tuple[Mapping[str, Any], bytes] | None] = queue.SimpleQueue()
        for work in (self._read, self._write):
            threading.Thread(target=work, name=f"worker-{self.pid}", daemon=True).start()

    def send(self, command: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send a command, and bytes with it; returns at once, also where the worker does not read.

        Lost where the worker has died, which `report` says anyway.
        """
        self._outbox.put((command, payload))

    def kill(self) -> None:
        """End the worker now, with all that it has started, and wait until it is gone.

        If it had crashed, removes all compiled programs: one that is damaged may be why.
        """
        with suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self.pid, signal.SIGKILL)
        if is_crash(self._process.wait()):
            remove_all(self._environment)
        self._outbox.put(None)

    def how_it_ended(self) -> str:
        """Wait until the worker has ended, and return a sentence on how."""
        code = self._process.wait()
        if code < 0:
            name = signal.Signals(-code).name
            why = f"was ended from outside ({name}); the machine may be short of memory."
        else:
            why = f"stopped early (exit code {code})."
        return f"The process that computes {why}"

    def _write(self) -> None:
        """Send the commands of the outbox to the worker until None comes: the loop of a thread."""
        pipe = self._process.stdin
        assert pipe is not None
        while (sent := self._outbox.get()) is not None:
            command, payload = sent
            if payload:
                command = {**command, "bytes": len(payload)}
            with suppress(OSError):  # the pipe is broken
                pipe.write(json.dumps(command).encode() + b"\n")
                pipe.write(payload)
                pipe.flush()
            # Somebody's own sequences are not kept while it waits.
            del sent, command, payload
        with suppress(OSError):
            pipe.close()

    def _read(self) -> None:
        """Report each message, kill the worker at a bad one, report None once it is gone: a loop."""
        pipe = self._process.stdout
        assert pipe is not None
        with pipe:
            try:
                while (message := worker_messages.read(pipe)) is not None:
                    self._report(self, message)
            except (worker_messages.ProtocolError, OSError):
                # Whatever speaks there is no worker any more.
                self._process.kill()
        self._report(self, None)


def is_crash(code: int) -> bool:
    """Whether the exit code is that of a crash: one of `_CRASHES` or, on Windows, above 255."""
    if code < 0:
        return signal.Signals(-code).name in _CRASHES
    return code > 255  # Windows has a code for each kind of crash


def environment(of_server: Mapping[str, str]) -> dict[str, str]:
    """Return the worker's environment variables: the server's, and path, caches, allocator."""
    path = os.pathsep.join(filter(None, [str(ROOT), of_server.get("PYTHONPATH")]))
    return {
        **_MEMORY,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **of_server,
        **cache_environment(store_folder() / "compiled", of_server),
        "PYTHONPATH": path,
        "PYTHONIOENCODING": "utf-8",
    }
