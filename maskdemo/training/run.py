"""Run an experiment: every strategy and repeat, epoch by epoch, as a stream of snapshots.

In one repeat all strategies get the same sequences, the same initial weights and the same batch
order; only the arrays differ. The first repeat of every strategy comes first, and a snapshot
shows all curves of a repeat after the same epoch, so that what is on the screen can always be
compared. No core waits for it: a thread without a training of this repeat begins the next repeat.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import product

from maskdemo.data.inputs import chance, inputs
from maskdemo.experiment import Experiment
from maskdemo.machine import cores
from maskdemo.training.buckets import ProgramKey, programs_of_run
from maskdemo.training.compile_cache import disk_works
from maskdemo.training.probes import ProbeRecorder
from maskdemo.training.program import compile_program, epoch_program, inference_program
from maskdemo.training.program_cache import is_on_disk
from maskdemo.training.snapshot import Curve, Outcome, Snapshot
from maskdemo.training.training_run import Record, TrainingRun

#: Which training of a run: its repeat and strategy.
_TrainingKey = tuple[int, str]


def train(
    experiment: Experiment, *, threads: int | None = None, interval_s: float = 0.0
) -> Iterator[Snapshot]:
    """Yield a snapshot after every epoch of every repeat, the last with `finished`.

    threads: epochs trained at once, by default one per core. interval_s: the least seconds between two
    snapshots, except the first and the last; epochs between two snapshots get none. 0: a snapshot for
    each epoch. Training goes on while the caller works on a snapshot; closing the iterator stops it
    after the epochs under way. Raises what a thread raised.
    """
    began = time.perf_counter()
    state = _RunState(experiment)
    threads = threads or min(cores(), len(state.epochs))
    with ThreadPoolExecutor(threads, thread_name_prefix="curve") as pool:
        for _ in range(threads):
            pool.submit(state.work)
        try:
            yield from state.snapshots(began, interval_s)
        finally:
            state.stop()


def train_once(
    experiment: Experiment, repeat: int, *, stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Train the experiment's only strategy in one repeat; return its scores after the last epoch.

    Ends as that curve of `train` ends, bit for bit. `repeat` counts from 0 and need not be among the
    experiment's. Raises CancelledError within an epoch of `stop` returning True.
    """
    (strategy,) = experiment.strategies
    began = time.perf_counter()
    training = TrainingRun(experiment, strategy, repeat, inputs(experiment, repeat))
    for _ in range(experiment.epochs):
        if stop():
            raise CancelledError
        training.train_epoch()
    training.score()
    reported, valid_accuracy = training.record.tested[-1]
    return Outcome(
        accuracy=reported.accuracy,
        valid_accuracy=valid_accuracy,
        loss=reported.loss,
        seconds=time.perf_counter() - began,
        scored=training.record.scored,
    )


