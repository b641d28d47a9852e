"""Every way of handling padding as data: the arrays that the recurrence reads.

A step moves the state on, holds it or resets it to zero, as `Handling` says:

>>> from maskdemo.data.padding import Batch
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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.padding import Batch, last_step
from maskdemo.titles import STRATEGY_TEXTS

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Arrays:
    """N sequences of T steps as a strategy gives them to the LSTM, with what counts in the loss.

    inputs: (N, T, F + 1), the mask channel last. advance, keep: (N, T) float32, as in `Handling`.
    targets: (N, T) int32. weights: (N, T) float32, how much the output after a step counts in the loss.

    pool: (N, T) float32, where the answer is read from a mean: how much the state after this step
    counts in it. A row sums to 1, or to 0 where no step counts. None where one state is read.
    """

    inputs: Floats
    advance: Floats
    keep: Floats
    targets: NDArray[np.int32]
    weights: Floats
    pool: Floats | None = None

    def read(self, states: Floats) -> Floats:
        """Return the read-out's input after each step, from the states (N, T, ...) after each step.

        That is the state or, with a `pool`, the mean of the states so far, weighted by it (0 of none).
        """
        if self.pool is None:
            return states
        share = self.pool.reshape(*self.pool.shape, *(1 for _ in states.shape[2:]))
        total = np.cumsum(share, axis=1)
        mean = np.cumsum(share * states, axis=1) / np.where(total > 0, total, 1)
        return mean.astype(states.dtype)

    @property
    def counts(self) -> NDArray[np.bool_]:
        """(N, T): whether the output after this step counts in the loss."""
        return self.weights > 0

    @property
    def read_out(self) -> NDArray[np.intp]:
        """(N,): the last step, from 0, whose output counts in the loss; T - 1 if none does."""
        return last_step(self.counts)


@dataclass(frozen=True)
class Handling:
    """What a strategy makes of a batch: inputs (N, T, F + 1), and advance and keep (N, T), 0 or 1.

    state = advance * LSTM(input, state) + keep * state, of h and c: (1, 0) moves it on, (0, 1) holds
    it, (0, 0) resets it to zero.
    """

    inputs: Floats
    advance: NDArray
    keep: NDArray


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A way of handling padding, and what people read about it (`StrategyText`).

    handle: (batch, mask_value) -> Handling. reads_valid: whether the model has an input that says which
    steps are valid. mask_channel: whether the LSTM sees the mask in the inputs' last channel.
    reads_last_valid: whether the answer for a sequence is read out after its last valid step instead of
    after the last step. fills: whether invalid steps repeat the last valid reading.

    The colours are in `charts.style`, the Keras layers in `export.keras_code`.
    """

    name: str
    title: str
    does: str
    summary: str
    handle: Callable[[Batch, float], Handling]
    reads_valid: bool = False
    mask_channel: bool = False
    reads_last_valid: bool = False
    fills: bool = False


def _with_channel(values: Floats, channel: NDArray | float = 0.0) -> Floats:
    """Return the values with the mask channel, (N, T, F + 1). channel: (N, T), or a number for all."""
    plane = np.broadcast_to(np.asarray(channel, np.float32), values.shape[:2])
    return np.concatenate([values, plane[..., None]], axis=2)


def _always_advance(inputs: Floats) -> Handling:
    """Return inputs (N, T, F + 1) of which every step moves the state on."""
    ones = np.ones(inputs.shape[:2])
    return Handling(inputs, ones, 0 * ones)


def _no_mask(batch: Batch, mask_value: float) -> Handling:
    """Return the values as they are; every step, padding and gaps included, moves the state on."""
    return _always_advance(_with_channel(batch.values))


def _masking_layer(batch: Batch, mask_value: float) -> Handling:
    """Return inputs of 0 and a held state wherever all features equal the mask value."""
    # From the data, as keras/src/layers/core/masking.py does it, real readings that happen to equal
    # mask_value included.
    use = np.any(batch.values != np.float32(mask_value), axis=2)
    return Handling(_with_channel(batch.values * use[..., None]), use, ~use)


def _zeroed_input(batch: Batch, mask_value: float) -> Handling:
    """Return inputs of 0 at invalid steps; every step moves the state on."""
    return _always_advance(_with_channel(batch.values * batch.valid[..., None]))


def _zeroed_state(batch: Batch, mask_value: float) -> Handling:
    """Return inputs of 0 at invalid steps, which reset the state to zero."""
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, batch.valid, np.zeros(batch.valid.shape))


def _held_state(batch: Batch, mask_value: float) -> Handling:
    """Return inputs of 0 at invalid steps, which hold the state."""
    zeroed = _with_channel(batch.values * batch.valid[..., None])
    return Handling(zeroed, batch.valid, ~batch.valid)


