import numpy as np
from tensorflow import keras

LONGEST = 10


def padded_sequence():
    steps = np.random.randint(1, LONGEST + 1)
    values = np.random.rand(steps, 5)
    missing = LONGEST - steps
    return np.pad(values, [(0, missing), (0, 0)], mode="constant")


reader = keras.Sequential(
    [
        keras.layers.Input(shape=(None, 5)),
        keras.layers.Masking(mask_value=0.0),
        keras.layers.LSTM(32),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
reader.compile(
    optimizer="adam",
    loss="binary_crossentropy",
    metrics=["accuracy"],
)

sequences = np.array([padded_sequence() for i in range(100)])
labels = np.random.randint(0, 2, 100)
reader.fit(sequences, labels, epochs=2)
reader.summary()
