"""The mask is taken once, and handed to attention and mean."""

import keras
from keras import layers

embedding = layers.Embedding(100, 16, mask_zero=True)

words = keras.Input((None,), dtype="int32")
mask = embedding.compute_mask(words)
x = embedding(words)
for _ in range(2):
    attended = layers.MultiHeadAttention(2, 8)(
        x, x, query_mask=mask, value_mask=mask, key_mask=mask
    )
    x = layers.LayerNormalization()(x + attended)
x = layers.GlobalAveragePooling1D()(x, mask=mask)
model = keras.Model(words, layers.Dense(3)(x))
