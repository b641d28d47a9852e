"""A worker without a process, for tests of the server's own thread and of pages.

It takes the place of `maskdemo.server.process.Process`: commands are answered in a thread by a function
of the test. What a real process adds (pipes, signals, TensorFlow) is tested in `test_worker`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from maskdemo.server import Server
from maskdemo.server.worker_messages import Ended, Newest, Prepared


class Clock:
    """Tells the time, in seconds, that a test sets."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


#: A command -> what the worker finds, piece by piece; raising ValueError fails with a sentence.
Answer = Callable[[Mapping[str, Any]], Iterator[Any]]


class FakeProcess:
    """Answers commands by `answer`; `die` ends it as if it had been killed."""

    pids = itertools.count(1)

    def __init__(self, answer: Answer, report: Callable[[Any, object | None], None]) -> None:
        self._answer, self._report = answer, report
        self._stopped: set[int] = set()
        self._gives_way: set[int] = set()
        self._dead = False
        self.pid = next(self.pids)
        self.commands: list[Mapping[str, Any]] = []

    def send(self, command: Mapping[str, Any], payload: bytes = b"") -> None:
        self.commands.append(command)
        if "stop" in command:
            self._stopped.add(command["stop"])
        elif "give_way" in command:
            self._gives_way.add(command["give_way"])
        elif "prepare" in command:
            self._report(self, Prepared())
        elif "do" in command:
            command = {**command, "payload": payload}
            threading.Thread(target=self._do, args=(command,), daemon=True).start()

    def kill(self) -> None:
        self.die()

    def die(self) -> None:
        if not self._dead:
            self._dead = True
            self._report(self, None)

    def how_it_ended(self) -> str:
        return "The process that computes was ended from outside (SIGKILL)."

    def _do(self, command: Mapping[str, Any]) -> None:
        number, error, gave_way = command["do"], None, False
        try:
            for content in self._answer(command):
                if self._dead or number in self._stopped | self._gives_way:
                    gave_way = number in self._gives_way
                    break
                self._report(self, Newest(number, content))
        except ValueError as failure:
            error = str(failure)
        if not self._dead:
            self._report(self, Ended(number, error, gave_way, 0, 0))


class FakeServer(Server):
    """A server whose workers are fakes. workers: all that it has had. steps: of its thread, so far."""

    def __init__(self, answer: Answer, *, grace: float = 60.0, **options: Any) -> None:
        self.workers: list[FakeProcess] = []
        self.steps = 0
        super().__init__(grace=grace, start=partial(self._start_fake, answer), **options)

    def _start_fake(self, answer: Answer, report: Callable[[Any, object | None], None]) -> Any:
        self.workers.append(FakeProcess(answer, report))
        return self.workers[-1]

    def _step(self) -> None:
        super()._step()
        self.steps += 1
