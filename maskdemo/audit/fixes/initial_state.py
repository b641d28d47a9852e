"""With an initial state, the mask is handed over by hand."""

import keras
from keras import layers

inputs, state = keras.Input((None, 4), name="sequence"), keras.Input((16,), name="state")
masking = layers.Masking()
x = layers.GRU(16)(masking(inputs), initial_state=state, mask=masking.compute_mask(inputs))
model = keras.Model([inputs, state], layers.Dense(3)(x))
