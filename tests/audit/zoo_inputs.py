"""Models whose inputs must be understood: masks, lengths, images, pad values, sizes that mislead."""

import numpy as np
from keras import Input, Model, layers, ops

from tests.audit.zoo import WORDS, add, lstm, right, tokens, untold, values, wrong


def flags(name, rest=(), dtype="bool"):
    return Input((None, *rest), dtype=dtype, name=name)


def embedded(tokens, **kwargs):
    return layers.Embedding(WORDS, 8, **kwargs)(tokens)


def gru(**kwargs):
    return layers.GRU(6, name="gru", **kwargs)


def joined(*branches):
    return layers.Concatenate(name="joined")(list(branches))


def pixels(image):
    """A vector for each image."""
    return layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))


def places(sequence):
    """The number of each step, from 1."""
    return ops.cumsum(ops.ones_like(sequence[..., 0]), axis=1)


class LearnedPositions(layers.Layer):
    """A learned vector for every step, of a model of one length."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, shape):
        self.vectors = self.add_weight(shape=shape[1:], name="vectors")

    def call(self, x):
        return x + self.vectors


class TableOfPositions(layers.Layer):
    """Sines of the step's number, as a weight that is not trained."""

    def __init__(self, steps=300, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking, self.steps = True, steps

    def build(self, shape):
        angles = np.arange(self.steps)[:, None] / 100.0 ** (np.arange(8) / 8)
        self.table = self.add_weight(
            shape=(self.steps, 8),
            trainable=False,
            initializer=lambda shape, dtype: ops.convert_to_tensor(np.sin(angles), dtype),
            name="table",
        )

    def call(self, x):
        return x + self.table[: ops.shape(x)[1]]


class CausalAttention(layers.Layer):
    """Attention to earlier steps, by a table that is added; hides padding only if it is told to."""

    def __init__(self, steps=12, hides=True, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking, self.steps, self.hides = True, steps, hides
        self.query = layers.Dense(8)

    def build(self, shape):
        self.query.build((None, None, 8))
        self.later = self.add_weight(
            shape=(self.steps, self.steps),
            trainable=False,
            initializer=lambda shape, dtype: ops.convert_to_tensor(
                np.triu(np.full(shape, -1e9), 1), dtype
            ),
            name="later",
        )

    def call(self, x, mask=None):
        scores = ops.matmul(self.query(x), ops.transpose(x, (0, 2, 1))) + self.later
        if self.hides and mask is not None:
            scores = scores + (1.0 - ops.cast(mask, "float32"))[:, None, :] * -1e9
        return ops.matmul(ops.softmax(scores), x)

    def compute_output_shape(self, shape):
        return shape


class WordsWithMask(layers.Layer):
    """Looks words up, and says itself that word 4 is padding."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embedding = layers.Embedding(WORDS, 8)

    def call(self, tokens):
        return self.embedding(tokens)

    def compute_mask(self, tokens, mask=None):
        return ops.not_equal(tokens, 4)


class PaddedWithFive(Model):
    """A model of one's own whose padding is word 5."""

    def __init__(self):
        super().__init__()
        self.embedding, self.lstm = layers.Embedding(WORDS, 8), lstm()

    def call(self, tokens):
        return self.lstm(self.embedding(tokens), mask=ops.not_equal(tokens, 5))


# Inputs that meet.


@right()
def words_beside_values():
    a, b = tokens("a"), values("b")
    both = layers.Concatenate()([embedded(a, mask_zero=True), layers.Masking()(b)])
    return Model([a, b], lstm()(both))


# One length, and sizes that look like it.


@right(also=("positions",))
def ten_units_and_ten_steps():
    t = tokens(steps=10)
    x = LearnedPositions(name="positions")(embedded(t, mask_zero=True))
    return Model(t, layers.Dense(10)(lstm(10)(x)))


@right()
def as_many_units_as_steps_at_every_step():
    i = values(steps=12, features=12)
    x = layers.Masking()(layers.Reshape((12, 12))(i))
    return Model(i, layers.Dense(12)(lstm(12, return_sequences=True)(x)))


@wrong("no_mask", "lstm")
def as_many_units_as_steps_without_a_mask():
    i = values(steps=12, features=12)
    return Model(i, layers.Dense(12)(lstm(12)(layers.Reshape((12, 12))(i))))


@right()
def two_inputs_of_two_lengths():
    a, b = values("a", 12), values("b", 20)
    x = lstm()(layers.Masking()(layers.Reshape((12, 4))(a)))
    return Model([a, b], joined(x, gru()(layers.Masking()(layers.Reshape((20, 4))(b)))))


@wrong("no_mask", "gru")
def two_inputs_of_two_lengths_one_unmasked():
    a, b = values("a", 12), values("b", 20)
    x = lstm()(layers.Masking()(layers.Reshape((12, 4))(a)))
    return Model([a, b], joined(x, gru()(layers.Reshape((20, 4))(b))))


@right()
def one_length_beside_any():
    a, b = values("a", 12), values("b")
    x = lstm()(layers.Masking()(layers.Reshape((12, 4))(a)))
    return Model([a, b], joined(x, gru()(layers.Masking()(b))))


@wrong("no_mask", "lstm")
def one_length_beside_any_without_a_mask():
    a, b = values("a", 12), values("b")
    return Model([a, b], joined(lstm()(layers.Reshape((12, 4))(a)), gru()(layers.Masking()(b))))


@right()
def a_vector_that_is_a_sequence():
    i = Input((12,), name="vector")
    return Model(i, lstm()(layers.Masking()(layers.Reshape((12, 1))(i))))


@wrong("no_mask", "lstm")
def a_vector_that_is_a_sequence_without_a_mask():
    i = Input((12,), name="vector")
    return Model(i, lstm()(layers.Reshape((12, 1))(i)))


@right(also=("positions",))
def table_of_positions():
    t = tokens()
    return Model(t, lstm()(TableOfPositions(name="table")(embedded(t, mask_zero=True))))


@right(also=("positions",))
def table_of_positions_that_ends():
    t = tokens()
    return Model(t, lstm()(TableOfPositions(12, name="table")(embedded(t, mask_zero=True))))


@right()
def causal_mask_of_one_length():
    t = tokens(steps=12)
    return Model(t, lstm()(CausalAttention()(embedded(t, mask_zero=True))))


@wrong("other_steps", "cut", further=(("wrong_mask", "lstm"),))
def cut_after_64_steps():
    i, masking = values(), layers.Masking()
    cut = layers.Lambda(lambda each: each[:, :64], name="cut")
    return Model(i, lstm()(cut(masking(i)), mask=masking.compute_mask(i)[:, :64]))


# Pad values, masks and lengths.


def words_read(mask_of, *, leaks=False):
    """Words that are read with a mask that is made of them; leaks: also without."""
    t = tokens()
    x = embedded(t)
    read = lstm()(x, mask=mask_of(t))
    return Model(t, joined(read, gru()(x)) if leaks else read)


def values_read(mask_of, *told, leaks=False):
    """The same of values. told: further inputs that the mask is made of."""
    a = values()
    read = lstm()(a, mask=mask_of(a, *told))
    inputs = [a, *told] if told else a
    return Model(inputs, joined(read, gru()(a)) if leaks else read)


def all_but(value):
    return lambda t: ops.not_equal(t, value)


def in_a_lambda(t):
    differs = layers.Lambda(lambda each: ops.not_equal(each, 3), output_shape=lambda shape: shape)
    return differs(t)


def not_hidden(a, hidden):
    return ops.logical_not(hidden)


def within(a, n):
    return places(a) <= n


def within_a_scalar(a, n):
    return places(a) <= ops.cast(n, "float32")[:, None]


def scalar(name):
    return Input((), dtype="int32", name=name)


READ = {
    "padding_is_word_one": lambda: words_read(all_but(1)),
    "padding_in_a_lambda": lambda: words_read(in_a_lambda),
    "padding_in_any_feature": lambda: values_read(lambda a: ops.any(ops.not_equal(a, -5.0), axis=-1)),
    "padding_in_the_first_feature": lambda: values_read(lambda a: ops.not_equal(a[..., 0], -5.0)),
    "mask_by_use": lambda: values_read(lambda a, valid: valid, flags("valid")),
    "mask_of_padding": lambda: values_read(not_hidden, flags("padding_mask")),
    "lengths": lambda: values_read(within_a_scalar, scalar("n")),
    "lengths_in_a_column": lambda: values_read(within, Input((1,), name="seq_len")),
}
LEAKING = {
    "padding_is_word_one_and_read": lambda: words_read(all_but(1), leaks=True),
    "mask_of_padding_and_a_leak": lambda: values_read(not_hidden, flags("padding_mask"), leaks=True),
    "mask_and_a_leak": lambda: values_read(lambda a, mask: mask, flags("mask"), leaks=True),
    "lengths_and_a_leak": lambda: values_read(within_a_scalar, scalar("length"), leaks=True),
}
for name, build in READ.items():
    add(name, build)
for name, build in LEAKING.items():
    add(name, build, "no_mask", "gru")


@right(pad_value={"words": 2})
def padding_is_told():
    return words_read(lambda t: ops.greater(t, 2))


@right(mask="hidden:inverted")
def mask_of_padding_as_told():
    return values_read(not_hidden, flags("hidden"))


@right(lengths={"b": "sequence"})
def lengths_as_told():
    return values_read(within, Input((1,), name="b"))


@right()
def three_pad_values():
    a, b, t = values("a"), values("b"), tokens("t")
    x = lstm()(layers.Masking(-1.0)(a))
    y = gru()(layers.Masking(-99.0)(b))
    return Model([a, b, t], joined(x, y, layers.LSTM(4, name="third")(embedded(t, mask_zero=True))))


@wrong("no_mask", "gru")
def two_pad_values_one_unmasked():
    a, b = values("a"), values("b")
    return Model([a, b], joined(lstm()(layers.Masking(-1.0)(a)), gru()(b)))


@right()
def padding_is_minus_one():
    return Model(t := tokens(), lstm()(layers.Embedding(4, 8, mask_zero=True)(t + 1)))


@right(also=("empty_row",))
def padding_is_not_unequal():
    t = tokens()
    mask = ops.logical_not(ops.equal(t, 2))
    return Model(t, layers.GlobalAveragePooling1D(name="mean")(embedded(t), mask=mask))


@right()
def padding_by_the_mask_of_a_layer():
    t = tokens()
    return Model(t, lstm()(WordsWithMask()(t)))


@right(sequences=[np.arange(10, 10 + n) for n in (4, 6, 9)])
def padding_in_a_model_of_ones_own():
    return PaddedWithFive()


@right()
def padding_is_nan():
    a = values()
    known = ops.logical_not(ops.isnan(a))
    return Model(a, lstm()(ops.where(known, a, 0.0), mask=ops.all(known, axis=-1)))


@right()
def padding_multiplied_away():
    t = tokens()
    real = ops.cast(ops.not_equal(t, 7), "float32")[..., None]
    return Model(t, ops.sum(embedded(t) * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0))


# Masks among the inputs.


@right()
def mask_added_to_scores():
    t, mask = tokens(), flags("attention_mask", dtype="float32")
    x = embedded(t)
    scores = ops.squeeze(layers.Dense(1)(x), -1) + (1.0 - mask) * -1e9
    return Model([t, mask], ops.sum(x * ops.softmax(scores)[..., None], axis=1))


@right()
def mask_of_padding_in_a_column():
    a, hidden = values(), flags("pad_mask", (1,), "float32")
    real = 1.0 - hidden
    x = layers.Dense(6, activation="tanh")(a) * real
    return Model([a, hidden], ops.sum(x, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0))


@right(also=("empty_row",))
def mask_of_steps_by_steps():
    a, square, valid = values(), flags("attention_mask", (None,)), flags("valid")
    x = layers.MultiHeadAttention(2, 4)(a, a, attention_mask=square)
    return Model([a, square, valid], layers.GlobalAveragePooling1D(name="mean")(x, mask=valid))


@right()
def a_mask_for_each_input():
    a, b, of_a, of_b = values("a"), values("b"), flags("a_mask"), flags("b_mask")
    return Model([a, b, of_a, of_b], joined(lstm()(a, mask=of_a), gru()(b, mask=of_b)))


# Images, tables and categories beside a sequence.


@right()
def image_beside_a_sequence():
    a, image = values(), Input((8, 8, 3), name="image")
    return Model([a, image], joined(lstm()(layers.Masking()(a)), pixels(image)))


@right()
def image_of_any_size():
    a, image = values(), Input((None, None, 3), name="image")
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3)(image))
    return Model([a, image], joined(lstm()(layers.Masking()(a)), x))


