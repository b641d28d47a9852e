"""Run an experiment: every strategy and repeat, epoch by epoch, as a stream of snapshots.

In one repeat all strategies get the same sequences, the same initial weights and the same batch
order; only the five arrays differ. The first repeat of every strategy comes first, and a snapshot
shows all curves of a repeat after the same epoch, so that what is on the screen can always be
compared. No core waits for it: a thread without a training of this repeat begins the next repeat.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import product

from maskdemo.data.inputs import chance, inputs
from maskdemo.experiment import Experiment
from maskdemo.machine import cores
from maskdemo.training.buckets import ProgramKey, programs_of_run
from maskdemo.training.probes import ProbeRecorder
from maskdemo.training.program import compile_program
from maskdemo.training.snapshot import Curve, Outcome, Snapshot
from maskdemo.training.training_run import Record, TrainingRun

#: Which training of a run: its repeat and strategy.
_TrainingKey = tuple[int, str]


def train(experiment: Experiment, *, threads: int | None = None) -> Iterator[Snapshot]:
    """Yield a snapshot after every epoch of every repeat, the last with `finished`.

    threads: epochs trained at once, by default one per core. Training goes on while the caller works on
    a snapshot; closing the iterator stops it after the epochs under way.
    """
    began = time.perf_counter()
    state = _RunState(experiment)
    threads = threads or min(cores(), len(state.epochs))
    with ThreadPoolExecutor(threads, thread_name_prefix="curve") as pool:
        for _ in range(threads):
            pool.submit(state.work)
        try:
            yield from state.snapshots(began)
        finally:
            state.stop()


def train_once(
    experiment: Experiment, repeat: int, *, stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Train the experiment's only strategy in one repeat and score it after the last epoch.

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
    """Compile the programs that this experiment will use; nothing is trained.

    Once `stop` returns True, no other compilation begins.
    """

    def build(program: ProgramKey) -> None:
        shape, trains = program
        if not stop():
            compile_program(shape, train=trains)

    with ThreadPoolExecutor(cores(), thread_name_prefix="compile") as pool:
        list(pool.map(build, programs_of_run(experiment)))


class _RunState:
    """The state of a run: its trainings under way, and how many epochs of each are over."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.recorder = ProbeRecorder(experiment, inputs(experiment).test)
        self.chance = chance(experiment)
        #: (repeat, strategy) -> how many epochs are over.
        self.epochs = dict.fromkeys(product(range(experiment.repeats), experiment.strategies), 0)
        self.records: dict[_TrainingKey, Record] = {}
        self.trainings: dict[_TrainingKey, TrainingRun] = {}
        self.busy: set[_TrainingKey] = set()
        self.stopped = False
        self.failure: BaseException | None = None
        self.changed = threading.Condition()
        self.inputs_lock = threading.Lock()

    def work(self) -> None:
        """Train epoch by epoch whatever is furthest behind, until nothing is left to begin."""
        try:
            while (key := self._next_training()) is not None:
                self._train_epoch(key)
        except BaseException as error:  # `snapshots` raises it
            with self.changed:
                self.failure = error
                self.changed.notify_all()

    def stop(self) -> None:
        """Let no other epoch begin."""
        with self.changed:
            self.stopped = True

    def snapshots(self, began: float) -> Iterator[Snapshot]:
        """A snapshot for every epoch of every repeat, as soon as all strategies have finished it."""
        experiment = self.experiment
        probes, networks = None, {}
        rounds = list(product(range(experiment.repeats), range(1, experiment.epochs + 1)))
        for number, (repeat, epoch) in enumerate(rounds, start=1):
            self._wait_for(repeat, epoch)
            if probes is None or repeat == 0:
                probes = self.recorder.probes(epoch)
                networks = self.recorder.networks_after(epoch)
            yield Snapshot(
                experiment=experiment,
                curves=self._curves(repeat, epoch),
                probes=probes,
                chance=self.chance,
                finished=number == len(rounds),
                seconds=time.perf_counter() - began,
                done=number / len(rounds),
                networks=networks,
            )

    def _wait_for(self, repeat: int, epoch: int) -> None:
        keys = [(repeat, strategy) for strategy in self.experiment.strategies]
        with self.changed:
            self.changed.wait_for(
                lambda: self.failure or all(self.epochs[key] >= epoch for key in keys)
            )
            if self.failure:
                raise self.failure

    def _curves(self, repeat: int, epoch: int) -> tuple[Curve, ...]:
        last = self.experiment.epochs
        reached = {key: last if key[0] < repeat else epoch for key in self.epochs if key[0] <= repeat}
        return tuple(
            self.records[key].curve(epochs, finished=epochs == last) for key, epochs in reached.items()
        )

    def _next_training(self) -> _TrainingKey | None:
        with self.changed:
            last = self.experiment.epochs
            free = [k for k, done in self.epochs.items() if done < last and k not in self.busy]
            if self.stopped or self.failure or not free:
                return None
            key = min(free, key=lambda each: (each[0], self.epochs[each]))
            self.busy.add(key)
            return key

    def _train_epoch(self, key: _TrainingKey) -> None:
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
