"""Keras's own loop takes any mask, on a GPU too."""

import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((None, 4)),
        layers.Masking(),
        layers.LSTM(16, use_cudnn=False),
        layers.Dense(3),
    ]
)
