"""Every layer of Keras is allowed or left out for a reason, and what is allowed is built as it was."""

import inspect
import json

import keras
import pytest
from keras import layers
from keras.src.api_export import get_name_from_symbol

from maskdemo.audit import allow_list
from maskdemo.audit.build_from_config import model_of
from maskdemo.audit.configuration import safe_config
from tests.audit.hostile import layer, model

pytestmark = pytest.mark.slow

#: Arguments of layers that cannot do without.
NEEDED = {
    "Activation": {"activation": "tanh"},
    "AdaptiveAveragePooling": {"output_size": 2},
    "AdaptiveMaxPooling": {"output_size": 2},
    "AveragePooling": {"pool_size": 2},
    "Bidirectional": {"layer": layers.LSTM(2)},
    "CategoryEncoding": {"num_tokens": 4},
    "CenterCrop": {"height": 3, "width": 3},
    "Conv": {"filters": 2, "kernel_size": 2},
    "DepthwiseConv": {"kernel_size": 2},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Dot": {"axes": 1},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d"},
    "Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True},
    "GroupedQueryAttention": {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1},
    "Hash": {"num_bins": 5},
    "MelSpectrogram": {"sampling_rate": 44_100},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 2},
    "Normalization": {"mean": [0.0, 1.0], "variance": [1.0, 2.0]},
    "InputLayer": {"shape": (None, 4)},
    "MaxPooling": {"pool_size": 2},
    "Permute": {"dims": (2, 1)},
    "Pipeline": {"layers": [layers.Rescaling(2.0)]},
    "RNN": {"cell": layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(2)])},
    "RandomCrop": {"height": 3, "width": 3},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RepeatVector": {"n": 3},
    "Rescaling": {"scale": 2.0},
    "Reshape": {"target_shape": (-1, 2)},
    "Resizing": {"height": 3, "width": 3},
    "ReversibleEmbedding": {"input_dim": 9, "output_dim": 4},
    "SeparableConv": {"filters": 2, "kernel_size": 2},
    "SpectralNormalization": {"layer": layers.Dense(2)},
    "StackedRNNCells": {"cells": [layers.LSTMCell(2)]},
    "TimeDistributed": {"layer": layers.Dense(2)},
}
GUESSES = ({}, {"units": 3}, {"rate": 0.1}, {"stddev": 0.1}, {"factor": 0.5}, {"factor": 4})


def public_layers() -> dict[str, type]:
    """By the name that Keras writes: of several, the first."""
    found = (each for _, each in inspect.getmembers(layers, inspect.isclass))
    return {
        get_name_from_symbol(each).rpartition(".")[2]: each
        for each in found
        if issubclass(each, keras.layers.Layer)
    }


def example(cls: type):
    needed = [kwargs for start, kwargs in NEEDED.items() if cls.__name__.startswith(start)]
    for arguments in (*needed[-1:], *GUESSES):
        try:
            return cls(**arguments)
        except (TypeError, ValueError):
            continue
    raise AssertionError(f"{cls.__name__} needs arguments")


def test_every_layer_of_keras_is_allowed_or_left_out_for_a_reason():
    allowed, left_out = set(allow_list.LAYERS), set(allow_list.NOT_AUDITED)
    assert not allowed & left_out
    assert allowed | left_out == set(public_layers())


def test_each_one_is_read_as_keras_writes_it():
    for name in allow_list.LAYERS:
        made = example(public_layers()[name])
        written = json.loads(json.dumps(keras.saving.serialize_keras_object(made)))
        read = safe_config(json.dumps(model(written)))["config"]["layers"][1]
        again = keras.saving.deserialize_keras_object(read)
        assert type(again) is type(made), name
        assert without_seeds(again.get_config()) == without_seeds(made.get_config()), name


def without_seeds(config):
    if isinstance(config, dict):
        kept = {key: value for key, value in config.items() if key != "seed"}
        return {key: without_seeds(value) for key, value in kept.items()}
    return [without_seeds(each) for each in config] if isinstance(config, list | tuple) else config


def test_a_layer_that_is_left_out_is_refused_with_the_reason():
    for name, reason in allow_list.NOT_AUDITED.items():
        with pytest.raises(Exception, match=f"'{name}' is no layer that is audited here: {reason}"):
            safe_config(json.dumps(model(layer(name))))


def test_names_in_any_script_and_inputs_by_name():
    inputs = {"имя": keras.Input((None, 4), name="имя"), "b": keras.Input((None, 4), name="b")}
    x = layers.Concatenate(name="连接")(list(inputs.values()))
    outputs = {"klasse größer": layers.LSTM(3, name="نمی\u200cدانم")(x)}
    made = keras.Model(inputs, outputs)
    again = model_of(made.to_json())
    assert again.get_config() == made.get_config()
