"""Run a study on any executor, coarse to fine, as a stream of findings; a Dask cluster as executor."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType

from maskdemo.loading import load_tensorflow
from maskdemo.machine import cores
from maskdemo.results.digest import digest_of
from maskdemo.results.trainings import TrainingStore
from maskdemo.strategies import STRATEGIES
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study, Training
from maskdemo.training.buckets import ProgramKey, programs_of_training
from maskdemo.training.snapshot import Outcome

#: Trainings handed to somebody else's executor at once: enough to fill a cluster of dozens of cores.
MAX_PENDING = 64
#: How many trainings are looked at for one that needs no program of another.
LOOKAHEAD = 16
#: Seconds after which findings are yielded although nothing new was found.
UPDATE_INTERVAL_S = 0.3
#: Seconds within which the scheduler of a Dask cluster has to answer.
DASK_TIMEOUT_S = 10


def run_study(
    study: Study, *, executor: Executor | None = None, store: TrainingStore | None = None
) -> Generator[Findings, None, None]:
    """Yield the findings: first with all that the store has, then at every training that ends.

    Also a few times a second in between; the last one is `finished`. The store, if any, receives each
    outcome, the findings' `failures` a sentence on each error. Closing the iterator cancels what is
    pending; on the local workers (executor None: a thread a core) it also ends what runs, within an
    epoch. An executor that was handed in is left open.
    """
    began = time.perf_counter()
    outcomes: dict[Training, Outcome] = {}
    for each in study.trainings():
        if store is not None and (stored := store.find(each.experiment, each.repeat)) is not None:
            outcomes[each] = stored
    reused, failures = len(outcomes), ()
    waiting = [each for each in reversed(study.trainings()) if each not in outcomes]

    def findings() -> Findings:
        return Findings(
            study=study,
            outcomes=MappingProxyType(dict(outcomes)),
            reused=reused,
            failures=failures,
            seconds=time.perf_counter() - began,
            finished=len(outcomes) + len(failures) == len(study.trainings()),
        )

    yield findings()
    if not waiting:
        return
    cancelled = threading.Event()
    work = partial(train_here, version=digest_of("training"))
    max_pending, is_local = MAX_PENDING, executor is None
    if executor is None:
        executor = ThreadPoolExecutor(cores(), "study")
        # Two for each thread: one that runs and one that is ready.
        max_pending = 2 * cores()
        work = partial(work, stop=cancelled.is_set)
    compiled: set[ProgramKey] = set()
    pending: dict[Future[Outcome], Training] = {}
    try:
        while waiting or pending:
            while waiting and len(pending) < max_pending:
                # On a cluster each worker compiles for itself, so none waits for another.
                under_way = pending.values() if is_local else ()
                training = _next_training(waiting, under_way, compiled)
                pending[_submit(executor, work, training)] = training
            ended, _ = wait(pending, timeout=UPDATE_INTERVAL_S, return_when=FIRST_COMPLETED)
            for future in [each for each in pending if each in ended]:
                training = pending.pop(future)
                if is_local:
                    compiled.update(programs_of_training(training.experiment))
                try:
                    outcomes[training] = future.result()
                except Exception as error:  # whatever it is, the rest of the study goes on
                    failures += (_failure_sentence(study, training, error),)
                else:
                    if store is not None:
                        store.keep(training.experiment, training.repeat, outcomes[training])
                yield findings()
            if not ended:
                yield findings()
    finally:
        cancelled.set()
        for future in pending:
            future.cancel()
        if is_local:
            executor.shutdown(cancel_futures=True)


def _next_training(
    waiting: list[Training], pending: Collection[Training], compiled: set[ProgramKey]
) -> Training:
    """Remove and return the training to begin: the last that waits for no program, else the last.

    Only the last `LOOKAHEAD` are looked at. pending: trainings under way, which compile their programs
    that are not `compiled` yet: another with such a program would wait.
    """
    compiling = {each for one in pending for each in programs_of_training(one.experiment)} - compiled
    candidates = range(max(0, len(waiting) - LOOKAHEAD), len(waiting))
    for at in reversed(candidates) if compiling else ():
        if compiling.isdisjoint(programs_of_training(waiting[at].experiment)):
            return waiting.pop(at)
    return waiting.pop()


def train_here(
    training: Training, *, version: str, stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Train once, in this process: the function that executors are given. Returns the outcome.

    version: whose results are wanted (`digest_of`). Raises ValueError with a sentence if they differ
    here: results of different versions are never mixed. Raises CancelledError within an epoch of
    `stop` returning True.
    """
    if version != digest_of("training"):
        raise ValueError("a worker has another version of maskdemo or of its libraries")
    load_tensorflow()
    from maskdemo.training.run import train_once

    return train_once(training.experiment, training.repeat, stop=stop)


def _submit(executor: Executor, work: Callable, training: Training) -> Future:
    """Submit a training; where the executor refuses, return a future that has failed."""
    try:
        return executor.submit(work, training)
    except Exception as error:  # an executor that is broken or closed: a failure of this training
        failed: Future = Future()
        failed.set_exception(error)
        return failed


def _failure_sentence(study: Study, training: Training, error: Exception) -> str:
    """Return a sentence on a training that failed, and why."""
    cell, strategy, repeat = study.coordinates(training)
    is_sentence = isinstance(error, ValueError) and str(error)
    why = str(error).rstrip(".") if is_sentence else type(error).__name__
    return f"{STRATEGIES[strategy].title} {study.where(cell)} failed in repeat {repeat + 1}: {why}."


@contextmanager
def executor_of(address: str | None = None, *, stay: bool = False) -> Iterator[Executor | None]:
    """Yield the executor of the Dask cluster whose scheduler is at `address`; close it on leaving.

    Without an address, that of `MASKDEMO_DASK`; without that, None: the local workers. stay: what is
    trained on must not leave this machine: None for any address. The cluster's workers must have this
    version of maskdemo (see `train_here`). Raises ValueError with a sentence if Dask is not installed
    or nobody answers.
    """
    address = address or os.environ.get("MASKDEMO_DASK")
    if stay or not address:
        yield None
        return
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise ValueError(
            "Dask is not installed here: run pip install -r requirements-dask.txt, or install maskdemo "
            "with its extra `dask`, or leave out the cluster's address."
        ) from None
    try:
        # A client that finds nobody is slow to give up and to go away, so knock first.
        socket.create_connection(get_address_host_port(address), DASK_TIMEOUT_S).close()
        client = Client(address, timeout=DASK_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"No Dask scheduler answers at {address}. Check the address, such as tcp://host:8786."
        ) from error
    with client:
        # Not pure: two viewers who want the same training each wait for, and cancel, their own.
        yield client.get_executor(pure=False, retries=2)
