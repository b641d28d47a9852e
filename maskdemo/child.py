"""Work in a clean Python process of its own, and what it says while it works.

Keras keeps global state and its own threads; code that may fail or hang has to be stoppable. So both
run in a child: `stream` is the parent's end, `request` and `say` are the child's. Messages are JSON
objects, a line each, on a pipe of their own; what the child prints comes along as text.

For POSIX systems.
"""

from __future__ import annotations

import codecs
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Seconds after which a silent child still gives whoever listens an occasion to stop it.
TICK = 0.5
_CHANNEL = "MASKDEMO_CHANNEL"


class ChildFailed(ValueError):  # noqa: N818 - an answer to people, not a fault
    """The child did not finish its work: a sentence for people."""


def stream(module: str, request: dict, *, patience: float = 180.0) -> Iterator[dict]:
    """Run `python -m module` on `request` and yield every message that it says.

    What it prints comes as {"printed": text}, in pieces as they come, errors included. While it is
    silent, {"printed": ""} comes twice a second, so that a job can be cancelled at any time.
    Closing the iterator kills the child and whatever it has started. Raises ChildFailed if the child
    ends with an error, says what is no message, or goes without a message for `patience` seconds.
    """
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=_environment(writing),
            pass_fds=[writing],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        assert process.stdin and process.stdout
        with suppress(BrokenPipeError):  # it ended before it read; the loop below says how
            process.stdin.write(json.dumps(request).encode() + b"\n")
        yield from _heard(process, process.stdout.fileno(), reading, patience)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        os.close(reading)
        with process:  # closes its pipes and waits for it
            pass


def request() -> dict:
    """In the child: what it is asked to do. Call it first: from then on it ends with its parent."""
    # Not through sys.stdin: a thread that waits there would stop the interpreter from ending.
    with open(0, "rb", buffering=0, closefd=False) as given:
        asked = json.loads(given.readline())
    if _CHANNEL in os.environ:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    return asked


def say(message: dict) -> None:
    """In the child: hand a message to the parent; on standard output when there is none."""
    with open(int(os.environ.get(_CHANNEL, 1)), "wb", closefd=False) as channel:
        channel.write(json.dumps(message).encode() + b"\n")


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def _environment(channel: int) -> dict[str, str]:
    # A guest on the server: on a large machine it does not take all cores.
    threads = str(min(os.cpu_count() or 1, 4))
    limits = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return {
        **dict.fromkeys(limits, threads),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        _CHANNEL: str(channel),
    }


def _heard(
    process: subprocess.Popen[bytes], prints: int, channel: int, patience: float
) -> Iterator[dict]:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest, last_words = b"", ""
    with selectors.DefaultSelector() as pipes:
        pipes.register(prints, selectors.EVENT_READ)
        pipes.register(channel, selectors.EVENT_READ)
        heard = time.monotonic()
        while True:
            ready = {key.fd for key, _ in pipes.select(TICK if pipes.get_map() else 0.01)}
            for pipe in (prints, channel):  # what was printed before a message comes before it
                if pipe not in ready:
                    continue
                if not (given := os.read(pipe, 2**16)):
                    pipes.unregister(pipe)
                elif pipe == prints:
                    text = decode(given)
                    last_words = (last_words + text)[-2000:]
                    yield {"printed": text}
                else:
                    heard = time.monotonic()
                    *lines, rest = (rest + given).split(b"\n")
                    yield from map(_message, lines)
            if not ready:
                if process.poll() is not None:
                    break
                yield {"printed": ""}
            if channel not in ready and time.monotonic() - heard > patience:
                raise ChildFailed(f"The process reported nothing for {patience:g} seconds.")
    if rest:
        _message(rest)
    if process.returncode:
        raise ChildFailed(_ending(process.returncode, last_words))


def _message(line: bytes) -> dict:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ChildFailed("The process said something that is no message.")
    return message


def _ending(code: int, last_words: str) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        return f"The process was ended from outside ({name}); the machine may be short of memory."
    lines = last_words.strip().splitlines() or ["nothing"]
    return f"The process stopped early (exit code {code}). Its last words: {lines[-1].strip()}"
