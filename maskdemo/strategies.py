"""Every way of handling padding, as data: five arrays that one recurrence reads.

With `advance * keep = 0`, a step computes h = advance * LSTM(input, h) + keep * h, and the same for
c. So a step moves the state on (advance 1), holds it (keep 1) or resets it to zero (both 0):

>>> from maskdemo.padding import Batch
>>> import numpy as np
>>> valid = np.array([[True, True, False]])
>>> batch = Batch(np.ones((1, 3, 1), np.float32), valid, ~valid, np.ones((1, 3), np.int32))
>>> held = arrays("held_state", batch, mask_value=0.0, per_step=False, count_invalid=True)
>>> held.advance[0].tolist(), held.keep[0].tolist()
([1.0, 1.0, 0.0], [0.0, 0.0, 1.0])
>>> held.inputs[0, :, 0].tolist(), held.weights[0].tolist()
([1.0, 1.0, 0.0], [0.0, 0.0, 1.0])

The inputs carry one more channel than the data: the mask channel, 0 for all but `mask_feature`. An
input that is always 0 changes no sum and has gradient 0, so the networks are those of the F features
alone, while all strategies share one compiled program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskdemo.padding import Batch

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Arrays:
    """inputs: (N, T, F + 1). advance, keep, weights: (N, T) float32. targets: (N, T) int32."""

    inputs: Floats
    advance: Floats
    keep: Floats
    targets: NDArray[np.int32]
    weights: Floats


@dataclass(frozen=True)
class Handling:
    """What a strategy makes of a batch: the inputs (N, T, F + 1) and two switches (N, T)."""

    inputs: Floats
    advance: NDArray
    keep: NDArray


@dataclass(frozen=True)
class Keras:
    """How Keras calls the LSTM. The texts may name `values` (N, T, F) and `valid` (N, T) bool.

    call: the layer's arguments. before: a line that makes them, with `{mask_value}` as the one
    placeholder. masks: whether a mask reaches the layer. cell: code of a class that takes the place of
    Keras's own cell, and its name.
    """

    call: str
    before: str = ""
    masks: bool = False
    cell: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """Everything about one strategy: the rest of the package looks it up here.

    title, summary: for people. does: the summary in a few words, to follow the title. handle: (batch,
    mask_value) -> Handling. reads_valid: whether its model is told which steps are valid, instead of
    finding out from the values or not at all. mask_channel: whether the LSTM sees the mask in the
    inputs' last channel. reads_last_valid: whether the one answer for a sequence is taken after its
    last valid step instead of at the end.
    colour: on a light and on a dark page. marker, dash: as Plotly calls them.
    """

    name: str
    title: str
    does: str
    summary: str
    handle: Callable[[Batch, float], Handling]
    keras: Keras
    colour: tuple[str, str]
    marker: str
    dash: str
    reads_valid: bool = False
    mask_channel: bool = False
    reads_last_valid: bool = False


def _with_channel(values: Floats, channel: NDArray | float = 0.0) -> Floats:
    plane = np.broadcast_to(np.asarray(channel, np.float32), values.shape[:2])
    return np.concatenate([values, plane[..., None]], axis=2)


def _moving_on(inputs: Floats) -> Handling:
    everywhere = np.ones(inputs.shape[:2])
    return Handling(inputs, everywhere, 0 * everywhere)


def _no_mask(batch: Batch, mask_value: float) -> Handling:
    return _moving_on(_with_channel(batch.values))


def _masking_layer(batch: Batch, mask_value: float) -> Handling:
    # From the data, as keras/src/layers/core/masking.py does it, real readings that happen to equal
    # mask_value included.
    use = np.any(batch.values != np.float32(mask_value), axis=2)
    return Handling(_with_channel(batch.values * use[..., None]), use, ~use)


def _zeroed_input(batch: Batch, mask_value: float) -> Handling:
    return _moving_on(_with_channel(batch.values * batch.valid[..., None]))


def _zeroed_state(batch: Batch, mask_value: float) -> Handling:
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, batch.valid, np.zeros(batch.valid.shape))


def _held_state(batch: Batch, mask_value: float) -> Handling:
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, batch.valid, ~batch.valid)


def _mask_feature(batch: Batch, mask_value: float) -> Handling:
    return _moving_on(_with_channel(batch.values, batch.valid))


WITH_MASK = "with_mask = keras.ops.concatenate([values, valid[:, :, None]], axis=2)"
RESETTING_CELL = '''\
@keras.saving.register_keras_serializable()
class ResettingLSTMCell(keras.layers.LSTMCell):
    """An LSTM cell whose last input channel is the mask: where it is 0, the state becomes 0."""

    def build(self, input_shape):
        super().build((*input_shape[:-1], input_shape[-1] - 1))

    def call(self, inputs, states, training=False):
        values, valid = inputs[:, :-1], inputs[:, -1:]
        output, states = super().call(values, states, training=training)
        return output * valid, [each * valid for each in states]'''

# Hues after Okabe and Ito, tuned once for white (#ffffff) and once for dark (#0e1117): at least 3:1
# against the page, and told apart under protanopia, deuteranopia and tritanopia. Strategies often give
# the very same curve (a Masking layer and a held state; no mask and a zeroed input where the padding is
# zero): the dashes of the later have gaps through which the earlier shows.
STRATEGIES: dict[str, Strategy] = {
    each.name: each
    for each in (
        Strategy(
            name="no_mask",
            title="No mask",
            does="reads padding like data",
            summary="The LSTM reads the padding like any other step and answers after the last one.",
            handle=_no_mask,
            keras=Keras("values"),
            colour=("#31333f", "#e6e9ef"),
            marker="circle",
            dash="solid",
        ),
        Strategy(
            name="masking_layer",
            title="Masking layer",
            does="skips steps of the mask value",
            summary="keras.layers.Masking: the state is held wherever all features equal the mask "
            "value, real readings included.",
            handle=_masking_layer,
            keras=Keras(
                "masked",
                "masked = keras.layers.Masking(mask_value={mask_value})(values)",
                masks=True,
            ),
            colour=("#0157b4", "#0a7fdc"),
            marker="square",
            dash="solid",
        ),
        Strategy(
            name="zeroed_input",
            title="Zeroed input",
            does="reads padding as zeros",
            summary="The input is multiplied by the mask, but the state still moves on at every step "
            "(the article's Example 3 as written).",
            handle=_zeroed_input,
            reads_valid=True,
            keras=Keras("zeroed", "zeroed = values * valid[:, :, None]"),
            colour=("#bc8400", "#fcb326"),
            marker="triangle-up",
            dash="8px,4px",
        ),
        Strategy(
            name="zeroed_state",
            title="Zeroed state",
            does="forgets all at padding",
            summary="Input and state are set to zero at invalid steps, which erases what was read "
            "before.",
            handle=_zeroed_state,
            reads_valid=True,
            keras=Keras("with_mask", WITH_MASK, cell=(RESETTING_CELL, "ResettingLSTMCell")),
            colour=("#bc4b00", "#f56d05"),
            marker="triangle-down",
            dash="9px,3px,2px,3px",
        ),
        Strategy(
            name="held_state",
            title="Held state",
            does="skips padding, by true lengths",
            summary="A mask from the true lengths: the state waits, unchanged, through every invalid "
            "step (the article's Example 3 mended).",
            handle=_held_state,
            reads_valid=True,
            keras=Keras("values, mask=valid", masks=True),
            colour=("#018968", "#0caf7c"),
            marker="diamond",
            dash="5px,5px",
        ),
        Strategy(
            name="last_valid_step",
            title="Last valid step",
            does="answers at the last real step",
            summary="No mask, but the answer is taken after the last valid step instead of at the end.",
            handle=_no_mask,
            reads_last_valid=True,
            keras=Keras("values"),
            colour=("#008fe2", "#00bffd"),
            marker="pentagon",
            dash="13px,4px",
        ),
        Strategy(
            name="mask_feature",
            title="Mask as a feature",
            does="is told what is padding",
            summary="The mask is one more input channel, so the LSTM can learn to ignore padding "
            "(Lipton et al. 2016).",
            handle=_mask_feature,
            reads_valid=True,
            mask_channel=True,
            keras=Keras("with_mask", WITH_MASK),
            colour=("#d9489f", "#c83a95"),
            marker="star",
            dash="13px,3px,3px,3px",
        ),
    )
}


def arrays(
    strategy: str, batch: Batch, *, mask_value: float, per_step: bool, count_invalid: bool
) -> Arrays:
    """The five arrays of `strategy` for a padded batch.

    With one label a sequence, `weights` is 1 at the read-out step: the last step, or the last valid
    one where the strategy says so. With a label a step, every step counts, or only the valid ones
    if not `count_invalid`.
    """
    chosen = STRATEGIES[strategy]
    handled = chosen.handle(batch, mask_value)
    if per_step:
        weights = np.ones(batch.valid.shape) if count_invalid else batch.valid
    else:
        rows, steps = batch.valid.shape
        read_out = np.full(rows, steps - 1)
        if chosen.reads_last_valid:
            read_out = steps - 1 - np.argmax(batch.valid[:, ::-1], axis=1)
        weights = np.eye(steps)[read_out]
    targets = batch.labels
    if not per_step:
        # One label a sequence holds wherever it is asked for, padding included.
        targets = np.broadcast_to(batch.labels.max(axis=1, keepdims=True), batch.labels.shape)
    return Arrays(
        inputs=handled.inputs.astype(np.float32),
        advance=np.asarray(handled.advance, np.float32),
        keep=np.asarray(handled.keep, np.float32),
        targets=np.asarray(targets, np.int32),
        weights=np.asarray(weights, np.float32),
    )


def hold_padding(given: Arrays, padded: NDArray[np.bool_]) -> Arrays:
    """The same sequences without their padding: padded (N, T) steps hold the state.

    A step that holds is as if it were not there, so on a post-padded batch the state after the last
    step is the state after the sequence's own last step. This is what leakage is measured against.
    """
    return replace(
        given,
        advance=np.where(padded, np.float32(0), given.advance),
        keep=np.where(padded, np.float32(1), given.keep),
    )
