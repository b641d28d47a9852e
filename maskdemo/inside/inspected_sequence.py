"""One sequence in the networks of one epoch: what every view of the inside page draws from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from maskdemo.caching import Cache
from maskdemo.data.inputs import arrays_of, inputs
from maskdemo.data.padding import Batch
from maskdemo.data.sequences import Sequences
from maskdemo.experiment import Experiment
from maskdemo.inside.activations import Activations, activations_of, unit_order
from maskdemo.inside.gradient import Landing, gradient, landing
from maskdemo.inside.leak import Sweep, sweep
from maskdemo.strategies import Arrays
from maskdemo.training.snapshot import Network, Snapshot

T = TypeVar("T")
#: Test sequences that the views over the test set take, so that they redraw while one watches.
MAX_SEQUENCES = 500


@dataclass(frozen=True)
class InspectedSequence:
    """A run, a probe (from 0), an epoch (from 1) that the run kept, and the label followed."""

    snapshot: Snapshot
    probe: int
    epoch: int
    label: int

    @property
    def experiment(self) -> Experiment:
        """The settings of the run."""
        return self.snapshot.experiment

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies of the run."""
        return self.experiment.strategies

    @property
    def title(self) -> str:
        """A heading: "Test sequence 3, after epoch 20", of probe 2, as probes count from 0."""
        return f"Test sequence {self.probe + 1}, after epoch {self.epoch}"

    @property
    def label_name(self) -> str:
        """The name of the followed `label`, as the task has it."""
        return self.experiment.spec.label_name(self.label)

    @property
    def test_set_title(self) -> str:
        """A heading: "First MAX_SEQUENCES of 800 test sequences, after epoch 20", or "300 test ..."."""
        total = self.experiment.test_size
        few = f"First {MAX_SEQUENCES} of {total}" if total > MAX_SEQUENCES else f"{total}"
        return f"{few} test sequences, after epoch {self.epoch}"

    @cached_property
    def batch(self) -> Batch:
        """The sequence, padded as in training: a batch of one row."""
        return self.snapshot.probes.batch.rows(slice(self.probe, self.probe + 1))

    @cached_property
    def networks(self) -> Mapping[str, Network]:
        """Strategy -> its network after the epoch."""
        return {
            name: next(each for each in kept if each.epoch == self.epoch)
            for name, kept in self.snapshot.networks.items()
        }

    def arrays(self, strategy: str, batch: Batch | None = None) -> Arrays:
        """Return the strategy's arrays of the sequence, or of another batch."""
        return arrays_of(self.experiment, strategy, batch or self.batch)

    def activations(self, strategy: str, *, weights_of: str | None = None) -> Activations:
        """Return the sequence's activations in the strategy's network, or in that of `weights_of`."""
        key = strategy, weights_of or strategy
        if key not in self._activations:
            self._activations[key] = activations_of(self.networks[key[1]], self.arrays(strategy))
        return self._activations[key]

    @cached_property
    def _activations(self) -> dict[tuple[str, str], Activations]:
        """Cache of `activations`, for which several charts and sentences ask."""
        return {}

    def newest_activations(self, strategy: str) -> Activations:
        """Return the sequence's activations in the strategy's newest network, whatever `epoch` is."""
        return activations_of(self.snapshot.networks[strategy][-1], self.arrays(strategy))

    def unit_order(self, strategy: str) -> np.ndarray:
        """Return units (from 0), sorted by the step at which |h| peaks in the newest network, (H,)."""
        return unit_order(self.newest_activations(strategy))

    def gradients(self) -> dict[str, dict[str, Landing]]:
        """Return strategy -> "inputs", "states" or "weights" -> the sequence's norms by step."""
        return {
            name: _landings(self.networks[name], self.arrays(name), self.batch)
            for name in self.strategies
        }


def true_label(snapshot: Snapshot, probe: int) -> int:
    """Return the true label of a probe (from 0); 1 for a task with a label at each step."""
    return 1 if snapshot.experiment.per_step else int(snapshot.probes.labels[probe].max())


_GRADIENTS: Cache[dict[str, dict[str, Landing]]] = Cache(16)
_SWEEPS: Cache[dict[str, Sweep]] = Cache(64)


def gradients_of_all(sequence: InspectedSequence) -> dict[str, dict[str, Landing]]:
    """Return `gradients`, but summed over the first `MAX_SEQUENCES` of the test set, and cached."""

    def of_all() -> dict[str, dict[str, Landing]]:
        batch = inputs(sequence.experiment).test.rows(slice(0, MAX_SEQUENCES))
        return _for_each(
            sequence.strategies,
            lambda name: _landings(sequence.networks[name], sequence.arrays(name, batch), batch),
        )

    return _GRADIENTS.get((sequence.experiment, sequence.epoch), of_all)


def sweeps(
    sequence: InspectedSequence, side: str, added: int, weights: Mapping[str, str]
) -> dict[str, Sweep]:
    """Return each strategy -> its cached sweep of `unpadded_test_sequences`, with (0, `added`) steps.

    side: of the `added` (1 or more) steps, of the pad value. weights: each strategy -> the one whose
    network is used.
    """
    experiment = sequence.experiment

    def of_all() -> dict[str, Sweep]:
        test, value = unpadded_test_sequences(experiment), experiment.pad_value

        def of(name: str) -> Sweep:
            network = sequence.networks[weights[name]]
            return sweep(network, name, experiment, test, side=side, value=value, added=(0, added))

        return _for_each(experiment.strategies, of)

    return _SWEEPS.get((experiment, sequence.epoch, side, added, *weights.items()), of_all)


def unpadded_test_sequences(experiment: Experiment) -> Sequences:
    """Return the first `MAX_SEQUENCES` of repeat 0's test set, cut to the padded length, not padded."""
    test = inputs(experiment).data.test
    few = slice(0, MAX_SEQUENCES)
    return Sequences(test.values[few], test.observed[few], test.labels[few])


def _for_each(names: tuple[str, ...], work: Callable[[str], T]) -> dict[str, T]:
    """Return name -> the result of `work`, in the names' order; two threads work at a time."""
    # NumPy lets go of the interpreter's lock, so two strategies take hardly longer than one.
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(work, names), strict=True))


def _landings(network: Network, arrays: Arrays, batch: Batch) -> dict[str, Landing]:
    """Return "inputs", "states", "weights" -> gradient norms by step, summed. arrays: of the batch."""
    norms = gradient(network, arrays)
    return {
        name: landing(getattr(norms, name), padded=batch.padded, missing=batch.missing)
        for name in ("inputs", "states", "weights")
    }
