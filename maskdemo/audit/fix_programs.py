"""Small models that do right what a model that leaks does wrong: each function is shown as a program.

Each function returns a model; its docstring and its body are what people see. `fault_sentences.program`
reads this file as text; only the tests and `cures` import it, because it needs Keras.
"""

import keras
from keras import layers, ops


def make_a_mask() -> keras.Model:
    """Masking in front: steps that are 0 in all features are skipped.

    For token numbers: Embedding(vocabulary, size, mask_zero=True),
    and no word has the number 0.
    """
    model = keras.Sequential(
        [
            keras.Input((None, 4)),
            layers.Masking(mask_value=0.0),
            layers.LSTM(16),
            layers.Dense(3),
        ]
    )
    return model


def hand_the_mask_on() -> keras.Model:
    """The mask is computed in front and handed to the LSTM as `mask`."""
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    x = masking(inputs)
    x = ops.tanh(x * 2)  # loses the mask
    x = layers.Conv1D(16, 1)(x)  # so does this, and it warns
    outputs = layers.Dense(3)(layers.LSTM(16)(x, mask=mask))
    model = keras.Model(inputs, outputs)
    return model


def compute_the_mask() -> keras.Model:
    """A layer of your own, `Doubled`, uses and passes on the mask."""

    class Doubled(layers.Layer):
        """Twice its input, padded steps zeroed, same mask."""

        def call(self, inputs, mask=None):
            """Return twice the inputs."""
            doubled = inputs * 2
            if mask is not None:
                real = ops.cast(mask, doubled.dtype)
                doubled = doubled * real[..., None]
            return doubled

        def compute_mask(self, inputs, previous_mask):
            """Return the mask of the outputs: the same."""
            return previous_mask

    model = keras.Sequential(
        [
            keras.Input((None, 4)),
            layers.Masking(),
            Doubled(),
            layers.LSTM(16),
            layers.Dense(3),
        ]
    )
    return model


def mask_both() -> keras.Model:
    """Both sequences get the mask before they are merged."""
    left = keras.Input((None, 4), name="left")
    right = keras.Input((None, 4), name="right")
    masking = layers.Masking()
    x = layers.Add()([masking(left), masking(right)])
    # Beside a gate or repeated features, which have no mask:
    # layers.LSTM(16)(x, mask=masking.compute_mask(left)).
    x = layers.LSTM(16)(x)
    model = keras.Model([left, right], layers.Dense(3)(x))
    return model


def keep_beside_attention() -> keras.Model:
    """The mask is computed once; attention and mean get it."""
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
    return model


def initial_state() -> keras.Model:
    """With an initial state, here an input, pass the mask yourself."""
    inputs = keras.Input((None, 4), name="sequence")
    state = keras.Input((16,), name="state")
    masking = layers.Masking()
    mask = masking.compute_mask(inputs)
    x = masking(inputs)
    x = layers.GRU(16)(x, initial_state=state, mask=mask)
    model = keras.Model([inputs, state], layers.Dense(3)(x))
    return model


def explicit_masks() -> keras.Model:
    """Each recurrent layer is handed its mask: right in every Keras 3."""
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    x = masking(inputs)
    first = layers.LSTM(16, return_sequences=True)
    x = layers.Bidirectional(first)(x, mask=mask)
    x = layers.LSTM(16)(x, mask=mask)
    model = keras.Model(inputs, layers.Dense(3)(x))
    return model


def mask_value() -> keras.Model:
    """A mask value, -1, that half precision and no real step holds.

    Pad with the same number: keras.utils.pad_sequences(...,
    dtype="float32", value=-1.0).
    """
    model = keras.Sequential(
        [
            keras.Input((None, 4)),
            layers.Masking(mask_value=-1.0),
            layers.LSTM(16),
            layers.Dense(3),
        ]
    )
    return model


def finite_padding() -> keras.Model:
    """Features divided by their sum: 0, not NaN, where that is 0."""
    inputs = keras.Input((None, 4))
    x = layers.Masking(mask_value=0.0)(inputs)
    x = layers.Dense(8, activation="relu")(x)
    total = ops.sum(x, axis=-1, keepdims=True)
    shares = x / ops.where(total > 0, total, 1.0)
    mask = ops.any(ops.not_equal(inputs, 0.0), axis=-1)
    model = keras.Model(inputs, layers.LSTM(16)(shares, mask=mask))
    return model


def no_time_distributed() -> keras.Model:
    """Dense after an LSTM works on each step without a wrapper."""
    model = keras.Sequential(
        [
            keras.Input((None, 4)),
            layers.Masking(),
            layers.LSTM(16, return_sequences=True),
            layers.Dense(3),
        ]
    )
    return model


def weigh_the_loss() -> keras.Model:
    """Outputs per step, to be fitted with sample weights.

    They are 1 at real steps, 0 at padded ones, of shape (N, steps):
    model.fit(x, y, sample_weight=real). Metrics are weighted, too.
    """
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    x = masking(inputs)
    x = layers.LSTM(16, return_sequences=True)(x, mask=mask)
    x = layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, x)
    model.compile(
        "adam",
        "binary_crossentropy",
        weighted_metrics=["accuracy", "auc"],
    )
    return model
