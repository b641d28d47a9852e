"""Masking in front: steps that are 0 in all features are skipped.

For token numbers: Embedding(vocabulary, size, mask_zero=True),
and no word has the number 0.
"""

import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((None, 4)),
        layers.Masking(mask_value=0.0),
        layers.LSTM(16),
        layers.Dense(3),
    ]
)
