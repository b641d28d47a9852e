"""The axis of time is followed by what an operation does, and held to the shapes that Keras infers."""

import keras
import pytest
from keras import layers, ops

from maskdemo.audit.axis_rules import axis_after
from maskdemo.audit.time_axis import readers

#: Each makes another tensor of one of shape (batch, steps, 4, 3).
STEPS = {
    "permute": lambda x: layers.Permute((2, 1, 3))(x),
    "transpose": lambda x: ops.transpose(x, (0, 2, 3, 1)),
    "swapaxes": lambda x: ops.swapaxes(x, 1, -1),
    "merge_features": lambda x: layers.Reshape((-1, 12))(x),
    "one_more": lambda x: ops.expand_dims(x, 1),
    "one_more_behind": lambda x: ops.expand_dims(x, -1),
    "mean_of_features": lambda x: ops.mean(x, axis=-1),
    "mean_of_two": lambda x: ops.mean(x, axis=(2, 3)),
    "mean_of_time": lambda x: ops.mean(x, axis=1),
    "mean_of_time_kept": lambda x: ops.max(x, axis=1, keepdims=True),
    "last": lambda x: x[:, -1],
    "first_feature": lambda x: x[..., 0],
    "one_feature": lambda x: x[:, :, 1],
    "new_axis": lambda x: x[:, None],
    "new_axis_behind": lambda x: x[..., None, :],
    "dense": lambda x: layers.Dense(5)(x),
    "flatten": lambda x: layers.TimeDistributed(layers.Flatten())(x),
}


@pytest.mark.parametrize("name", STEPS)
def test_where_keras_knows_no_size_time_is(name):
    made = STEPS[name]
    inputs = keras.Input((None, 4, 3))
    outputs = made(inputs)
    # Keras says where: it does not know the steps, nor the batch.
    unknown = [place for place, size in enumerate(outputs.shape) if place and size is None]
    node = outputs._keras_history.operation._inbound_nodes[-1]
    followed = axis_after(node.operation, 1, inputs.shape, outputs.shape, args=node.arguments.args)
    assert followed == (unknown[0] if unknown else None)
    # With as many steps as features the sizes say nothing, and the answer is the same.
    same = keras.Input((3, 4, 3))
    node = (outputs := made(same))._keras_history.operation._inbound_nodes[-1]
    if name != "merge_features":
        args = node.arguments.args
        assert axis_after(node.operation, 1, same.shape, outputs.shape, args=args) == followed


def test_readers_end_where_time_ends():
    inputs = keras.Input((8, 8))
    x = layers.LSTM(8, return_sequences=True, name="first")(inputs)
    x = layers.LSTM(8, name="second")(x)
    layers.Dense(8, name="beyond")(x)
    assert [each.operation.name for each in readers(inputs)] == ["first", "second"]


def test_readers_within_nested_models_and_custom_layers():
    class Own(layers.Layer):
        def __init__(self):
            super().__init__(name="own")
            self.inner = layers.GRU(4, return_sequences=True, name="in_own")

        def call(self, x):
            return ops.tanh(self.inner(x)) * 2

    nested = keras.Sequential([layers.Conv1D(4, 1, name="in_nested")], name="nested")
    inputs = keras.Input((None, 4))
    layers.LSTM(3, name="last")(Own()(nested(inputs)))
    names = {each.operation.name for each in readers(inputs)}
    assert {"nested", "in_nested", "own", "in_own", "last"} <= names
