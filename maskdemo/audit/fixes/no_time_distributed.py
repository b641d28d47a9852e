"""Dense works on each step by itself, without a wrapper."""

import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((None, 4)),
        layers.Masking(),
        layers.LSTM(16, return_sequences=True),
        layers.Dense(3),
    ]
)
