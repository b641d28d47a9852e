"""One training: a strategy in one repeat, epoch by epoch, with what it reaches on unseen sequences.

After an epoch no more is computed than is shown: the answer to each test sequence (with a label at each
step, all answers that count), and for the few probes the output after every step.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.batches import batches_of
from maskdemo.data.inputs import Inputs, arrays_of, with_batches
from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import repeat_seed
from maskdemo.errors import InvalidSettings
from maskdemo.experiment import Experiment
from maskdemo.inside.leak import compared_steps, leak
from maskdemo.strategies import hold_padding
from maskdemo.training.buckets import (
    InferenceLayout,
    TrainingLayout,
    layout_for_inference,
    layout_for_training,
    training_layout,
)
from maskdemo.training.loss_and_adam import new_train_state
from maskdemo.training.program import as_tensors, batch_order, infer, train_epoch
from maskdemo.training.scoring import Score, probabilities, score
from maskdemo.training.snapshot import Curve, Network


@dataclass
class Record:
    """The numbers of one training, a list item per epoch.

    scored: as in `Curve`. trained: loss and accuracy of training. tested: the reported score of the
    test set, and the accuracy over its valid steps. seconds: of training so far, not of scoring.
    """

    strategy: str
    repeat: int
    scored: int
    trained: list[tuple[float, float]] = field(default_factory=list)
    tested: list[tuple[Score, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    leak: float | None = None

    def curve(self, epochs: int, *, finished: bool) -> Curve:
        """Return the curve after so many epochs. finished: these are all, so it has the leak."""
        trained, tested = self.trained[:epochs], self.tested[:epochs]
        return Curve(
            self.strategy,
            self.repeat,
            loss=tuple(loss for loss, _ in trained),
            accuracy=tuple(accuracy for _, accuracy in trained),
            test_loss=tuple(test_score.loss for test_score, _ in tested),
            test_accuracy=tuple(test_score.accuracy for test_score, _ in tested),
            test_valid_accuracy=tuple(valid for _, valid in tested),
            leak=self.leak if finished else None,
            epoch_seconds=self._epoch_seconds(epochs),
            scored=self.scored,
        )

    def _epoch_seconds(self, epochs: int) -> float | None:
        """Return the mean seconds of the epochs 2 to `epochs`; None for a single epoch."""
        if epochs < 2:
            return None
        return (self.seconds[epochs - 1] - self.seconds[0]) / (epochs - 1)


class TrainingRun:
    """One network in training: the only thing that changes while an experiment runs."""

    def __init__(self, experiment: Experiment, strategy: str, repeat: int, inputs: Inputs) -> None:
        """Lay out `inputs` for the strategy; weights and shuffling are the same for all strategies.

        Raises InvalidSettings where no step of a label a step is valid in the test set.
        """
        self.experiment, self.strategy, self.inputs = experiment, strategy, inputs
        self.train = as_tensors(layout_for_training(experiment, strategy, inputs))
        arrays = arrays_of(experiment, strategy, inputs.test)
        self.test = as_tensors(layout_for_inference(experiment, arrays, every_step=False))
        # Row and step of the A answers that count; with one label per sequence A is the number of
        # sequences.
        self.answer_cells = np.nonzero(arrays.weights)
        self.targets = arrays.targets[self.answer_cells]
        self.weights = arrays.weights[self.answer_cells]
        self.valid = compared_steps(experiment, inputs.test, arrays)[self.answer_cells]
        self.rng = np.random.default_rng([experiment.seed, repeat])
        self.train_state = new_train_state(
            features=experiment.spec.features,
            units=experiment.units,
            outputs=experiment.spec.outputs,
            seed=repeat_seed(experiment.seed, repeat),
        )
        self.record = Record(strategy, repeat, int(self.valid.sum()))
        if not self.record.scored:
            raise InvalidSettings(
                f"In repeat {repeat + 1} no test sequence has a real step within the padded length: "
                "there is no label to score. Choose fewer missing readings, a longer padded length or "
                "more test sequences.",
                "missing_rate",
                "padded_length",
                "test_size",
            )

    def train_epoch(self) -> None:
        """Train one epoch; its loss, accuracy and seconds go to the record."""
        began = time.perf_counter()
        experiment, record = self.experiment, self.record
        order = self._order()
        if experiment.batches != "fixed":
            self.train = self._batched(order)
        self.train_state, loss, accuracy = train_epoch(
            self.train, self.train_state, order, experiment.learning_rate
        )
        before = record.seconds[-1] if record.seconds else 0.0
        record.seconds.append(before + time.perf_counter() - began)
        record.trained.append((loss, accuracy))

    def _order(self) -> NDArray[np.int32]:
        """Return the newly shuffled rows (batches, batch_size) of the next epoch; -1 fills a batch."""
        experiment = self.experiment
        order = batch_order(experiment.train_size, experiment.batch_size, self.rng)
        if experiment.batches != "bucketed":
            return order
        return batches_of(experiment, self.inputs.train.lengths, order[order >= 0])

    def _batched(self, order: NDArray[np.int32]) -> TrainingLayout:
        """Return `train`, all but its inputs laid out anew for the steps that each batch has."""
        experiment, train = self.experiment, self.inputs.train
        arrays = arrays_of(experiment, self.strategy, with_batches(experiment, train, order))
        # The inputs stay as they are, so they are neither laid out nor moved again.
        switches = replace(arrays, inputs=arrays.inputs[..., :0])
        layout = as_tensors(
            training_layout(
                switches,
                units=experiment.units,
                outputs=experiment.spec.outputs,
                batch_size=experiment.batch_size,
                every_step=experiment.per_step,
            )
        )
        return replace(self.train, data=layout.data._replace(inputs=self.train.data.inputs))

    def score(self) -> None:
        """Score the test sequences: the scores go to the record, the probabilities to `answers`."""
        answers = self.answers = self._answers(self.test, self.answer_cells)
        reported = score(answers, self.targets, self.weights)
        valid_accuracy = reported.accuracy
        if not self.valid.all():
            real = self.valid
            valid_accuracy = score(answers[real], self.targets[real], self.weights[real]).accuracy
        self.record.tested.append((reported, valid_accuracy))

    def probe(self, probes: Batch) -> NDArray[np.float32]:
        """Return the network's probabilities (P, T, classes) after every step of the P probes."""
        arrays = arrays_of(self.experiment, self.strategy, probes)
        layout = layout_for_inference(self.experiment, arrays, every_step=True)
        return probabilities(infer(layout, self.train_state.weights))

    def network(self) -> Network:
        """Return the weights after the newest epoch, in NumPy."""
        return Network(len(self.record.trained), *(of.numpy() for of in self.train_state.weights))

    def _answers(self, layout: InferenceLayout, cells: tuple[NDArray, ...]) -> NDArray[np.float32]:
        """Return the probabilities (A, classes) of A answers, one a sequence or those at `cells`.

        cells: rows (A,) and steps (A,), of a task with a label at each step; else unused.
        """
        logits = infer(layout, self.train_state.weights)
        return probabilities(logits[cells] if self.experiment.per_step else logits)

    def measure_leak(self) -> None:
        """Record the `leak`: answers scored last against those with padding "post" that is held."""
        experiment = self.experiment
        bare = pad(
            self.inputs.data.test,
            padded_length=experiment.padded_length,
            side="post",
            pad_value=experiment.pad_value,
        )
        arrays = hold_padding(arrays_of(experiment, self.strategy, bare), bare.padded)
        compared = compared_steps(experiment, bare, arrays)
        # pyrefly: ignore[bad-argument-type]
        layout = layout_for_inference(experiment, replace(arrays, weights=compared), every_step=False)
        bare_answers = self._answers(layout, np.nonzero(compared))
        self.record.leak = leak(self.answers[self.valid], bare_answers)
