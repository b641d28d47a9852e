"""Models of the kinds that people post: readers of text, pools, blocks of their own, branches."""

import keras
import numpy as np
from keras import layers, ops

from tests.audit.zoo import WORDS, right, sequences_of, tokens, values, wrong
from tests.audit.zoo_inputs import LearnedPositions

_LENGTHS = (4, 6, 9, 9, 6, 4)
COUNTED = {"x": sequences_of(*_LENGTHS), "n": [np.int32(steps) for steps in _LENGTHS]}


def embedded(words, mask_zero=True):
    return layers.Embedding(WORDS, 8, mask_zero=mask_zero)(words)


def answer(inputs, x, units=2):
    return keras.Model(inputs, layers.Dense(units, name="answer")(x))


class TokensAndPositions(layers.Layer):
    """Sums a row for the word and one for its number, as many tutorials do."""

    def __init__(self, masks=False, **kwargs):
        super().__init__(**kwargs)
        self.masks = masks
        self.words, self.places = (
            layers.Embedding(WORDS, 8, mask_zero=masks),
            layers.Embedding(20, 8),
        )

    def call(self, words):
        return self.words(words) + self.places(ops.arange(0, ops.shape(words)[-1], 1))

    def compute_mask(self, words, mask=None):
        return self.words.compute_mask(words) if self.masks else None


class Block(layers.Layer):
    """A Transformer's encoder block."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.attention = layers.MultiHeadAttention(2, 4)
        self.first, self.second = layers.LayerNormalization(), layers.LayerNormalization()
        self.inner = layers.Dense(8, activation="relu")

    def call(self, x, mask=None):
        shown = None if mask is None else mask[:, None, :]
        x = self.first(x + self.attention(x, x, attention_mask=shown))
        return self.second(x + self.inner(x))


class FirstToken(layers.Layer):
    """Puts a learned step in front."""

    def __init__(self, masks=True, **kwargs):
        super().__init__(**kwargs)
        self.masks = masks

    def build(self, shape):
        self.step = self.add_weight(shape=(1, 1, shape[-1]), name="step")

    def call(self, x):
        step = ops.broadcast_to(self.step, (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([step, x], axis=1)

    def compute_mask(self, x, mask=None):
        if mask is None or not self.masks:
            return None
        return ops.concatenate([ops.ones_like(mask[:, :1]), mask], axis=1)

    def compute_output_shape(self, shape):
        return (shape[0], None if shape[1] is None else shape[1] + 1, shape[2])


class AttentionPooling(layers.Layer):
    """A weighted mean of all steps, or of real ones."""

    def __init__(self, masks=False, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking, self.masks = True, masks

    def build(self, shape):
        self.score = self.add_weight(shape=(shape[-1], 1), name="score")

    def call(self, x, mask=None):
        scores = ops.tanh(ops.matmul(x, self.score))
        if self.masks and mask is not None:
            scores = ops.where(mask[..., None], scores, -1e9)
        return ops.sum(ops.softmax(scores, axis=1) * x, axis=1)

    def compute_mask(self, x, mask=None):
        return None


class Cell(layers.Layer):
    """A recurrent cell of one's own."""

    def __init__(self, units=6, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, x, states):
        state = ops.tanh(ops.matmul(x, self.kernel) + ops.matmul(states[0], self.recurrent))
        return state, [state]


class Counted(keras.Model):
    """Makes its mask of an input of lengths; masked: also for its mean."""

    def __init__(self, masked=True, **kwargs):
        super().__init__(**kwargs)
        self.gru, self.head, self.masked = layers.GRU(6, return_sequences=True), layers.Dense(2), masked

    def call(self, batch):
        x, count = batch["x"], ops.reshape(batch["n"], (-1, 1))
        mask = ops.arange(ops.shape(x)[1]) < ops.cast(count, "int32")
        x = self.gru(x, mask=mask)
        if not self.masked:
            return self.head(ops.mean(x, axis=1))
        real = ops.cast(mask, "float32")[..., None]
        return self.head(ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0))


