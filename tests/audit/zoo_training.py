"""Losses and metrics: compiled ones, those that mask by themselves, outputs of a constant length."""

import keras
from keras import layers, ops

from tests.audit.zoo import (
    FEATURES,
    WORDS,
    graph,
    lstm,
    masked,
    masking,
    on_words,
    right,
    values,
    wrong,
)

registered = keras.saving.register_keras_serializable("zoo")


@registered
def masked_error(wanted, got):
    """The squared error of steps that have a target other than 0."""
    real = ops.cast(ops.any(ops.not_equal(wanted, 0.0), axis=-1), got.dtype)
    error = ops.mean(ops.square(wanted - got), axis=-1)
    return ops.sum(error * real) / ops.maximum(ops.sum(real), 1.0)


@registered
def masked_entropy(wanted, got):
    """The entropy of words other than number 0."""
    real = ops.cast(ops.not_equal(wanted, 0), got.dtype)
    entropy = keras.losses.sparse_categorical_crossentropy(wanted, got)
    return ops.sum(entropy * real) / ops.maximum(ops.sum(real), 1.0)


@registered
def masked_accuracy(wanted, got):
    """The share of words other than number 0 that are right."""
    real = ops.not_equal(wanted, 0)
    hit = ops.logical_and(
        ops.equal(ops.cast(wanted, "int64"), ops.cast(ops.argmax(got, -1), "int64")), real
    )
    return ops.sum(ops.cast(hit, "float32")) / ops.sum(ops.cast(real, "float32"))


@registered
def own_error(wanted, got):
    """A squared error of one's own, of all steps."""
    return ops.mean(ops.square(wanted - got))


@registered
class MaskedError(keras.losses.Loss):
    """The same as a class, for targets of -1."""

    def call(self, wanted, got):
        real = ops.cast(ops.not_equal(wanted, -1.0), got.dtype)
        return ops.sum(ops.square(wanted - got) * real) / ops.maximum(ops.sum(real), 1.0)


def compiled(model, loss, **kwargs):
    model.compile("adam", loss, **kwargs)
    return model


def a_step(units=1, activation=None):
    """A model without a mask at its outputs: the operation in between loses it."""
    last = layers.Dense(units, activation=activation)
    return graph(lambda x, mask: last(ops.tanh(lstm(return_sequences=True)(x))), head=False)


def autoencoder(*, steps=10, code=6, loss="mse", fixed=10):
    return compiled(
        masked(
            lstm(code),
            layers.RepeatVector(steps, name="repeat"),
            layers.LSTM(code, return_sequences=True, name="decoder"),
            layers.Dense(FEATURES, name="answer"),
            steps=fixed,
        ),
        loss,
    )


@wrong("loss_counts_padding", "repeat", cures="weigh_the_loss")
def autoencoder_on_padding():
    return autoencoder()


@right()
def autoencoder_with_a_loss_that_masks():
    return autoencoder(loss=masked_error)


@right()
def autoencoder_with_a_loss_that_is_nowhere_registered():
    return autoencoder(loss=lambda wanted, got: masked_error(wanted, got))


@wrong("loss_counts_padding", "repeat")
def bidirectional_autoencoder_step_by_step():
    return compiled(
        masked(
            layers.Bidirectional(lstm()),
            layers.RepeatVector(12, name="repeat"),
            layers.GRU(8, return_sequences=True),
            layers.TimeDistributed(layers.Dense(FEATURES)),
            steps=12,
        ),
        "mae",
    )


def words_to_words_with(loss, **kwargs):
    model = on_words(
        lstm(),
        layers.RepeatVector(10, name="repeat"),
        lstm(name="decoder", return_sequences=True),
        layers.Dense(WORDS, activation="softmax"),
    )
    return compiled(model, loss, **kwargs)


@wrong("loss_counts_padding", "repeat")
def words_to_words():
    return words_to_words_with("sparse_categorical_crossentropy")


@right()
def words_to_words_with_a_loss_that_masks():
    return words_to_words_with(masked_entropy, metrics=[masked_accuracy])


@right(also=("output_unmasked",))
def forecast_of_six_steps():
    model = masked(
        lstm(), layers.RepeatVector(6), layers.GRU(8, return_sequences=True), layers.Dense(1)
    )
    return compiled(model, "mse")


@right()
def loss_that_masks_by_itself():
    return compiled(a_step(), masked_error)


@right()
def loss_of_a_class_that_masks_by_itself():
    return compiled(a_step(), MaskedError())


@right()
def loss_that_ignores_a_class():
    inputs = values()
    x = lstm(return_sequences=True)(inputs, mask=masking().compute_mask(inputs))
    model = keras.Model(inputs, layers.Dense(5, activation="softmax")(ops.tanh(x)))
    return compiled(model, keras.losses.SparseCategoricalCrossentropy(ignore_class=0))


@wrong("loss_counts_padding", "tanh")
def loss_of_classes():
    model = a_step(5, "softmax")
    return compiled(model, "sparse_categorical_crossentropy", metrics=["accuracy"])


@wrong("loss_counts_padding", "tanh", cures="weigh_the_loss")
def compiled_loss_over_padding():
    return compiled(a_step(), "mse")


@wrong("loss_counts_padding", "tanh")
def loss_of_ones_own_over_padding():
    return compiled(a_step(), own_error)


@wrong("metric_counts_padding", "accuracy")
def metric_over_padding_beside_a_masked_loss():
    return compiled(a_step(5, "softmax"), masked_entropy, metrics=["accuracy"])


def tags_and_level(level_of):
    """A model with a label for each step, and a level that is read of the same states."""
    inputs = values()
    x = lstm(return_sequences=True)(masking()(inputs))
    tags = layers.Dense(5, activation="softmax", name="tags")(x)
    level = layers.Dense(1, name="level")(level_of(x))
    losses = {"tags": "sparse_categorical_crossentropy", "level": "mse"}
    return compiled(keras.Model(inputs, {"tags": tags, "level": level}), losses)


@right()
def masked_loss_of_two_outputs():
    return tags_and_level(lstm(name="second"))


@wrong("loss_counts_padding", "multiply")
def one_of_two_losses_over_padding():
    return tags_and_level(lambda x: ops.multiply(x, 2.0))


@wrong("no_mask", "decoder")
def translator_whose_decoder_has_no_mask():
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    words = layers.Embedding(WORDS, 8, mask_zero=True)
    _, h, c = lstm(return_state=True)(words(source))
    decoder = lstm(return_sequences=True, name="decoder")
    x = layers.Dense(WORDS, activation="softmax")(
        decoder(layers.Embedding(WORDS, 8)(target), initial_state=[h, c])
    )
    return compiled(keras.Model([source, target], x), "sparse_categorical_crossentropy")
