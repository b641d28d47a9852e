"""Shares of a sum that are 0, and no NaN, where the sum is 0, as it is at padded steps."""

import keras
from keras import layers

inputs = keras.Input((None, 4))
x = layers.Masking(mask_value=0.0)(inputs)
x = layers.Dense(8, activation="relu")(x)
total = keras.ops.sum(x, axis=-1, keepdims=True)
shares = x / keras.ops.where(total > 0, total, 1.0)
mask = keras.ops.any(keras.ops.not_equal(inputs, 0.0), axis=-1)
model = keras.Model(inputs, layers.LSTM(16)(shares, mask=mask))
