"""Layers that take no mask: each in a model that leaks, and in the same model with its cure."""

import keras
from keras import layers, ops

from maskdemo.audit.fix_reductions import (
    last_step_at_the_end,
    reversed_within_length,
)
from tests.audit.zoo import FEATURES, WORDS, add, graph, lstm, on_embedded, right, tokens, values, wrong


def real(mask):
    return ops.cast(mask, "float32")[..., None]


def conv(at, size=3, **kwargs):
    return layers.Conv1D(6, size, **{"padding": "same", "name": f"conv{at}"} | kwargs)


def mean_of(x, mask):
    return layers.GlobalAveragePooling1D(name="mean")(x, mask=mask)


#: Steps that are put together by an operation: its name, the cure, and the model.
OPERATIONS = {
    "maximum_as_an_operation": (
        "max",
        "masked_maximum",
        lambda: on_embedded(lambda x, mask: ops.max(layers.Dense(8)(x), axis=1)),
    ),
    "plain_mean": ("mean", "masked_mean", lambda: on_embedded(lambda x, mask: ops.mean(x, axis=1))),
    "centred_as_a_graph": (
        "mean",
        "masked_mean",
        lambda: on_embedded(lambda x, mask: lstm()(x - ops.mean(x, axis=1, keepdims=True), mask=mask)),
    ),
    "plain_sum": ("sum", "masked_mean", lambda: on_embedded(lambda x, mask: ops.sum(x, axis=1))),
    "plain_deviation": ("std", None, lambda: on_embedded(lambda x, mask: ops.std(x, axis=1))),
    "flipped_with_its_padding": (
        "flip",
        "flip_within_length",
        lambda: graph(lambda x, mask: lstm()(ops.flip(x, axis=1), mask=mask)),
    ),
    "flipped_by_a_slice": (
        "get_item",
        "flip_within_length",
        lambda: graph(lambda x, mask: lstm()(x[:, ::-1], mask=mask)),
    ),
}
for name, (layer, cure, build) in OPERATIONS.items():
    add(name, build, "dropped_silently", layer, cures=cure)

#: Steps that are taken or cut by their number.
BY_NUMBER = {
    "last_step": lambda: on_embedded(lambda x, mask: layers.Dense(8, activation="tanh")(x)[:, -1, :]),
    "first_step_cut_off": lambda: graph(lambda x, mask: lstm()(x[:, 1:], mask=mask[:, 1:])),
    "last_step_cut_off": lambda: graph(lambda x, mask: lstm()(x[:, :-1], mask=mask[:, :-1])),
    "first_step": lambda: graph(lambda x, mask: lstm(return_sequences=True)(x)[:, 0]),
    "last_three_steps": lambda: on_embedded(lambda x, mask: layers.GRU(6)(layers.Dense(4)(x)[:, -3:])),
}
for name, build in BY_NUMBER.items():
    add(name, build, "other_steps", "get_item", cures="count_from_the_real_steps")

#: The same as they should be.
RIGHT = {
    "maximum_of_real_steps": lambda: on_embedded(
        lambda x, mask: layers.GlobalMaxPooling1D()(ops.where(mask[..., None], x, -1e9))
    ),
    "maximum_of_real_steps_as_an_operation": lambda: on_embedded(
        lambda x, mask: ops.max(x - 1e9 * (1.0 - real(mask)), axis=1)
    ),
    "sum_of_real_steps": lambda: on_embedded(lambda x, mask: ops.sum(x * real(mask), axis=1)),
    "flipped_within_its_length": lambda: graph(
        lambda x, mask: lstm()(reversed_within_length(x, mask), mask=mask)
    ),
    "flipped_with_its_mask": lambda: graph(
        lambda x, mask: lstm()(ops.flip(x, axis=1), mask=ops.flip(mask, axis=1))
    ),
    "read_backwards": lambda: graph(lambda x, mask: lstm(go_backwards=True)(x, mask=mask)),
    "last_step_of_a_state_that_is_held": lambda: graph(
        lambda x, mask: lstm(return_sequences=True)(x)[:, -1, :]
    ),
    "first_step_cut_off_with_the_mask_of_both": lambda: graph(
        lambda x, mask: lstm()(x[:, 1:], mask=ops.logical_and(mask[:, 1:], mask[:, :-1]))
    ),
}
for name, build in RIGHT.items():
    add(name, build)


