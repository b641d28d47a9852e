"""Every layer that needs the mask is handed it: right in all versions of Keras 3."""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
x = masking(inputs)
x = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x, mask=mask)
x = layers.LSTM(16)(x, mask=mask)
model = keras.Model(inputs, layers.Dense(3)(x))
