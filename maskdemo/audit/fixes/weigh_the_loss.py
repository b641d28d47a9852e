"""Sample weights say which steps count: 1 at real steps, 0 at padded ones.

model.fit(x, y, sample_weight=real), with real of shape (N, steps).
"""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
x = layers.LSTM(16, return_sequences=True)(masking(inputs), mask=mask)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
model.compile("adam", "binary_crossentropy", weighted_metrics=["accuracy", "auc"])
