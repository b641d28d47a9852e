"""Small models that pool, weigh and order real steps alone: each function is shown as a program.

Read as text, as `fix_programs` is.
"""

import keras
from keras import layers, ops


def zero_before_convolution() -> keras.Model:
    """Padded steps are zeroed before each layer that mixes steps."""
    embedding = layers.Embedding(100, 16, mask_zero=True)

    words = keras.Input((None,), dtype="int32")
    mask = embedding.compute_mask(words)
    real = ops.cast(mask, "float32")[..., None]
    x = embedding(words)
    x = layers.Conv1D(16, 3, padding="same")(x * real)
    x = layers.Conv1D(16, 3, padding="same")(x * real)
    x = layers.LSTM(16)(x, mask=mask)
    model = keras.Model(words, layers.Dense(3)(x))
    return model


def masked_maximum() -> keras.Model:
    """Maximum over the real steps: padded ones are set far below."""
    embedding = layers.Embedding(100, 16, mask_zero=True)

    words = keras.Input((None,), dtype="int32")
    real = embedding.compute_mask(words)[..., None]
    x = ops.where(real, embedding(words), -1e9)
    x = layers.GlobalMaxPooling1D()(x)
    model = keras.Model(words, layers.Dense(3)(x))
    return model


def masked_mean() -> keras.Model:
    """Sum of the real steps (total), and their mean, which is used."""
    embedding = layers.Embedding(100, 16, mask_zero=True)

    words = keras.Input((None,), dtype="int32")
    mask = embedding.compute_mask(words)
    real = ops.cast(mask, "float32")[..., None]
    x = layers.Dense(16, activation="tanh")(embedding(words))
    total = ops.sum(x * real, axis=1)
    mean = total / ops.maximum(ops.sum(real, axis=1), 1.0)
    # The same: layers.GlobalAveragePooling1D()(x, mask=mask).
    model = keras.Model(words, layers.Dense(3)(mean))
    return model


def masked_deviation() -> keras.Model:
    """Mean and standard deviation of the real steps."""
    embedding = layers.Embedding(100, 16, mask_zero=True)

    words = keras.Input((None,), dtype="int32")
    real = ops.cast(embedding.compute_mask(words), "float32")
    real = real[..., None]
    x = embedding(words)
    count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
    mean = ops.sum(x * real, axis=1, keepdims=True) / count
    squares = ops.square(x - mean) * real
    variance = ops.sum(squares, axis=1, keepdims=True) / count
    x = ops.concatenate([mean, ops.sqrt(variance + 1e-6)], axis=-1)
    model = keras.Model(words, layers.Dense(3)(x[:, 0]))
    return model


def mask_in_own_code() -> keras.Model:
    """Code of your own takes the mask, and leaves padded steps out.

    Keras hands it to every `call` that has an argument `mask`.
    """

    class Pooling(layers.Layer):
        """Weights over the real steps, less their mean."""

        def build(self, shape):
            """Make the scores of a step."""
            self.score = layers.Dense(1)
            self.score.build(shape)

        def call(self, x, mask=None):
            """Return (N, features) of (N, steps, features)."""
            real = ops.ones_like(x[..., :1])
            if mask is not None:
                real = ops.cast(mask, x.dtype)[..., None]
            count = ops.maximum(ops.sum(real, 1, keepdims=True), 1.0)
            x = x - ops.sum(x * real, 1, keepdims=True) / count
            scores = ops.where(real > 0, self.score(x), -1e9)
            return ops.sum(ops.softmax(scores, axis=1) * x, axis=1)

    inputs = keras.Input((None, 4))
    x = layers.Masking()(inputs)
    x = layers.GRU(16, return_sequences=True)(x)
    model = keras.Model(inputs, layers.Dense(3)(Pooling()(x)))
    return model


def masked_softmax() -> keras.Model:
    """Weights over the real steps: those of padded ones are 0."""
    embedding = layers.Embedding(100, 16, mask_zero=True)

    words = keras.Input((None,), dtype="int32")
    real = embedding.compute_mask(words)[..., None]
    x = embedding(words)
    scores = layers.Dense(1)(ops.tanh(x))
    weights = ops.softmax(ops.where(real, scores, -1e9), axis=1)
    x = ops.sum(weights * x, axis=1)
    model = keras.Model(words, layers.Dense(3)(x))
    return model


def masked_softmax_of_places() -> keras.Model:
    """Weights from a Dense over steps: those of padded ones are 0.

    What goes into it is zeroed at padded steps, what comes out of it
    is set far below the rest before the softmax.
    """
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((12, 4))
    real = masking.compute_mask(inputs)[..., None]
    x = layers.LSTM(16, return_sequences=True)(masking(inputs))
    scores = layers.Permute((2, 1))(x * ops.cast(real, "float32"))
    scores = layers.Permute((2, 1))(layers.Dense(12)(scores))
    weights = ops.softmax(ops.where(real, scores, -1e9), axis=1)
    x = ops.sum(weights * x, axis=1)
    model = keras.Model(inputs, layers.Dense(3)(x))
    return model