@right()
def image_as_large_as_the_sequence_is_long():
    a, image = values(steps=8), Input((8, 8, 3), name="image")
    x = layers.Flatten()(layers.Conv2D(4, 3)(image))
    return Model([a, image], joined(lstm()(layers.Masking()(a)), x))


@right()
def caption_of_an_image():
    image, t = Input((16, 16, 3), name="image"), tokens()
    state = layers.Dense(8)(pixels(image))
    embedding = layers.Embedding(WORDS, 8, mask_zero=True)
    mask = embedding.compute_mask(t)
    x = lstm(return_sequences=True)(embedding(t), initial_state=[state, state], mask=mask)
    return Model([image, t], layers.Dense(WORDS)(x))


@right()
def regions_of_an_image():
    image, a = Input((8, 8, 4), name="image"), values()
    regions = layers.Reshape((64, 4))(image)
    return Model([image, a], lstm()(layers.MultiHeadAttention(2, 4)(layers.Masking()(a), regions)))


@right()
def table_beside_a_sequence():
    a, table = values(), Input((6, 3), name="table")
    return Model(
        [a, table], joined(lstm()(layers.Masking()(a)), layers.Dense(4)(layers.Flatten()(table)))
    )


@right()
def categories_beside_a_sequence():
    a, shop = values(), Input((1,), dtype="int32", name="shop")
    kinds = Input((3,), dtype="int32", name="kinds")
    x, y = (layers.Flatten()(layers.Embedding(5, 3)(each)) for each in (shop, kinds))
    return Model([a, shop, kinds], joined(lstm()(layers.Masking()(a)), x, y))


