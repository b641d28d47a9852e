"""Uploaded tasks: registered in a process by name, and packed as JSON for another process.

JSON is plain data: nothing in it can run.

>>> import json
>>> from maskdemo.data.tasks import TASKS
>>> text = json.dumps(pack_task(TASKS["japanese_vowels"]))
>>> unpack_task(json.loads(text)).fixed == TASKS["japanese_vowels"].fixed
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

#: Unregistered tasks of which the sizes are still known.
MAX_REMEMBERED = 256
#: Fields of a task that are plain JSON.
JSON_FIELDS = ("name", "title", "summary", "features", "classes", "per_step")


def register(task: Task) -> None:
    """Register the task, so that `find_task` finds it in this process."""
    REGISTERED[task.name] = task


def unregister(name: str) -> None:
    """Delete the sequences of a task; its sizes stay known, for the last `MAX_REMEMBERED` tasks."""
    task = REGISTERED.pop(name, None)
    if task is not None:
        REGISTERED[name] = replace(task, recorded=None)
    remembered = [name for name, each in REGISTERED.items() if each.recorded is None]
    for oldest in remembered[:-MAX_REMEMBERED]:
        del REGISTERED[oldest]


def is_registered(name: str) -> bool:
    """Whether the sequences of this task are in this process."""
    return name in REGISTERED and REGISTERED[name].recorded is not None


def pack_task(task: Task) -> dict[str, Any]:
    """A recorded task as JSON data."""
    assert task.recorded is not None and task.fixed is not None
    arrays = {}
    for part, sequences in zip(("train", "test"), task.recorded(), strict=True):
        arrays[f"{part}_lengths"] = np.array([len(each) for each in sequences.values])
        for name in ("values", "observed", "labels"):
            arrays[f"{part}_{name}"] = np.concatenate(getattr(sequences, name))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return {
        **{name: getattr(task, name) for name in JSON_FIELDS},
        "fixed": asdict(task.fixed),
        "sequences": base64.b64encode(buffer.getvalue()).decode("ascii"),
    }


def unpack_task(packed: Mapping[str, Any]) -> Task:
    """The task of `pack_task`, with equal sequences."""
    parts = []
    with np.load(io.BytesIO(base64.b64decode(packed["sequences"])), allow_pickle=False) as arrays:
        for part in ("train", "test"):
            ends = arrays[f"{part}_lengths"].cumsum()[:-1]
            steps = (arrays[f"{part}_{name}"] for name in ("values", "observed", "labels"))
            parts.append(Sequences(*(tuple(np.split(each, ends)) for each in steps)))
    train, test = parts
    task = Task(**{name: packed[name] for name in JSON_FIELDS}, fixed=Fixed(**packed["fixed"]))
    return replace(task, recorded=lambda: (train, test))
