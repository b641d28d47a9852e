"""The engine against real Keras layers: same weights, same batch order, same numbers.

Every strategy that Keras can express is built from stock layers and trained with `Model.fit`. The
epochs' loss and accuracy and the outputs afterwards must agree to float precision.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from maskdemo.data.inputs import inputs
from maskdemo.data.sequences import repeat_seed
from maskdemo.data.tasks import TASKS
from maskdemo.experiment import Experiment
from maskdemo.training.loss_and_adam import new_train_state
from maskdemo.training.program import batch_order
from maskdemo.training.run import train
from tests.samples import forward_filled

EPOCHS = 2


class Stock(NamedTuple):
    """A compiled model of stock layers, and its optimizer's variables before any training."""

    model: keras.Model
    lstm: keras.layers.LSTM
    dense: keras.layers.Dense
    untrained: list[np.ndarray]


@cache
def compiled_model(
    strategy: str,
    *,
    features: int,
    units: int,
    outputs: int,
    per_step: bool,
    average: bool,
    mask_value: float,
    learning_rate: float,
) -> Stock:
    """The strategy as a person would write it in Keras; inputs (values, valid, read-out step).

    Once for all cases that it serves: Keras traces a model's training for seconds.
    """
    values = keras.Input((None, features))
    valid = keras.Input((None,), dtype="bool")
    step = keras.Input((), dtype="int32")
    activation = "sigmoid" if outputs == 1 else "softmax"
    every_state = per_step or average or strategy == "last_valid_step"
    lstm = keras.layers.LSTM(units, return_sequences=every_state)
    dense = keras.layers.Dense(outputs, activation=activation)
    as_float = keras.ops.cast(valid, "float32")[..., None]
    if strategy == "masking_layer":
        hidden = lstm(keras.layers.Masking(mask_value)(values))
    elif strategy == "held_state":
        hidden = lstm(values, mask=valid)
    elif strategy == "zeroed_input":
        hidden = lstm(values * as_float)
    elif strategy == "mask_feature":
        hidden = lstm(keras.layers.Concatenate()([values, as_float]))
    else:
        hidden = lstm(values)
    if average:  # the mask of a Masking layer is with the states already
        mask = valid if strategy in ("held_state", "last_valid_step") else None
        hidden = keras.layers.GlobalAveragePooling1D()(
            hidden, **({} if mask is None else {"mask": mask})
        )
    elif strategy == "last_valid_step" and not per_step:
        hidden = keras.ops.take_along_axis(hidden, step[:, None, None], axis=1)[:, 0]
    model = keras.Model([values, valid, step], dense(hidden))
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(
        optimizer,
        "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    optimizer.build(model.trainable_variables)
    untrained = [each.numpy() for each in optimizer.variables]
    return Stock(model, lstm, dense, untrained)


def keras_model(strategy: str, experiment: Experiment) -> keras.Model:
    """The strategy's model with the initial weights of the experiment's first repeat."""
    features = TASKS[experiment.task].features
    # Filling forward changes what these layers read, and not the layers.
    stock = compiled_model(
        "no_mask" if strategy == "forward_fill" else strategy,
        features=features,
        units=experiment.units,
        outputs=experiment.spec.outputs,
        per_step=experiment.per_step,
        average=experiment.averages,
        mask_value=experiment.mask_value if strategy == "masking_layer" else 0.0,
        learning_rate=experiment.learning_rate,
    )
    start = new_train_state(
        features=features,
        units=experiment.units,
        outputs=experiment.spec.outputs,
        seed=repeat_seed(experiment.seed, 0),
    ).weights
    rows = features + 1 if strategy == "mask_feature" else features
    stock.lstm.set_weights([start.kernel[:rows], start.recurrent_kernel, start.bias])
    stock.dense.set_weights([start.readout, start.readout_bias])
    for variable, value in zip(stock.model.optimizer.variables, stock.untrained, strict=True):
        variable.assign(value)
    return stock.model


def keras_inputs(batch, strategy="no_mask"):
    values = forward_filled(batch) if strategy == "forward_fill" else batch.values
    steps = batch.valid.shape[1]
    last = steps - 1 - np.argmax(batch.valid[:, ::-1], axis=1)
    return [values, batch.valid, last.astype(np.int32)]


PRE = {
    "task": "last_sign",
    "min_length": 2,
    "max_length": 8,
    "padded_length": 14,
    "side": "pre",
    "pad_value": -9.0,
    "mask_value": -9.0,
}
#: Where they have the same features and answers, padded to the same length: a model is traced once.
CASES = {
    "binary": {"task": "sum_sign", "min_length": 3, "max_length": 9, "padded_length": 14},
    "pre, padded with -9": PRE,
    "a mean, pre, padded with -9": {**PRE, "read_out": "mean"},
    "real zeros masked": {
        "task": "last_bit",
        "min_length": 3,
        "max_length": 10,
        "padded_length": 10,
    },
    "missing readings": {
        "task": "first_sign",
        "min_length": 4,
        "max_length": 9,
        "padded_length": 14,
        "missing_rate": 0.3,
    },
    "nine classes": {"task": "japanese_vowels", "padded_length": 40},
}
EXPRESSIBLE = (
    "no_mask",
    "masking_layer",
    "zeroed_input",
    "held_state",
    "last_valid_step",
    "mask_feature",
    "forward_fill",
)


#: Every way in which Keras moves the state or reads it out, each with a case of its own: Keras traces
#: each model for seconds. The other strategies only change what goes in: `tests/test_strategies.py`.
IN_TEST = [
    ("no_mask", "pre, padded with -9"),
    ("masking_layer", "a mean, pre, padded with -9"),
    ("held_state", "missing readings"),
    ("last_valid_step", "nine classes"),
]
#: The other pairs that can differ wait for `make fuzz`.
FOLLOWED = [
    *IN_TEST,
    *(
        pytest.param(*pair, marks=pytest.mark.fuzz)
        for pair in (
            *product(EXPRESSIBLE, ("binary", "pre, padded with -9")),
            *product(("mask_feature", "forward_fill"), ("missing readings",)),
            *product(("no_mask", "last_valid_step"), ("a mean, pre, padded with -9",)),
            *product(("masking_layer", "held_state"), ("real zeros masked",)),
            ("masking_layer", "missing readings"),
            ("masking_layer", "nine classes"),
        )
        if pair not in IN_TEST
    ),
]


@pytest.mark.parametrize(("strategy", "case"), FOLLOWED)
def test_training_follows_model_fit(strategy, case):
    experiment = Experiment(
        **{"train_size": 100, "test_size": 40, **CASES[case]},
        strategies=(strategy,),
        units=7,
        epochs=EPOCHS,
        batch_size=16,
        repeats=1,
        seed=3,
    )
    final = list(train(experiment))[-1]
    made = inputs(experiment)
    batch, test = made.train, made.test
    outputs = experiment.spec.outputs
    model = keras_model(strategy, experiment)
    rng = np.random.default_rng([experiment.seed, 0])
    labels = np.array([each[0] for each in made.data.train.labels])
    read = keras_inputs(batch, strategy)
    for epoch in range(EPOCHS):
        order = batch_order(experiment.train_size, 16, rng).ravel()
        order = order[order >= 0]
        history = model.fit(
            [each[order] for each in read],
            labels[order],
            batch_size=16,
            shuffle=False,
            verbose=0,
        ).history
        curve = final.curves[0]
        assert curve.loss[epoch] == pytest.approx(history["loss"][0], abs=2e-5)
        assert curve.accuracy[epoch] == pytest.approx(history["accuracy"][0], abs=1e-6)
    said = keras.ops.convert_to_numpy(model(keras_inputs(test, strategy)))
    if outputs == 1:
        said = np.concatenate([1 - said, said], axis=1)
    rows = np.unique(np.linspace(0, len(said) - 1, 8).astype(int))
    if strategy == "last_valid_step":
        last = keras_inputs(test)[2][rows]
    else:
        last = np.full(len(rows), experiment.padded_length - 1)
    assert final.probes.read_out[strategy].tolist() == last.tolist()
    ours = final.probes.outputs[strategy][-1][np.arange(len(rows)), last]
    np.testing.assert_allclose(ours, said[rows], atol=1e-4)


@pytest.mark.parametrize("strategy", ["masking_layer", pytest.param("no_mask", marks=pytest.mark.fuzz)])
def test_a_label_at_each_step_follows_model_fit(strategy):
    """Padding is 0, so Keras's computed mask is the valid steps and its loss skips the padding."""
    experiment = Experiment(
        task="running_sign",
        train_size=64,
        test_size=16,
        min_length=3,
        max_length=8,
        padded_length=12,
        strategies=(strategy,),
        count_invalid=strategy == "no_mask",
        units=6,
        epochs=EPOCHS,
        batch_size=16,
        repeats=1,
    )
    curve = list(train(experiment))[-1].curves[0]
    batch = inputs(experiment).train
    model = keras_model(strategy, experiment)
    rng = np.random.default_rng([experiment.seed, 0])
    for epoch in range(EPOCHS):
        order = batch_order(64, 16, rng).ravel()
        history = model.fit(
            [each[order] for each in keras_inputs(batch)],
            batch.labels[order][..., None],
            batch_size=16,
            shuffle=False,
            verbose=0,
        ).history
        assert curve.loss[epoch] == pytest.approx(history["loss"][0], abs=2e-5)
        assert curve.accuracy[epoch] == pytest.approx(history["accuracy"][0], abs=2e-5)


def test_initial_weights_are_those_of_keras_layers():
    """Same initialisers and layout: scale, orthogonality and the forget bias."""
    weights = new_train_state(features=4, units=8, outputs=3, seed=5).weights
    cell = keras.layers.LSTMCell(8)
    cell.build((None, 4))
    for ours, theirs in zip(weights[:3], cell.get_weights(), strict=True):
        rows = theirs.shape[0] if theirs.ndim == 2 else None
        assert ours[:rows].shape == theirs.shape
    limit = np.sqrt(6 / (4 + 32))
    kernel = weights.kernel[:4].numpy()
    assert np.abs(kernel).max() <= limit and np.abs(kernel).max() > 0.8 * limit
    recurrent = weights.recurrent_kernel.numpy()
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(8), atol=1e-5)
    np.testing.assert_array_equal(weights.bias, cell.get_weights()[2])


def test_one_step_is_the_keras_cell():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(5, 4)).astype(np.float32)
    weights = new_train_state(features=4, units=8, outputs=1, seed=5).weights
    cell = keras.layers.LSTMCell(8)
    cell.build((None, 4))
    cell.set_weights([weights.kernel[:4], weights.recurrent_kernel, weights.bias])
    from maskdemo.training.lstm import empty_residuals, forward

    state = [tf.zeros((5, 8)), tf.zeros((5, 8))]
    theirs = []
    for _ in range(3):
        output, state = cell(inputs, state)
        theirs.append(output.numpy())
    padded = np.concatenate([inputs, np.zeros((5, 1), np.float32)], axis=1)
    with_bias = np.concatenate([padded, np.ones((5, 1), np.float32)], axis=1)
    empty, rest = empty_residuals(3, 5, 6, 8), tf.zeros((5, 8))

    @tf.function(jit_compile=True)
    def compiled(end):
        return forward(weights, lambda _: (with_bias, tf.ones(5)), 0, end, empty, rest)

    ours = compiled(tf.constant(3)).rows[1:4, :, 6:]
    np.testing.assert_allclose(ours, np.stack(theirs), atol=1e-6)
