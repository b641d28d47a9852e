"""Losses and metrics: compiled ones, those that mask by themselves, outputs of a constant length."""

import keras
from keras import layers, ops

from tests.audit.zoo import FEATURES, WORDS, graph, on_words, right, stack, wrong
from tests.audit.zoo_right import lstm, masking

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


def a_step(*last):
    """A model without a mask at its outputs: the operation in between loses it."""
    return graph(lambda x, mask: layers.Dense(1)(ops.tanh(lstm(return_sequences=True)(x))), head=False)


def autoencoder(*, steps=10, code=6, loss="mse", fixed=10):
    return compiled(
        stack(
            masking(),
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
        stack(
            masking(),
            layers.Bidirectional(lstm()),
            layers.RepeatVector(12, name="repeat"),
            layers.GRU(8, return_sequences=True),
            layers.TimeDistributed(layers.Dense(FEATURES)),
            steps=12,
        ),
        "mae",
    )


@wrong("loss_counts_padding", "repeat")
def words_to_words():
    stacked = [
        lstm(),
        layers.RepeatVector(10, name="repeat"),
        lstm(name="decoder", return_sequences=True),
    ]
    model = on_words(*stacked, layers.Dense(WORDS, activation="softmax"))
    return compiled(model, "sparse_categorical_crossentropy")


@right()
def words_to_words_with_a_loss_that_masks():
    stacked = [
        lstm(),
        layers.RepeatVector(10, name="repeat"),
        lstm(name="decoder", return_sequences=True),
    ]
    model = on_words(*stacked, layers.Dense(WORDS, activation="softmax"))
    return compiled(model, masked_entropy, metrics=[masked_accuracy])


@right(also=("output_unmasked",))
def forecast_of_six_steps():
    model = stack(
        masking(), lstm(), layers.RepeatVector(6), layers.GRU(8, return_sequences=True), layers.Dense(1)
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
    inputs = keras.Input((None, FEATURES), name="sequence")
    x = lstm(return_sequences=True)(inputs, mask=masking().compute_mask(inputs))
    model = keras.Model(inputs, layers.Dense(5, activation="softmax")(ops.tanh(x)))
    return compiled(model, keras.losses.SparseCategoricalCrossentropy(ignore_class=0))


@wrong("loss_counts_padding", "tanh")
def loss_of_classes():
    def of(x, mask):
        return layers.Dense(5, activation="softmax")(ops.tanh(lstm(return_sequences=True)(x)))

    return compiled(graph(of, head=False), "sparse_categorical_crossentropy", metrics=["accuracy"])


@wrong("loss_counts_padding", "tanh", cures="weigh_the_loss")
def compiled_loss_over_padding():
    return compiled(a_step(), "mse")


@wrong("loss_counts_padding", "tanh")
def loss_of_ones_own_over_padding():
    return compiled(a_step(), own_error)


@wrong("metric_counts_padding", "accuracy")
def metric_over_padding_beside_a_masked_loss():
    def of(x, mask):
        return layers.Dense(5, activation="softmax")(ops.tanh(lstm(return_sequences=True)(x)))

    return compiled(graph(of, head=False), masked_entropy, metrics=["accuracy"])


@right()
def masked_loss_of_two_outputs():
    inputs = keras.Input((None, FEATURES), name="sequence")
    x = lstm(return_sequences=True)(masking()(inputs))
    tags = layers.Dense(5, activation="softmax", name="tags")(x)
    level = layers.Dense(1, name="level")(lstm(name="second")(x))
    losses = {"tags": "sparse_categorical_crossentropy", "level": "mse"}
    return compiled(keras.Model(inputs, {"tags": tags, "level": level}), losses)


@wrong("loss_counts_padding", "multiply")
def one_of_two_losses_over_padding():
    inputs = keras.Input((None, FEATURES), name="sequence")
    x = lstm(return_sequences=True)(masking()(inputs))
    tags = layers.Dense(5, activation="softmax", name="tags")(x)
    level = layers.Dense(1, name="level")(ops.multiply(x, 2.0))
    losses = {"tags": "sparse_categorical_crossentropy", "level": "mse"}
    return compiled(keras.Model(inputs, {"tags": tags, "level": level}), losses)


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
