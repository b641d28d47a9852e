from tensorflow import keras

LONGEST = 10


def zero_padded():
    steps = np.random.randint(1, LONGEST + 1)
    values = np.random.rand(steps, 5)
    added = [(0, LONGEST - steps), (0, 0)]
    return np.pad(values, added, mode="constant")


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

sequences = np.array([zero_padded() for i in range(100)])
labels = np.random.randint(0, 2, 100)
reader.fit(sequences, labels, epochs=2)
reader.summary()
