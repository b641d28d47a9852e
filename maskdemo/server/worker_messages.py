"""The worker's messages to the server, and the pipe that carries them.

Commands to the worker are JSON, a line each, with an uploaded task as bytes (`pack`) in which nothing
can run. Its answers are frames: 8 bytes, big-endian, of length and a pickle of the dataclasses below.
The server reads them with an unpickler that makes our own dataclasses and NumPy's arrays and calls
nothing else, so that even a worker that was taken over can only say wrong numbers.

Only what is new in a result travels: `shrink` takes away what the last one had already, `grow` puts it
back, and `grow(experiment, before, shrink(now, before))` equals `now`.
"""

from __future__ import annotations

import io
import pickle
import struct
import sys
from dataclasses import dataclass, is_dataclass, replace
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import OWN, Fixed, Task
from maskdemo.errors import ProtocolError
from maskdemo.experiment import Experiment
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study
from maskdemo.training.snapshot import Outcome, Probes, Snapshot

#: Bytes of the largest frame that is read: several times what the largest run takes.
MAX_FRAME_BYTES = 64 * 2**20
_LENGTH = struct.Struct(">Q")
#: How NumPy writes arrays, types and single numbers into a pickle.
_NUMPY = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}
#: In the place of arrays that were sent before.
_NOTHING: Any = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Newest:
    """What is new in the result of a job, by its number; the content depends on the kind of work."""

    number: int
    content: Any


@dataclass(frozen=True)
class Ended:
    """The end of a job, by its number. error: a sentence where it failed. gave_way: to go on later.

    memory: bytes of the worker's own memory now, None where it is not known. programs: how many it has
    compiled since it began. disk_works: whether it could write to its caches.
    """

    number: int
    error: str | None
    gave_way: bool
    memory: int | None
    programs: int
    disk_works: bool = True


@dataclass(frozen=True)
class Prepared:
    """The end of compiling ahead, with or without success."""


def write(pipe: IO[bytes], message: object) -> None:
    """Write a message, pickled behind its length, to the pipe and flush it."""
    frame = pickle.dumps(message, protocol=5)
    pipe.write(_LENGTH.pack(len(frame)) + frame)
    pipe.flush()


def read(pipe: IO[bytes]) -> object | None:
    """Return the next message; None if the pipe ends before or in it. Raises `ProtocolError` if bad."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {length} bytes")
    frame = pipe.read(length)
    if len(frame) < length:
        return None
    try:
        return _Reader(io.BytesIO(frame)).load()
    except Exception as error:  # a damaged pickle raises nearly anything
        raise ProtocolError(str(error)) from error


class _Reader(pickle.Unpickler):
    """An unpickler that makes our dataclasses and NumPy's arrays, and calls nothing else."""

    def find_class(self, module_name: str, name: str, /) -> Any:
        """Return a dataclass of maskdemo or a name of NumPy in `_NUMPY`, if its module is loaded.

        Raises pickle.UnpicklingError for any other.
        """
        module = sys.modules.get(module_name)
        value = getattr(module, name, None)
        ours = module_name.startswith("maskdemo.") and isinstance(value, type) and is_dataclass(value)
        if ours or (value is not None and (module_name, name) in _NUMPY):
            return value
        raise pickle.UnpicklingError(f"{module_name}.{name} is not expected here")


def shrink(now: Snapshot, before: Snapshot | None) -> Snapshot:
    """Return `now` without its experiment and, unless `before` is None, all that `before` had.

    Left are curves that are not the same object, later networks, all epochs of the probes and outputs
    of new ones.
    """
    now = replace(now, experiment=None)  # pyrefly: ignore[bad-argument-type]
    if before is None:
        return now
    sent = {(each.repeat, each.strategy): each for each in before.curves}
    probed = set(before.probes.epochs)
    new = [row for row, epoch in enumerate(now.probes.epochs) if epoch not in probed]
    outputs = {name: each[new] for name, each in now.probes.outputs.items()}
    bare = Probes(_NOTHING, _NOTHING, _NOTHING, _NOTHING, outputs, epochs=now.probes.epochs)
    return replace(
        now,
        curves=tuple(each for each in now.curves if sent.get((each.repeat, each.strategy)) is not each),
        probes=bare,
        # They come one after another, and none goes.
        networks={
            name: kept[len(before.networks.get(name, ())) :] for name, kept in now.networks.items()
        },
    )


def grow(experiment: Experiment, before: Snapshot | None, new: Snapshot) -> Snapshot:
    """Return the snapshot that `shrink` has reduced to `new`."""
    if before is None:
        return replace(new, experiment=experiment)
    curves = {(each.repeat, each.strategy): each for each in (*before.curves, *new.curves)}
    return replace(
        new,
        experiment=experiment,
        curves=tuple(curves.values()),
        probes=_grown(before.probes, new.probes),
        networks={name: (*before.networks.get(name, ()), *kept) for name, kept in new.networks.items()},
    )


def _grown(before: Probes, new: Probes) -> Probes:
    """Return the probes `before` with the outputs of the epochs that `new` keeps, old and new ones."""
    if new.epochs == before.epochs:
        return before
    # The old rows, then the new ones; of those, the epochs that are still kept, in their order.
    rows = {epoch: row for row, epoch in enumerate(before.epochs)}
    for epoch in new.epochs:
        rows.setdefault(epoch, len(rows))
    kept = [rows[epoch] for epoch in new.epochs]
    outputs = {
        name: np.concatenate([before.outputs[name], added])[kept] for name, added in new.outputs.items()
    }
    return replace(before, outputs=outputs, epochs=new.epochs)


def shrink_findings(now: Findings, before: Findings | None) -> tuple[Findings, dict[int, Outcome]]:
    """Return `now` without study and outcomes, and the outcomes new to `before`, by training index."""
    earlier = {} if before is None else before.outcomes
    index = {training: number for number, training in enumerate(now.study.trainings())}
    new = {index[each]: outcome for each, outcome in now.outcomes.items() if each not in earlier}
    return replace(now, study=None, outcomes={}), new  # pyrefly: ignore[bad-argument-type]


def grow_findings(
    study: Study, before: Findings | None, new: tuple[Findings, dict[int, Outcome]]
) -> Findings:
    """Return the findings that `shrink_findings` has reduced to `new`."""
    bare, added = new
    trainings = study.trainings()
    outcomes = {} if before is None else dict(before.outcomes)
    outcomes |= {trainings[index]: outcome for index, outcome in added.items()}
    return replace(bare, study=study, outcomes=MappingProxyType(outcomes))


def pack(task: Task | None) -> bytes:
    """Return an uploaded task's sequences, features, classes, per_step as bytes, no name; b"" for None.

    >>> from maskdemo.data.tasks import TASKS
    >>> unpack(pack(TASKS["japanese_vowels"])).fixed == TASKS["japanese_vowels"].fixed
    True
    """
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
    """Return a task with the sequences and sizes of a packed one, without names; None for no bytes."""
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