@wrong("no_mask", "lstm")
def image_beside_a_leak():
    a, image = values(), Input((8, 8, 3), name="image")
    return Model([a, image], joined(lstm()(a), pixels(image)))


# As many steps as are forecast, beside a sequence.


def forecast(of):
    past, future = values("past"), values("future", 6, 2)
    return Model([past, future], layers.Dense(1)(of(layers.Masking()(past), future)))


@right()
def decoder_of_six_steps():
    def of(past, future):
        _, *states = lstm(6, return_state=True)(past)
        return lstm(6, name="decoder", return_sequences=True)(future, initial_state=states)

    return forecast(of)


@right()
def six_steps_beside_what_is_repeated():
    def of(past, future):
        return gru(return_sequences=True)(joined(layers.RepeatVector(6)(lstm(6)(past)), future))

    return forecast(of)


@wrong("no_mask", "second", pad_value={"future": 0})
def decoder_of_six_steps_that_are_padded():
    def of(past, future):
        _, *states = lstm(6, return_state=True)(past)
        return lstm(6, name="second", return_sequences=True)(future, initial_state=states)

    return forecast(of)


# Masking on frames: a mask of pixels.


def masked_frames(padding):
    frames = Input((None, 6, 6, 2), name="frames")
    x = layers.ConvLSTM2D(3, 3, padding=padding)(layers.Masking()(frames))
    return Model(frames, layers.GlobalAveragePooling2D()(x))


@right()
def frames_whose_pixels_are_masked():
    return masked_frames("same")


@untold("Masking makes a mask of pixels here")
def frames_whose_masked_pixels_are_more_than_the_states():
    return masked_frames("valid")
