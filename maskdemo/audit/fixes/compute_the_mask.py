"""A layer of one's own that uses the mask and passes it on."""

import keras
from keras import layers


class Doubled(layers.Layer):
    """Twice its input, padded steps zeroed, with the mask that came in."""

    def call(self, inputs, mask=None):
        """Return twice the inputs."""
        doubled = inputs * 2
        if mask is not None:
            doubled = doubled * keras.ops.cast(mask, doubled.dtype)[..., None]
        return doubled

    def compute_mask(self, inputs, previous_mask):
        """Return the mask of the outputs: the same."""
        return previous_mask


model = keras.Sequential(
    [keras.Input((None, 4)), layers.Masking(), Doubled(), layers.LSTM(16), layers.Dense(3)]
)
