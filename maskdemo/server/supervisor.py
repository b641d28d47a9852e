"""The server's one worker process: started, kept busy, watched, replaced.

One thread does it. It is woken by what viewers ask for and by what the worker says, each through one
inbox, so that nothing here needs a lock and nobody who asks ever waits for a process.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from maskdemo.data.tasks import Task
from maskdemo.experiment import Experiment
from maskdemo.results import finished_runs, precomputed
from maskdemo.server.jobs import Job, Status
from maskdemo.server.process import Process
from maskdemo.server.queue import Queue
from maskdemo.server.work import Run, Work
from maskdemo.server.worker_limits import (
    MAX_IDLE_DEATHS,
    MAX_MEMORY_BYTES,
    MAX_WORKER_PROGRAMS,
    SILENCE_S,
)
from maskdemo.server.worker_messages import Ended, Newest, Prepared, pack
from maskdemo.training.snapshot import Snapshot

#: Seconds between two looks at what nobody announces: viewers whose grace is over.
POLL_S = 0.5

log = logging.getLogger(__name__)


@dataclass
class _ActiveJob:
    """The job that the worker does.

    number: by which commands and messages name it. began: when the worker was told to begin. heard:
    when its last message came. asked: "stop" or "give_way", once the worker was asked to. result: what
    its messages of this turn make; None before the first.
    """

    job: Job
    number: int
    began: float
    heard: float
    asked: str | None = None
    result: Any = None


class Server:
    """Work for many viewers: see `maskdemo.server.work` for what can be asked for.

    It starts its thread and, by `start`, a worker, which is killed after `silence_s` without a message
    on a job. Every method may be called from any thread and returns at once; only `close` waits.
    `queue`: who waits, and which viewers are there. `results`: the finished runs. `disk_works`: whether
    what was to be kept on disk last could be written.
    """

    def __init__(
        self,
        *,
        grace: float,
        start: Callable[[Callable[[Process, object | None], None]], Process] = Process,
        max_memory_bytes: int = MAX_MEMORY_BYTES,
        silence_s: float = SILENCE_S,
        **queue_options: Any,
    ) -> None:
        self.queue = Queue(grace=grace, **queue_options)
        self.results = finished_runs.FinishedRuns()
        self._new_worker, self._max_memory_bytes, self._silence_s = start, max_memory_bytes, silence_s
        self._inbox: queue.SimpleQueue[tuple[Process, object | None] | None] = queue.SimpleQueue()
        self._worker: Process | None = None
        self._active: _ActiveJob | None = None
        self._number = self._idle_deaths = 0
        self._preparing: str | None = None  # for which viewer the worker compiles ahead
        self._closed = False
        self.disk_works = True
        self._thread = threading.Thread(target=self._watch, name="maskdemo-server", daemon=True)
        self._thread.start()

    def submit(self, viewer: str, work: Work) -> None:
        """Queue work for a viewer. Raises `QueueFull` with a sentence, RuntimeError once closed."""
        if self._closed:
            raise RuntimeError("The server is closing, so nothing new can start.")
        self.queue.submit(viewer, work)
        self._wake()

    def status(self, viewer: str, kind: str) -> Status[Any]:
        """Return the status of the viewer's last job of this kind; cheap enough to poll.

        A finished run comes from `results`: None, with a notice, if they no longer have it.
        """
        status = self.queue.status(viewer, kind)
        if not isinstance(status.newest, Experiment):
            return status
        run = self.results.find(status.newest)
        return replace(status, newest=run, notice=None if run else finished_runs.GONE)

    def cancel(self, viewer: str, kind: str) -> None:
        """Cancel the viewer's job of this kind; its results stay. It goes on for other viewers."""
        self.queue.cancel(viewer, kind)
        self._wake()

    def find(self, experiment: Experiment) -> Snapshot | None:
        """Return the finished run of an experiment, trained for any viewer or computed in advance."""
        return self.results.find(experiment) or precomputed.run(experiment)

    def prepare(self, viewer: str, experiment: Experiment) -> None:
        """Compile an experiment's programs while the worker is idle, in place of the viewer's last."""
        self.queue.prepare(viewer, experiment)
        self._wake()

    def forget(self, own: Task) -> None:
        """Cancel and forget all in the queue about an uploaded task that its session has given up."""
        self.queue.forget(own)
        self._wake()

    def close(self) -> None:
        """End the worker, and wait until it has ended."""
        self._closed = True
        self._wake()
        self._thread.join()

    @property
    def worker(self) -> int | None:
        """The process id of the worker, None without one."""
        return None if (worker := self._worker) is None else worker.pid

    def _wake(self) -> None:
        """Wake the server's thread before the next poll."""
        self._inbox.put(None)

    # From here on only the server's own thread.

    def _watch(self) -> None:
        """Step and receive until the server is closed; an error ends the active job and the worker."""
        while not self._closed:
            try:
                self._step()
            except Exception:  # whatever it is, the others must be served
                log.exception("The server's thread stumbled")
                self._fail("It stopped because of an unexpected error.")
            self._receive()
        self._stop_worker()

    def _receive(self) -> None:
        """Use a message of the present worker, if one comes within `POLL_S`; on errors fail the job."""
        try:
            received = self._inbox.get(timeout=POLL_S)
        except queue.Empty:
            return
        if received is None or received[0] is not self._worker:
            return
        worker, message = received
        try:
            if message is None:
                self._reap(worker)
            elif isinstance(message, Prepared):
                self._preparing = None
            elif (active := self._active) is not None:
                self._use(active, message)
        except Exception:
            log.exception("A message could not be used")
            self._fail("What came back could not be read.")

    def _use(self, active: _ActiveJob, message: object) -> None:
        """Take a message: show the newest result of the active job, or end it, or its turn.

        Then a worker is stopped that has grown, or was the job's alone.
        """
        active.heard = self.queue.clock()
        self._idle_deaths = 0
        if isinstance(message, Newest) and message.number == active.number:
            work = active.job.work
            active.result = work.add(active.result, message.content)
            if isinstance(work, Run):
                self.results.keep(active.result)
            self.queue.keep_newest(active.job, active.result, work.progress(active.result))
        elif isinstance(message, Ended) and message.number == active.number:
            self._active = None
            self.disk_works = message.disk_works and self.results.disk_works
            grown = (message.memory or 0) > self._max_memory_bytes
            full = message.programs > MAX_WORKER_PROGRAMS
            if grown or full or active.job.work.fresh_worker:
                self._stop_worker()
            if message.gave_way and message.error is None:
                self.queue.give_way(active.job)
            else:
                self._end(active.job, error=message.error)

    def _step(self) -> None:
        """Look after the active job; without one begin the next, start a worker or compile ahead."""
        active = self._active
        if active is not None:
            self._watch_active(active)
        elif (job := self.queue.take()) is not None:
            self._begin(job)
        elif self._worker is None:
            if self._idle_deaths < MAX_IDLE_DEATHS:
                self._start_worker()
        elif (ahead := self.queue.take_ahead(self._preparing)) is not None:
            # A newer request of the same viewer takes the place of the last one, half done or not.
            self._preparing, experiment = ahead
            self._worker.send({"prepare": experiment.to_json()}, pack(experiment.own))

    def _begin(self, job: Job) -> None:
        """Send a job to the worker, which is started if there is none or the job needs its own."""
        work = job.work
        if work.fresh_worker:
            # In the worker's place, so that there is never a second TensorFlow.
            self._stop_worker()
        worker = self._worker or self._start_worker(load=not work.fresh_worker)
        self._number += 1
        now = self.queue.clock()
        self._active = _ActiveJob(job, self._number, began=now, heard=now)
        worker.send({"do": self._number, **work.command(job.newest)}, work.payload)

    def _watch_active(self, active: _ActiveJob) -> None:
        """Do the first that is due: fail a late job, kill a silent worker, ask to stop, or to give way.

        A job's own worker is killed when asked to stop.
        """
        worker = self._worker
        assert worker is not None
        now, timeout_s = self.queue.clock(), active.job.work.timeout_s
        if timeout_s is not None and now - active.began > timeout_s:
            self._fail(f"It took longer than {timeout_s:.0f} seconds, so it was ended.")
        elif now - active.heard > self._silence_s:
            log.warning("The worker has not said anything for %s seconds", self._silence_s)
            worker.kill()
        elif active.asked != "stop" and not self.queue.is_wanted(active.job):
            active.asked = "stop"
            worker.send({"stop": active.number})
            if active.job.work.fresh_worker:
                worker.kill()  # it has nothing else to live for
        elif active.asked is None and self.queue.should_give_way(active.job):
            active.asked = "give_way"
            worker.send({"give_way": active.number})

    def _end(self, job: Job, *, error: str | None = None) -> None:
        """End a job in the queue, a finished run with its experiment as result. error: if it failed."""
        # Only `results` holds finished runs, within its bounds; the queue holds their experiments.
        kept = job.work.experiment if isinstance(job.work, Run) and error is None else None
        self.queue.end(job, error=error, newest=kept)

    def _fail(self, error: str) -> None:
        """End the active job with an error, and the worker with it."""
        active, self._active = self._active, None
        if active is not None:
            self._end(active.job, error=error)
        self._stop_worker()

    def _start_worker(self, *, load: bool = True) -> Process:
        """Start a worker and return it. load: whether it imports TensorFlow at once."""
        self._preparing = None
        worker = self._new_worker(lambda source, message: self._inbox.put((source, message)))
        self._worker = worker
        if load:
            worker.send({"load": True})
        return worker

    def _stop_worker(self) -> None:
        """End the worker, if there is one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def _reap(self, worker: Process) -> None:
        """Forget a worker that ended; its job waits again, fails or, if it was to stop, ends."""
        self._worker = None
        worker.kill()  # with what it has started
        active, self._active = self._active, None
        if active is not None and active.asked == "stop":
            self.queue.end(active.job)  # it was ended because nobody waits for it
            return
        log.warning("A worker has ended: %s", worker.how_it_ended())
        if active is None:
            self._idle_deaths += 1
        else:
            self.queue.died(active.job, worker.how_it_ended())
