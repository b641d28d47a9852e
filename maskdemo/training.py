"""Run an experiment: every strategy and repeat, epoch by epoch, as a stream of snapshots.

In one repeat all strategies get the same sequences, the same initial weights and the same batch
order; only the five arrays differ. The first repeat of every strategy comes first, and within a
repeat all curves advance together, so that what is on the screen can always be compared.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskdemo.engine import (
    Shape,
    Tensors,
    batch_order,
    new_learner,
    output_program,
    tensors,
    train_epoch,
)
from maskdemo.experiment import Experiment
from maskdemo.inputs import Inputs, arrays_of, chance, inputs
from maskdemo.inside.leak import compared_steps, leak
from maskdemo.memory import give_back_memory
from maskdemo.padding import Batch, pad
from maskdemo.probing import Probing, spread
from maskdemo.scoring import probabilities, score
from maskdemo.snapshot import (
    NETWORK_BYTES,
    Curve,
    Network,
    Outcome,
    Snapshot,
)
from maskdemo.strategies import Arrays, hold_padding
from maskdemo.trimming import trim


@dataclass(frozen=True)
class Split:
    """One strategy's view of some sequences: full arrays for scoring, trimmed ones to compute on.

    shows: (T,), see `strategies.trim`. shape and data: as the engine takes the trimmed ones.
    """

    arrays: Arrays
    trimmed: Arrays
    shows: NDArray[np.intp]
    shape: Shape
    data: Tensors


def train(experiment: Experiment, *, threads: int | None = None) -> Iterator[Snapshot]:
    """Yield a snapshot after every epoch of every repeat, the last with `finished`.

    threads: curves trained at once, by default one a core. Closing the iterator stops within the
    epoch under way.
    """
    started = time.perf_counter()
    finished_curves: tuple[Curve, ...] = ()
    total = experiment.repeats * experiment.epochs
    threads = threads or min(os.cpu_count() or 1, len(experiment.strategies))
    probes, networks = None, {}
    guess = chance(experiment)
    with ThreadPoolExecutor(threads, thread_name_prefix="curve") as pool:
        for repeat in range(experiment.repeats):
            given = inputs(experiment, repeat)
            orders = _orders(experiment, repeat)
            runs = [
                _Run(experiment, strategy, repeat, given) for strategy in experiment.strategies
            ]
            if probes is None:
                probes = Probing(experiment, given.test)
            for epoch, order in enumerate(orders):
                outputs = list(pool.map(lambda run, order=order: run.advance(order), runs))
                last = epoch == experiment.epochs - 1
                if last:
                    list(pool.map(_Run.measure_leak, runs))
                if last or epoch == 0:
                    give_back_memory()
                if repeat == 0:
                    for run, said in zip(runs, outputs, strict=True):
                        probes.record(run.curve.strategy, epoch + 1, run.test.arrays.weights, said)
                if repeat == 0 and epoch + 1 in kept_epochs(experiment, runs[0].network_bytes):
                    networks = {
                        name: (*networks.get(name, ()), run.snapshot_network(epoch + 1))
                        for name, run in zip(experiment.strategies, runs, strict=True)
                    }
                curves = finished_curves + tuple(run.curve for run in runs)
                done = (repeat * experiment.epochs + epoch + 1) / total
                yield Snapshot(
                    experiment=experiment,
                    curves=curves,
                    probes=probes.so_far(),
                    chance=guess,
                    finished=done == 1,
                    seconds=time.perf_counter() - started,
                    done=done,
                    networks=networks,
                )
            finished_curves += tuple(run.curve for run in runs)


def train_once(
    experiment: Experiment, repeat: int, *, stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Train the experiment's only strategy in one repeat and score it after the last epoch.

    Ends as that curve of `train` ends, bit for bit. `repeat` counts from 0 and need not be among the
    experiment's. Raises CancelledError within an epoch of `stop` saying so.
    """
    (strategy,) = experiment.strategies
    started = time.perf_counter()
    run = _Run(experiment, strategy, repeat, inputs(experiment, repeat))
    for order in _orders(experiment, repeat):
        if stop():
            raise CancelledError
        run.train_epoch(order)
    run.score(run.outputs(run.test))
    give_back_memory()
    reached = run.curve
    return Outcome(
        accuracy=reached.test_accuracy[-1],
        valid_accuracy=reached.test_valid_accuracy[-1],
        loss=reached.test_loss[-1],
        seconds=time.perf_counter() - started,
        scored=reached.scored,
    )


def compile_ahead(experiment: Experiment) -> None:
    """Compile the programs that this experiment will use, by running them once on its data."""
    small = replace(experiment, epochs=1, repeats=1)
    for _ in train(small):
        pass


