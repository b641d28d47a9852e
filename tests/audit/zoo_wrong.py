"""Models into which padding leaks: most of them look masked."""

import keras
import numpy as np
from keras import layers, ops

from tests.audit.layers import (
    Doubling,
    EagerOnly,
    Encoder,
    ForgetfulLSTM,
    Forgotten,
    Gated,
    Halved,
    PlainMean,
    Share,
    Silent,
)
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
    ones_and_zeros,
    sequences_of,
    stack,
    values,
    wrong,
)

WARNS = "https://github.com/tensorflow/tensorflow/issues/73531"

#: Stacks without a mask, with the layer that reads padded steps.
UNMASKED = {
    "lstm_without_a_mask": ("lstm", lambda: [lstm()]),
    "stacked_without_a_mask": ("lstm", lambda: [lstm(return_sequences=True), lstm(name="second")]),
    "bidirectional_without_a_mask": ("both", lambda: [layers.Bidirectional(lstm(), name="both")]),
    "mean_without_a_mask": (
        "mean",
        lambda: [layers.Dense(8), layers.GlobalAveragePooling1D(name="mean")],
    ),
}
for name, (layer, stacked) in UNMASKED.items():
    add(name, lambda stacked=stacked: stack(*stacked(), layers.Dense(2)), "no_mask", layer)
add("fixed_length_without_a_mask", lambda: stack(lstm(), layers.Dense(2), steps=20), "no_mask", "lstm")

#: Layers between Masking and an LSTM that lose the mask, with a warning.
LOSING = {
    "rms_normalization": lambda: layers.RMSNormalization(name="rms"),
    "convolution": lambda: layers.Conv1D(8, 3, padding="same", name="conv"),
    "convolution_without_edges": lambda: layers.Conv1D(8, 3, name="conv"),
    "separable_convolution": lambda: layers.SeparableConv1D(8, 3, padding="same", name="conv"),
    "transposed_convolution": lambda: layers.Conv1DTranspose(8, 3, padding="same", name="conv"),
    "reshaped": lambda: layers.Reshape((-1, 2), name="reshape"),
    "zero_padding": lambda: layers.ZeroPadding1D(1, name="zeros"),
    "steps_repeated": lambda: layers.UpSampling1D(2, name="twice"),
    "lambda_layer": lambda: layers.Lambda(
        lambda x: x * 2, output_shape=(None, FEATURES), name="lambda"
    ),
}
for name, losing in LOSING.items():
    add(
        name,
        lambda losing=losing: masked(losing(), lstm(), layers.Dense(2)),
        "dropped_with_warning",
        losing().name,
        thread=WARNS,
    )

#: Operations that do so without a word, by the names that Keras gives them.
OPERATIONS = {
    "times_two": ("multiply", lambda x: ops.multiply(x, 2)),
    "tanh": ("tanh", ops.tanh),
    "cast": ("cast", lambda x: ops.cast(x, "float64")),
    "first_two_features": ("get_item", lambda x: x[:, :, :2]),
}
for name, (layer, operation) in OPERATIONS.items():
    add(
        name,
        lambda operation=operation: graph(lambda x, mask: lstm()(operation(x))),
        "dropped_silently",
        layer,
        thread=keras_issue(18416),
    )


@wrong("no_mask", "lstm")
def words_without_mask_zero():
    return on_words(lstm(), layers.Dense(2), mask_zero=False)


@wrong("no_mask", "attention")
def attention_without_a_mask():
    inputs = values()
    x = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    return keras.Model(inputs, layers.Dense(1)(x))


@wrong("no_mask", "attention", cures="keep_beside_attention")
def causal_attention_without_a_mask():
    inputs = keras.Input((None, FEATURES), name="sequence")
    x = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs, use_causal_mask=True)
    return keras.Model(inputs, layers.Dense(1)(x))


@wrong("dropped_with_warning", "pool", thread=WARNS)
def largest_of_all_steps():
    return on_words(layers.GlobalMaxPooling1D(name="pool"), layers.Dense(2))


@wrong("taken_off", "attention_0", thread=keras_issue(20455), also=("empty_row",))
def two_encoder_blocks():
    words = keras.Input((None,), name="words")
    x = layers.Embedding(WORDS, 8, mask_zero=True)(words)
    for at in range(2):
        y = layers.MultiHeadAttention(2, 4, name=f"attention_{at}")(x, x)
        x = layers.LayerNormalization()(layers.Add()([y, x]))
        y = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, y]))
    return keras.Model(words, layers.Dense(2)(layers.GlobalAveragePooling1D(name="mean")(x)))