@right(sequences=COUNTED)
def lengths_in_ones_own_model():
    return Counted(name="counted")


@right(sequences=COUNTED | {"n": [np.array([steps], "int32") for steps in _LENGTHS]})
def lengths_in_a_column_of_ones_own_model():
    return Counted(name="counted")


@wrong("own_code", "counted", cures="mask_in_own_code", sequences=COUNTED)
def lengths_and_a_mean_over_all_steps():
    return Counted(masked=False, name="counted")


@right()
def lengths_in_a_lambda():
    x, n = values(), keras.Input((1,), dtype="int32", name="n")

    def real(both):
        return ops.arange(ops.shape(both[0])[1])[None] < both[1]

    mask = layers.Lambda(real, output_shape=(None,), dtype="bool")([x, n])
    return answer([x, n], layers.GRU(6)(x, mask=mask))


@right()
def read_out_by_length():
    x, n = values(), keras.Input((), dtype="int32", name="length")
    steps = layers.LSTM(6, return_sequences=True)(x)
    return answer([x, n], ops.take_along_axis(steps, (n - 1)[:, None, None], axis=1)[:, 0])


@wrong("no_mask", "pool", cures="masked_mean")
def mean_behind_learned_places():
    x = values(steps=12)
    steps = LearnedPositions()(layers.Dense(8)(x))
    return answer(x, layers.GlobalAveragePooling1D(name="pool")(steps))


@right(also=("positions",))
def masked_mean_behind_learned_places():
    words = tokens(steps=12)
    return answer(words, layers.GlobalAveragePooling1D()(LearnedPositions()(embedded(words))))


@wrong("no_mask", "largest", also=("positions",), cures="masked_maximum")
def largest_behind_learned_places():
    x = values(steps=12)
    return answer(x, layers.GlobalMaxPooling1D(name="largest")(LearnedPositions()(layers.Dense(8)(x))))


@right()
def sum_of_one_length():
    x = values(steps=12)
    return answer(x, ops.sum(layers.Reshape((12, 4))(layers.Reshape((12, 2, 2))(x)), axis=1))


@right(also=("positions",))
def laid_out_as_it_comes():
    x = values(steps=12)
    return answer(x, layers.Dense(8, activation="relu")(layers.Flatten(name="flatten")(x)))


def joined_in_time_and_read(reader, *, masks=True):
    left, right_one = tokens("left"), tokens("right")
    embedding = layers.Embedding(WORDS, 8, mask_zero=masks)
    x = layers.Concatenate(axis=1)([embedding(left), embedding(right_one)])
    return answer([left, right_one], reader(x))


@right()
def joined_in_time():
    return joined_in_time_and_read(layers.LSTM(6))


@right()
def joined_in_time_with_labels():
    return joined_in_time_and_read(layers.LSTM(6, return_sequences=True))


@wrong("no_mask", "lstm")
def joined_in_time_without_a_mask():
    return joined_in_time_and_read(layers.LSTM(6, name="lstm"), masks=False)


@wrong("mixed", "joined")
def joined_in_time_one_masked():
    left, right_one = values("left"), values("right")
    x = layers.Concatenate(axis=1, name="joined")([layers.Masking()(left), right_one])
    return answer([left, right_one], layers.LSTM(6)(x))


def behind_first_token(**kwargs):
    words = tokens()
    x = FirstToken(name="front", **kwargs)(embedded(words))
    return answer(words, layers.MultiHeadAttention(2, 4)(x, x)[:, 0])


@right()
def token_in_front():
    return behind_first_token()


@wrong("dropped_by_layer", "front")
def token_in_front_without_a_mask():
    return behind_first_token(masks=False)


