"""Bounded background work for many viewers: a fair queue, the newest snapshot, cancel.

A job is a callable that returns an iterator of immutable snapshots; the newest one is kept.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Generic, Literal, TypeVar

from maskdemo.server.job import QueueFull

T = TypeVar("T")
Phase = Literal["idle", "queued", "running", "finished", "cancelled", "failed"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status(Generic[T]):
    """What a viewer may know about their job, at one moment."""

    phase: Phase = "idle"
    position: int | None = None  # 1 = next; only while queued
    newest: T | None = None
    error: str | None = None  # one plain sentence; only when failed
    waited: float = 0.0  # seconds in the queue, so far or in all
    ran: float = 0.0  # seconds on a worker, so far or in all


@dataclass(eq=False)
class _Job(Generic[T]):
    submitted: float
    phase: Phase = "queued"
    newest: T | None = None
    error: str | None = None
    began: float | None = None
    ended: float | None = None

    @property
    def live(self) -> bool:
        return self.phase in ("queued", "running")


class Jobs(Generic[T]):
    """Runs one job a viewer, first come first served, on a few threads.

    Every method may be called from any thread and returns at once; only `close` waits.
    """

    # One lock guards all state and is never held while a job's own code runs. Departures need no
    # thread of their own: a running job is checked by its worker at every yield, a queued one
    # before it is taken, every call checks first, and idle workers sleep until the next deadline.

    def __init__(
        self,
        workers: int = os.cpu_count() or 1,
        capacity: int = 32,
        grace: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        *,
        remembered: int = 64,
    ) -> None:
        """`capacity` counts waiting jobs only; `remembered` bounds the viewers with a result."""
        if workers < 1 or capacity < 0 or remembered < 1 or not grace >= 0:
            raise ValueError("Jobs needs a worker, a place for a result and no negative numbers.")
        self._workers = workers
        self._capacity = capacity
        self._grace = grace
        self._clock = clock
        self._remembered = remembered
        self._changed = threading.Condition()  # reentrant: a finalizer may call in from inside
        self._jobs: OrderedDict[str, _Job[T]] = OrderedDict()  # a viewer's latest; last seen last
        self._queue: OrderedDict[str, Callable[[], Iterator[T]]] = OrderedDict()
        self._ahead: OrderedDict[str, Callable[[], None]] = OrderedDict()
        self._leaving: dict[str, float] = {}  # deadlines; in order, because grace is one number
        self._threads: list[threading.Thread] = []
        self.busy = 0  # workers at work now, for anybody to read
        self._preparing = False
        self._closed = False

    def submit(self, viewer: str, start: Callable[[], Iterator[T]]) -> None:
        """Queue a job in place of the viewer's earlier one; raise QueueFull if no place is left.

        A viewer who resubmits while queued keeps the place: the turn has not been used, swapping
        what it is for takes nothing from anybody, and changing a setting must not cost the turn.
        A viewer whose job is running has used the turn and goes to the back. The new job may begin
        on another worker while the cancelled one is still on its way to its next yield.
        """
        with self._changed:
            self._sweep()
            if self._closed:
                raise RuntimeError("The server is closing, so no new run can start.")
            now = self._clock()
            earlier = self._jobs.get(viewer)
            if earlier is not None and earlier.phase == "queued":
                now = earlier.submitted
            else:
                if len(self._queue) + self.busy >= self._capacity + self._workers:
                    raise QueueFull(
                        f"The server is busy and its queue is full ({self._capacity} waiting). "
                        "Your run was not started; try again in a moment."
                    )
                if earlier is not None:
                    self._end(earlier, "cancelled")
            self._queue[viewer] = start  # an earlier entry keeps its place
            self._jobs[viewer] = _Job(now)
            self._jobs.move_to_end(viewer)
            self._ahead.pop(viewer, None)  # the job itself now does whatever it needs
            self._trim()
            self._wake()

    def status(self, viewer: str) -> Status[T]:
        """The viewer's job as it is now; cheap enough to poll."""
        with self._changed:
            self._sweep()
            job = self._jobs.get(viewer)
            if job is None:
                return Status()
            self._jobs.move_to_end(viewer)
            now = self._clock() if job.ended is None else job.ended
            began = now if job.began is None else job.began
            position = list(self._queue).index(viewer) + 1 if job.phase == "queued" else None
            return Status(
                job.phase, position, job.newest, job.error, began - job.submitted, now - began
            )

    def cancel(self, viewer: str) -> None:
        """Take a queued job out at once; stop a running one at its next yield.

        The phase is "cancelled" from this moment on, and the newest snapshot stays as it is.
        """
        with self._changed:
            self._sweep()
            self._drop(viewer)

    def left(self, viewer: str) -> None:
        """The viewer is gone: after `grace` seconds without `returned`, cancel and forget.

        Nothing but `returned` counts as a return: a page's last script run may still submit.
        """
        with self._changed:
            self._sweep()
            self._leaving.setdefault(viewer, self._clock() + self._grace)
            self._changed.notify_all()

    def returned(self, viewer: str) -> None:
        """The viewer is back: within the grace nothing changes, after it they start afresh."""
        with self._changed:
            self._sweep()
            self._leaving.pop(viewer, None)

    def prepare(self, viewer: str, work: Callable[[], None]) -> None:
        """Do `work` when a worker is idle and no job waits; replaces what is pending.

        One piece runs at a time, so that it never holds more than one worker back from a job.
        """
        with self._changed:
            self._sweep()
            if self._closed:
                return
            self._ahead[viewer] = work
            if len(self._ahead) > self._remembered:
                self._ahead.popitem(last=False)
            self._wake()

    def close(self) -> None:
        """Cancel everything and wait until every worker has stopped."""
        with self._changed:
            self._closed = True
            for viewer in list(self._jobs):
                self._drop(viewer)
            self._changed.notify_all()
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    # From here to `_wake` the caller holds the lock; what follows belongs to the workers.

    def _end(self, job: _Job[T], phase: Phase, error: str | None = None) -> None:
        if job.live:
            job.phase, job.error, job.ended = phase, error, self._clock()

    def _drop(self, viewer: str) -> None:
        job = self._jobs.get(viewer)
        if job is not None:
            self._queue.pop(viewer, None)
            self._end(job, "cancelled")

    def _sweep(self) -> None:
        while self._leaving:
            viewer, deadline = next(iter(self._leaving.items()))
            if self._clock() < deadline:
                return
            del self._leaving[viewer]
            self._drop(viewer)
            self._jobs.pop(viewer, None)
            self._ahead.pop(viewer, None)

    def _trim(self) -> None:
        # Live jobs are never forgotten here: capacity and workers bound them already.
        idle = [viewer for viewer, job in self._jobs.items() if not job.live]
        for viewer in idle[: max(0, len(self._jobs) - self._remembered)]:
            del self._jobs[viewer]

    def _wake(self) -> None:
        wanted = len(self._queue) + bool(self._ahead and not self._preparing)
        if len(self._threads) < min(self._workers, self.busy + wanted):
            name = f"maskdemo-jobs-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        self._changed.notify_all()

    def _work(self) -> None:
        while self._serve():
            pass

    def _serve(self) -> bool:
        # A call of its own, so that a waiting worker holds on to nothing of its last job.
        task = self._take()
        if task is None:
            return False
        task()
        with self._changed:
            self.busy -= 1
        return True

    def _take(self) -> Callable[[], None] | None:
        with self._changed:
            while True:
                self._sweep()
                if self._closed:
                    return None
                if self._queue:
                    viewer, start = self._queue.popitem(last=False)
                    job = self._jobs[viewer]
                    job.phase, job.began = "running", self._clock()
                    self.busy += 1
                    return partial(self._run, job, start)
                if self._ahead and not self._preparing:
                    self.busy += 1
                    self._preparing = True
                    return partial(self._run_ahead, self._ahead.popitem(last=False)[1])
                deadline = next(iter(self._leaving.values()), math.inf)
                self._changed.wait(min(deadline - self._clock(), threading.TIMEOUT_MAX))

    def _run_ahead(self, work: Callable[[], None]) -> None:
        _quietly(work, "Preparing ahead failed")
        with self._changed:
            self._preparing = False

    def _run(self, job: _Job[T], start: Callable[[], Iterator[T]]) -> None:
        steps = None
        try:
            steps = iter(start())
            for snapshot in steps:
                if not self._keep(job, snapshot):
                    break
            phase, error = "finished", None
        except BaseException as failure:  # whatever it is, the worker must live on
            phase, error = "failed", _sentence(failure)
            log.exception("A job failed")
        with self._changed:
            self._end(job, phase, error)
        _quietly(getattr(steps, "close", lambda: None), "Closing a job failed")

    def _keep(self, job: _Job[T], snapshot: T) -> bool:
        with self._changed:
            self._sweep()
            if job.phase == "running":
                job.newest = snapshot
            return job.phase == "running"


def _quietly(work: Callable[[], object], complaint: str) -> None:
    try:
        work()
    except BaseException:  # whatever it is, the worker must live on
        log.exception(complaint)


def _sentence(failure: BaseException) -> str:
    if isinstance(failure, ValueError) and str(failure).strip():
        return str(failure)
    return f"The run stopped because of an unexpected error ({type(failure).__name__})."
