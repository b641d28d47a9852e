"""The process that holds TensorFlow: `python -m maskdemo.server.worker`.

Commands come as JSON, a line each, on standard input; answers go out as
`maskdemo.server.worker_messages`. It ends as soon as its input does, so that it never outlives the
server, whatever that one died of. It also ends when a line cannot be read or one of its threads fails:
the server then starts another worker at once, while it would wait long for one that lives and does not
listen.

{"do": number, "kind": ..., ...} begins what is in `maskdemo.server.worker_jobs`; {"stop": number} ends
it at its next step; {"give_way": number} as well, but not as if it was over. {"prepare": experiment}
compiles ahead beside whatever else goes on, and then, until something else is asked for, what the
scenarios need and the disk does not have. {"load": true} imports TensorFlow. Where a command says
"bytes", so many follow it: a model, or the task that somebody uploaded, for this command alone.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from maskdemo.machine import MEMORY_IS_SHORT, give_back_memory, own_memory
from maskdemo.server import worker_jobs, worker_messages
from maskdemo.training.program_cache import programs_compiled

#: Pages come first.
NICE = 10
#: Every command has one of these keys.
KINDS = {"do", "stop", "give_way", "prepare", "load"}
#: The exit code of a worker that cannot go on.
FAILED = 1
#: Out of 1000: of two processes that use as much, the kernel ends this one.
OOM_SCORE = 500

log = logging.getLogger(__name__)


class _Worker:
    """Three loops, each in a thread: listen for commands, do jobs, compile ahead."""

    def __init__(self, commands_in: IO[bytes], messages_out: IO[bytes]) -> None:
        self._commands_in, self._messages_out = commands_in, messages_out
        self._writing = threading.Lock()
        self._stopped: int = 0  # the job of this number is not to go on
        self._giving_way: int = 0
        self._to_do: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._to_prepare: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._wanted: str | None = None  # what is to be compiled ahead, if anything still is
        self._preparing = threading.Lock()  # held while compiling ahead

    def work(self) -> None:
        """Run the three loops; never returns."""
        for loop in (self._listen, self._prepare):
            threading.Thread(target=or_end, args=(loop,), daemon=True).start()
        or_end(self._work)

    def _work(self) -> None:
        """Carry out "load" and "do" commands, one after the other: a loop without end."""
        while True:
            command = self._to_do.get()
            if "load" in command:
                worker_jobs.load()
            else:
                self._do(command)
            del command  # with what was uploaded

    def _listen(self) -> None:
        """Note "stop" and "give_way"; queue others, which end a "prepare"; end with the pipe."""
        for line in self._commands_in:
            command = read_command(line)
            if "bytes" in command:
                command["payload"] = self._commands_in.read(command["bytes"])
            if "stop" in command:
                self._stopped = command["stop"]
            elif "give_way" in command:
                self._giving_way = command["give_way"]
            elif "prepare" in command:
                self._wanted = command["prepare"]
                self._to_prepare.put(command)
            else:
                self._wanted = None
                self._to_do.put(command)
            del command
        end_with_all_that_was_started()

    def _do(self, command: dict[str, Any]) -> None:
        """Do a job to its end, "stop" or "give_way"; if memory is short, after what compiles just now.

        Sends results, at most one in `MIN_INTERVAL_S` seconds but, unless it fails, always the last,
        then `Ended`.
        """
        number, error, sent, newest, due = command["do"], None, None, None, 0.0
        stream: worker_jobs.Stream | None = None
        left_early = False
        if MEMORY_IS_SHORT:
            # The program that is compiled ahead just now and the job would need too much at once.
            with self._preparing:
                pass
        try:
            shrink, stream = worker_jobs.begin(command)
            for newest in stream:
                if number in (self._stopped, self._giving_way):
                    left_early = not getattr(newest, "finished", False)
                    break
                if newest is not sent and time.monotonic() >= due:
                    self._send(worker_messages.Newest(number, shrink(newest, sent)))
                    sent, due = newest, time.monotonic() + worker_jobs.MIN_INTERVAL_S
            if newest is not sent:
                self._send(worker_messages.Newest(number, shrink(newest, sent)))
        except Exception as failure:  # whatever it is, the worker must live on
            error = sentence(failure)
            log.exception("A job failed")
        give_back_memory()
        if stream is not None:
            with suppress(Exception):
                stream.close()
        # Asked just as it came to its end, it has not given way: there is nothing to begin again.
        gave_way = left_early and number == self._giving_way
        memory, programs, disk_works = own_memory(), programs_compiled(), worker_jobs.disk_works()
        self._send(worker_messages.Ended(number, error, gave_way, memory, programs, disk_works))

    def _prepare(self) -> None:
        """Compile what a "prepare" wants, then scenarios, until another command: a loop without end."""
        while True:
            command = self._to_prepare.get()
            wanted = command["prepare"]

            def stop(wanted: str = wanted) -> bool:
                return wanted is not self._wanted

            with self._preparing:
                try:
                    if not stop():
                        worker_jobs.prepare(command, stop)
                except Exception:  # a guess at what will be needed; who needs it will see
                    log.exception("Compiling ahead failed")
                del command  # with what was uploaded
                if self._to_prepare.empty():
                    self._send(worker_messages.Prepared())
                    with suppress(Exception):
                        worker_jobs.compile_scenarios(stop)

    def _send(self, message: object) -> None:
        """Send a message to the server; threads take turns."""
        with self._writing:
            worker_messages.write(self._messages_out, message)


def read_command(line: bytes) -> dict[str, Any]:
    """Return the command on a line. Raises ValueError if it is no object with one of `KINDS`."""
    command = json.loads(line)
    is_known = isinstance(command, dict) and KINDS & set(command)
    if not is_known or type(command.get("do", 0)) is not int:
        raise ValueError("This is no command.")
    return command


def or_end(loop: Callable[[], None]) -> None:
    """Call a loop; should it ever return or fail, `os._exit` with `FAILED` at once, an error logged."""
    try:
        loop()
    except BaseException:
        log.critical("The worker cannot go on", exc_info=True)
        logging.shutdown()
    # Not by an exception: the interpreter would wait for threads that train. What was started ends as
    # the server learns of this.
    os._exit(FAILED)


def sentence(failure: BaseException) -> str:
    """Return the text of a ValueError of any kind; else, or if blank, a sentence with only the type."""
    if isinstance(failure, ValueError) and str(failure).strip():
        return str(failure)
    return f"It stopped because of an unexpected error ({type(failure).__name__})."


def end_with_all_that_was_started() -> None:
    """End this process at once; where it leads a group, end all of it."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def lower_priority() -> None:
    """Let the server come first, for the processor and when memory runs out, where the system can."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return copies of standard input and output; libraries then read nothing and print to stderr."""
    commands_in, messages_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands_in, messages_out


if __name__ == "__main__":
    lower_priority()
    logging.basicConfig(level=logging.WARNING)
    _Worker(*take_pipes()).work()