@wrong("no_mask", "attention", also=("positions",))
def transformer_of_the_tutorials():
    words = tokens(steps=20)
    x = TokensAndPositions(name="places")(words)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4, name="attention")(x, x))
    return answer(words, layers.GlobalAveragePooling1D()(x))


@right(also=("empty_row",))
def transformer_blocks_of_ones_own():
    words = tokens()
    return answer(words, layers.GlobalAveragePooling1D()(Block()(Block()(embedded(words)))))


def read_and_pooled(pooling):
    words = tokens()
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(embedded(words))
    return answer(words, pooling(x))


@wrong("ignored", "pooling", cures="mask_in_own_code")
def attention_pooling():
    return read_and_pooled(AttentionPooling(name="pooling"))


@right()
def masked_attention_pooling():
    return read_and_pooled(AttentionPooling(masks=True))


@wrong("dropped_by_layer", "scores", cures="masked_softmax")
def attention_of_a_decoder_by_dot():
    source, target = tokens("source"), tokens("target")
    encoded = layers.LSTM(6, return_sequences=True)(embedded(source))
    decoded = layers.LSTM(6, return_sequences=True)(embedded(target))
    weights = layers.Activation("softmax")(layers.Dot(axes=2, name="scores")([decoded, encoded]))
    context = layers.Dot(axes=(2, 1))([weights, encoded])
    return answer([source, target], layers.Concatenate(name="both")([decoded, context]))


@wrong("no_mask", "largest", cures="masked_maximum")
def convolutions_of_three_widths():
    words = tokens(steps=20)
    x = embedded(words, mask_zero=False)
    pooled = [
        layers.GlobalMaxPooling1D(name="largest" if width == 2 else None)(layers.Conv1D(4, width)(x))
        for width in (2, 3, 4)
    ]
    return answer(words, layers.Concatenate()(pooled))


@wrong("dropped_silently", "mean", further=(("dropped_silently", "std"),), cures="masked_mean")
def mean_and_deviation():
    x = values()
    steps = layers.LSTM(6, return_sequences=True)(layers.Masking()(x))
    both = [ops.mean(steps, axis=1), ops.std(steps, axis=1)]
    return answer(x, layers.Concatenate()(both))


@wrong("dropped_with_warning", "conv", further=(("dropped_silently", "multiply"),))
def shortcut_that_loses_the_mask_as_well():
    x = values(features=6)
    masked = layers.Masking()(x)
    branches = [layers.Conv1D(6, 1, name="conv")(masked), ops.multiply(masked, 2.0)]
    return answer(x, layers.LSTM(6)(layers.Add()(branches)))


@wrong("dropped_with_warning", "conv")
def shortcut_that_keeps_the_mask():
    x = values(features=6)
    masked = layers.Masking()(x)
    branches = [layers.Conv1D(6, 1, name="conv")(masked), layers.Dense(6)(masked)]
    return answer(x, layers.LSTM(6)(layers.Add()(branches)))


@wrong("border", "conv_2", further=(("border", "conv_4"),), also=("empty_row",),
       cures="zero_before_convolution")  # fmt: skip
def dilated_residual_blocks():
    x = values()
    masking = layers.Masking()
    steps, mask = masking(x), masking.compute_mask(x)
    for rate in (1, 2, 4):
        conv = layers.Conv1D(4, 2, padding="causal", dilation_rate=rate, name=f"conv_{rate}")
        steps = layers.Add()([steps, layers.Activation("relu")(conv(steps))])
    return answer(x, layers.GlobalAveragePooling1D()(steps, mask=mask))


@wrong("mask_never_matches", "masking")
def empty_frames_behind_a_convolution():
    frames = keras.Input((8, 6, 6, 2), name="frames")
    x = layers.TimeDistributed(layers.Conv2D(3, 3))(frames)
    x = layers.TimeDistributed(layers.GlobalAveragePooling2D())(x)
    return answer(frames, layers.LSTM(6)(layers.Masking(name="masking")(x)))


