"""The reference workload of every speed figure, and how an epoch of it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEQUENCES, STEPS, FEATURES, UNITS, BATCH = 992, 40, 5, 32, 32
SHORTEST = 10

#: Strategies that we train at once; a peer trains as many one after another.
AT_ONCE = 4


@dataclass(frozen=True)
class Workload:
    """Post-padded values (N, T, F), lengths (N,), labels (N,) float 0 or 1."""

    values: NDArray[np.float32]
    lengths: NDArray[np.int64]
    labels: NDArray[np.float32]


def workload() -> Workload:
    """The same 992 sequences of 10 to 40 steps every time; at least one is 40 steps long."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(SHORTEST, STEPS + 1, SEQUENCES)
    lengths[0] = STEPS
    values = rng.normal(size=(SEQUENCES, STEPS, FEATURES)).astype(np.float32)
    labels = (values[:, 0, 0] > 0).astype(np.float32)
    values[np.arange(STEPS) >= lengths[:, None]] = 0
    return Workload(values, lengths, labels)


def shuffled(rng: np.random.Generator) -> NDArray[np.int64]:
    """The batches of an epoch, (N / B, B), in a new order: everybody shuffles, as `fit` does."""
    return rng.permutation(SEQUENCES).reshape(-1, BATCH)


def fastest(once: Callable[[], object], *, at_least: int = 3, spend: float = 0.8) -> float:
    """Seconds of the fastest of several calls: at least three, and for 0.8 s."""
    times: list[float] = []
    while len(times) < at_least or sum(times) < spend:
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    return min(times)
