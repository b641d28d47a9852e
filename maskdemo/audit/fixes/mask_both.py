"""Both sequences get the mask before they are merged."""

import keras
from keras import layers

left = keras.Input((None, 4), name="left")
right = keras.Input((None, 4), name="right")
masked = [layers.Masking()(each) for each in (left, right)]
x = layers.LSTM(16)(layers.Add()(masked))
model = keras.Model([left, right], layers.Dense(3)(x))
