"""The mask is taken once; attention and mean get it."""

import keras
from keras import layers

embedding = layers.Embedding(100, 16, mask_zero=True)

words = keras.Input((None,), dtype="int32")
mask = embedding.compute_mask(words)
x = embedding(words)
for _ in range(2):
    attention = layers.MultiHeadAttention(2, 8)
    masks = {"query_mask": mask, "value_mask": mask}
    attended = attention(x, x, **masks)
    x = layers.LayerNormalization()(x + attended)
x = layers.GlobalAveragePooling1D()(x, mask=mask)
model = keras.Model(words, layers.Dense(3)(x))