@wrong("other_steps", "get_item")
def last_step_of_bidirectional():
    return graph(lambda x, mask: layers.Bidirectional(lstm(return_sequences=True))(x)[:, -1])


@wrong("dropped_with_warning", "conv", thread=WARNS, further=(("border", "conv"),))
def causal_convolution():
    conv = layers.Conv1D(8, 3, padding="causal", name="conv")
    return on_words(conv, lstm(), layers.Dense(2))


@wrong("dropped_with_warning", "conv", thread=WARNS, further=(("border", "conv_2"),))
def convolutions_then_the_largest():
    return masked(
        layers.Conv1D(8, 3, padding="same", name="conv"),
        layers.Conv1D(8, 3, padding="same", name="conv_2"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(2),
    )


@wrong("dropped_with_warning", "pool", thread=WARNS, further=(("border", "pool"),), also=("windows",))
def largest_of_two():
    return on_words(layers.MaxPooling1D(2, name="pool"), lstm(), layers.Dense(2))


@wrong("dropped_with_warning", "pool", thread=WARNS, further=(("border", "pool"),), also=("windows",))
def mean_of_two():
    return on_words(layers.AveragePooling1D(2, name="pool"), lstm(), layers.Dense(2))


@wrong("dropped_with_warning", "flatten", thread=WARNS, also=("positions",))
def flattened(steps=16):
    return on_words(layers.Flatten(name="flatten"), layers.Dense(2), steps=steps)


@wrong("dropped_with_warning", "permute", also=("positions",), thread=WARNS)
def permuted():
    permute, states = layers.Permute((2, 1), name="permute"), lstm(return_sequences=True)
    return masked(states, permute, layers.Dense(4), layers.Flatten(), steps=12)


@wrong("dropped_with_warning", "crop", thread=WARNS)
def cropped():
    return on_words(layers.Cropping1D((1, 0), name="crop"), lstm(), layers.Dense(2))


@wrong("mixed", "plus", thread=keras_issue(19685))
def masked_plus_unmasked():
    left, right = keras.Input((None, 4), name="left"), keras.Input((None, 4), name="right")
    x = layers.Add(name="plus")([masking()(left), right])
    return keras.Model([left, right], layers.Dense(2)(lstm()(x)))


@wrong("mixed", "beside", thread=keras_issue(19685))
def masked_beside_unmasked():
    left, right = keras.Input((None, 4), name="left"), keras.Input((None, 3), name="right")
    x = layers.Concatenate(name="beside")([masking()(left), right])
    return keras.Model([left, right], layers.Dense(2)(lstm()(x)))


@wrong("mixed", "times", thread=keras_issue(19685))
def masked_times_unmasked():
    left, right = keras.Input((None, 4), name="left"), keras.Input((None, 4), name="right")
    x = layers.Multiply(name="times")([masking()(left), layers.Dense(4)(right)])
    return keras.Model([left, right], layers.Dense(2)(lstm()(x)))


@wrong("mixed", "gated", also=("empty_row",))
def gate_without_steps():
    def of(x, mask):
        share = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling1D()(x, mask=mask))
        return lstm()(
            layers.Multiply(name="gated")([layers.Dense(8)(x), layers.Reshape((1, 8))(share)])
        )

    return graph(of)


@wrong("no_mask", "second")
def one_of_two_inputs_masked():
    left, right = keras.Input((None, 4), name="left"), keras.Input((None, 4), name="right")
    x = layers.Concatenate()([lstm()(masking()(left)), lstm(name="second")(right)])
    return keras.Model([left, right], layers.Dense(2)(x))


@wrong("taken_off", "attention", thread=keras_issue(20455), sequences=SENTENCES)
def own_model_with_attention():
    return Encoder()


@wrong("unrecorded", "masking", thread=keras_issue(18416), sequences=sequences_of(4, 6, 9))
def own_model_with_an_operation():
    return Doubling()


@wrong("dropped_with_warning", "halved", thread=keras_issue(19311))
def custom_layer():
    return masked(Halved(name="halved"), lstm(), layers.Dense(2))


@wrong("dropped_by_layer", "silent", thread=keras_issue(18543))
def custom_layer_that_passes_none_on():
    return masked(Silent(name="silent"), lstm(), layers.Dense(2))


@wrong("ignored", "mean", thread=keras_issue(19311))
def custom_mean_over_all_steps():
    return masked(lstm(return_sequences=True), PlainMean(name="mean"), layers.Dense(2))


@wrong("dropped_with_warning", "gated", thread=keras_issue(19311))
def custom_layer_with_two_inputs():
    return graph(lambda x, mask: lstm()(Gated(name="gated")(x, layers.Dense(FEATURES)(x))))


