"""What we take for the same workload, with the same measurements as the peers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from maskdemo.cores import cores
from tests.bench.peers import Measurement
from tests.bench.workload import (
    AT_ONCE,
    BATCH,
    FEATURES,
    SEQUENCES,
    SHORTEST,
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
    from maskdemo.engine import batch_order, placed, train_epoch
    from maskdemo.layout import to_train
    from maskdemo.learner import new_learner
    from maskdemo.padding import pad
    from maskdemo.sequences import Sequences
    from maskdemo.strategies import arrays

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
    laid_out = placed(
        to_train(full, units=UNITS, outputs=1, batch_size=BATCH, every_step=False, at_least=STEPS)
    )
    network = new_learner(features=FEATURES, units=UNITS, outputs=1, seed=0)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal network
        order = batch_order(SEQUENCES, BATCH, rng)
        network, _, _ = train_epoch(laid_out, network, order, 1e-3)

    epoch()
    return epoch


def ours() -> dict[str, Measurement]:
    """Four strategies at once; and the held state alone, at its own length and at four times it."""
    trainers = [_trainer(strategy, STEPS) for strategy in STRATEGIES]
    assert len(trainers) == AT_ONCE
    pool = ThreadPoolExecutor(cores())

    def together() -> None:
        list(pool.map(lambda train: train(), trainers))

    held, stretched = (_trainer("held_state", length) for length in (STEPS, STRETCH * STEPS))
    return {
        "epoch": lambda: fastest(together),
        "held": lambda: fastest(held),
        "held_stretched": lambda: fastest(stretched),
    }


def first_run() -> dict[str, Measurement]:
    """A first run in a process that holds what the server holds; call these in this order.

    cold and warm: from the call to the first point of every curve, with a shape never seen and with
    one seen before. rss_mb: resident memory after both. The way to the browser is not in it.
    """
    import psutil  # pyright: ignore[reportMissingModuleSource]
    import streamlit  # noqa: F401  (its memory counts)

    import maskdemo.charts  # noqa: F401
    from maskdemo.experiment import Experiment
    from maskdemo.training import train  # TensorFlow is there before the first click

    def first_point(seed: int) -> float:
        experiment = Experiment(
            task="last_sign",
            train_size=SEQUENCES,
            test_size=SEQUENCES // 2,
            min_length=SHORTEST,
            max_length=STEPS,
            padded_length=STEPS,
            strategies=STRATEGIES,
            units=UNITS,
            epochs=3,
            batch_size=BATCH,
            repeats=1,
            seed=seed,
        )
        began = time.perf_counter()
        snapshots = train(experiment)
        next(snapshots)
        seconds = time.perf_counter() - began
        for _ in snapshots:
            pass
        return seconds

    return {
        "cold": lambda: first_point(0),
        "warm": lambda: first_point(1),
        "rss_mb": lambda: psutil.Process().memory_info().rss / 2**20,
    }
