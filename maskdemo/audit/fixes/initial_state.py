"""With an initial state, hand the mask over yourself."""

import keras
from keras import layers

inputs = keras.Input((None, 4), name="sequence")
state = keras.Input((16,), name="state")
masking = layers.Masking()
mask = masking.compute_mask(inputs)
x = masking(inputs)
x = layers.GRU(16)(x, initial_state=state, mask=mask)
model = keras.Model([inputs, state], layers.Dense(3)(x))
