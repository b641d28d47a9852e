"""Both sequences get the mask before they are merged."""

import keras
from keras import layers

left, right = keras.Input((None, 4), name="left"), keras.Input((None, 4), name="right")
merged = layers.Add()([layers.Masking()(left), layers.Masking()(right)])
model = keras.Model([left, right], layers.Dense(3)(layers.LSTM(16)(merged)))