def compile_ahead(experiment: Experiment, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Compile the programs of a run of this experiment, at once where cores and memory allow, and wait.

    Once `stop` returns True, no other compilation begins.
    """

    def build(program: ProgramKey) -> None:
        shape, trains = program
        if not stop():
            compile_program(shape, train=trains)

    with ThreadPoolExecutor(cores(), thread_name_prefix="compile") as pool:
        list(pool.map(build, programs_of_run(experiment)))


def keep_on_disk(experiments: Iterable[Experiment], *, stop: Callable[[], bool]) -> None:
    """Compile the programs of these experiments' runs that are not on disk yet, one after another.

    Once `stop` returns True, or the disk cannot be written, no other compilation begins.
    """
    programs = dict.fromkeys(program for each in experiments for program in programs_of_run(each))
    for shape, trains in programs:
        if stop() or not disk_works():
            return
        if not is_on_disk(epoch_program if trains else inference_program, shape):
            compile_program(shape, train=trains)


class _RunState:
    """The state of a run: its trainings under way, and how many epochs of each are over."""

    def __init__(self, experiment: Experiment) -> None:
        """Get the first repeat's inputs and the chance level; no training begins."""
        self.experiment = experiment
        self.recorder = ProbeRecorder(experiment, inputs(experiment).test)
        self.chance = chance(experiment)
        #: (repeat, strategy) -> how many epochs are over.
        self.epochs = dict.fromkeys(product(range(experiment.repeats), experiment.strategies), 0)
        self.records: dict[_TrainingKey, Record] = {}
        self.trainings: dict[_TrainingKey, TrainingRun] = {}
        self.busy: set[_TrainingKey] = set()
        #: The curves of trainings that are over, in the order of `epochs`.
        self.ended: list[Curve] = []
        #: An epoch of a repeat, with all strategies.
        self.rounds = experiment.repeats * experiment.epochs
        #: Set once there is nothing left to wait for.
        self.over = threading.Event()
        self.stopped = False
        self.failure: BaseException | None = None
        self.changed = threading.Condition()
        self.inputs_lock = threading.Lock()

    def work(self) -> None:
        """Train an epoch of what `_next_training` returns, again and again, until it returns None.

        Each thread of the pool runs this. An error is kept in `failure`; it or `stop` ends them.
        """
        try:
            while (key := self._next_training()) is not None:
                self._train_epoch(key)
        except BaseException as error:  # `snapshots` raises it
            with self.changed:
                self.failure = error
                self.changed.notify_all()
            self.over.set()

    def stop(self) -> None:
        """Let no other epoch begin; those under way go on to their end."""
        with self.changed:
            self.stopped = True

    def snapshots(self, began: float, interval_s: float) -> Iterator[Snapshot]:
        """Yield what `train` yields; raise the error of a thread.

        A round, an epoch of a repeat, is over once all strategies have finished it. began: the time of
        `perf_counter` at the start.
        """
        experiment, number, probed = self.experiment, 0, 0
        probes, networks = None, {}
        while number < self.rounds:
            number = self._wait_beyond(number, interval_s if number else 0.0)
            repeat, epoch = divmod(number - 1, experiment.epochs)
            newest = experiment.epochs if repeat else epoch + 1
            if probes is None or newest > probed:
                probes, networks = self.recorder.probes(newest), self.recorder.networks_after(newest)
                probed = newest
            yield Snapshot(
                experiment=experiment,
                curves=self._curves(repeat, epoch + 1),
                probes=probes,
                chance=self.chance,
                finished=number == self.rounds,
                seconds=time.perf_counter() - began,
                done=number / self.rounds,
                networks=networks,
            )

    def _wait_beyond(self, number: int, interval_s: float) -> int:
        """Wait until more than `number` rounds are over, and return how many are.

        interval_s: the least seconds to wait from now, unless the run is over; 0 returns `number` + 1,
        however many are over. Raises the error of a thread.
        """
        self.over.wait(interval_s)
        with self.changed:
            self.changed.wait_for(lambda: self.failure or self._is_over(number))
            if self.failure:
                raise self.failure
            number += 1
            while interval_s and number < self.rounds and self._is_over(number):
                number += 1
        return number

    def _is_over(self, number: int) -> bool:
        """Whether all strategies have finished the round of this number (from 0)."""
        repeat, epoch = divmod(number, self.experiment.epochs)
        return all(self.epochs[repeat, name] > epoch for name in self.experiment.strategies)

    def _curves(self, repeat: int, epoch: int) -> tuple[Curve, ...]:
        """Return the curves up to this epoch (from 1) of this repeat, and all of earlier repeats.

        In the order of `epochs`. Curves of trainings that have ended are made once.
        """
        last, keys = self.experiment.epochs, list(self.epochs)
        count = len(self.experiment.strategies)
        ended, begun = count * (repeat + (epoch == last)), count * (repeat + 1)
        for key in keys[len(self.ended) : ended]:
            self.ended.append(self.records[key].curve(last, finished=True))
        going = (self.records[key].curve(epoch, finished=False) for key in keys[ended:begun])
        return *self.ended, *going

    def _next_training(self) -> _TrainingKey | None:
        """Return the earliest repeat's least trained free key, now busy; None if none or `stopped`."""
        with self.changed:
            last = self.experiment.epochs
            free = [k for k, done in self.epochs.items() if done < last and k not in self.busy]
            if self.stopped or self.failure or not free:
                return None
            key = min(free, key=lambda each: (each[0], self.epochs[each]))
            self.busy.add(key)
            return key

    def _train_epoch(self, key: _TrainingKey) -> None:
        """Train and score an epoch, probe it in repeat 0, and after the last one measure the leak."""
        (repeat, strategy), recorder = key, self.recorder
        if key not in self.trainings:
            # One thread at a time: the strategies of a repeat share its inputs.
            with self.inputs_lock:
                of_repeat = inputs(self.experiment, repeat)
            self.trainings[key] = TrainingRun(self.experiment, strategy, repeat, of_repeat)
            self.records[key] = self.trainings[key].record
        training, epoch = self.trainings[key], self.epochs[key] + 1
        training.train_epoch()
        training.score()
        if epoch == self.experiment.epochs:
            training.measure_leak()
        if repeat == 0:
            recorder.outputs[strategy, epoch] = training.probe(recorder.batch)
            if epoch in recorder.network_epochs:
                recorder.networks[strategy, epoch] = training.network()
        if epoch == self.experiment.epochs:
            del self.trainings[key]
        with self.changed:
            self.epochs[key] = epoch
            self.busy.remove(key)
            self.changed.notify_all()
            if all(done == self.experiment.epochs for done in self.epochs.values()):
                self.over.set()
