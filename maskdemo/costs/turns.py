"""One turn of training, timed: in our engine and in Keras. TensorFlow loads when they are called."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from maskdemo.costs.table import Way
from maskdemo.experiment import Experiment
from maskdemo.inputs import arrays_of, inputs

ROUNDS = 3
EPOCHS_A_TURN = 3


def our_turn(experiment: Experiment, way: Way) -> Callable[[], float]:
    """Prepares; the call trains a turn and returns the seconds of its fastest epoch."""
    from maskdemo.engine import Shape, batch_order, new_learner, tensors, train_epoch
    from maskdemo.trimming import trim

    given = arrays_of(experiment, way.strategy, inputs(experiment).train)
    if way.trimmed:
        given, _ = trim(given, at_least=experiment.max_length)
    sizes = {"units": experiment.units, "outputs": experiment.outputs}
    shape = Shape.for_arrays(given, batch_size=experiment.batch_size, **sizes)
    data = tensors(given, shape)
    network = new_learner(features=experiment.spec.features, seed=0, **sizes)
    rng = np.random.default_rng(0)

    def epoch() -> float:
        nonlocal network
        began = time.perf_counter()
        order = batch_order(experiment.train_size, experiment.batch_size, rng)
        network, _, _ = train_epoch(shape, network, data, order, experiment.learning_rate)
        return time.perf_counter() - began

    epoch()
    return lambda: min(epoch() for _ in range(EPOCHS_A_TURN))


def keras_turn(experiment: Experiment, way: Way) -> Callable[[], float]:
    """The same with Keras: prepares; the call trains a turn, of which only whole epochs count."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.began)

    batch = inputs(experiment).train
    labels = batch.labels[..., None] if experiment.per_step else batch.labels.max(axis=1)
    outputs, layers = experiment.outputs, keras.layers
    masking = [layers.Masking(experiment.mask_value)] if way.strategy == "masking_layer" else []
    model = keras.Sequential(
        [
            layers.Input(batch.values.shape[1:]),
            *masking,
            layers.LSTM(experiment.units, return_sequences=experiment.per_step),
            layers.Dense(outputs, activation="sigmoid" if outputs == 1 else "softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(experiment.learning_rate),
        "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    clock = Clock()

    def turn(epochs: int = EPOCHS_A_TURN) -> float:
        model.fit(
            batch.values,
            labels,
            batch_size=experiment.batch_size,
            epochs=epochs,
            verbose=0,  # pyright: ignore[reportArgumentType]
            callbacks=[clock],
        )
        return min(clock.seconds)

    turn(epochs=1)
    return turn
