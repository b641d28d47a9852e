"""Among layers that keep a mask, in any order, one that loses it, anywhere, is found and named.

`make test` finds and names such layers one by one in `test_zoo`.
"""

import warnings

import keras
import pytest
from hypothesis import given, settings, strategies
from keras import layers, ops

from maskdemo.audit import audit
from tests.audit.layers import Silent

KEEPING = {
    "dense": lambda name: layers.Dense(6, activation="tanh", name=name),
    "lstm": lambda name: layers.LSTM(6, return_sequences=True, name=name),
    "both": lambda name: layers.Bidirectional(
        layers.GRU(3, return_sequences=True, name=f"{name}_inner"), name=name
    ),
    "norm": lambda name: layers.LayerNormalization(name=name),
    "drop": lambda name: layers.Dropout(0.2, name=name),
    "relu": lambda name: layers.LeakyReLU(name=name),
    "batch": lambda name: layers.BatchNormalization(name=name),
}
LOSING = {
    "dropped_with_warning": lambda x: layers.Conv1D(6, 1, name="guilty")(x),
    "dropped_by_layer": lambda x: Silent(name="guilty")(x),
    "dropped_silently": lambda x: ops.multiply(x, 2.0),
}

#: Each example builds and audits a model: `make fuzz` has 33.
SETTINGS = settings(max_examples=max(2, settings().max_examples // 30))
ORDERS = strategies.lists(strategies.sampled_from(sorted(KEEPING)), min_size=1, max_size=3)


def composed(order: list[str], *, loss: str, at: int) -> keras.Model:
    keras.utils.clear_session(free_memory=False)
    inputs = keras.Input((None, 6), name="sequence")
    x = layers.Masking(name="masking")(inputs)
    for place, kind in enumerate(order):
        if place == at:
            x = LOSING[loss](x)
        x = KEEPING[kind](f"{kind}_{place}")(x)
    if at >= len(order):
        x = LOSING[loss](x)
    return keras.Model(inputs, layers.Dense(2, name="answer")(layers.GRU(4, name="last")(x)))


@pytest.mark.fuzz
@given(ORDERS, strategies.sampled_from(sorted(LOSING)), strategies.integers(0, 3))
@SETTINGS
def test_one_layer_that_loses_it_is_found_anywhere(order, loss, at):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = audit(composed(order, loss=loss, at=at), added=(1, 4), saved=False)
    guilty = "multiply" if loss == "dropped_silently" else "guilty"
    assert [(each.cause, each.layer) for each in report.leaks] == [(loss, guilty)]
