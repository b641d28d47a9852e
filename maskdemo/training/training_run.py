"""One training: a strategy in one repeat, epoch by epoch, with what it reaches on unseen sequences.

After an epoch only that is computed that is looked at: the answer to each test sequence (with a label
a step, all answers that count), and for the few probes the output after every step.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import Inputs, arrays_of
from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import repeat_seed
from maskdemo.experiment import Experiment
from maskdemo.inside.leak import compared_steps, leak
from maskdemo.strategies import hold_padding
from maskdemo.training.buckets import InferenceLayout
from maskdemo.training.engine import as_tensors, batch_order, infer, train_epoch
from maskdemo.training.layout import inference_layout_of, training_layout_of
from maskdemo.training.scoring import Score, probabilities, score
from maskdemo.training.snapshot import Curve, Network
from maskdemo.training.train_state import new_train_state


@dataclass
class Record:
    """The numbers of one training, epoch by epoch; only ever added to. seconds: of all until then."""

    strategy: str
    repeat: int
    scored: int
    trained: list[tuple[float, float]] = field(default_factory=list)
    tested: list[tuple[Score, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    leak: float | None = None

    def curve(self, epochs: int, *, finished: bool) -> Curve:
        """What is known after so many epochs; the leak if these are all."""
        trained, tested = self.trained[:epochs], self.tested[:epochs]
        return Curve(
            self.strategy,
            self.repeat,
            loss=tuple(loss for loss, _ in trained),
            accuracy=tuple(accuracy for _, accuracy in trained),
            test_loss=tuple(reported.loss for reported, _ in tested),
            test_accuracy=tuple(reported.accuracy for reported, _ in tested),
            test_valid_accuracy=tuple(valid for _, valid in tested),
            leak=self.leak if finished else None,
            epoch_seconds=self._epoch_seconds(epochs),
            scored=self.scored,
        )

    def _epoch_seconds(self, epochs: int) -> float | None:
        """The mean of the epochs after the first, in which the program may have been compiled."""
        if epochs < 2:
            return None
        return (self.seconds[epochs - 1] - self.seconds[0]) / (epochs - 1)


class TrainingRun:
    """One network in training: the only thing that changes while an experiment runs."""

    def __init__(self, experiment: Experiment, strategy: str, repeat: int, inputs: Inputs) -> None:
        self.experiment, self.strategy, self.inputs = experiment, strategy, inputs
        self.train = as_tensors(training_layout_of(experiment, strategy, inputs))
        arrays = arrays_of(experiment, strategy, inputs.test)
        self.test = as_tensors(inference_layout_of(experiment, arrays, every_step=False))
        # The answers that count, (A,) each; with one label a sequence that is one a sequence.
        self.at = np.nonzero(arrays.weights)
        self.targets, self.weights = arrays.targets[self.at], arrays.weights[self.at]
        self.valid = compared_steps(experiment, inputs.test, arrays)[self.at]
        self.rng = np.random.default_rng([experiment.seed, repeat])
        self.train_state = new_train_state(
            features=experiment.spec.features,
            units=experiment.units,
            outputs=experiment.spec.outputs,
            seed=repeat_seed(experiment.seed, repeat),
        )
        self.record = Record(strategy, repeat, int(self.valid.sum()))

    def train_epoch(self) -> None:
        """Train one epoch."""
        began = time.perf_counter()
        experiment, record = self.experiment, self.record
        order = batch_order(experiment.train_size, experiment.batch_size, self.rng)
        self.train_state, loss, accuracy = train_epoch(
            self.train, self.train_state, order, experiment.learning_rate
        )
        before = record.seconds[-1] if record.seconds else 0.0
        record.seconds.append(before + time.perf_counter() - began)
        record.trained.append((loss, accuracy))

    def score(self) -> None:
        """Answer the test sequences and note what the answers are worth; after the last epoch, leak."""
        said = self._answers(self.test, self.at)
        reported = score(said, self.targets, self.weights)
        valid = reported.accuracy
        if not self.valid.all():
            real = self.valid
            valid = score(said[real], self.targets[real], self.weights[real]).accuracy
        self.record.tested.append((reported, valid))
        if len(self.record.trained) == self.experiment.epochs:
            self.record.leak = self._leak(said[self.valid])

    def probe(self, probes: Batch) -> NDArray[np.float32]:
        """Probabilities (P, T, classes) that the network gives after every step of the probes."""
        arrays = arrays_of(self.experiment, self.strategy, probes)
        laid_out = inference_layout_of(self.experiment, arrays, every_step=True)
        return probabilities(infer(laid_out, self.train_state.weights))

    def network(self) -> Network:
        """The weights as they are now."""
        return Network(len(self.record.trained), *(each.numpy() for each in self.train_state.weights))

    def _answers(self, inputs: InferenceLayout, at: tuple[NDArray, ...]) -> NDArray[np.float32]:
        logits = infer(inputs, self.train_state.weights)
        return probabilities(logits[at] if self.experiment.per_step else logits)

    def _leak(self, said: NDArray[np.float32]) -> float:
        """The leak of what was said (A, classes) with padding, at the compared steps."""
        experiment = self.experiment
        bare = pad(
            self.inputs.data.test,
            padded_length=experiment.padded_length,
            side="post",
            pad_value=experiment.pad_value,
        )
        arrays = hold_padding(arrays_of(experiment, self.strategy, bare), bare.padded)
        compared = compared_steps(experiment, bare, arrays)
        laid_out = inference_layout_of(experiment, replace(arrays, weights=compared), every_step=False)
        return leak(said, self._answers(laid_out, np.nonzero(compared)))
