"""Each layer is handed its mask: right in every Keras 3."""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
x = masking(inputs)
first = layers.LSTM(16, return_sequences=True)
x = layers.Bidirectional(first)(x, mask=mask)
x = layers.LSTM(16)(x, mask=mask)
model = keras.Model(inputs, layers.Dense(3)(x))
