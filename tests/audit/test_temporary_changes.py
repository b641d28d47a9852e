"""Steps that are run at once are those that Keras runs one by one; what is changed is put back."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from maskdemo.audit.temporary_changes import last_activations, steps_at_once, without_activations
from maskdemo.audit.trace import trace

STEPS = 12


@pytest.mark.parametrize(("mixes", "calls"), [(False, 3), (True, 3 + STEPS)])
def test_outputs_stay_and_a_layer_that_mixes_sequences_runs_step_by_step(mixes, calls):
    called = []

    def of(x):
        called.append(len(x))
        return x - ops.mean(x, axis=0) if mixes else x * 2.0

    inputs = keras.Input((None, 3))
    steps = layers.TimeDistributed(layers.Lambda(of, output_shape=(3,)))(layers.Masking()(inputs))
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True))(steps)
    model = keras.Model(inputs, [steps, both, *layers.LSTM(4, return_state=True)(both)])
    batch = np.random.default_rng(1).normal(size=(5, STEPS, 3)).astype("float32")
    batch[1:, STEPS - 7 :] = 0
    wanted, called[:] = model(batch), []
    with steps_at_once(model):
        got = model(batch)
    assert len(called) == calls
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert not any("call" in vars(each) for each in model._flatten_layers())


@pytest.mark.parametrize("wrapper", [lambda layer: layer, layers.TimeDistributed])
def test_a_layer_that_makes_two_outputs_has_its_activation_again_afterwards(wrapper):
    inputs, shared = keras.Input((2, 3), name="x"), layers.Softmax()
    model = keras.Model(inputs, [wrapper(shared)(inputs), wrapper(shared)(inputs * 2)])
    ones = np.ones((1, 2, 3), "float32")
    with without_activations(last_activations(trace(model, {"x": ones}).output_makers)):
        np.testing.assert_array_equal(model(ones)[1], 2 * ones)
    np.testing.assert_allclose(model(ones)[1], ones / 3)