@wrong(
    "border",
    "conv0",
    further=(("border", "conv1"), ("border", "conv2")),
    also=("empty_row",),
    cures="zero_before_convolution",
)
def wide_convolutions_before_a_masked_mean():
    words = tokens()
    x, mask = layers.Embedding(WORDS, 8)(words), ops.not_equal(words, 0)
    for at in range(3):
        x = conv(at, 5, activation="relu")(x)
    mean = layers.GlobalAveragePooling1D(name="mean")(x, mask=mask)
    return keras.Model(words, layers.Dense(2)(mean))


@right(also=("empty_row",))
def wide_convolutions_on_zeroed_padding():
    def of(x, mask):
        for at in range(3):
            x = conv(at, 5, activation="relu")(x * real(mask))
        return mean_of(x, mask)

    return on_embedded(of)


@wrong("border", "conv1", cures="zero_before_convolution")
def convolutions_across_the_border():
    def of(x, mask):
        for at in range(2):
            x = conv(at, activation="relu")(x)
        return lstm()(x, mask=mask)

    return graph(of)


@wrong("border", "conv0", further=(("border", "conv1"),), also=("empty_row",))
def dilated_convolutions_that_reach_every_step():
    def of(x, mask):
        x = conv(0, padding="causal", dilation_rate=4)(x)
        return mean_of(conv(1, padding="causal", dilation_rate=8)(x), mask)

    return on_embedded(of)


@right(also=("empty_row",))
def dilated_convolutions_on_zeroed_padding():
    def of(x, mask):
        x = conv(0, padding="causal", dilation_rate=4)(x * real(mask))
        return mean_of(conv(1, padding="causal", dilation_rate=8)(x * real(mask)), mask)

    return on_embedded(of)


@wrong("border", "depthwise", cures="zero_before_convolution")
def depthwise_convolution_across_the_border():
    depthwise = layers.DepthwiseConv1D(3, padding="same", name="depthwise")
    return on_embedded(lambda x, mask: lstm()(depthwise(x), mask=mask))


@wrong("border", "pool", cures="masked_maximum")
def largest_of_neighbours():
    pool = layers.MaxPooling1D(3, 1, padding="same", name="pool")
    return on_embedded(lambda x, mask: lstm()(pool(x), mask=mask))


@right()
def largest_of_real_neighbours():
    pool = layers.MaxPooling1D(3, 1, padding="same", name="pool")
    return on_embedded(lambda x, mask: lstm()(pool(ops.where(mask[..., None], x, -1e9)), mask=mask))


@wrong("border", "pool", cures="masked_mean")
def mean_of_neighbours():
    pool = layers.AveragePooling1D(3, 1, padding="same", name="pool")
    return on_embedded(lambda x, mask: lstm()(pool(x), mask=mask))


@wrong("no_mask", "pool", cures="masked_maximum")
def maximum_without_a_mask():
    inputs = values()
    x = layers.GlobalMaxPooling1D(name="pool")(layers.Dense(8)(inputs))
    return keras.Model(inputs, layers.Dense(2)(x))


@wrong("ignored", "norm", cures="masked_normalization")
def groups_of_features_over_time():
    norm = layers.GroupNormalization(2, name="norm")
    return graph(lambda x, mask: lstm()(norm(layers.Dense(8)(x)), mask=mask))


@wrong("ignored", "norm", cures="masked_normalization")
def steps_and_features_normalized():
    norm = layers.LayerNormalization(axis=(1, 2), center=False, scale=False, name="norm")
    return graph(lambda x, mask: lstm()(norm(x), mask=mask), steps=12)


