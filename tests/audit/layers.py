"""Layers and models as people write them, for the zoo: some right, some not."""

import keras
from keras import layers

registered = keras.saving.register_keras_serializable("zoo")


class Supporting(layers.Layer):
    """Says that it supports masks."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True


@registered
class Halved(layers.Layer):
    """Says nothing about masks: Keras warns."""

    def call(self, inputs):
        return inputs / 2


@registered
class Silent(Supporting):
    """Says that it supports masks, and passes none on."""

    def call(self, inputs):
        return inputs / 2

    def compute_mask(self, inputs, previous_mask):
        return None


@registered
class Carried(layers.Layer):
    """Passes the mask on."""

    def call(self, inputs):
        return inputs / 2

    def compute_mask(self, inputs, previous_mask):
        return previous_mask


@registered
class PlainMean(Supporting):
    """Supports masks in name only: the mean is over all steps."""

    def call(self, inputs):
        return keras.ops.mean(inputs, axis=1)

    def compute_mask(self, inputs, previous_mask):
        return None


@registered
class Gated(layers.Layer):
    """Two inputs as two arguments: Keras hands it no `mask`."""

    def call(self, values, gate, mask=None):
        gated = values * keras.ops.sigmoid(gate)
        return gated if mask is None else gated * keras.ops.cast(mask, gated.dtype)[..., None]


@registered
class MeanOfZeroed(Supporting):
    """Zeroes padded steps, and divides by the number of all steps."""

    def call(self, inputs, mask=None):
        return keras.ops.mean(inputs * keras.ops.cast(mask, inputs.dtype)[..., None], axis=1)

    def compute_mask(self, inputs, previous_mask):
        return None


@registered
class Weighed(layers.Layer):
    """Sums steps with weights from their own sums, and returns the weights as well."""

    def call(self, inputs):
        weights = keras.ops.softmax(keras.ops.sum(inputs, axis=-1, keepdims=True), axis=1)
        return keras.ops.sum(weights * inputs, axis=1), weights


@registered
class ForgetfulLSTM(layers.LSTM):
    """An LSTM as Keras 3.16 has it: it uses its mask and passes none on."""

    def compute_mask(self, inputs, mask):
        return None


@registered
class Positions(layers.Layer):
    """Adds a learned vector to every step, counted from the first."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.places = layers.Embedding(500, 8)

    def build(self, shape):
        self.places.build((None,))

    def call(self, inputs):
        return inputs + self.places(keras.ops.arange(keras.ops.shape(inputs)[1]))

    def compute_mask(self, inputs, previous_mask):
        return previous_mask


@registered
class Encoder(keras.Model):
    """Self-attention with a shortcut, as it is usually written in a model of one's own."""

    def __init__(self, *, by_hand=False, **kwargs):
        super().__init__(**kwargs)
        self.by_hand = by_hand
        self.embedding = layers.Embedding(50, 8, mask_zero=True, name="embedding")
        self.attention = layers.MultiHeadAttention(2, 4, name="attention")
        self.shortcut = layers.Add(name="shortcut")
        self.mean = layers.GlobalAveragePooling1D(name="mean")
        self.answer = layers.Dense(2, name="answer")

    def call(self, tokens):
        x = self.embedding(tokens)
        if not self.by_hand:
            x = self.shortcut([self.attention(x, x), x])
            return self.answer(self.mean(x))
        mask = self.embedding.compute_mask(tokens)
        x = x + self.attention(x, x, query_mask=mask, value_mask=mask, key_mask=mask)
        return self.answer(self.mean(x, mask=mask))

    def get_config(self):
        return super().get_config() | {"by_hand": self.by_hand}


@registered
class Doubling(keras.Model):
    """A plain operation in the model's own code, between two layers."""

    def __init__(self, *, by_hand=False, **kwargs):
        super().__init__(**kwargs)
        self.by_hand = by_hand
        self.masking = layers.Masking(name="masking")
        self.lstm = layers.LSTM(8, name="lstm")
        self.answer = layers.Dense(2, name="answer")

    def call(self, inputs):
        x = self.masking(inputs) * 2
        mask = self.masking.compute_mask(inputs) if self.by_hand else None
        return self.answer(self.lstm(x, mask=mask))

    def get_config(self):
        return super().get_config() | {"by_hand": self.by_hand}