def _mask_feature(batch: Batch, mask_value: float) -> Handling:
    """Return the values with 1 at valid steps in the mask channel; every step moves the state on."""
    return _always_advance(_with_channel(batch.values, batch.valid))


def _forward_fill(batch: Batch, mask_value: float) -> Handling:
    """Return the last valid reading at invalid steps, before any the step's own value; all move on."""
    steps = np.where(batch.valid, np.arange(batch.valid.shape[1]), -1)
    newest = np.maximum.accumulate(steps, axis=1)[..., None]
    filled = np.take_along_axis(batch.values, np.maximum(newest, 0), axis=1)
    # Before the first valid reading there is none to repeat.
    return _always_advance(_with_channel(np.where(newest >= 0, filled, batch.values)))


def _strategy(name: str, handle: Callable[[Batch, float], Handling], **switches: Any) -> Strategy:
    """Return a strategy with the texts of `maskdemo.titles`; switches: its other fields."""
    return Strategy(name=name, **STRATEGY_TEXTS[name]._asdict(), handle=handle, **switches)


STRATEGIES: dict[str, Strategy] = {
    each.name: each
    for each in (
        _strategy("no_mask", _no_mask),
        _strategy("masking_layer", _masking_layer),
        _strategy("zeroed_input", _zeroed_input, reads_valid=True),
        _strategy("zeroed_state", _zeroed_state, reads_valid=True),
        _strategy("held_state", _held_state, reads_valid=True),
        _strategy("last_valid_step", _no_mask, reads_last_valid=True),
        _strategy("mask_feature", _mask_feature, reads_valid=True, mask_channel=True),
        _strategy("forward_fill", _forward_fill, reads_valid=True, fills=True),
    )
}


def arrays(
    strategy: str,
    batch: Batch,
    *,
    mask_value: float,
    per_step: bool,
    count_invalid: bool,
    average: bool = False,
) -> Arrays:
    """Return the arrays of `strategy` for a padded batch.

    With one label per sequence, `weights` is 1 at the read-out: step T - 1, or the last valid one where
    the strategy `reads_last_valid`. To `average`, the states after all steps that do not hold the state
    (`keep` 0) are read, or after the valid steps where it `reads_last_valid`, and the read-out is the
    last of them. With a label at each step, every step counts, or only the valid steps if not
    `count_invalid`; `average` then does nothing. The target is the step's label or, at every step, the
    sequence's. Steps outside `batch.there` hold the state, and count in no mean and no per-step loss.
    """
    spec = STRATEGIES[strategy]
    handled, pool = spec.handle(batch, mask_value), None
    if batch.there is not None:
        # Before the first step of a batch the state is zero, after the last step it is read out.
        handled = Handling(
            handled.inputs, handled.advance * batch.there, np.where(batch.there, handled.keep, 1)
        )
    if per_step:
        weights = batch.valid
        if count_invalid:
            weights = np.ones(batch.valid.shape) if batch.there is None else batch.there
    else:
        rows, steps = batch.valid.shape
        read_out = np.full(rows, steps - 1)
        if spec.reads_last_valid:
            read_out = batch.last_valid
        if average:
            counted = batch.valid if spec.reads_last_valid else np.asarray(handled.keep) == 0
            pool, read_out = _shares(counted), last_step(counted)
        weights = np.eye(steps)[read_out]
    targets = batch.labels
    if not per_step:
        # The label of a sequence is its target at every step, padding included.
        targets = np.broadcast_to(batch.labels.max(axis=1, keepdims=True), batch.labels.shape)
    return Arrays(
        inputs=handled.inputs.astype(np.float32),
        advance=np.asarray(handled.advance, np.float32),
        keep=np.asarray(handled.keep, np.float32),
        targets=np.asarray(targets, np.int32),
        weights=np.asarray(weights, np.float32),
        pool=pool,
    )


def _shares(counted: NDArray[np.bool_]) -> Floats:
    """Return each step's share (N, T) in the mean over the `counted` steps; 0 where none counts."""
    return np.asarray(counted / np.maximum(1, counted.sum(axis=1, keepdims=True)), np.float32)


def hold_padding(arrays: Arrays, padded: NDArray[np.bool_]) -> Arrays:
    """Return arrays whose padded (N, T) steps hold the state and are in no mean; weights stay.

    A step that holds the state changes nothing, so on a post-padded batch the state after the last step
    is the state after the sequence's own last step; `pool` is shared equally by those left in it. The
    leak is measured against these arrays.
    """
    pool = None if arrays.pool is None else _shares((arrays.pool > 0) & ~padded)
    return replace(
        arrays,
        pool=pool,
        advance=np.where(padded, np.float32(0), arrays.advance),
        keep=np.where(padded, np.float32(1), arrays.keep),
    )
