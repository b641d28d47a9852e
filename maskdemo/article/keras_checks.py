"""What real Keras does at masked steps, when a layer gets a mask, and what masking costs there.

Needs TensorFlow, which is imported when a check is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from maskdemo.article.claims import TIMED
from maskdemo.data.inputs import inputs
from maskdemo.experiment import Experiment

#: Of the timing: how often both models take turns, epochs a turn, and sequences at most. An epoch of
#: more sequences takes longer in proportion, and shows nothing else.
ROUNDS, EPOCHS, MAX_SEQUENCES = 12, 3, 512
NETWORKS, SEQUENCES, STEPS, FEATURES, UNITS = 5, 8, 12, 4, 8


def check(name: str) -> dict[str, Any]:
    """Make a check of `CHECKS`; return what it measured, and under "keras" the version."""
    import keras

    return {"keras": keras.__version__, **CHECKS[name]()}


def masked_steps() -> dict[str, dict[str, float]]:
    """Measure real Keras at masked steps, by side: the largest over several networks and sequences.

    input: |x| that the LSTM receives. state: |h| or |c| after a masked step. moved: how far h or c
    moved at that step. leak: the change of the output without the padding. gradient: |the output's
    gradient| with respect to the values of masked steps.
    """
    largest: dict[str, dict[str, float]] = {"post": {}, "pre": {}}
    for seed in range(NETWORKS):
        rng = np.random.default_rng(seed)
        sequences = [
            rng.normal(size=(length, FEATURES)).astype(np.float32)
            for length in rng.integers(3, STEPS - 3, size=SEQUENCES)
        ]
        for side, so_far in largest.items():
            for name, size in _one_network(sequences, side, rng).items():
                so_far[name] = max(so_far.get(name, 0.0), float(size))
    return largest


def _one_network(sequences: list[np.ndarray], side: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return the numbers of `masked_steps` for one LSTM with random weights.

    sequences: (length, F) each. side: of the padding.
    """
    import keras
    import tensorflow as tf

    masking = keras.layers.Masking(mask_value=0.0)
    lstm = keras.layers.LSTM(UNITS, return_state=True)
    values = keras.utils.pad_sequences(sequences, STEPS, dtype="float32", padding=side)
    masked = ~values.any(axis=2)
    lstm.build(values.shape)
    # Biases too: with those of an untrained network, zeros in front would change nothing anyway.
    lstm.set_weights([rng.normal(0, 0.5, each.shape) for each in lstm.get_weights()])
    states = [np.zeros((2, SEQUENCES, UNITS))]
    for steps in range(1, STEPS + 1):
        _, *state = lstm(masking(values[:, :steps]))
        states.append(np.stack([np.asarray(each) for each in state]))
    after = np.stack(states[1:], axis=2)  # (2, N, T, H)
    moved = after - np.stack(states[:-1], axis=2)
    values_tensor = tf.convert_to_tensor(values)
    with tf.GradientTape() as tape:
        tape.watch(values_tensor)
        mask = masking.compute_mask(values_tensor)
        output = lstm(masking(values_tensor), mask=mask)[0]
        total = tf.reduce_sum(output)
    alone = np.concatenate([np.asarray(lstm(each[None])[0]) for each in sequences])
    return {
        "input": np.abs(np.asarray(masking(values))[masked]).max(),
        "state": np.abs(after[:, masked]).max(),
        "moved": np.abs(moved[:, masked]).max(),
        "leak": np.abs(np.asarray(output) - alone).max(),
        "gradient": np.abs(np.asarray(tape.gradient(total, values_tensor))[masked]).max(),
    }


def custom_layer() -> dict[str, list[dict[str, bool]]]:
    """Find out whether a custom layer receives a mask, and whether the layer after it does ("passed").

    Returns "layers": four answers, with and without a Masking layer before it ("masking"), and with
    `supports_masking` True and False ("supports").
    """
    import keras

    class MaskRecorder(keras.layers.Layer):
        """A layer that notes whether its call received a mask, and changes nothing."""

        def __init__(self, supports: bool) -> None:
            super().__init__()
            self.supports_masking = supports
            self.received = False

        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.received = mask is not None
            return inputs + 0

    values = np.ones((2, STEPS, FEATURES), np.float32)
    values[:, STEPS // 2 :] = 0
    answers = []
    for masking in (False, True):
        for supports in (False, True):
            layer, next_layer = MaskRecorder(supports), MaskRecorder(True)
            before = [keras.layers.Masking()] if masking else []
            keras.Sequential([keras.Input((None, FEATURES)), *before, layer, next_layer])(values)
            answers.append(
                {
                    "masking": masking,
                    "supports": supports,
                    "received": layer.received,
                    "passed": next_layer.received,
                }
            )
    return {"layers": answers}


def epoch_seconds() -> dict[str, list[tuple[str, list[float]]]]:
    """Measure the processor time of `Model.fit` with a Masking layer, as a multiple of that without.

    Returns "ratios": for each of `TIMED`, the experiment as JSON and a number a round. Both
    models train in turn, so that both meet the same conditions; and the processor's time, of all
    threads, because others may be at work on this machine. Building, compiling and a first epoch come
    before.
    """
    ratios = []
    for wanted in TIMED:
        experiment = replace(wanted, train_size=min(wanted.train_size, MAX_SEQUENCES))
        bare, masked = (_keras_fit(experiment, masking=masking) for masking in (False, True))
        times = [_processor_time(masked) / _processor_time(bare) for _ in range(ROUNDS)]
        ratios.append((wanted.to_json(), times))
    return {"ratios": ratios}


def _keras_fit(experiment: Experiment, *, masking: bool) -> Callable[[], object]:
    """Return a function that fits a compiled model for `EPOCHS` epochs more; it has fitted for one.

    Stock layers, Adam, defaults of `Model.fit`. masking: with a Masking layer before the LSTM.
    """
    import keras

    batch, layers = inputs(experiment).train, keras.layers
    labels = batch.labels[..., None] if experiment.per_step else batch.labels.max(axis=1)
    binary = experiment.classes == 2
    model = keras.Sequential(
        [
            layers.Input(batch.values.shape[1:]),
            *([layers.Masking(experiment.mask_value)] if masking else []),
            layers.LSTM(experiment.units, return_sequences=experiment.per_step),
            layers.Dense(1 if binary else experiment.classes, "sigmoid" if binary else "softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(experiment.learning_rate),
        "binary_crossentropy" if binary else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def fit(epochs: int = EPOCHS) -> None:
        model.fit(
            batch.values,
            labels,
            batch_size=experiment.batch_size,
            epochs=epochs,
            verbose=0,
        )

    fit(epochs=1)
    return fit


def _processor_time(work: Callable[[], object]) -> float:
    """Do the work, and return the seconds of processor time, of all threads, that it took."""
    began = time.process_time()
    work()
    return time.process_time() - began


CHECKS: dict[str, Callable[[], dict]] = {
    each.__name__: each for each in (masked_steps, custom_layer, epoch_seconds)
}