@registered
class Share(Supporting):
    """Each value as a share of the step's sum, which is NaN at a step of zeros; carries the mask."""

    def call(self, inputs):
        return inputs / keras.ops.sum(inputs, axis=-1, keepdims=True)


@registered
class Forgotten(layers.Layer):
    """Has a factor that its configuration does not hold: a copy that is loaded has another."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs

    def get_config(self):
        return {"name": self.name}


class EagerOnly(layers.Layer):
    """Doubles what it gets, but not in a graph."""

    def call(self, inputs):
        import tensorflow as tf

        return 2 * inputs if tf.executing_eagerly() else inputs


def centred(x, mask=None):
    """Each step less the mean of all steps, or of the real ones."""
    if mask is None:
        return x - keras.ops.mean(x, axis=1, keepdims=True)
    real = keras.ops.cast(mask, x.dtype)[..., None]
    count = keras.ops.maximum(keras.ops.sum(real, axis=1, keepdims=True), 1.0)
    return x - keras.ops.sum(x * real, axis=1, keepdims=True) / count


@registered
class Centred(keras.Model):
    """Plain arithmetic between two layers, or after the last."""

    def __init__(self, *, masked=False, at_the_end=False, **kwargs):
        super().__init__(**kwargs)
        self.masked, self.at_the_end = masked, at_the_end
        self.embedding = layers.Embedding(50, 8, name="embedding")
        self.lstm = layers.LSTM(6, name="lstm", return_sequences=at_the_end)

    def call(self, tokens):
        mask = keras.ops.not_equal(tokens, 0)
        x = self.embedding(tokens)
        if self.at_the_end:
            return keras.ops.mean(self.lstm(x, mask=mask), axis=1)
        return self.lstm(centred(x, mask if self.masked else None), mask=mask)

    def get_config(self):
        return super().get_config() | {"masked": self.masked, "at_the_end": self.at_the_end}


@registered
class CentredBlock(layers.Layer):
    """A layer with a layer within, and arithmetic before it."""

    def __init__(self, *, masked=False, **kwargs):
        super().__init__(**kwargs)
        self.masked, self.supports_masking = masked, True
        self.inner = layers.Dense(4, name="inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x, mask=None):
        return self.inner(centred(x, mask if self.masked else None))


@registered
class Scored(keras.Model):
    """Attention by hand in a model of one's own."""

    def __init__(self, *, masked=False, **kwargs):
        super().__init__(**kwargs)
        self.masked = masked
        self.embedding = layers.Embedding(50, 8, name="embedding")
        self.score = layers.Dense(1, name="score")
        self.answer = layers.Dense(2, name="answer")

    def call(self, tokens):
        x = self.embedding(tokens)
        scores = self.score(x)
        if self.masked:
            scores = keras.ops.where(keras.ops.not_equal(tokens, 0)[..., None], scores, -1e9)
        return self.answer(keras.ops.sum(keras.ops.softmax(scores, axis=1) * x, axis=1))

    def get_config(self):
        return super().get_config() | {"masked": self.masked}


@registered
class Stacked(keras.Model):
    """A block of one's own within a model of one's own; the model's own code is right."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embedding = layers.Embedding(50, 8, name="embedding")
        self.block = CentredBlock(name="block")
        self.lstm = layers.LSTM(6, name="lstm")

    def call(self, tokens):
        x = self.embedding(tokens)
        return self.lstm(self.block(x), mask=keras.ops.not_equal(tokens, 0))


@registered
class BatchMean(Supporting):
    """Takes the mean over the sequences of a batch off each."""

    def call(self, x):
        return x - keras.ops.mean(x, axis=0, keepdims=True)
