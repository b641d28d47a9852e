"""Tasks that people brought: lent to a process by name, packed for another one, and taken back.

A parcel is JSON: plain numbers and nothing that runs.

>>> import json
>>> from maskdemo.data.tasks import TASKS
>>> text = json.dumps(packed(TASKS["japanese_vowels"]))
>>> unpacked(json.loads(text)).fixed == TASKS["japanese_vowels"].fixed
True
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import REGISTERED, Fixed, Task

#: Tasks that were taken back, of which only the sizes are still known.
MOST_REMEMBERED = 256
#: Everything of a task but its sequences.
PLAIN = ("name", "title", "summary", "features", "classes", "per_step")


def register(task: Task) -> None:
    """Let this process find the task by its name, as any other."""
    REGISTERED[task.name] = task


def unregister(name: str) -> None:
    """Let go of the sequences of a task. Who still speaks of it learns its sizes and nothing else."""
    task = REGISTERED.pop(name, None)
    if task is not None:
        REGISTERED[name] = replace(task, recorded=None)
    remembered = [name for name, each in REGISTERED.items() if each.recorded is None]
    for oldest in remembered[:-MOST_REMEMBERED]:
        del REGISTERED[oldest]


def is_registered(name: str) -> bool:
    """Whether the sequences of this task are in this process."""
    return name in REGISTERED and REGISTERED[name].recorded is not None


def packed(task: Task) -> dict[str, Any]:
    """A recorded task as what JSON can say."""
    assert task.recorded is not None and task.fixed is not None
    arrays = {}
    for part, sequences in zip(("train", "test"), task.recorded(), strict=True):
        arrays[f"{part}_lengths"] = np.array([len(each) for each in sequences.values])
        for name in ("values", "observed", "labels"):
            arrays[f"{part}_{name}"] = np.concatenate(getattr(sequences, name))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return {
        **{name: getattr(task, name) for name in PLAIN},
        "fixed": asdict(task.fixed),
        "sequences": base64.b64encode(buffer.getvalue()).decode("ascii"),
    }


def unpacked(parcel: Mapping[str, Any]) -> Task:
    """The task of `packed`, with equal sequences."""
    parts = []
    with np.load(io.BytesIO(base64.b64decode(parcel["sequences"])), allow_pickle=False) as arrays:
        for part in ("train", "test"):
            ends = arrays[f"{part}_lengths"].cumsum()[:-1]
            steps = (arrays[f"{part}_{name}"] for name in ("values", "observed", "labels"))
            parts.append(Sequences(*(tuple(np.split(each, ends)) for each in steps)))
    train, test = parts
    task = Task(**{name: parcel[name] for name in PLAIN}, fixed=Fixed(**parcel["fixed"]))
    return replace(task, recorded=lambda: (train, test))
