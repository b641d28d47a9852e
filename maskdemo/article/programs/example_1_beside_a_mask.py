import numpy as np
from tensorflow import keras

reader = keras.Sequential(
    [
        keras.layers.Input(shape=(10, 5)),
        keras.layers.LSTM(32),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
reader.compile(
    optimizer="adam",
    loss="binary_crossentropy",
    metrics=["accuracy"],
)

sequences = np.random.rand(100, 10, 5)
labels = np.random.randint(0, 2, 100)
reader.fit(sequences, labels, epochs=2)
reader.summary()

# The same layers and weights, behind a Masking layer.
masked = keras.Sequential(
    [
        keras.layers.Input(shape=(10, 5)),
        keras.layers.Masking(mask_value=0.0),
        *reader.layers,
    ]
)
change = masked.predict(sequences) - reader.predict(sequences)
print("Largest change by the mask:", np.abs(change).max())
