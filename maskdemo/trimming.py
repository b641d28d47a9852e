"""Steps at which every sequence only holds its state need no computing: they are dropped.

>>> arrays = Arrays(
...     inputs=np.ones((1, 4, 1), np.float32),
...     advance=np.array([[1, 1, 0, 0]], np.float32),
...     keep=np.array([[0, 0, 1, 1]], np.float32),
...     targets=np.ones((1, 4), np.int32),
...     weights=np.array([[0, 0, 0, 1]], np.float32),
... )
>>> trimmed, shows = trim(arrays, at_least=1)
>>> trimmed.weights.tolist(), shows.tolist()
([[0.0, 1.0]], [0, 1, 1, 1])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskdemo.strategies import Arrays


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
