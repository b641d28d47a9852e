"""A mean over real steps that is 0 where there is none."""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
real = keras.ops.cast(mask, "float32")[..., None]
x = masking(inputs)
x = layers.LSTM(16, return_sequences=True)(x, mask=mask)
count = keras.ops.maximum(keras.ops.sum(real, axis=1), 1.0)
mean = keras.ops.sum(x * real, axis=1) / count
model = keras.Model(inputs, layers.Dense(3)(mean))
