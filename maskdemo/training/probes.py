"""Outputs and networks of the first repeat of a run, kept for a look inside in bounded memory.

Probes are a few test sequences. Kept are the outputs of each strategy's network for them and the
network itself, after every epoch; where these are too many, after evenly spread epochs, with the last
epoch among them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import arrays_of
from maskdemo.data.padding import Batch
from maskdemo.data.sequences import evenly_spread
from maskdemo.experiment import Experiment
from maskdemo.training.snapshot import NETWORK_BYTES, PROBE_BYTES, Network, Probes

PROBES = 8


def probes_of(test: Batch) -> Batch:
    """Return at most `PROBES` of the test sequences, `evenly_spread` from the first to the last."""
    rows = evenly_spread(PROBES, len(test.values))
    return test.rows(rows)


def kept_epochs(epochs: int, count: int) -> set[int]:
    """Return at most `count` epochs from 1 on, `evenly_spread`; the last even if `count` is 0."""
    return set((1 + evenly_spread(max(1, count), epochs)).tolist())


class ProbeRecorder:
    """The outputs and networks of the first repeat that are kept while a run trains.

    The threads that train fill `outputs` and `networks`, by (strategy, epoch), in any order; both are
    read after an epoch that all strategies have finished.
    """

    def __init__(self, experiment: Experiment, test: Batch) -> None:
        """Choose probes, and the epochs to keep: what `PROBE_BYTES` and `NETWORK_BYTES` hold."""
        self.experiment = experiment
        self.batch = probes_of(test)
        count = len(experiment.strategies)
        outputs = 4 * self.batch.valid.size * experiment.classes * count
        weights = 4 * _weight_count(experiment) * count
        self.output_epochs = kept_epochs(experiment.epochs, PROBE_BYTES // outputs)
        self.network_epochs = kept_epochs(experiment.epochs, NETWORK_BYTES // weights)
        self.read_out = {
            name: arrays_of(experiment, name, self.batch).read_out for name in experiment.strategies
        }
        self.outputs: dict[tuple[str, int], NDArray[np.float32]] = {}
        self.networks: dict[tuple[str, int], Network] = {}

    def probes(self, epoch: int) -> Probes:
        """Return the probes, with the outputs of kept epochs (1 is the first) before this and of this.

        Deletes the outputs of earlier epochs that are not kept.
        """
        kept = tuple(sorted({each for each in self.output_epochs if each < epoch} | {epoch}))
        # Other threads add outputs meanwhile: a list is copied in one go.
        for key in [key for key in list(self.outputs) if key[1] < epoch and key[1] not in kept]:
            del self.outputs[key]
        return Probes(
            values=self.batch.values,
            valid=self.batch.valid,
            padded=self.batch.padded,
            labels=self.batch.labels,
            outputs={
                name: np.stack([self.outputs[name, each] for each in kept])
                for name in self.experiment.strategies
            },
            read_out=self.read_out,
            epochs=kept,
            there=self.batch.there,
        )

    def networks_after(self, epoch: int) -> Mapping[str, tuple[Network, ...]]:
        """Return strategy -> the networks that are kept up to this epoch; empty if none is."""
        kept = sorted(each for each in self.network_epochs if each <= epoch)
        return {
            name: tuple(self.networks[name, each] for each in kept)
            for name in self.experiment.strategies
            if kept
        }


def _weight_count(experiment: Experiment) -> int:
    """Return how many weights a network of this experiment has."""
    units, outputs = experiment.units, experiment.spec.outputs
    return 4 * units * (experiment.spec.features + 2 + units) + (units + 1) * outputs
