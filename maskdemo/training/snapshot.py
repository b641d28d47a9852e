"""The state of a run after an epoch: immutable, and the source of all pages and exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import Chance, inputs
from maskdemo.data.padding import Batch
from maskdemo.experiment import Experiment


@dataclass(frozen=True)
class Curve:
    """One strategy in one repeat, so far. Tuples have one number per epoch.

    accuracy and loss are running means over the training epoch, as `Model.fit` reports them.
    test_accuracy is over the steps that count; test_valid_accuracy over the valid steps only, which
    is the same for one label a sequence. leak is known after the last epoch: the largest change of an
    output probability (0 to 1) when the same test sequences are given unpadded. epoch_seconds: the
    mean training time of an epoch, without the scoring and without the first epoch, which may wait for
    a compiler; so None before the second. scored: how many labels test_valid_accuracy is over, so that
    it moves in steps of 1 / scored: valid steps, or sequences with one label each.
    """

    strategy: str
    repeat: int
    loss: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    test_loss: tuple[float, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    test_valid_accuracy: tuple[float, ...] = ()
    leak: float | None = None
    epoch_seconds: float | None = None
    scored: int = 0

    @property
    def finished(self) -> bool:
        """Whether all epochs of this training are over; only then is the leak known."""
        return self.leak is not None


@dataclass(frozen=True)
class Probes:
    """P test sequences of the first repeat, with the networks' outputs for them.

    values, valid, padded, labels, there: as in `maskdemo.data.padding.Batch`. outputs: strategy ->
    probabilities (E, P, T, classes) after each of the E `epochs` (1 is the first): as many as
    `PROBE_BYTES` allows, evenly spread, and the newest. read_out: strategy -> the step (P,), from 0,
    whose output counts as the answer; with a label at each step, the last step that counts.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    padded: NDArray[np.bool_]
    labels: NDArray[np.int32]
    outputs: Mapping[str, NDArray[np.float32]]
    read_out: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    epochs: tuple[int, ...] = ()
    there: NDArray[np.bool_] | None = None

    @property
    def batch(self) -> Batch:
        """The sequences, padded as in training."""
        return Batch(self.values, self.valid, self.padded, self.labels, there=self.there)

    def index(self, epoch: int) -> int:
        """Return the index in `epochs` and `outputs` of the newest up to `epoch`; 0 if none is."""
        return max(0, sum(kept <= epoch for kept in self.epochs) - 1)


@dataclass(frozen=True)
class Outcome:
    """What one finished training reached on unseen sequences.

    accuracy: over the steps that count, as reported. valid_accuracy: over the valid steps only, which
    is what gets compared. loss: over the steps that count. seconds: from layout to score, compiling
    included. scored: as in `Curve`.
    """

    accuracy: float
    valid_accuracy: float
    loss: float
    seconds: float
    scored: int


#: Bytes of networks, and of the probes' outputs, that a run keeps.
NETWORK_BYTES = 6 * 2**20
PROBE_BYTES = 4 * 2**20
#: Epochs whose networks the precomputed run of the opening scenario keeps, for looking inside; the
#: runs of the other scenarios keep the last epoch's.
PRECOMPUTED_NETWORKS = 6


@dataclass(frozen=True)
class Network:
    """The weights after an epoch (1 is the first), as in `maskdemo.training.lstm.Weights`, in NumPy.

    kernel: (F + 1, 4H), its last row for the mask channel. recurrent_kernel: (H, 4H). bias: (4H,).
    readout: (H, K). readout_bias: (K,). Gates in Keras's order: input, forget, candidate, output.
    """

    epoch: int
    kernel: NDArray[np.float32]
    recurrent_kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    readout: NDArray[np.float32]
    readout_bias: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        """Bytes of the kernels and the read-out; those of the biases hardly count and are left out."""
        return self.kernel.nbytes + self.recurrent_kernel.nbytes + self.readout.nbytes


@dataclass(frozen=True)
class Snapshot:
    """The state of a run after an epoch. Curves by repeat, then in the strategies' order.

    chance: of always giving the commonest label of the test set. done: the share of all
    epochs that is finished, 0 to 1. seconds: since the start. networks: strategy -> the first
    repeat's networks, as many as `NETWORK_BYTES` allows, evenly spread with the last one among them.
    """

    experiment: Experiment
    curves: tuple[Curve, ...]
    probes: Probes
    chance: Chance
    finished: bool
    seconds: float
    done: float
    networks: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)

    def epoch_seconds(self, strategy: str) -> float | None:
        """Return the mean of a strategy's `Curve.epoch_seconds`; None while no repeat has any."""
        of_repeats = [
            curve.epoch_seconds
            for curve in self.curves
            if curve.strategy == strategy and curve.epoch_seconds is not None
        ]
        return sum(of_repeats) / len(of_repeats) if of_repeats else None

    def reported_labels(self, curve: Curve) -> int:
        """Return how many labels test_accuracy is over: `scored` or, if all count, steps `there`."""
        settings = self.experiment
        if settings.per_step and settings.count_invalid:
            there = None if settings.batches == "fixed" else inputs(settings).test.there
            return settings.test_size * settings.padded_length if there is None else int(there.sum())
        return curve.scored
