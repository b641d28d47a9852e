"""What an experiment trains and tests on: sequences, padded batches, arrays, and the chance level.

All are functions of the settings. The last few of each are cached, under the settings that decide them:
neither a longer training nor another strategy draws a sequence again. Results are shared by all
callers, so their arrays are read-only.

>>> from maskdemo.experiment import Experiment
>>> one = Experiment(task="last_sign", train_size=16, test_size=20)
>>> inputs(one).train.values.shape, inputs(one).test.values.shape
((16, 60, 4), (20, 60, 4))
>>> inputs(one) is inputs(Experiment(task="last_sign", train_size=16, test_size=20, units=8))
True
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskdemo.caching import Cache
from maskdemo.data.batches import batches_of, steps_there
from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import Data, Sequences, repeat_seed, steps_lost, truncate
from maskdemo.data.tasks import make_data
from maskdemo.experiment import Experiment
from maskdemo.strategies import Arrays, arrays

#: Repeats whose padded batches are cached; at the limits a repeat takes some 60 MB.
CACHED_REPEATS = 3
CACHED_CHANCES = 256
_DATA: Cache[Data] = Cache(CACHED_REPEATS)
_INPUTS: Cache[Inputs] = Cache(CACHED_REPEATS)
_CHANCES: Cache[Chance] = Cache(CACHED_CHANCES)
#: The fewest sequences that an experiment may have, for the part of the data that does not matter.
MIN_SIZE = 16


@dataclass(frozen=True)
class Inputs:
    """One repeat: its sequences, and both parts of them as padded batches (N, padded_length, F).

    In all three, sequences longer than the padded length are cut to it, so `lost` is 0. `there` is only
    filled in for the test set: the batches of the training set change from epoch to epoch.
    """

    data: Data
    train: Batch
    test: Batch


@dataclass(frozen=True)
class Chance:
    """Accuracy (0 to 1) of always giving the commonest label of the first repeat's test set.

    valid: over the valid steps. reported: over the steps that count in the loss, which may include
    padding and have another commonest label. With one label a sequence, both are over the sequences.
    """

    valid: float
    reported: float


def inputs(experiment: Experiment, repeat: int = 0) -> Inputs:
    """Return the sequences of one repeat (from 0), unpadded and padded: cached and read-only."""
    settings, repeat = data_settings(experiment), 0 if _is_one_recording(experiment) else repeat
    return _INPUTS.get((settings, repeat), lambda: _inputs(settings, repeat))


def pad_for(experiment: Experiment, sequences: Sequences) -> Batch:
    """Return N sequences padded or cut to (N, padded_length, F) by the settings of this experiment.

    `lost` is filled in; `there` is not, see `with_batches`.
    """
    batch = pad(
        _truncated(experiment, sequences),
        padded_length=experiment.padded_length,
        side=experiment.side,
        pad_value=experiment.pad_value,
    )
    return replace(batch, lost=steps_lost(sequences, experiment.padded_length))


def with_batches(
    experiment: Experiment, batch: Batch, order: NDArray[np.integer] | None = None
) -> Batch:
    """Return the batch with `there` filled in; with "fixed" batches, of T steps each, as it is.

    order: (batches, batch_size), of `batches_of`; None for sequences in their own order, as a test set.
    """
    if experiment.batches == "fixed":
        return batch
    if order is None:
        order = batches_of(experiment, batch.lengths, np.arange(len(batch.values)))
    return replace(batch, there=steps_there(experiment, batch.lengths, order))


def padding_share(experiment: Experiment) -> float:
    """Return the share (0 to 1) of padding among the training steps of the first epoch of repeat 0."""
    train = inputs(experiment).train
    lengths, rng = train.lengths, np.random.default_rng([experiment.seed, 0])
    steps = np.full(len(lengths), experiment.padded_length)
    if experiment.batches != "fixed":
        order = batches_of(experiment, lengths, rng.permutation(len(lengths)))
        steps = steps_there(experiment, lengths, order).sum(axis=1)
    return float(1 - lengths.sum() / steps.sum())


def arrays_of(experiment: Experiment, strategy: str, batch: Batch) -> Arrays:
    """Return the arrays of a strategy for a batch, with the settings of this experiment."""
    return arrays(
        strategy,
        batch,
        mask_value=experiment.mask_value,
        per_step=experiment.per_step,
        count_invalid=experiment.count_invalid,
        average=experiment.averages,
    )


def chance(experiment: Experiment) -> Chance:
    """Return the accuracies of always giving the commonest label of the first repeat's test set.

    They are cached, and the same for all strategies.
    """
    # How many training sequences there are changes nothing about the test set.
    settings = replace(data_settings(experiment), train_size=MIN_SIZE)
    settings = replace(settings, count_invalid=experiment.count_invalid)
    return _CHANCES.get((settings,), lambda: _chance(settings))


def share_of_commonest(labels: NDArray[np.integer], weights: ArrayLike = 1.0) -> float:
    """Return the commonest label's share (0 to 1) of all weight; NaN where no label has any.

    labels: of any shape, from 0. weights: of the same shape, or a number for all labels.
    """
    counts = np.bincount(labels.ravel(), np.broadcast_to(weights, labels.shape).ravel())
    return float(counts.max() / counts.sum()) if counts.any() else np.nan


def select_sequences(sequences: Sequences, rows: NDArray[np.intp]) -> Sequences:
    """Return the sequences at the indices `rows`, in that order."""
    return Sequences(
        *(
            tuple(each[row] for row in rows)
            for each in (sequences.values, sequences.observed, sequences.labels)
        )
    )


def data_settings(experiment: Experiment) -> Experiment:
    """Return the experiment with a fixed value for every setting that does not affect the padded data.

    So experiments with the same padded data become equal: a key for caches, not to be trained.
    """
    return replace(
        experiment,
        truncating=experiment.truncating if experiment.truncates else "pre",
        mask_value=0.0,
        strategies=("no_mask",),
        count_invalid=True,
        read_out="last",
        units=1,
        epochs=1,
        # Where batches have a length of their own, they are part of the padding.
        batch_size=experiment.batch_size if experiment.batches != "fixed" else 1,
        learning_rate=1.0,
        repeats=1,
        seed=0 if _is_one_recording(experiment) else experiment.seed,
    )


def _is_one_recording(experiment: Experiment) -> bool:
    """Whether all repeats of all seeds have the same sequences: recorded, with every reading."""
    return experiment.spec.fixed is not None and experiment.missing_rate == 0


def _data(experiment: Experiment, repeat: int) -> Data:
    """Return the sequences of a repeat, newly made and neither padded nor cut, in read-only arrays."""
    data = make_data(
        experiment.spec,
        train_size=experiment.train_size,
        test_size=experiment.test_size,
        min_length=experiment.min_length,
        max_length=experiment.max_length,
        missing_rate=experiment.missing_rate,
        seed=repeat_seed(experiment.seed, repeat),
    )
    for part in (data.train, data.test):
        _make_read_only(*part.values, *part.observed, *part.labels)
    return data


def whole_sequences(experiment: Experiment, repeat: int = 0) -> Data:
    """Return the sequences of one repeat (from 0) as drawn or recorded, not cut: cached, read-only."""
    # Without the settings of the padding: a longer padding draws nothing again.
    settings = replace(
        data_settings(experiment),
        padded_length=experiment.max_length,
        truncating="pre",
        side="post",
        pad_value=0.0,
        batches="fixed",
        batch_size=1,
    )
    repeat = 0 if _is_one_recording(experiment) else repeat
    return _DATA.get((settings, repeat), lambda: _data(settings, repeat))


def _truncated(experiment: Experiment, sequences: Sequences) -> Sequences:
    """Return the sequences, cut to the padded length where they are longer."""
    return truncate(sequences, experiment.padded_length, truncating=experiment.truncating)


def _inputs(experiment: Experiment, repeat: int) -> Inputs:
    """Return what `inputs` caches: a repeat's sequences, cut where too long, and padded anew."""
    whole = whole_sequences(experiment, repeat)
    parts = {part: _truncated(experiment, getattr(whole, part)) for part in ("train", "test")}
    data = replace(whole, **parts)  # pyrefly: ignore[bad-argument-type]
    train, test = (pad_for(experiment, part) for part in (data.train, data.test))
    return Inputs(data, _read_only(train), _read_only(with_batches(experiment, test)))


def _chance(experiment: Experiment) -> Chance:
    """Return the newly computed accuracies that `chance` caches."""
    test = with_batches(experiment, pad_for(experiment, whole_sequences(experiment).test))
    counted = arrays_of(experiment, experiment.strategies[0], test)
    weights = test.valid if experiment.per_step else counted.weights
    return Chance(
        valid=share_of_commonest(counted.targets, weights),
        reported=share_of_commonest(counted.targets, counted.weights),
    )


def _read_only(batch: Batch) -> Batch:
    """Make the arrays of the batch read-only, and return it."""
    parts = (getattr(batch, each.name) for each in fields(batch))
    _make_read_only(*(each for each in parts if each is not None))
    return batch


def _make_read_only(*arrays: NDArray) -> None:
    """Make these arrays read-only: NumPy raises ValueError where they are written."""
    for each in arrays:
        each.flags.writeable = False
