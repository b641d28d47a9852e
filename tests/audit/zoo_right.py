"""Models into which padding does not leak, some of which Keras warns of."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.audit.layers import Carried, Doubling, Encoder, Positions
from tests.audit.zoo import (
    FEATURES,
    SENTENCES,
    WORDS,
    add,
    graph,
    keras_issue,
    lstm,
    masked,
    masking,
    on_words,
    right,
    sequences_of,
    stack,
    values,
)

#: Layers that use the mask of a Masking layer before them, or pass it on.
BEHIND_MASKING = {
    "masking_lstm": lambda: [lstm(), layers.Dense(2)],
    "masking_gru": lambda: [layers.GRU(8), layers.Dense(2)],
    "masking_gru_reset_before": lambda: [layers.GRU(8, reset_after=False), layers.Dense(2)],
    "masking_simple_rnn": lambda: [layers.SimpleRNN(8), layers.Dense(2)],
    "bidirectional": lambda: [layers.Bidirectional(lstm()), layers.Dense(2)],
    "stacked_cells": lambda: [layers.RNN([layers.LSTMCell(6), layers.GRUCell(6)]), layers.Dense(2)],
    "dense_before": lambda: [layers.Dense(8, activation="relu"), lstm(), layers.Dense(2)],
    "layer_normalization": lambda: [layers.LayerNormalization(), lstm(), layers.Dense(2)],
    "unit_normalization": lambda: [layers.UnitNormalization(), lstm()],
    "dropouts": lambda: [
        layers.Dropout(0.3),
        layers.SpatialDropout1D(0.3),
        layers.GaussianNoise(0.3),
        lstm(dropout=0.2, recurrent_dropout=0.2),
        layers.Dense(2),
    ],
    "activations": lambda: [layers.Activation("tanh"), layers.LeakyReLU(), layers.ELU(), lstm()],
    "label_a_step": lambda: [lstm(return_sequences=True), layers.Dense(1, activation="sigmoid")],
    "zeros_at_masked_steps": lambda: [
        lstm(return_sequences=True, zero_output_for_mask=True),
        layers.Dense(1),
    ],
    "custom_layer_that_carries_the_mask": lambda: [Carried(), lstm(), layers.Dense(2)],
}
for name, stacked in BEHIND_MASKING.items():
    add(name, lambda stacked=stacked: masked(*stacked()))


def mean_of_words(of):
    """A model of the mean, under their mask, of what `of` makes of embedded words."""
    words = keras.Input((None,), name="words")
    x = of(layers.Embedding(WORDS, 8, mask_zero=True)(words))
    return keras.Model(words, layers.Dense(2)(layers.GlobalAveragePooling1D(name="mean")(x)))


def attended(x):
    return layers.Add()([layers.MultiHeadAttention(2, 4)(x, x), x])


@right(also=("keras_3_16",), thread=keras_issue(23228))
def stacked_lstm():
    return masked(lstm(return_sequences=True), lstm(name="second"), layers.Dense(2))


@right(thread=keras_issue(18759))
def batch_normalization():
    return masked(layers.BatchNormalization(), lstm(), layers.Dense(2))


@right(also=("keras_3_16", "empty_row"), thread=keras_issue(18152))
def bidirectional_mean():
    return on_words(
        layers.Bidirectional(lstm(return_sequences=True)),
        layers.GlobalAveragePooling1D(name="mean"),
        layers.Dense(2),
    )


@right()
def words_lstm():
    return on_words(lstm(), layers.Dense(2, activation="softmax"))


@right()
def compiled_label_a_step():
    model = masked(lstm(return_sequences=True), layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", "mse"])
    return model


@right()
def regression_a_step():
    return on_words(layers.GRU(8, return_sequences=True), layers.Dense(1))


@right()
def time_distributed_of_known_length():
    return masked(lstm(return_sequences=True), layers.TimeDistributed(layers.Dense(2)), steps=12)


@right(also=("empty_row",))
def attention_as_a_graph():
    return mean_of_words(attended)


@right(also=("empty_row",), thread=keras_issue(20455))
def two_encoder_blocks_with_masks_by_hand():
    words = keras.Input((None,), name="words")
    embedding = layers.Embedding(WORDS, 8, mask_zero=True)
    x, mask = embedding(words), embedding.compute_mask(words)
    for _ in range(2):
        y = layers.MultiHeadAttention(2, 4)(x, x, query_mask=mask, value_mask=mask, key_mask=mask)
        x = layers.LayerNormalization()(layers.Add()([y, x]))
    mean = layers.GlobalAveragePooling1D(name="mean")(x, mask=mask)
    return keras.Model(words, layers.Dense(2)(mean))


@right(also=("empty_row",))
def grouped_query_attention():
    return mean_of_words(lambda x: layers.Add()([layers.GroupQueryAttention(4, 4, 2)(x, x), x]))


@right(also=("empty_row",))
def dot_attention():
    return mean_of_words(lambda x: layers.Attention()([x, x]))


@right(also=("empty_row",))
def additive_attention():
    return mean_of_words(lambda x: layers.AdditiveAttention()([x, x]))


@right(also=("empty_row",), sides=("post",))
def positions_padded_after():
    return mean_of_words(lambda x: attended(Positions(name="positions")(x)))


@right(
    also=("empty_row", "positions"), thread="https://github.com/huggingface/transformers/issues/26569"
)
def positions_padded_on_both_sides():
    return positions_padded_after()


@right(thread=keras_issue(19685))
def both_masked_and_added():
    left, right_ = keras.Input((None, 4), name="left"), keras.Input((None, 4), name="right")
    x = layers.Add()([layers.Masking()(left), layers.Masking()(right_)])
    return keras.Model([left, right_], layers.Dense(2)(lstm()(x)))


@right(thread=keras_issue(19685))
def both_masked_and_concatenated():
    left, right_ = keras.Input((None, 4), name="left"), keras.Input((None, 3), name="right")
    x = layers.Concatenate()([layers.Masking()(left), layers.Masking()(right_)])
    return keras.Model([left, right_], layers.Dense(2)(lstm()(x)))


@right()
def gate_of_the_same_sequence():
    return graph(
        lambda x, mask: lstm()(layers.Multiply()([x, layers.Dense(FEATURES, activation="sigmoid")(x)]))
    )


@right(thread=keras_issue(18416))
def operations_with_the_mask_handed_over():
    return graph(lambda x, mask: lstm()(ops.tanh(x * 2), mask=mask))


@right()
def narrow_convolution_with_the_mask_handed_over():
    return graph(lambda x, mask: lstm()(layers.Conv1D(8, 1)(x), mask=mask))


@right()
def convolutions_on_zeroed_padding():
    def of(x, mask):
        real = ops.cast(mask, "float32")[..., None]
        x = layers.Conv1D(8, 3, padding="same", activation="relu")(x)
        x = layers.Conv1D(8, 3, padding="same", activation="relu")(x * real)
        return lstm()(x, mask=mask)

    return graph(of)


@right(also=("output_unmasked",))
def causal_convolution_a_step():
    return stack(layers.Conv1D(8, 3, padding="causal"), layers.Dense(1))


@right(thread="https://github.com/keras-team/keras-hub/issues/2141")
def nested_sequential_that_warns():
    inner = keras.Sequential([layers.Dense(8), layers.LayerNormalization()], name="inner")
    return masked(inner, lstm(), layers.Dense(2))


@right(thread=keras_issue(18543))
def nested_graph():
    inside = keras.Input((None, 8))
    inner = keras.Model(inside, layers.Dense(8, activation="relu")(inside), name="inner")
    words = keras.Input((None,), name="words")
    x = layers.Embedding(WORDS, 8, mask_zero=True)(words)
    return keras.Model(words, layers.Dense(2)(lstm()(inner(x))))


@right(also=("empty_row",), thread=keras_issue(20455), sequences=SENTENCES)
def own_model_with_masks_by_hand():
    return Encoder(by_hand=True)


@right(sequences=sequences_of(4, 6, 9))
def own_model_with_the_mask_handed_over():
    return Doubling(by_hand=True)


@right()
def mean_by_hand():
    def of(x, mask):
        real = ops.cast(mask, "float32")[..., None]
        x = layers.Dense(8, activation="tanh")(x)
        return ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)

    return graph(of)


@right()
def two_outputs():
    inputs = values()
    x = lstm(return_sequences=True)(masking()(inputs))
    return keras.Model(inputs, [layers.Dense(1)(x), layers.Dense(3)(lstm(name="second")(x))])


@right()
def sequence_and_fixed_features():
    sequence, fixed = values(), keras.Input((5,), name="fixed")
    x = layers.Concatenate()([lstm()(masking()(sequence)), layers.Dense(4)(fixed)])
    return keras.Model([sequence, fixed], layers.Dense(2)(x))


@right()
def encoder_and_decoder():
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    embedding = layers.Embedding(WORDS, 8, mask_zero=True)
    _, h, c = lstm(return_state=True)(embedding(source))
    x = embedding(target)
    x = lstm(return_sequences=True, name="decoder")(
        x, initial_state=[h, c], mask=embedding.compute_mask(target)
    )
    return keras.Model([source, target], layers.Dense(WORDS)(x))


@right(also=("empty_row",))
def attention_across_two_lengths():
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    words = layers.Embedding(WORDS, 8, mask_zero=True)
    x = layers.MultiHeadAttention(2, 4, name="across")(words(target), words(source))
    return keras.Model([source, target], layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@right()
def initial_state_with_the_mask_handed_over():
    state = keras.Input((8,), name="state")
    inputs = values()
    layer = masking()
    x = layers.GRU(8)(layer(inputs), initial_state=state, mask=layer.compute_mask(inputs))
    return keras.Model([inputs, state], layers.Dense(2)(x))


@right()
def fixed_length():
    return masked(lstm(), layers.Dense(2), steps=20)


@right()
def words_of_fixed_length():
    return on_words(lstm(), layers.Dense(2), steps=20)


@right()
def mask_value_of_minus_one():
    return stack(masking(-1.0), lstm(), layers.Dense(2))


@right(thread=keras_issue(20791))
def mask_value_as_a_tensor():
    return stack(masking(tf.constant(-1.0)), lstm(), layers.Dense(2))


@right()
def half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    return stack(masking(-1.0), lstm(), layers.Dense(2))


@right()
def brain_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    return masked(layers.Dense(8), lstm(), layers.Dense(2))


@right(also=("empty_row",))
def half_precision_attention():
    keras.config.set_dtype_policy("mixed_float16")
    return attention_as_a_graph()


@right()
def double_precision():
    keras.config.set_dtype_policy("float64")
    return masked(lstm(), layers.Dense(2))


@right(also=("output_unmasked",))
def dense_a_step():
    return stack(layers.Dense(8, activation="relu"), layers.Dense(1))


@right()
def last_state():
    return graph(lambda x, mask: layers.Concatenate()(lstm(return_state=True)(x)[1:]))


@right(also=("batch_norm",))
def batch_normalization_without_a_mask():
    return graph(lambda x, mask: lstm()(layers.BatchNormalization(name="norm")(x * 1.0), mask=mask))


@right(sequences=[array + 2 for array in map(np.ones, [(4, 1), (6, 1), (9, 1)])])
def real_values_unlike_the_mask_value():
    return masked(lstm(), layers.Dense(2), features=1)
