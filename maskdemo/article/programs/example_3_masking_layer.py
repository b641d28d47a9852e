import numpy as np
import tensorflow as tf
from tensorflow import keras

LONGEST = 10


class ManualLSTM(keras.layers.Layer):
    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units
        self.cell = keras.layers.LSTMCell(units)
        self.supports_masking = True

    def call(self, inputs, training=False, mask=None):
        count = tf.shape(inputs)[0]
        start = self.cell.get_initial_state(batch_size=count)
        length = tf.shape(inputs)[1]
        answers = tf.TensorArray(tf.float32, size=length)

        def one_step(at, state, answers):
            seen = inputs[:, at]
            if mask is not None:
                valid = tf.expand_dims(mask[:, at], axis=1)
                seen = seen * tf.cast(valid, inputs.dtype)
            answer, state = self.cell(seen, state, training=training)
            return at + 1, state, answers.write(at, answer)

        _, _, answers = tf.while_loop(
            cond=lambda at, state, answers: at < length,
            body=one_step,
            loop_vars=(tf.constant(0), start, answers),
        )
        return answers.read(length - 1)


def zero_padded():
    steps = np.random.randint(1, LONGEST + 1)
    values = np.random.rand(steps, 5)
    added = [(0, LONGEST - steps), (0, 0)]
    return np.pad(values, added, mode="constant")


reader = keras.Sequential(
    [
        keras.layers.Input(shape=(None, 5)),
        keras.layers.Masking(mask_value=0.0),
        ManualLSTM(32),
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
