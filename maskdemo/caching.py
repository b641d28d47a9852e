"""Caches of what is computed from experiments; nothing in them outlives an uploaded task.

>>> cache = Cache[str](2)
>>> [cache.get((number,), lambda: f"made for {number}") for number in (1, 2, 1, 3)][-1], len(cache)
('made for 3', 2)
>>> cache.find((1,)), cache.find((2,))
('made for 1', None)
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, NamedTuple, TypeVar

from maskdemo.data.tasks import Task
from maskdemo.experiment import Experiment

V = TypeVar("V")


class _WeakExperiment(NamedTuple):
    """An experiment as part of a key: it does not keep its uploaded task alive."""

    own: weakref.ref[Task]
    settings: tuple[Any, ...]


class Cache(Generic[V]):
    """Values by key, of which the least recently used are dropped. Safe to share among threads.

    Keys are tuples, in which there may be experiments. Where an experiment has an uploaded task, the
    value is dropped once the task is garbage, so a value must not refer to its task. capacity: how many
    values, or, with `size`, the sum of their sizes. newest_last: the last used value of each uploaded
    task is dropped last. `used`: how much of the capacity is taken.
    """

    def __init__(
        self, capacity: float, size: Callable[[V], float] = lambda _: 1, *, newest_last: bool = False
    ) -> None:
        """Make an empty cache for `capacity` values or, with `size`, for values of that total size."""
        self._capacity, self._size, self._newest_last = capacity, size, newest_last
        # Reentrant: a task may go while its cache is in use.
        self._lock = threading.RLock()
        self._kept: OrderedDict[tuple[Hashable, ...], V] = OrderedDict()  # last used last
        self._watched: set[weakref.ref[Task]] = set()
        self.used: float = 0

    def get(self, key: tuple[Hashable, ...], make: Callable[[], V]) -> V:
        """Return the value kept under this key, else that of `make`, kept unless above the capacity.

        Threads may `make` it at once, cheaper than waiting; all return the first that is kept.
        """
        if (found := self.find(key)) is not None:
            return found
        value = make()
        with self._lock:
            if (found := self.find(key)) is not None:
                return found
            self.keep(key, value)
        return value

    def find(self, key: tuple[Hashable, ...]) -> V | None:
        """Return the value kept under this key, which is then the last used; None if there is none."""
        weak = _weakly(key)
        with self._lock:
            if weak in self._kept:
                self._kept.move_to_end(weak)
            return self._kept.get(weak)

    def keep(self, key: tuple[Hashable, ...], value: V) -> None:
        """Drop the key's earlier value, keep this unless above the capacity, and drop others to fit."""
        weak = _weakly(key)
        with self._lock:
            self._drop(weak)
            if self._size(value) > self._capacity:
                return
            for part in weak:
                if isinstance(part, _WeakExperiment) and part.own not in self._watched:
                    self._watched.add(weakref.ref(part.own(), self._forget))  # pyrefly: ignore[bad-argument-type]
            self._kept[weak] = value
            self.used += self._size(value)
            while self.used > self._capacity:
                self._drop(self._next_to_go())

    def drop(self, key: tuple[Hashable, ...]) -> None:
        """Drop the value of a key, if there is one."""
        with self._lock:
            self._drop(_weakly(key))

    def clear(self) -> None:
        """Drop every value."""
        with self._lock:
            for key in list(self._kept):
                self._drop(key)

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)

    def _next_to_go(self) -> tuple[Hashable, ...]:
        """Return the least recently used key; if `newest_last`, one that is not its task's last used.

        Keys without an uploaded task are of one task. Where all are a task's last used: the first.
        """
        keys = list(self._kept)
        newest = {_uploaded_task(key): key for key in keys} if self._newest_last else {}
        return next((key for key in keys if newest.get(_uploaded_task(key)) is not key), keys[0])

    def _forget(self, gone: weakref.ref[Task]) -> None:
        """Drop the values of all uploaded tasks that are garbage. gone: a reference to one of them."""
        with self._lock:
            self._watched.discard(gone)
            for key in list(self._kept):
                if (task := _uploaded_task(key)) is not None and task() is None:
                    self._drop(key)

    def _drop(self, key: tuple[Hashable, ...]) -> None:
        """Drop the value of a key, as `_weakly` returns it, if there is one."""
        if key in self._kept:
            self.used -= self._size(self._kept.pop(key))


def _weakly(key: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Return the key with a `_WeakExperiment` in the place of each experiment on an uploaded task."""
    return tuple(
        _WeakExperiment(weakref.ref(part.own), tuple(part.settings.values()))
        if isinstance(part, Experiment) and part.own is not None
        else part
        for part in key
    )


def _uploaded_task(key: tuple[Hashable, ...]) -> weakref.ref[Task] | None:
    """Return the reference to the uploaded task in a key of `_weakly`; None where it has none."""
    return next((part.own for part in key if isinstance(part, _WeakExperiment)), None)
