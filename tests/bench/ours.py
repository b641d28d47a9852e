"""What we take for the same workload, with the same measurements as the peers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from maskdemo.machine import cores
from tests.bench.floor import floor
from tests.bench.peers import Measurement
from tests.bench.workload import (
    AT_ONCE,
    BATCH,
    FEATURES,
    SEQUENCES,
    STEPS,
    UNITS,
    fastest,
    workload,
)

#: Different in all that a strategy can differ in: inputs, state and read-out.
STRATEGIES = ("no_mask", "masking_layer", "last_valid_step", "mask_feature")

#: How much longer than its longest sequence the held state's batch is padded.
STRETCH = 4


def _trainer(strategy: str, padded_length: int) -> Callable[[], None]:
    """One epoch of training `strategy`, state kept between the calls, as a run does it."""
    from maskdemo.data.padding import pad
    from maskdemo.data.sequences import Sequences
    from maskdemo.strategies import arrays
    from maskdemo.training.buckets import training_layout
    from maskdemo.training.loss_and_adam import new_train_state
    from maskdemo.training.program import as_tensors, batch_order, train_epoch

    data = workload()
    sequences = Sequences(
        values=tuple(v[:n] for v, n in zip(data.values, data.lengths, strict=True)),
        observed=tuple(np.ones(n, bool) for n in data.lengths),
        labels=tuple(
            np.full(n, label, np.int32) for n, label in zip(data.lengths, data.labels, strict=True)
        ),
    )
    batch = pad(sequences, padded_length=padded_length, side="post", pad_value=0.0)
    full = arrays(strategy, batch, mask_value=0.0, per_step=False, count_invalid=True)
    laid_out = as_tensors(
        training_layout(full, units=UNITS, outputs=1, batch_size=BATCH, every_step=False)
    )
    network = new_train_state(features=FEATURES, units=UNITS, outputs=1, seed=0)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal network
        order = batch_order(SEQUENCES, BATCH, rng)
        network, _, _ = train_epoch(laid_out, network, order, 1e-3)

    epoch()
    return epoch


def ours() -> dict[str, Measurement]:
    """Four strategies at once, their floor, and the held state at its length and at four times it."""
    trainers = [_trainer(strategy, STEPS) for strategy in STRATEGIES]
    assert len(trainers) == AT_ONCE
    pool = ThreadPoolExecutor(cores())

    def together() -> None:
        list(pool.map(lambda train: train(), trainers))

    pieces = floor()

    def least() -> None:
        list(pool.map(lambda _: pieces(), range(AT_ONCE)))

    held, stretched = (_trainer("held_state", length) for length in (STEPS, STRETCH * STEPS))
    return {
        "epoch": lambda: fastest(together),
        "held": lambda: fastest(held),
        "held_stretched": lambda: fastest(stretched),
        "floor": lambda: fastest(least),
    }


def ours_opening() -> dict[str, Measurement]:
    """The opening experiment's training epochs and nothing else, spread over the cores."""
    from maskdemo.data.inputs import inputs
    from maskdemo.scenarios import OPENING, SCENARIOS
    from maskdemo.training.buckets import layout_for_training
    from maskdemo.training.loss_and_adam import new_train_state
    from maskdemo.training.program import as_tensors, batch_order, train_epoch

    experiment = SCENARIOS[OPENING].experiment
    given = inputs(experiment)
    laid_out = [
        as_tensors(layout_for_training(experiment, strategy, given))
        for strategy in experiment.strategies
    ]
    count = len(given.train.values)
    pool = ThreadPoolExecutor(cores())

    def train(at: int) -> None:
        rng = np.random.default_rng(at)
        train_state = new_train_state(
            features=experiment.spec.features,
            units=experiment.units,
            outputs=experiment.spec.outputs,
            seed=at,
        )
        for _ in range(experiment.epochs):
            order = batch_order(count, experiment.batch_size, rng)
            data = laid_out[at % len(laid_out)]
            train_state, _, _ = train_epoch(data, train_state, order, experiment.learning_rate)

    def training() -> float:
        began = time.perf_counter()
        list(pool.map(train, range(experiment.repeats * len(laid_out))))
        return time.perf_counter() - began

    list(pool.map(train, range(len(laid_out))))
    return {"training": training}
