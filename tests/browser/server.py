"""The real server in a process of its own, as `make run` starts it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
#: For `running_server(at_start=...)`: a machine on which no process can load TensorFlow, and no worker
#: takes the seconds that loading it takes.
NO_TENSORFLOW = "import sys; sys.modules.update(tensorflow=None, keras=None)"


@dataclass(frozen=True)
class Server:
    """A running app: its address, its process, its log and how long it took to answer."""

    url: str
    pid: int
    log: Path
    seconds_to_answer: float

    def log_text(self) -> str:
        """What the server has written so far, traceback included."""
        return self.log.read_text(errors="replace")


@contextmanager
def worker_paused(server: Server) -> Iterator[None]:
    """Let what the server's worker does stand still."""
    processes = psutil.Process(server.pid).children(recursive=True)
    (worker,) = (each for each in processes if "maskdemo.server.worker" in each.cmdline())
    worker.suspend()
    try:
        yield
    finally:
        worker.resume()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_serves(url: str, process: subprocess.Popen[bytes], sink: IO[bytes]) -> None:
    """Streamlit tells its address once it listens, and answers what came since as soon as it can."""
    assert process.stdout is not None
    for line in process.stdout:
        sink.write(line)
        if b"URL:" in line:
            break
    else:
        raise RuntimeError("The server ended at once.")
    with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
        assert answer.status == 200


@contextmanager
def running_server(
    *,
    script: str = "app.py",
    log: Path = BUILD / "server.log",
    patience: float = 60,
    within: Sequence[str] = (),
    options: Sequence[str] = (),
    store: str | None = None,
    base: str = "",
    at_start: str = "",
) -> Iterator[Server]:
    """Start `streamlit run script` on a free port; stop it on the way out.

    within: what comes before the command, such as what sets a limit. options: of Streamlit. store:
    where trainings and compiled programs are kept; by itself a new folder. base: the path in front of
    every page, "/app". at_start: code that the server and its workers run as they start.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{(port := _free_port())}{base}"
    command = [*within, sys.executable, "-m", "streamlit", "run", script]
    # Watching files costs time and threads, and nothing is edited during a test.
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--server.baseUrlPath", base]
    # So that a failing journey quotes the traceback, which viewers never see.
    command += ["--client.showErrorDetails", "full"]
    began = time.monotonic()
    # Nothing is there from an earlier test run, and nothing of a person's own.
    new = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    surroundings = os.environ | {"MASKDEMO_STORE": store or new.name, "PYTHONUNBUFFERED": "1"}
    if at_start:
        Path(new.name, "sitecustomize.py").write_text(at_start)
        surroundings |= {"PYTHONPATH": new.name}
    with log.open("wb", buffering=0) as sink:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        # One that never answers is ended, which also ends the wait for it.
        alarm = threading.Timer(patience, process.kill)
        alarm.start()
        copying = threading.Thread(target=shutil.copyfileobj, args=(process.stdout, sink), daemon=True)
        try:
            try:
                _wait_until_it_serves(url, process, sink)
            except (OSError, RuntimeError) as error:
                raise RuntimeError(f"No server after {patience} s:\n{log.read_text()}") from error
            finally:
                alarm.cancel()
            copying.start()
            yield Server(url, process.pid, log, time.monotonic() - began)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if copying.ident is not None:
                copying.join()
            new.cleanup()
