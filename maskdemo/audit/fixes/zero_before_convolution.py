"""Padded steps are zeroed before every convolution."""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
real = keras.ops.cast(mask, "float32")[..., None]
x = masking(inputs)
x = layers.Conv1D(16, 3, padding="same")(x)
x = layers.Conv1D(16, 3, padding="same")(x * real)
x = layers.LSTM(16)(x, mask=mask)
model = keras.Model(inputs, layers.Dense(3)(x))
