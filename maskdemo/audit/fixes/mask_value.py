"""A mask value that half precision holds and no real step has.

Pad with the same number: keras.utils.pad_sequences(...,
dtype="float32", value=-1.0).
"""

import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((None, 4)),
        layers.Masking(mask_value=-1.0),
        layers.LSTM(16),
        layers.Dense(3),
    ]
)
