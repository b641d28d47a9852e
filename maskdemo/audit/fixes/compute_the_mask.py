"""A layer of one's own that uses and passes on the mask."""

import keras
from keras import layers


class Doubled(layers.Layer):
    """Twice its input, padded steps zeroed, same mask."""

    def call(self, inputs, mask=None):
        """Return twice the inputs."""
        doubled = inputs * 2
        if mask is not None:
            real = keras.ops.cast(mask, doubled.dtype)
            doubled = doubled * real[..., None]
        return doubled

    def compute_mask(self, inputs, previous_mask):
        """Return the mask of the outputs: the same."""
        return previous_mask


model = keras.Sequential(
    [
        keras.Input((None, 4)),
        layers.Masking(),
        Doubled(),
        layers.LSTM(16),
        layers.Dense(3),
    ]
)
