"""Models that are random, keep a state, take one size of batch, or return no row for each sequence."""

import keras
import tensorflow as tf
from keras import layers, ops

from tests.audit.zoo import (
    FEATURES,
    graph,
    lstm,
    masked,
    masking,
    right,
    sequences_of,
    stack,
    untold,
    values,
    wrong,
)

registered = keras.saving.register_keras_serializable("zoo")


@registered
class Draw(layers.Layer):
    """Adds noise whenever it is called, also when the model predicts."""

    def build(self, shape):
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.seeds)


@registered
class Counter(layers.Layer):
    """Adds how often it was called."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, x):
        self.calls.assign_add(1.0)
        return x + self.calls


class AlwaysDropout(layers.Dropout):
    """Dropout that stays on, to see how sure a model is."""

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


class Keeping(layers.Layer):
    """Only the real steps of all sequences, one under the other."""

    def call(self, x, mask=None):
        return tf.boolean_mask(x, mask)


class KeepingModel(keras.Model):
    """The same in a model of one's own."""

    def __init__(self):
        super().__init__()
        self.masking, self.lstm, self.answer = masking(), lstm(return_sequences=True), layers.Dense(2)

    def call(self, x):
        mask = self.masking.compute_mask(x)
        return self.answer(tf.boolean_mask(self.lstm(self.masking(x)), mask))


@untold("'draw' (Draw) draws random numbers")
def noise_when_it_predicts():
    return masked(lstm(), Draw(name="draw"), layers.Dense(2))


@untold("'draw' (Draw) draws random numbers")
def noise_beside_a_leak():
    return stack(Draw(name="draw"), lstm(), layers.Dense(2))


@untold("'drop' (AlwaysDropout) draws random numbers")
def dropout_that_is_never_off():
    return graph(lambda x, mask: AlwaysDropout(0.5, name="drop")(lstm()(x)))


@untold("'draw' (Draw) draws random numbers")
def noise_in_a_nested_model():
    inner = keras.Sequential([layers.Dense(8), Draw(name="draw")], name="inner")
    return graph(lambda x, mask: lstm()(inner(x), mask=mask))


@untold("'noise' (Lambda) draws random numbers, or keeps something")
def noise_without_a_seed():
    def noisy(x):
        return x + keras.random.normal(ops.shape(x))

    return graph(lambda x, mask: layers.Lambda(noisy, output_shape=(8,), name="noise")(lstm()(x)))


@untold("'counter' (Counter) keeps a state from batch to batch")
def a_counter():
    return masked(lstm(), Counter(name="counter"), layers.Dense(2))


@right()
def noise_while_training():
    return masked(layers.GaussianNoise(0.5), lstm(), layers.Dropout(0.5), layers.Dense(2))


def of_batch(size, *stacked, steps=None):
    return keras.Sequential(
        [keras.Input(batch_shape=(size, steps, FEATURES), name="sequence"), *stacked]
    )


@right()
def stateful():
    return of_batch(4, masking(), lstm(stateful=True), layers.Dense(2))


@right(also=("keras_3_16",))
def stateful_of_many():
    return of_batch(
        32,
        masking(),
        layers.GRU(8, stateful=True, return_sequences=True),
        lstm(stateful=True),
        layers.Dense(2),
    )


@right()
def stateful_of_one_sequence():
    return of_batch(1, masking(), layers.GRU(8, stateful=True), layers.Dense(2))


@right()
def stateful_of_fixed_length():
    return of_batch(5, masking(), lstm(stateful=True), layers.Dense(2), steps=12)


@right()
def stateful_in_both_directions():
    both = layers.Bidirectional(lstm(stateful=True))
    return of_batch(4, masking(), both, layers.Dense(2))


@right()
def a_batch_of_one_size():
    return of_batch(3, masking(), lstm(), layers.Dense(2))


@wrong("no_mask", "lstm", cures="make_a_mask")
def stateful_without_a_mask():
    return of_batch(4, lstm(stateful=True), layers.Dense(2))


@wrong("dropped_silently", "multiply")
def stateful_after_an_operation():
    inputs = keras.Input(batch_shape=(7, None, FEATURES), name="sequence")
    x = ops.multiply(masking()(inputs), 2)
    return keras.Model(inputs, layers.Dense(2)(lstm(stateful=True)(x)))


@wrong("loss_counts_padding", "multiply")
def stateful_with_labels_at_each_step():
    inputs = keras.Input(batch_shape=(4, None, FEATURES), name="sequence")
    x = lstm(stateful=True, return_sequences=True)(masking()(inputs))
    return keras.Model(inputs, ops.multiply(x, 2))


@untold("They are gone after 'keeping' (Keeping)")
def only_real_steps():
    return graph(lambda x, mask: Keeping(name="keeping")(lstm(return_sequences=True)(x)))


@untold("They are gone before 'dense", sequences=sequences_of(4, 6, 9))
def only_real_steps_in_a_model_of_ones_own():
    return KeepingModel()


@untold("'steps' (Lambda)")
def steps_of_all_sequences_in_one_column():
    def flat(x):
        return tf.reshape(x, (-1, 8))

    return graph(lambda x, mask: layers.Lambda(flat, name="steps")(lstm(return_sequences=True)(x)))


@untold("a single number")
def one_number_for_a_batch():
    return graph(lambda x, mask: ops.sum(lstm()(x)), head=False)


@right()
def equal_lengths_in_one_mask():
    inputs = [values(name) for name in ("first", "second", "third")]
    x = masking()(layers.Concatenate()(inputs))
    return keras.Model(inputs, layers.Dense(2)(lstm()(x)))


@wrong("no_mask", "lstm")
def equal_lengths_without_a_mask():
    inputs = [values(name) for name in ("first", "second")]
    return keras.Model(inputs, layers.Dense(2)(lstm()(layers.Concatenate()(inputs))))


@right()
def two_of_three_inputs_that_meet():
    first, second, other = (values(name) for name in ("first", "second", "other"))
    x = lstm()(masking()(layers.Concatenate()([first, second])))
    y = layers.GRU(8)(layers.Masking(name="of_other")(other))
    return keras.Model([first, second, other], layers.Dense(2)(layers.Concatenate()([x, y])))
