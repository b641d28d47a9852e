"""Sample weights: 1 at real steps, 0 at padded ones.

model.fit(x, y, sample_weight=real), real of shape (N, steps).
"""

import keras
from keras import layers

masking = layers.Masking(mask_value=0.0)

inputs = keras.Input((None, 4))
mask = masking.compute_mask(inputs)
x = masking(inputs)
x = layers.LSTM(16, return_sequences=True)(x, mask=mask)
x = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, x)
model.compile(
    "adam",
    "binary_crossentropy",
    weighted_metrics=["accuracy", "auc"],
)
