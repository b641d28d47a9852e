"""What charts draw: a batch, and the settings of runs of which `made_up` gives the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maskdemo.data.padding import Batch
from tests.samples import small

FEW = ("no_mask", "masking_layer", "last_valid_step")
#: With one label a sequence, of 12 steps with gaps; with a label at each step; with nine labels.
RUN = small(strategies=FEW, epochs=6, repeats=3, padded_length=12, missing_rate=0.2)
PER_STEP = replace(RUN, task="running_sign")
NINE = replace(RUN, task="japanese_vowels", padded_length=30)


def make_batch(
    rows: int = 8, steps: int = 12, features: int = 3, missing: float = 0.2, seed: int = 0
) -> Batch:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, steps, rows)
    padded = np.arange(steps) >= lengths[:, None]
    gone = (rng.random((rows, steps)) < missing) & ~padded
    gone[:, 0] = False
    values = rng.normal(size=(rows, steps, features)).astype(np.float32)
    values[padded | gone] = -9.0
    return Batch(values, ~(padded | gone), padded, np.ones((rows, steps), np.int32))
