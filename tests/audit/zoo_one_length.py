"""Models that take one length alone, as weights are tied to places: which of them read padded steps."""

import keras
import numpy as np
from keras import Model, layers, ops

from tests.audit.zoo import FEATURES, add, lstm, masked, masking, right, untold, values, wrong

STEPS = 12


def beside_flatten(of):
    """A model of one length: what `of` makes of the input, beside weights for each place."""
    inputs = values(steps=STEPS)
    tied = layers.Dense(2, name="tied")(layers.Flatten()(inputs * 0.0))
    return Model(inputs, layers.Dense(2, name="answer")(layers.Concatenate()([of(inputs), tied])))


def real(x):
    """1 at each step that is not 0, of shape (N, steps, 1)."""
    return ops.cast(ops.any(ops.not_equal(x, 0.0), axis=-1, keepdims=True), "float32")


# A mask is computed from the values.


@wrong("no_mask", "mean")
def mean_beside_a_mask_that_is_computed():
    def of(x):
        masked = lstm()(x, mask=ops.any(ops.not_equal(x, 0.0), axis=-1))
        return ops.concatenate([masked, ops.mean(layers.Dense(4)(x), axis=1)], axis=-1)

    return beside_flatten(of)


@wrong("no_mask", "sum")
def sum_beside_a_mask_that_is_multiplied():
    def of(x):
        everything = ops.sum(layers.Dense(FEATURES)(x), axis=1)
        return everything + ops.sum(x * real(x), axis=1)

    return beside_flatten(of)


@right()
def mean_of_real_steps_by_a_mask_that_is_computed():
    def of(x):
        y = layers.Dense(4)(x) * real(x)
        return ops.sum(y, axis=1) / ops.maximum(ops.sum(real(x), axis=1), 1.0)

    return beside_flatten(of)


@right()
def lstm_with_a_mask_that_is_computed():
    return beside_flatten(lambda x: lstm()(x, mask=ops.any(ops.not_equal(x, 0.0), axis=-1)))


# Zeros make no difference, whatever other numbers would.
HARMLESS = {
    "largest_size_of_a_step": lambda: beside_flatten(lambda x: ops.max(ops.abs(x), axis=1)),
    "number_of_steps_that_are_not_zero": lambda: beside_flatten(
        lambda x: ops.cast(ops.count_nonzero(x, axis=1), "float32")
    ),
    "last_of_a_cumulative_sum": lambda: beside_flatten(lambda x: ops.cumsum(x, axis=1)[:, -1]),
    "length_of_a_vector_over_time": lambda: beside_flatten(lambda x: ops.norm(x, axis=1)),
}
for name, build in HARMLESS.items():
    add(name, build)


@right()
def largest_of_what_is_above_zero():
    def of(x):
        return layers.GlobalMaxPooling1D()(layers.Dense(32, activation="relu", use_bias=False)(x))

    return beside_flatten(of)


@wrong("no_mask", "pool")
def largest_with_a_bias():
    return beside_flatten(lambda x: layers.GlobalMaxPooling1D(name="pool")(layers.Dense(4)(x)))


# Code of its own behind Masking, which zeroes padded steps, reads the zeros.


@right()
def own_code_that_reads_zeros():
    def mean(x):
        count = ops.count_nonzero(ops.any(ops.not_equal(x, 0.0), axis=-1), axis=1)
        return ops.sum(x, axis=1) / ops.maximum(ops.cast(count, "float32"), 1.0)[:, None]

    return masked(layers.Lambda(mean, output_shape=(FEATURES,)), layers.Dense(2), steps=STEPS)


@right()
def own_code_that_reads_zeros_beside_flatten():
    def of(x):
        x = masking()(x)
        return layers.Lambda(lambda y: ops.sum(y * real(y), axis=1), output_shape=(FEATURES,))(x)

    return beside_flatten(of)


def mean_within(of):
    same = layers.Lambda(of, output_shape=(STEPS, 4), name="same")
    mean = layers.GlobalAveragePooling1D(name="mean")
    inner = keras.Sequential([layers.Dense(4), same, mean], name="inner")
    return masked(inner, layers.Dense(2), steps=STEPS)


@right()
def as_many_steps_as_there_are_in_own_code():
    all_ = layers.Lambda(lambda x: x[:, :STEPS] * 1.0, output_shape=(STEPS, FEATURES))
    inputs = values(steps=STEPS)
    return Model(inputs, lstm()(all_(inputs), mask=masking().compute_mask(inputs)))


@wrong("dropped_with_warning", "same")
def mean_within_behind_code_that_drops_the_mask():
    return mean_within(lambda x: x * 1.0)


@right()
def mean_within_behind_code_that_returns_the_very_tensor():
    return mean_within(lambda x: x)


# Positions that are constants of the graph.


@right(also=("positions",))
def positions_as_a_constant():
    inputs = values(steps=STEPS)
    places = ops.reshape(ops.cast(ops.arange(STEPS), "float32"), (STEPS, 1)) / STEPS
    x = masking()(inputs)
    return Model(inputs, lstm()(x + places, mask=masking().compute_mask(inputs)))


# A layer holds numbers of its own for each place, so that no copy of another length runs.


def beside_numbers_for_each_place(of):
    numbers = np.ones((1, STEPS, 1), "float32")
    inputs = values(steps=STEPS)
    none = layers.Lambda(lambda x: ops.mean(x * numbers * 0.0, axis=1), output_shape=(FEATURES,))
    none = none(layers.Masking(name="other")(inputs))
    return Model(inputs, layers.Dense(2)(layers.Concatenate()([of(inputs), none])))


@right()
def largest_size_beside_numbers_for_each_place():
    return beside_numbers_for_each_place(lambda x: ops.max(ops.abs(x), axis=1))


@right()
def own_code_that_reads_zeros_beside_numbers_for_each_place():
    def of(x):
        total = layers.Lambda(lambda y: ops.sum(y * real(y), axis=1), output_shape=(FEATURES,))
        return total(masking()(x))

    return beside_numbers_for_each_place(of)


@wrong("no_mask", "mean")
def mean_beside_numbers_for_each_place():
    return beside_numbers_for_each_place(lambda x: ops.mean(layers.Dense(4)(x), axis=1))


@untold("a mask is computed from the values")
def lstm_with_a_mask_that_is_computed_beside_numbers_for_each_place():
    def of(x):
        return lstm()(x, mask=ops.any(ops.abs(x) > 0.0, axis=-1))

    return beside_numbers_for_each_place(of)


# A second input of one length that only a reduction reads.


@wrong("no_mask", "mean")
def second_sequence_that_is_reduced():
    a, b = (values(name, STEPS) for name in "ab")
    x = layers.Dense(4)(b)
    return Model([a, b], layers.Concatenate()([lstm()(masking()(a)), ops.mean(x, axis=1)]))


@wrong("no_mask", "tied_b", also=("positions",), pad_value={"b": 0})
def second_sequence_as_told():
    a, b = (values(name, STEPS) for name in "ab")
    x = layers.Dense(2, name="tied_b")(layers.Flatten()(layers.Dense(4)(b)))
    return Model([a, b], layers.Concatenate()([lstm()(masking()(a)), x]))
