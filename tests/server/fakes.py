"""A worker without a process, for tests of the server's own thread and of pages.

It takes the place of `maskdemo.server.process.Process`: orders are answered in a thread by a function
of the test. What a real process adds (pipes, signals, TensorFlow) is tested in `test_worker`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from maskdemo.server import Server
from maskdemo.server.messages import Ended, Newest, Prepared

#: An order -> what the worker finds, piece by piece; raising ValueError fails with a sentence.
Answer = Callable[[Mapping[str, Any]], Iterator[Any]]


class FakeProcess:
    """Answers orders by `answer`; `die` ends it as if it had been killed."""

    pids = itertools.count(1)

    def __init__(self, answer: Answer, tell: Callable[[Any, object | None], None]) -> None:
        self._answer, self._tell = answer, tell
        self._stopped: set[int] = set()
        self._gives_way: set[int] = set()
        self._dead = False
        self.pid = next(self.pids)
        self.orders: list[Mapping[str, Any]] = []

    def order(self, what: Mapping[str, Any], payload: bytes = b"") -> None:
        self.orders.append(what)
        if "stop" in what:
            self._stopped.add(what["stop"])
        elif "give_way" in what:
            self._gives_way.add(what["give_way"])
        elif "prepare" in what:
            self._tell(self, Prepared())
        elif "do" in what:
            threading.Thread(target=self._do, args=({**what, "payload": payload},), daemon=True).start()

    def kill(self) -> None:
        self.die()

    def die(self) -> None:
        if not self._dead:
            self._dead = True
            self._tell(self, None)

    def ending(self) -> str:
        return "The process that computes was ended from outside (SIGKILL)."

    def _do(self, order: Mapping[str, Any]) -> None:
        number, error = order["do"], None
        try:
            for content in self._answer(order):
                if self._dead or number in self._stopped | self._gives_way:
                    break
                self._tell(self, Newest(number, content))
        except ValueError as failure:
            error = str(failure)
        if not self._dead:
            self._tell(self, Ended(number, error, number in self._gives_way, 0, 0))


class FakeServer(Server):
    """A server whose workers are fakes. workers: all that it has had. steps: of its thread, so far."""

    def __init__(self, answer: Answer, **options: Any) -> None:
        self.workers: list[FakeProcess] = []
        self.steps = 0
        super().__init__(start=partial(self._hired, answer), **options)

    def _hired(self, answer: Answer, tell: Callable[[Any, object | None], None]) -> Any:
        self.workers.append(FakeProcess(answer, tell))
        return self.workers[-1]

    def _step(self) -> None:
        super()._step()
        self.steps += 1
