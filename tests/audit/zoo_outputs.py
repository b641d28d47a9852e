"""Outputs of unlike size, saturated outputs, sums that cancel: what is rounding, and what is not."""

import keras
from keras import layers, ops

from tests.audit.zoo import graph, lstm, masked, masking, on_words, right, values, wrong


def large(x):
    return layers.Rescaling(1e6, 5e6)(layers.Dense(1)(x))


@wrong("no_mask", "small")
def small_output_beside_a_large_one():
    inputs = values()
    small = layers.Dense(1, activation="sigmoid")(lstm(name="small")(inputs))
    return keras.Model(inputs, layers.Concatenate()([large(lstm()(masking()(inputs))), small]))


@right()
def small_output_beside_a_large_one_masked():
    inputs = values()
    x = masking()(inputs)
    small = layers.Dense(1, activation="sigmoid")(lstm(name="small")(x))
    return keras.Model(inputs, layers.Concatenate()([large(lstm()(x)), small]))


@wrong("dropped_silently", "tanh", further=(("loss_counts_padding", "concatenate"),))
def small_step_outputs_beside_large_ones():
    def of(x, mask):
        steps = lstm(return_sequences=True)(x)
        small = layers.Dense(1)(lstm(name="small", return_sequences=True)(ops.tanh(x)))
        return layers.Concatenate()([layers.Rescaling(-1e5)(layers.Dense(2)(steps)), small * 1e-2])

    return graph(of, head=False)


@right()
def difference_of_large_numbers():
    def of(x, mask):
        x = lstm()(x, mask=mask)
        return (x + 3e4) - 3e4

    return graph(of)


@right()
def small_difference_of_large_numbers_beside_a_large_one():
    def of(x, mask):
        x = layers.Dense(2)(lstm()(x, mask=mask))
        return layers.Concatenate()([layers.Rescaling(1e6)(x), (x + 1e5) - 1e5])

    return graph(of, head=False)


@right()
def many_classes_of_unlike_probability():
    return on_words(lstm(), layers.Rescaling(12.0), layers.Dense(500, activation="softmax"))


@right()
def units_that_are_always_zero():
    return masked(lstm(), layers.Dense(64, activation="relu"), layers.Rescaling(1.0, -2.0),
                 layers.ReLU())  # fmt: skip


def saturating(x):
    return layers.Dense(1, activation="sigmoid", name="answer")(layers.Rescaling(1.0, 300.0)(x))


@wrong("no_mask", "lstm")
def saturated_outputs():
    inputs = values()
    return keras.Model(inputs, saturating(lstm()(inputs)))


@right()
def saturated_outputs_masked():
    return graph(lambda x, mask: saturating(lstm()(x)), head=False)


@wrong("dropped_silently", "tanh")
def saturated_by_an_operation():
    return graph(lambda x, mask: ops.sigmoid(lstm()(ops.tanh(x)) + 200.0), head=False)


@wrong("no_mask", "mean")
def saturated_classes():
    inputs = values()
    x = layers.GlobalAveragePooling1D(name="mean")(layers.Dense(8)(inputs))
    x = layers.Rescaling(1e5)(layers.Dense(3)(x))
    return keras.Model(inputs, layers.Softmax()(x))


@right(also=("empty_row",))
def saturated_classes_masked():
    def of(x, mask):
        x = layers.GlobalAveragePooling1D()(layers.Dense(8)(x), mask=mask)
        return layers.Activation("softmax")(layers.Rescaling(1e5)(layers.Dense(3)(x)))

    return graph(of, head=False)


@wrong("no_mask", "lstm")
def outputs_that_are_cut_off():
    inputs = values()
    x = layers.Dense(2)(lstm()(inputs))
    return keras.Model(inputs, layers.ReLU()(layers.Rescaling(1.0, -100.0)(x)))