def attended(x, weights):
    return ops.sum(weights * x, axis=1)


@wrong("dropped_silently", "softmax", cures="masked_softmax")
def weights_over_all_steps():
    return on_embedded(
        lambda x, mask: attended(x, ops.softmax(layers.Dense(1, activation="tanh")(x), axis=1))
    )


@wrong("dropped_silently", "multiply", cures="masked_softmax")
def weights_of_a_layer():
    def of(x, mask):
        x = x * 0.5
        return attended(x, layers.Softmax(axis=1, name="weights")(layers.Dense(1)(x)))

    return on_embedded(of)


@right()
def weights_over_real_steps():
    def of(x, mask):
        scores = layers.Dense(1, activation="tanh")(x)
        return attended(x, ops.softmax(ops.where(mask[..., None], scores, -1e9), axis=1))

    return on_embedded(of)


@right()
def weights_of_a_layer_over_real_steps():
    def of(x, mask):
        softmax = layers.Softmax(axis=1)
        return attended(x, softmax(layers.Dense(1)(x), mask=mask[..., None]))

    return on_embedded(of)


@right(also=("output_unmasked",))
def weights_beside_what_they_weigh():
    words = keras.Input((None,), dtype="int32", name="words")
    x = layers.Embedding(WORDS, 8, mask_zero=True)(words)
    real_steps = real(ops.not_equal(words, 0))
    weights = ops.softmax(layers.Dense(1)(x) + (real_steps - 1.0) * 1e9, axis=1)
    return keras.Model(words, [attended(x, weights), weights])


@wrong("dropped_with_warning", "flatten", also=("positions",), cures="masked_flatten")
def laid_out():
    return on_embedded(lambda x, mask: layers.Flatten(name="flatten")(lstm(return_sequences=True)(x)),
                       steps=12)  # fmt: skip


@right(also=("positions",))
def laid_out_with_zeroed_padding():
    return on_embedded(lambda x, mask: layers.Flatten(name="flatten")(x * real(mask)), steps=12)


@right()
def last_of_the_real_steps():
    states = lstm(return_sequences=True)
    return on_embedded(lambda x, mask: last_step_at_the_end(states(x), mask)[:, -1])


@wrong("other_steps", "get_item", cures="count_from_the_real_steps")
def last_word_cut_off():
    words = tokens()
    x = layers.Embedding(WORDS, 8, mask_zero=True)(words[:, :-1])
    return keras.Model(words, layers.Dense(2)(lstm()(x)))


# Weights for each place.


def attention_3d(x):
    weights = layers.Dense(12, activation="softmax", name="weights")(
        layers.Permute((2, 1), name="turn")(x)
    )
    return ops.sum(layers.Multiply()([x, layers.Permute((2, 1))(weights)]), axis=1)


@wrong("dropped_with_warning", "turn", also=("positions",), cures="masked_softmax_of_places")
def attention_block_of_places():
    return graph(lambda x, mask: attention_3d(lstm(return_sequences=True)(x)), steps=12)


@wrong("dropped_with_warning", "mix", also=("positions",), cures="masked_flatten")
def steps_mixed_by_weights():
    mix = layers.EinsumDense("btd,ts->bsd", output_shape=(6, 8), name="mix")
    return on_embedded(lambda x, mask: layers.Flatten()(mix(x)), steps=12)


@right(also=("positions",))
def zeroed_steps_in_a_row():
    return graph(lambda x, mask: layers.Dense(4)(layers.Reshape((48,))(x)), steps=12)


@wrong("dropped_with_warning", "mix", also=("positions",), cures="masked_flatten")
def steps_mixed_beside_a_shortcut():
    def of(x, mask):
        mix = layers.EinsumDense("btd,ts->bsd", output_shape=(12, FEATURES), name="mix")
        return layers.GlobalAveragePooling1D()(x + mix(layers.LayerNormalization()(x)), mask=mask)

    return graph(of, steps=12)
