"""Padded steps are zeroed before every convolution, which then sees what it sees at the very end."""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
real = keras.ops.cast(mask, "float32")[..., None]
x = layers.Conv1D(16, 3, padding="same", activation="relu")(masking(inputs))
x = layers.Conv1D(16, 3, padding="same", activation="relu")(x * real)
model = keras.Model(inputs, layers.Dense(3)(layers.LSTM(16)(x, mask=mask)))
