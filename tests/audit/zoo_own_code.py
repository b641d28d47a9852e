"""Models and layers with code of their own, and models with many faults: whose fault it is."""

import keras
from keras import layers, ops

from tests.audit.layers import BatchMean, Centred, CentredBlock, MeanOfZeroed, Scored, Stacked, Weighed
from tests.audit.zoo import (
    FEATURES,
    SENTENCES,
    WORDS,
    graph,
    lstm,
    masking,
    right,
    tokens,
    values,
    wrong,
)


class Turned(layers.Layer):
    """Doubles, and passes on a mask that is True at padding."""

    def call(self, x):
        return x * 2

    def compute_mask(self, x, mask=None):
        return None if mask is None else ops.logical_not(mask)


@wrong("own_code", "centred", sequences=SENTENCES)
def mean_taken_off_in_ones_own_code():
    return Centred(name="centred")


@right(sequences=SENTENCES)
def masked_mean_taken_off_in_ones_own_code():
    return Centred(masked=True, name="centred")


@wrong("own_code", "centred", sequences=SENTENCES)
def mean_taken_off_at_the_end():
    return Centred(at_the_end=True, name="centred")


@wrong("own_code", "block", further=(("own_code", "block_2"),))
def blocks_of_ones_own():
    def of(x, mask):
        x = CentredBlock(name="block")(x)
        return lstm()(CentredBlock(name="block_2")(x), mask=mask)

    return graph(of)


@right()
def masked_blocks_of_ones_own():
    return graph(lambda x, mask: lstm()(CentredBlock(masked=True)(x, mask=mask), mask=mask))


@wrong("own_code", "scored", sequences=SENTENCES, cures="mask_in_own_code")
def weights_in_ones_own_code():
    return Scored(name="scored")


@right(sequences=SENTENCES)
def masked_weights_in_ones_own_code():
    return Scored(masked=True, name="scored")


@wrong("own_code", "block", sequences=SENTENCES)
def block_within_a_model_of_ones_own():
    return Stacked(name="stacked")


@wrong("wrong_mask", "lstm")
def mask_the_other_way_round():
    return graph(lambda x, mask: lstm()(x, mask=ops.logical_not(mask)))


@wrong("dropped_by_layer", "turned", cures="compute_the_mask")
def mask_turned_by_a_layer():
    return graph(lambda x, mask: lstm()(Turned(name="turned")(x)))


@wrong("wrong_mask", "lstm")
def mask_of_padding_after_an_operation():
    words = tokens()
    x = ops.tanh(layers.Embedding(WORDS, 8)(words))
    return keras.Model(words, layers.Dense(2)(lstm()(x, mask=ops.equal(words, 0))))


@wrong("wrong_mask", "mean", also=("empty_row",))
def mask_shifted_by_a_step():
    def of(x, mask):
        late = ops.concatenate([mask[:, 1:], ops.zeros_like(mask[:, :1])], axis=1)
        return layers.GlobalAveragePooling1D(name="mean")(layers.Dense(8)(x), mask=late)

    return graph(of)


def attended(mask_of):
    words = tokens()
    x, real = layers.Embedding(WORDS, 8)(words), ops.not_equal(words, 0)
    shown = mask_of(words)[:, None, :]
    x = x + layers.MultiHeadAttention(2, 4, name="attention")(x, x, attention_mask=shown)
    return keras.Model(words, layers.GlobalAveragePooling1D()(x, mask=real))


@wrong("wrong_mask", "attention", also=("empty_row",), cures="keep_beside_attention")
def attention_mask_the_other_way_round():
    return attended(lambda words: ops.equal(words, 0))


@wrong("wrong_mask", "attention", cures="hand_the_mask_on")
def mask_of_one_of_two_inputs():
    def of(x, mask):
        states = layers.GRU(FEATURES, return_sequences=True)(x)
        x = layers.Attention(name="attention")([x, states], mask=[mask, None])
        return lstm()(x, mask=mask)

    return graph(of)


@wrong("ignored", "mean", sides=("pre",), cures="masked_mean")
def mean_over_the_padded_length():
    return graph(lambda x, mask: MeanOfZeroed(name="mean")(x))


@wrong("dropped_silently", "cumsum", cures="zero_before_convolution")
def sums_up_to_each_step():
    def of(x, mask):
        return lstm()(ops.cumsum(layers.Dense(4)(x), axis=1), mask=mask)

    return graph(of)


@wrong("other_steps", "last", cures="count_from_the_real_steps")
def last_step_in_a_lambda():
    def of(x, mask):
        states = layers.GRU(6, return_sequences=True, zero_output_for_mask=True)(x)
        return layers.Lambda(lambda each: each[:, -1], name="last")(states)

    return graph(of)


@wrong("dropped_with_warning", "weighed", cures="mask_in_own_code")
def sum_and_weights():
    return graph(lambda x, mask: Weighed(name="weighed")(x)[0])


@wrong("rows_mix", "norm")
def sequences_that_mix():
    return graph(lambda x, mask: lstm()(BatchMean(name="norm")(x), mask=mask))


@wrong("rows_mix", "mean")
def sequences_that_mix_as_a_graph():
    def of(x, mask):
        x = lstm()(x, mask=mask)
        return x - ops.mean(x, axis=0, keepdims=True)

    return graph(of)


@wrong("no_mask", "lstm", further=(("rows_mix", "mean"),))
def sequences_that_mix_and_no_mask():
    inputs = values()
    x = lstm()(inputs)
    return keras.Model(inputs, layers.Dense(2)(x - ops.mean(x, axis=0, keepdims=True)))


@wrong("dropped_with_warning", "narrow_19",
       further=tuple(("dropped_with_warning", f"narrow_{at}") for at in range(18, -1, -1)))  # fmt: skip
def twenty_leaking_branches():
    def of(x, mask):
        narrow = [layers.Conv1D(4, 1, name=f"narrow_{at}")(x) for at in range(20)]
        return layers.Concatenate()(
            [lstm(4, name=f"lstm_{at}")(each) for at, each in enumerate(narrow)]
        )

    return graph(of)


@wrong("no_mask", "lstm_0")
def twenty_branches_without_a_mask():
    inputs = values()
    branches = [layers.GRU(4, name=f"lstm_{at}")(inputs) for at in range(20)]
    return keras.Model(inputs, layers.Dense(2)(layers.Concatenate()(branches)))


@right()
def twenty_branches():
    def of(x, mask):
        return layers.Concatenate()([lstm(4, name=f"lstm_{at}")(x) for at in range(20)])

    return graph(of)


@wrong("dropped_with_warning", "conv_0",
       further=tuple(("dropped_with_warning", f"conv_{at}") for at in range(1, 10)))  # fmt: skip
def ten_leaks_in_a_row():
    inputs = values()
    x, mask = masking()(inputs), masking().compute_mask(inputs)
    for at in range(10):
        x = layers.Conv1D(4, 1, name=f"conv_{at}")(x)
        x = layers.LSTM(4, return_sequences=True, name=f"lstm_{at}")(x)
        x = layers.Masking(mask_value=9.0, name=f"masking_{at}")(ops.where(mask[..., None], x, 9.0))
    return keras.Model(inputs, layers.Dense(2)(layers.GRU(4)(x)))
