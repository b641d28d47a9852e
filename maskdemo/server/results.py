"""A bounded store of finished runs, shared by all viewers of a server.

The same experiment gives the same results, so a finished run is worth keeping: a reload, another page
or another viewer with the same link finds it at once. The oldest unused runs go first, by size. A few
stay in memory; the others are in temporary files, which end with the process however it ends.
"""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import IO

from maskdemo.brought import is_here
from maskdemo.experiment import Experiment
from maskdemo.snapshot import Snapshot

MOST_BYTES = 256 * 2**20
MOST_BYTES_IN_MEMORY = 8 * 2**20


@dataclass(frozen=True)
class Kept:
    """In the place of a finished run's snapshot: it is in the results."""

    experiment: Experiment


@dataclass
class _Entry:
    """One finished run: its size in memory, and where it is."""

    size: int
    snapshot: Snapshot | None
    file: IO[bytes] | None = None


class Results:
    """Finished snapshots by experiment; at most `most_bytes` of arrays in all. Thread-safe."""

    def __init__(self, most_bytes: int = MOST_BYTES, *, in_memory: int = MOST_BYTES_IN_MEMORY) -> None:
        self._most_bytes = most_bytes
        self._in_memory = in_memory
        self._lock = threading.Lock()
        self._kept: OrderedDict[Experiment, _Entry] = OrderedDict()  # last used last

    def keep(self, snapshot: Snapshot) -> None:
        """Store a finished run in place of an equal one; one that is too large is not kept.

        Nor is one of sequences that somebody has taken back meanwhile.
        """
        if not snapshot.finished or size(snapshot) > self._most_bytes:
            return
        if snapshot.experiment.is_own and not is_here(snapshot.experiment.task):
            return
        with self._lock:
            self._drop(snapshot.experiment)
            self._kept[snapshot.experiment] = _Entry(size(snapshot), snapshot)
            while sum(each.size for each in self._kept.values()) > self._most_bytes:
                self._drop(next(iter(self._kept)))
            self._make_room()

    def find(self, experiment: Experiment) -> Snapshot | None:
        """The finished run of this experiment, if it is still here."""
        with self._lock:
            kept = self._kept.get(experiment)
            if kept is None:
                return None
            self._kept.move_to_end(experiment)
            found = kept.snapshot
            if found is None:
                assert kept.file is not None
                kept.file.seek(0)
                found = kept.snapshot = pickle.load(kept.file)
                self._make_room()
            return found

    def forget(self, task: str) -> None:
        """Let go of every run of this task."""
        with self._lock:
            for experiment in [each for each in self._kept if each.task == task]:
                self._drop(experiment)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for experiment in list(self._kept):
                self._drop(experiment)

    # From here on the caller holds the lock.

    def _drop(self, experiment: Experiment) -> None:
        kept = self._kept.pop(experiment, None)
        if kept is not None and kept.file is not None:
            kept.file.close()

    def _make_room(self) -> None:
        """Move what was not used for longest out of memory; the newest may be larger than the room."""
        there = [(key, each) for key, each in self._kept.items() if each.snapshot is not None]
        total = sum(each.size for _, each in there)
        for experiment, each in there[:-1]:
            if total <= self._in_memory:
                return
            total -= each.size
            if experiment.is_own:  # what people bring is never on disk
                self._drop(experiment)
                continue
            if each.file is None:
                each.file = tempfile.TemporaryFile(prefix="maskdemo-")  # noqa: SIM115 - kept open
                pickle.dump(each.snapshot, each.file, protocol=5)
            each.snapshot = None


def size(snapshot: Snapshot) -> int:
    """Bytes of the arrays that a snapshot holds on to."""
    probes = snapshot.probes
    outputs = sum(each.nbytes for each in probes.outputs.values())
    networks = sum(each.nbytes for kept in snapshot.networks.values() for each in kept)
    return probes.values.nbytes + outputs + networks