def masked_normalization() -> keras.Model:
    """Group normalization with statistics of the real steps alone.

    A layer's own gamma and beta are to be applied afterwards.
    """
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    x = layers.Dense(16)(masking(inputs))
    x = normalized_over_real_steps(x, mask, groups=2)
    x = layers.LSTM(16)(x, mask=mask)
    model = keras.Model(inputs, layers.Dense(3)(x))
    return model


def masked_flatten() -> keras.Model:
    """Padded steps are zeroed before Flatten and a Dense layer.

    A number at another step meets another weight all the same:
    pad after the end, in training and in use.
    """
    embedding = layers.Embedding(100, 16, mask_zero=True)

    words = keras.Input((12,), dtype="int32")
    real = ops.cast(embedding.compute_mask(words), "float32")
    x = embedding(words) * real[..., None]
    model = keras.Model(words, layers.Dense(3)(layers.Flatten()(x)))
    return model


def flip_within_length() -> keras.Model:
    """Only the real steps are reversed; padding stays in place."""
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    x = reversed_within_length(masking(inputs), mask)
    model = keras.Model(inputs, layers.LSTM(16)(x, mask=mask))
    return model


def read_backwards() -> keras.Model:
    """The outputs of go_backwards are moved to the real steps.

    They stay in reverse order. With padding after the end, those of
    padded steps come first until they are moved.
    """
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    first = layers.LSTM(16, return_sequences=True, go_backwards=True)
    x = first(masking(inputs), mask=mask)
    x = backwards_within_length(x, mask)
    x = layers.LSTM(16)(x, mask=mask)
    model = keras.Model(inputs, layers.Dense(3)(x))
    return model


def count_from_the_real_steps() -> keras.Model:
    """Steps are counted from the first real one, and from the last.

    The sequence is rolled until the first is at index 0, or the last
    at index -1; roll the mask likewise, if it is needed. The last step
    of an LSTM is what return_sequences=False returns.
    """
    masking = layers.Masking(mask_value=0.0)

    inputs = keras.Input((None, 4))
    mask = masking.compute_mask(inputs)
    x = layers.LSTM(16, return_sequences=True)(masking(inputs))
    first = first_step_in_front(x, mask)[:, 0]  # so [:, 1:]
    last = last_step_at_the_end(x, mask)[:, -1]  # so [:, -3:]
    x = ops.concatenate([first, last], axis=-1)
    model = keras.Model(inputs, layers.Dense(3)(x))
    return model


def reversed_within_length(x, mask):
    """Return (N, T, F), real steps in reverse, padded ones as they are."""
    real = ops.cast(mask, "int32")
    step = ops.cumsum(ops.ones_like(real), axis=1) - 1
    first = ops.argmax(real, axis=1, keepdims=True)
    last = first + ops.sum(real, axis=1, keepdims=True) - 1
    index = ops.where(mask, first + last - step, step)
    return ops.take_along_axis(x, index[..., None], axis=1)


def backwards_within_length(x, mask):
    """Move outputs of go_backwards, (N, T, F), to real steps; others stay."""
    real = ops.cast(mask, "int32")
    step = ops.cumsum(ops.ones_like(real), axis=1) - 1
    first = ops.argmax(real, axis=1, keepdims=True)
    last = first + ops.sum(real, axis=1, keepdims=True) - 1
    # What belongs to the last real step comes after what follows it.
    after = ops.max(step, axis=1, keepdims=True) - last
    index = ops.where(mask, step - first + after, step)
    return ops.take_along_axis(x, index[..., None], axis=1)


def first_step_in_front(x, mask):
    """Return (N, T, F), rolled until the first real step is at index 0."""
    step = ops.cumsum(ops.ones_like(mask, "int32"), axis=1) - 1
    first = ops.argmax(ops.cast(mask, "int32"), axis=1, keepdims=True)
    index = (step + ops.cast(first, "int32")) % (step[:, -1:] + 1)
    return ops.take_along_axis(x, index[..., None], axis=1)


def last_step_at_the_end(x, mask):
    """Return (N, T, F), rolled until the last real step is at index -1."""
    x, mask = ops.flip(x, axis=1), ops.flip(mask, axis=1)
    return ops.flip(first_step_in_front(x, mask), axis=1)


def normalized_over_real_steps(x, mask, groups=1, epsilon=1e-3):
    """Return (N, T, F), all normalized by statistics of real steps.

    Each group of F / groups features has its own; mask: (N, T).
    """
    size = x.shape[-1] // groups
    x = ops.stack(ops.split(x, groups, axis=-1), axis=2)
    real = ops.cast(mask, x.dtype)[..., None, None]
    count = ops.sum(real, axis=1, keepdims=True) * size
    count = ops.maximum(count, 1.0)
    axes = (1, 3)
    x = x - ops.sum(x * real, axes, keepdims=True) / count
    squares = ops.square(x) * real
    variance = ops.sum(squares, axes, keepdims=True) / count
    x = x * ops.rsqrt(variance + epsilon)
    return ops.concatenate(ops.unstack(x, groups, axis=2), axis=-1)
