"""Take the mask where it is made, and hand it on."""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
x = masking(inputs)
x = keras.ops.tanh(x * 2)  # loses the mask
x = layers.Conv1D(16, 1)(x)  # so does this, and it warns
outputs = layers.Dense(3)(layers.LSTM(16)(x, mask=mask))
model = keras.Model(inputs, outputs)
