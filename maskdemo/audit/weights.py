"""Weights for a model whose own say too little: zeros, as new biases are, hide what padding does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

#: Variables that scale or divide: drawn between these, so that they neither vanish nor explode.
_AROUND_ONE = (0.5, 1.5)


@contextmanager
def drawn_weights(model: Any, seed: int) -> Iterator[None]:
    """Inside, the model has weights drawn with this seed; afterwards its own are back, to the bit."""
    import keras

    rng = np.random.default_rng(seed)
    own = [(each, np.array(keras.ops.convert_to_numpy(each))) for each in model.weights]
    try:
        for variable, value in own:
            if np.issubdtype(value.dtype, np.floating) or "bfloat16" in str(value.dtype):
                variable.assign(_drawn(variable.path, value.shape, rng))
        yield
    finally:
        for variable, value in own:
            variable.assign(value)


def _drawn(path: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    name = path.rsplit("/", 1)[-1]
    if any(word in name for word in ("gamma", "scale", "variance")):
        return rng.uniform(*_AROUND_ONE, shape)
    if any(word in name for word in ("bias", "beta", "mean")):
        return rng.normal(0, 0.5, shape)
    if "embedding" in name:
        return rng.normal(0, 1, shape)
    # Sums over the inputs keep the size of one of them.
    fan_in = max(1, int(np.prod(shape[:-1])))
    return rng.normal(0, 1 / np.sqrt(fan_in), shape)