@right()
def cell_of_ones_own():
    x = values()
    return answer(x, layers.RNN(Cell())(layers.Masking()(x)))


@wrong("no_mask", "rnn")
def cell_of_ones_own_without_a_mask():
    x = values()
    return answer(x, layers.RNN(Cell(), name="rnn")(x))


@wrong("ignored", "back", cures="read_backwards")
def read_backwards_and_then_forwards():
    x, masking = values(), layers.Masking()
    mask = masking.compute_mask(x)
    steps = layers.LSTM(6, return_sequences=True, go_backwards=True, name="back")(masking(x), mask=mask)
    return answer(x, layers.GRU(6)(steps, mask=mask))


@wrong("dropped_silently", "max", also=("empty_row",))
def small_unit_within():
    x = values()
    steps = layers.LSTM(6, return_sequences=True)(layers.Masking()(x))
    small = ops.max(steps, axis=1) * 1e-5
    both = layers.Concatenate()([layers.GlobalAveragePooling1D()(steps) * 1e3, small])
    return keras.Model(x, layers.Rescaling([1e-3] * 6 + [1e5] * 6)(both))


@wrong("loss_counts_padding", "tanh")
def losses_by_name():
    x = values()
    steps = layers.GRU(6, return_sequences=True)(layers.Masking()(x))
    tags = layers.Dense(3, activation="softmax", name="z")(ops.tanh(steps))
    model = keras.Model(x, [tags, layers.Dense(2, name="a")(layers.GRU(3)(steps))])
    model.compile("adam", {"a": "mse", "z": keras.losses.SparseCategoricalCrossentropy()})
    return model


@wrong("dropped_with_warning", "flatten", cures="masked_softmax")
def attention_by_repetition():
    words = tokens(steps=20)
    x = layers.LSTM(6, return_sequences=True)(embedded(words))
    scores = layers.Flatten(name="flatten")(layers.Dense(1, activation="tanh")(x))
    weights = layers.RepeatVector(6)(layers.Activation("softmax")(scores))
    weighed = layers.Multiply()([x, layers.Permute((2, 1))(weights)])
    return answer(words, ops.sum(weighed, axis=1))


@right(sides=("post",))
def reader_of_three_inputs():
    words, parts, mask = tokens("input_ids"), tokens("token_type_ids"), tokens("attention_mask")
    x = layers.Embedding(WORDS, 8)(words) + layers.Embedding(2, 8)(parts)
    shown = ops.cast(mask, "bool")[:, None, :]
    for _ in range(2):
        attended = layers.MultiHeadAttention(2, 4)(x, x, attention_mask=shown)
        x = layers.LayerNormalization()(x + attended)
    inputs = {"input_ids": words, "token_type_ids": parts, "attention_mask": mask}
    return answer(inputs, x[:, 0])


@right()
def lambda_that_takes_the_mask():
    words = tokens()

    def mean(x, mask=None):
        real = ops.cast(mask, "float32")[..., None]
        return ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)

    x = layers.GRU(6, return_sequences=True)(embedded(words))
    return answer(words, layers.Lambda(mean, output_shape=(6,))(x))


@wrong("dropped_silently", "add")
def residual_by_an_operator():
    x = values(features=6)
    steps = layers.Masking()(x)
    steps = steps + layers.LSTM(6, return_sequences=True)(steps)
    return answer(x, layers.LSTM(4)(steps))


@wrong("no_mask", "both")
def words_of_sentences_of_documents():
    """Hierarchical attention: a reader of words within a reader of sentences."""
    words = tokens(steps=5)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True))(embedded(words))
    weights = ops.softmax(layers.Dense(1, activation="tanh")(x), axis=1)
    sentence = keras.Model(words, ops.sum(x * weights, axis=1))
    documents = keras.Input((12, 5), dtype="int32", name="documents")
    x = layers.TimeDistributed(sentence)(documents)
    return answer(documents, layers.Bidirectional(layers.GRU(4), name="both")(x))
