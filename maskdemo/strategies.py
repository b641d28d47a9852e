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
    """What a strategy decides: the inputs (N, T, F + 1), two (N, T) switches, where to read out."""

    inputs: Floats
    advance: NDArray
    keep: NDArray
    read_last_valid: bool = False


@dataclass(frozen=True)
class Strategy:
    """handle: (batch, mask_value) -> Handling. The texts are for people."""

    name: str
    title: str
    summary: str
    handle: Callable[[Batch, float], Handling]


def _with_channel(values: Floats, channel: NDArray | float = 0.0) -> Floats:
    plane = np.broadcast_to(np.asarray(channel, np.float32), values.shape[:2])
    return np.concatenate([values, plane[..., None]], axis=2)


def _always(batch: Batch) -> NDArray:
    return np.ones(batch.valid.shape)


def _no_mask(batch: Batch, mask_value: float) -> Handling:
    return Handling(_with_channel(batch.values), _always(batch), 0 * _always(batch))


def _masking_layer(batch: Batch, mask_value: float) -> Handling:
    # From the data, as keras/src/layers/core/masking.py does it, real readings that happen to equal
    # mask_value included.
    use = np.any(batch.values != np.float32(mask_value), axis=2)
    return Handling(_with_channel(batch.values * use[..., None]), use, ~use)


def _zeroed_input(batch: Batch, mask_value: float) -> Handling:
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, _always(batch), 0 * _always(batch))


def _zeroed_state(batch: Batch, mask_value: float) -> Handling:
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, batch.valid, 0 * _always(batch))


def _held_state(batch: Batch, mask_value: float) -> Handling:
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, batch.valid, ~batch.valid)


def _last_valid_step(batch: Batch, mask_value: float) -> Handling:
    return replace(_no_mask(batch, mask_value), read_last_valid=True)


def _mask_feature(batch: Batch, mask_value: float) -> Handling:
    flagged = _with_channel(batch.values, batch.valid)
    return Handling(flagged, _always(batch), 0 * _always(batch))


STRATEGIES: dict[str, Strategy] = {
    each.name: each
    for each in (
        Strategy(
            "no_mask",
            "No mask",
            "The LSTM reads the padding like any other step and answers after the last one.",
            _no_mask,
        ),
        Strategy(
            "masking_layer",
            "Masking layer",
            "keras.layers.Masking: the state is held wherever all features equal the mask value, "
            "real readings included.",
            _masking_layer,
        ),
        Strategy(
            "zeroed_input",
            "Zeroed input",
            "The input is multiplied by the mask, but the state still moves on at every step "
            "(the article's Example 3 as written).",
            _zeroed_input,
        ),
        Strategy(
            "zeroed_state",
            "Zeroed state",
            "Input and state are set to zero at invalid steps, which erases what was read before.",
            _zeroed_state,
        ),
        Strategy(
            "held_state",
            "Held state",
            "A mask from the true lengths: the state waits, unchanged, through every invalid step "
            "(the article's Example 3 mended).",
            _held_state,
        ),
        Strategy(
            "last_valid_step",
            "Last valid step",
            "No mask, but the answer is taken after the last valid step instead of at the end.",
            _last_valid_step,
        ),
        Strategy(
            "mask_feature",
            "Mask as a feature",
            "The mask is one more input channel, so the LSTM can learn to ignore padding "
            "(Lipton et al. 2016).",
            _mask_feature,
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
    chosen = STRATEGIES[strategy].handle(batch, mask_value)
    if per_step:
        weights = np.ones(batch.valid.shape) if count_invalid else batch.valid
    else:
        rows, steps = batch.valid.shape
        read_out = np.full(rows, steps - 1)
        if chosen.read_last_valid:
            read_out = steps - 1 - np.argmax(batch.valid[:, ::-1], axis=1)
        weights = np.eye(steps)[read_out]
    targets = batch.labels
    if not per_step:
        # One label a sequence holds wherever it is asked for, padding included.
        targets = np.broadcast_to(batch.labels.max(axis=1, keepdims=True), batch.labels.shape)
    return Arrays(
        inputs=chosen.inputs.astype(np.float32),
        advance=np.asarray(chosen.advance, np.float32),
        keep=np.asarray(chosen.keep, np.float32),
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


def trim(given: Arrays, *, at_least: int) -> tuple[Arrays, NDArray[np.intp]]:
    """Drop steps at which every sequence only holds its state: they are exact no-ops.

    Keeps `at_least` steps, so that the shape depends on settings and not on the lengths drawn.
    Where targets do not change along the steps, a read-out at a dropped step moves to the step
    before it, whose state is the same; a counted step with a target of its own is never dropped.
    Returns the arrays and `shows` (T,): the index of the kept step whose state each step shows, -1
    before the first one.
    """
    steps = given.advance.shape[1]
    holds = (given.advance == 0).all(axis=0) & (given.keep == 1).all(axis=0)
    constant = (given.targets == given.targets[:, :1]).all()
    if not constant:
        holds &= (given.weights == 0).all(axis=0)
    leading = np.logical_and.accumulate(holds)
    holds &= ~leading | (given.weights == 0).all(axis=0)
    spare = max(steps - at_least, 0)
    dropped = np.flatnonzero(holds)[::-1][:spare]
    kept = np.setdiff1d(np.arange(steps), dropped)
    shows = np.searchsorted(kept, np.arange(steps), side="right") - 1
    # Column k of `moved` collects the weights of every step that shows kept step k.
    moved = (shows[:, None] == np.arange(len(kept))).astype(np.float32)
    weights = given.weights @ moved
    return (
        Arrays(
            inputs=given.inputs[:, kept],
            advance=given.advance[:, kept],
            keep=given.keep[:, kept],
            targets=given.targets[:, kept],
            weights=weights,
        ),
        shows,
    )