def kept_epochs(experiment: Experiment, network_bytes: int) -> set[int]:
    """The epochs (1 is the first) whose networks fit into `NETWORK_BYTES`."""
    return spread(experiment.epochs, NETWORK_BYTES // (network_bytes * len(experiment.strategies)))


class _Run:
    """One network in training: the only thing that changes while an experiment runs."""

    def __init__(
        self, experiment: Experiment, strategy: str, repeat: int, given: Inputs
    ) -> None:
        self.experiment = experiment
        self.test_sequences = given.data.test
        self.test_batch = test = given.test
        scored = int(test.valid.sum()) if experiment.per_step else len(test.values)
        self.curve = Curve(strategy, repeat, scored=scored)
        self.sizes = {"units": experiment.units, "outputs": experiment.outputs}
        self.train = self._split(given.train, batch_size=experiment.batch_size)
        self.test = self._split(test)
        self.network = new_learner(
            features=experiment.spec.features,
            units=experiment.units,
            outputs=experiment.outputs,
            seed=experiment.repeat_seed(repeat),
        )

    def advance(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        """Train one epoch and score; returns the test outputs (N, T, classes) after it."""
        self.train_epoch(order)
        outputs = self.outputs(self.test)
        self.score(outputs)
        return outputs

    def train_epoch(self, order: NDArray[np.int32]) -> None:
        began = time.perf_counter()
        self.network, loss, accuracy = train_epoch(
            self.train.shape, self.network, self.train.data, order, self.experiment.learning_rate
        )
        curve = self.curve
        self.curve = replace(
            curve,
            loss=(*curve.loss, loss),
            accuracy=(*curve.accuracy, accuracy),
            seconds=curve.seconds + time.perf_counter() - began,
        )

    def score(self, outputs: NDArray[np.float32]) -> None:
        """Add what these outputs on the test sequences are worth to the curve."""
        reported, curve = score(outputs, self.test.arrays), self.curve
        self.curve = replace(
            curve,
            test_loss=(*curve.test_loss, reported.loss),
            test_accuracy=(*curve.test_accuracy, reported.accuracy),
            test_valid_accuracy=(*curve.test_valid_accuracy, self._valid_accuracy(outputs)),
        )

    def outputs(self, split: Split) -> NDArray[np.float32]:
        """Probabilities (N, T, classes) after every step."""
        rows, steps = split.trimmed.advance.shape
        logits = output_program(split.shape)(self.network.weights, split.data).numpy()
        logits = logits[:steps, :rows]
        return probabilities(logits, split.shows, self.network.weights.readout_bias.numpy())

    @property
    def network_bytes(self) -> int:
        return sum(each.numpy().nbytes for each in self.network.weights)

    def snapshot_network(self, epoch: int) -> Network:
        return Network(epoch, *(each.numpy() for each in self.network.weights))

    def measure_leak(self) -> None:
        """The largest change of an output probability when the padding is taken away."""
        steps = self.test.trimmed.inputs.shape[1]
        bare = pad(
            self.test_sequences,
            padded_length=steps,
            side="post",
            pad_value=self.experiment.pad_value,
        )
        unpadded = hold_padding(self._arrays(bare), bare.padded)
        split = self._split_of(unpadded, unpadded, np.arange(steps))
        there, here = self.outputs(self.test), self.outputs(split)
        found = leak(
            there[compared_steps(self.experiment, self.test_batch, self.test.arrays)],
            here[compared_steps(self.experiment, bare, unpadded)],
        )
        self.curve = replace(self.curve, leak=found)

    def _valid_accuracy(self, outputs: NDArray[np.float32]) -> float:
        counted = self.test.arrays
        if self.experiment.per_step:
            counted = replace(counted, weights=self.test_batch.valid.astype(np.float32))
        return score(outputs, counted).accuracy

    def _arrays(self, batch: Batch) -> Arrays:
        return arrays_of(self.experiment, self.curve.strategy, batch)

    def _split(self, batch: Batch, *, batch_size: int = 0) -> Split:
        full = self._arrays(batch)
        return self._split_of(
            full, *trim(full, at_least=self.experiment.max_length), batch_size=batch_size
        )

    def _split_of(
        self, full: Arrays, trimmed: Arrays, shows: NDArray[np.intp], *, batch_size: int = 0
    ) -> Split:
        shape = Shape.for_arrays(trimmed, batch_size=batch_size, **self.sizes)
        return Split(full, trimmed, shows, shape, tensors(trimmed, shape))


def _orders(experiment: Experiment, repeat: int) -> Iterator[NDArray[np.int32]]:
    rng = np.random.default_rng([experiment.seed, repeat])
    for _ in range(experiment.epochs):
        yield batch_order(experiment.train_size, experiment.batch_size, rng)
