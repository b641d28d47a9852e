"""The probes of a run: a few test sequences, and what each network says about them over the epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskdemo.experiment import Experiment
from maskdemo.padding import Batch
from maskdemo.snapshot import PROBE_BYTES, Probes

PROBES = 8


def spread(epochs: int, room: int) -> set[int]:
    """At most `room` of the epochs (1 is the first), evenly spread; the last one in any case."""
    if room <= 1:
        return {epochs}
    return set(np.linspace(1, epochs, min(room, epochs)).round().astype(int).tolist())


class Probing:
    """The probes of the first repeat, and their outputs after as many epochs as there is room for."""

    def __init__(self, experiment: Experiment, test: Batch) -> None:
        count = len(test.values)
        self.rows = np.unique(np.linspace(0, count - 1, min(PROBES, count)).astype(int))
        self.batch = Batch(*(each[self.rows] for each in vars(test).values()))
        one = 4 * len(self.rows) * experiment.padded_length * experiment.classes
        self.lasting = spread(experiment.epochs, PROBE_BYTES // (one * len(experiment.strategies)))
        self.read_out: dict[str, NDArray[np.intp]] = {}
        self.outputs: dict[str, dict[int, NDArray[np.float32]]] = {}

    def record(
        self, strategy: str, epoch: int, weights: NDArray, outputs: NDArray[np.float32]
    ) -> None:
        """Keep what a network says after this epoch (1 is the first).

        weights: (N, T), how much each step of the test set counts. outputs: (N, T, classes) on it.
        """
        steps = weights.shape[1]
        counts = weights[self.rows] > 0
        self.read_out[strategy] = steps - 1 - np.argmax(counts[:, ::-1], axis=1)
        kept = self.outputs.get(strategy, {})
        self.outputs[strategy] = {
            **{at: each for at, each in kept.items() if at in self.lasting},
            epoch: outputs[self.rows],
        }

    def so_far(self) -> Probes:
        """What is known by now, in arrays that nothing is written to any more."""
        kept = next(iter(self.outputs.values()))
        return Probes(
            values=self.batch.values,
            valid=self.batch.valid,
            padded=self.batch.padded,
            labels=self.batch.labels,
            outputs={name: np.stack(list(each.values())) for name, each in self.outputs.items()},
            read_out=dict(self.read_out),
            epochs=tuple(kept),
        )
