"""What an experiment trains and tests on: sequences, rectangles, arrays, and the chance level.

Everything is a function of the settings. It is computed once and kept while it is among the last few
asked for, under the settings that matter for it alone: neither a longer training nor another strategy
draws a sequence again. What is returned is shared, so its arrays are read-only.

>>> from maskdemo.experiment import Experiment
>>> one = Experiment(task="last_sign", train_size=16, test_size=20)
>>> inputs(one).train.values.shape, inputs(one).test.values.shape
((16, 60, 4), (20, 60, 4))
>>> inputs(one) is inputs(Experiment(task="last_sign", train_size=16, test_size=20, units=8))
True
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import Data, Sequences, evenly_spread, repeat_seed
from maskdemo.data.tasks import make
from maskdemo.experiment import Experiment
from maskdemo.strategies import Arrays, arrays

#: Rectangles of so many repeats are kept; at the limits one takes some 60 MB.
KEPT = 3
KEPT_CHANCES = 256
KEPT_PREVIEWS = 32
#: The fewest sequences that an experiment may have, for the part of the data that is not looked at.
FEWEST = 16


@dataclass(frozen=True)
class Inputs:
    """One repeat: its sequences, and both parts of them as rectangles (N, padded_length, F)."""

    data: Data
    train: Batch
    test: Batch


@dataclass(frozen=True)
class Chance:
    """Accuracy (0 to 1) of always giving the commonest label of the first repeat's test set.

    valid: over the valid steps. reported: over the very steps that count, padding included where it
    does. Both are over the sequences where each has one label.
    """

    valid: float
    reported: float


def inputs(experiment: Experiment, repeat: int = 0) -> Inputs:
    """The sequences of one repeat, as they are and as the strategies get them."""
    return _inputs(_deciding(experiment), _deciding_repeat(experiment, repeat))


def padded(experiment: Experiment, sequences: Sequences) -> Batch:
    """Any sequences as this experiment pads them, (N, padded_length, F)."""
    return pad(
        sequences,
        padded_length=experiment.padded_length,
        side=experiment.side,
        pad_value=experiment.pad_value,
    )


def arrays_of(experiment: Experiment, strategy: str, batch: Batch) -> Arrays:
    """The five arrays of `strategy` for a batch, under this experiment's settings."""
    return arrays(
        strategy,
        batch,
        mask_value=experiment.mask_value,
        per_step=experiment.per_step,
        count_invalid=experiment.count_invalid,
    )


def chance(experiment: Experiment) -> Chance:
    """What answering without looking reaches on the first repeat's test set."""
    # How many training sequences there are changes nothing about the test set.
    decides = replace(_deciding(experiment), train_size=FEWEST)
    return _chance(replace(decides, count_invalid=experiment.count_invalid))


def share_of_commonest(labels: NDArray[np.integer], weights: ArrayLike = 1.0) -> float:
    """The share (0 to 1) that the commonest label has of all weight; weights: as labels, or one."""
    counts = np.bincount(labels.ravel(), np.broadcast_to(weights, labels.shape).ravel())
    return float(counts.max() / counts.sum())


def preview(experiment: Experiment, rows: int = 24) -> Batch:
    """A few training sequences of the first repeat as the LSTM would receive them."""
    return _preview(shown_by_preview(experiment), rows)


def shown_by_preview(experiment: Experiment) -> Experiment:
    """The same for any two experiments whose previews are the same."""
    return replace(_deciding(experiment), test_size=FEWEST)


def picked(sequences: Sequences, rows: NDArray[np.intp]) -> Sequences:
    """Some of the sequences, by their indices, in that order."""
    return Sequences(
        *(
            tuple(each[row] for row in rows)
            for each in (sequences.values, sequences.observed, sequences.labels)
        )
    )


def forget() -> None:
    """Keep nothing: for data that nobody may keep any longer."""
    for each in (_data, _inputs, _chance, _preview):
        each.cache_clear()


def _deciding(experiment: Experiment) -> Experiment:
    """The experiment with all that decides neither sequences nor rectangles set to one value."""
    return replace(
        experiment,
        mask_value=0.0,
        strategies=("no_mask",),
        count_invalid=True,
        units=1,
        epochs=1,
        batch_size=1,
        learning_rate=1.0,
        repeats=1,
        seed=0 if _is_one_recording(experiment) else experiment.seed,
    )


def _deciding_repeat(experiment: Experiment, repeat: int) -> int:
    return 0 if _is_one_recording(experiment) else repeat


def _is_one_recording(experiment: Experiment) -> bool:
    """Whether all repeats of all seeds have the very same sequences."""
    return experiment.spec.fixed is not None and experiment.missing_rate == 0


@lru_cache(maxsize=KEPT)
def _data(
    task: str,
    train_size: int,
    test_size: int,
    min_length: int,
    max_length: int,
    missing_rate: float,
    seed: int,
) -> Data:
    drawn = make(
        task,
        train_size=train_size,
        test_size=test_size,
        min_length=min_length,
        max_length=max_length,
        missing_rate=missing_rate,
        seed=seed,
    )
    for part in (drawn.train, drawn.test):
        _make_read_only(*part.values, *part.observed, *part.labels)
    return drawn


def _data_of(experiment: Experiment, repeat: int) -> Data:
    # The rectangle's settings are left out: a longer padding draws nothing again.
    return _data(
        experiment.task,
        experiment.train_size,
        experiment.test_size,
        experiment.min_length,
        experiment.max_length,
        experiment.missing_rate,
        repeat_seed(experiment.seed, repeat),
    )


@lru_cache(maxsize=KEPT)
def _inputs(experiment: Experiment, repeat: int) -> Inputs:
    data = _data_of(experiment, repeat)
    train, test = (_shared(padded(experiment, part)) for part in (data.train, data.test))
    return Inputs(data, train, test)


@lru_cache(maxsize=KEPT_CHANCES)
def _chance(experiment: Experiment) -> Chance:
    test = padded(experiment, _data_of(experiment, 0).test)
    counted = arrays_of(experiment, experiment.strategies[0], test)
    weights = test.valid if experiment.per_step else counted.weights
    return Chance(
        valid=share_of_commonest(counted.targets, weights),
        reported=share_of_commonest(counted.targets, counted.weights),
    )


@lru_cache(maxsize=KEPT_PREVIEWS)
def _preview(experiment: Experiment, rows: int) -> Batch:
    train = _data_of(experiment, 0).train
    return _shared(padded(experiment, picked(train, evenly_spread(rows, len(train)))))


def _shared(batch: Batch) -> Batch:
    _make_read_only(batch.values, batch.valid, batch.padded, batch.labels)
    return batch


def _make_read_only(*arrays: NDArray) -> None:
    for each in arrays:
        each.flags.writeable = False