@wrong("recurrent_passes_none", "lstm", thread=keras_issue(23228))
def lstm_of_keras_3_16():
    return masked(ForgetfulLSTM(8, return_sequences=True, name="lstm"), layers.GRU(8), layers.Dense(2))


@wrong("loss_counts_padding", "lstm", thread=keras_issue(23228))
def labels_of_keras_3_16():
    return masked(ForgetfulLSTM(8, return_sequences=True, name="lstm"), layers.Dense(1))


@wrong("no_mask", "across", also=("empty_row",))
def attention_across_two_lengths_without_a_mask():
    source, target = keras.Input((None, 4), name="source"), keras.Input((None, 4), name="target")
    x = layers.MultiHeadAttention(2, 4, name="across")(masking()(target), source)
    return keras.Model([source, target], layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@wrong("initial_state", "gru")
def initial_state():
    state = keras.Input((8,), name="state")
    inputs = values()
    x = layers.GRU(8, name="gru")(masking()(inputs), initial_state=state)
    return keras.Model([inputs, state], layers.Dense(2)(x))


@wrong("ignored", "lstm", also=("keras_3_16",))
def backwards_and_passed_on():
    return masked(lstm(return_sequences=True, go_backwards=True), layers.GRU(8), layers.Dense(2))


@wrong("mask_never_matches", "masking")
def mask_value_nan():
    return stack(masking(float("nan")), lstm(), layers.Dense(2))


@wrong("mask_never_matches", "masking")
def mask_value_one_tenth_in_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    return stack(masking(0.1), lstm(), layers.Dense(2))


@wrong("mask_never_matches", "masking", also=("empty_row",))
def mask_value_beyond_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    return stack(masking(-99999.0), lstm(), layers.Dense(2))


@wrong("mask_never_matches", "masking")
def mask_value_too_small_for_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    return stack(masking(1e-9), lstm(), layers.Dense(2))


@wrong("mask_never_matches", "masking", pad_value=-9.0)
def padded_with_another_value():
    return masked(lstm(), layers.Dense(2))


@wrong("mask_never_matches", "masking")
def masked_after_a_dense_layer():
    return stack(layers.Dense(8), masking(), lstm(), layers.Dense(2))


@wrong("mask_never_matches", "masking", also=("batch_norm",))
def masked_after_normalization():
    return stack(layers.BatchNormalization(), masking(), lstm(), layers.Dense(2))


@wrong("steps_lost", "steps", thread=keras_issue(22037))
def time_distributed_of_unknown_length():
    return masked(
        lstm(return_sequences=True),
        layers.TimeDistributed(layers.Dense(2), name="steps"),
    )


@wrong("loss_counts_padding", "multiply", thread=keras_issue(15323))
def loss_over_padding():
    return graph(lambda x, mask: ops.multiply(lstm(return_sequences=True)(x), 2))


@wrong("metric_counts_padding", "auc", thread=keras_issue(15323))
def area_under_the_curve_over_padding():
    model = masked(lstm(return_sequences=True), layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")])
    return model


@wrong("metric_counts_padding", "auc", thread=keras_issue(15323))
def area_under_the_curve_of_fixed_length():
    sigmoid = layers.Dense(1, activation="sigmoid")
    model = masked(lstm(return_sequences=True), sigmoid, steps=12)
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(name="auc")])
    return model


@wrong("loss_not_finite", "share", also=("empty_row",), thread=keras_issue(18152))
def shares_of_nothing():
    model = graph(lambda x, mask: Share(name="share")(x), head=False)
    model.compile("adam", "mse", metrics=["mae"])
    return model


@wrong("real_rows_masked", "masking", sequences=ones_and_zeros())
def bits_masked_with_zero():
    return masked(lstm(), layers.Dense(2), features=1)


@wrong("real_rows_masked", "embedding",
       sequences=[np.array(row) for row in ([3, 0, 2, 4], [1, 2, 0, 0, 5], [7, 8, 9])])  # fmt: skip
def word_number_zero():
    return on_words(lstm(), layers.Dense(2))


@wrong("border", "conv", thread=WARNS, further=(("dropped_with_warning", "conv"),))
def nested_convolution():
    inner = keras.Sequential(
        [layers.Dense(8), layers.Conv1D(8, 3, padding="same", name="conv")], name="inner"
    )
    return masked(inner, lstm(), layers.Dense(2))


@wrong("graph_differs")
def doubled_in_eager_mode_only():
    return masked(lstm(), EagerOnly(), layers.Dense(2))


@wrong("saved_differs", thread=keras_issue(20791))
def factor_that_is_not_saved():
    return masked(lstm(), Forgotten(3.0), layers.Dense(2))
