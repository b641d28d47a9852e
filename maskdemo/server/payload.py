"""An uploaded task on its way to the worker: bytes that hold its sequences and its sizes, and no name.

Nothing in them can run.

>>> from maskdemo.data.tasks import TASKS
>>> unpack(pack(TASKS["japanese_vowels"])).fixed == TASKS["japanese_vowels"].fixed
True
"""

from __future__ import annotations

import io

import numpy as np

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import OWN, Fixed, Task


def pack(task: Task | None) -> bytes:
    """The sequences of a task of recorded data; no bytes for no task."""
    if task is None:
        return b""
    assert task.recorded is not None
    arrays = {"sizes": np.array([task.features, task.classes, task.per_step])}
    for part, sequences in zip(("train", "test"), task.recorded(), strict=True):
        arrays[f"{part}_lengths"] = np.array([len(each) for each in sequences.values])
        for name in ("values", "observed", "labels"):
            arrays[f"{part}_{name}"] = np.concatenate(getattr(sequences, name))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(content: bytes) -> Task | None:
    """A task with the sequences and sizes of the packed one; None for no bytes."""
    if not content:
        return None
    parts = []
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        features, classes, per_step = arrays["sizes"].tolist()
        for part in ("train", "test"):
            ends = arrays[f"{part}_lengths"].cumsum()[:-1]
            steps = (arrays[f"{part}_{name}"] for name in ("values", "observed", "labels"))
            parts.append(Sequences(*(tuple(np.split(each, ends)) for each in steps)))
    train, test = parts
    return Task(
        OWN, "", "", features, classes, bool(per_step), fixed=Fixed.of(train, test),
        recorded=lambda: (train, test),
    )  # fmt: skip
