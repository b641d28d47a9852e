"""Batches that are padded to their own longest sequence, against `tf.data` and `train_on_batch`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from maskdemo.data.batches import batches_of, boundaries
from maskdemo.data.inputs import inputs, padding_share
from maskdemo.data.sequences import Sequences, repeat_seed
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES
from maskdemo.titles import BATCHES, CUT_ENDS
from maskdemo.training.loss_and_adam import new_train_state
from maskdemo.training.program import batch_order
from maskdemo.training.run import train
from tests.samples import small

EPOCHS = 2
SETTINGS = {
    "task": "last_sign",
    "train_size": 70,
    "test_size": 40,
    "min_length": 2,
    "max_length": 12,
    "padded_length": 16,
    "pad_value": -9.0,
    "mask_value": -9.0,
    "units": 6,
    "epochs": EPOCHS,
    "batch_size": 16,
    "repeats": 1,
    "seed": 3,
}


def tf_batches(experiment: Experiment, sequences: Sequences, order: np.ndarray) -> Iterator[tuple]:
    """Batches as `tf.data` makes them: indices, values, valid steps and labels.

    It pads after the end only: batches with padding in front are of the same sequences.
    """
    for rows, values, valid, labels in _tf_batches(experiment, sequences, order):
        if experiment.side == "pre":
            parts = [sequences.values[row] for row in rows]
            options = {"dtype": "float32", "padding": "pre", "value": experiment.pad_value}
            values, valid = keras.utils.pad_sequences(parts, **options), valid[:, ::-1]
        yield rows, values, valid, labels


def _tf_batches(experiment: Experiment, sequences: Sequences, order: np.ndarray) -> Iterator[tuple]:

    def one_by_one():
        for row in order:
            values = sequences.values[row]
            yield row, values, np.ones(len(values), bool), sequences.labels[row][0]

    features = experiment.spec.features
    specs = (
        tf.TensorSpec((), tf.int32),
        tf.TensorSpec((None, features)),
        tf.TensorSpec((None,), tf.bool),
        tf.TensorSpec((), tf.int32),
    )
    data = tf.data.Dataset.from_generator(one_by_one, output_signature=specs)
    filled = (0, tf.constant(experiment.pad_value), False, 0)
    size = experiment.batch_size
    if experiment.batches == "longest":
        yield from data.padded_batch(size, padding_values=filled).as_numpy_iterator()
        return
    edges = boundaries(experiment)
    yield from data.bucket_by_sequence_length(
        lambda _, values, *__: tf.shape(values)[0],
        edges,
        [size] * (len(edges) + 1),
        padding_values=filled,
    ).as_numpy_iterator()


@cache
def model_of(strategy: str) -> keras.Model:
    values = keras.Input((None, 4))
    valid = keras.Input((None,), dtype="bool")
    if strategy == "masking_layer":
        state = keras.layers.LSTM(6)(keras.layers.Masking(-9.0)(values))
    elif strategy == "mean":
        state = keras.layers.LSTM(6, return_sequences=True)(values)
        state = keras.layers.GlobalAveragePooling1D()(state)
    else:
        state = keras.layers.LSTM(6)(values)
    return keras.Model([values, valid], keras.layers.Dense(1, activation="sigmoid")(state))


@pytest.mark.parametrize(
    ("strategy", "batches", "side"),
    [
        ("mean", "longest", "post"),
        ("masking_layer", "bucketed", "post"),
        *(
            pytest.param(*each, marks=pytest.mark.fuzz)
            for each in (
                ("no_mask", "longest", "post"),
                ("no_mask", "bucketed", "pre"),
                ("mean", "bucketed", "pre"),
                ("masking_layer", "longest", "pre"),
            )
        ),
    ],
)
def test_training_follows_tf_data(strategy, batches, side):
    reads = {"strategies": ("no_mask",), "read_out": "mean"} if strategy == "mean" else {}
    experiment = Experiment(
        **{"strategies": (strategy,), **SETTINGS, **reads}, batches=batches, side=side
    )
    final = list(train(experiment))[-1]
    (curve,), data = final.curves, inputs(experiment).data
    model = model_of(strategy)
    start = new_train_state(features=4, units=6, outputs=1, seed=repeat_seed(3, 0)).weights
    model.set_weights([start.kernel[:4], *start[1:]])
    # Nearly every batch has a shape of its own, which would be traced for seconds.
    adam = keras.optimizers.Adam(experiment.learning_rate)
    model.compile(adam, "binary_crossentropy", metrics=["binary_accuracy"], run_eagerly=True)
    rng = np.random.default_rng([3, 0])
    for epoch in range(EPOCHS):
        order = batch_order(70, 16, rng).ravel()
        measured, sizes, made, steps = [], [], [], []
        for rows, values, valid, labels in tf_batches(experiment, data.train, order[order >= 0]):
            model.reset_metrics()
            measured.append(model.train_on_batch([values, valid], labels))
            sizes.append(len(rows))
            steps.append((valid.size, valid.sum()))
            made.append(rows.tolist())
        loss, accuracy = np.average(measured, axis=0, weights=sizes)
        assert curve.loss[epoch] == pytest.approx(loss, abs=2e-5)
        assert curve.accuracy[epoch] == pytest.approx(accuracy, abs=1e-6)
        computed, real = np.sum(steps, axis=0)
        if epoch == 0:
            assert padding_share(experiment) == pytest.approx(1 - real / computed)
        ours = batches_of(experiment, inputs(experiment).train.lengths, order[order >= 0])
        assert [each[each >= 0].tolist() for each in ours] == made
    # The test sequences are answered in batches made the same way.
    said = np.empty(40, np.float32)
    for rows, values, valid, _ in tf_batches(experiment, data.test, np.arange(40)):
        said[rows] = np.asarray(model([values, valid]))[:, 0]
    right = (said > 0.5) == np.array([each[0] for each in data.test.labels])
    assert curve.test_accuracy[-1] == pytest.approx(right.mean())
    rows = np.unique(np.linspace(0, 39, 8).astype(int))
    (outputs,), read_out = final.probes.outputs.values(), final.probes.read_out
    ours = outputs[-1][np.arange(8), read_out[experiment.strategies[0]], 1]
    np.testing.assert_allclose(ours, said[rows], atol=1e-5)


@pytest.mark.parametrize("read_out", ["last", "mean"])
def test_with_one_length_all_agree_to_the_bit(read_out):
    """No padding, nothing to cut, nothing to fill, and every batch as long as every other."""
    one = small(min_length=8, max_length=8, padded_length=8, read_out=read_out, units=6)
    # A mask as a feature reads one input more.
    strategies = tuple(each for each in STRATEGIES if each != "mask_feature")
    curves = [
        replace(curve, strategy="", epoch_seconds=None)
        for batches in BATCHES
        for truncating in CUT_ENDS
        for curve in list(
            train(
                replace(
                    one,
                    batches=batches,
                    truncating=truncating,
                    strategies=strategies if batches == "fixed" else ("no_mask",),
                )
            )
        )[-1].curves
    ]
    assert len(curves) > 7 and all(curve == curves[0] for curve in curves)
