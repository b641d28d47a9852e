"""A bounded store of finished runs, shared by all viewers of a server.

The same experiment gives the same results, so the server keeps each finished run: a reload, another
page or another viewer with the same link finds it at once. The least recently used runs go first, by
size. A few stay in memory; the others are in temporary files, which end with the process however it
ends. Where these cannot be written, more stay in memory and others have to go.

Runs of a person's own sequences are never on disk, go with these, and have a bound of their own. Each
such task belongs to one session, which looks at the task's last used run: that run goes last.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO

from maskdemo.caching import Cache
from maskdemo.experiment import Experiment
from maskdemo.results import codec
from maskdemo.training.snapshot import Snapshot

MAX_BYTES = 256 * 2**20
#: Of the runs that are in memory; and where no temporary file can be written.
MAX_BYTES_IN_MEMORY = 8 * 2**20
MAX_BYTES_WITHOUT_DISK = 32 * 2**20
#: Of runs of people's own sequences. A run takes up to 11 MB, the opening experiment 4.
MAX_OWN_BYTES = 64 * 2**20

#: The sentence for a viewer whose finished run was not kept, or not for long enough.
GONE = "The server had no room to keep the result of your last run. Train again to see it."

log = logging.getLogger(__name__)


@dataclass
class _Entry:
    """One finished run: its size in memory, and where it is."""

    size: int
    snapshot: Snapshot | None
    file: IO[bytes] | None = None


class FinishedRuns:
    """Finished snapshots by experiment, each kind within its bytes of arrays. Thread-safe.

    in_memory, without_disk, own: see the constants. `disk_works`: whether the last temporary file
    could be written.
    """

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        *,
        in_memory: int = MAX_BYTES_IN_MEMORY,
        without_disk: int = MAX_BYTES_WITHOUT_DISK,
        own: int = MAX_OWN_BYTES,
    ) -> None:
        self._max_bytes, self._in_memory = max_bytes, in_memory
        self._without_disk = without_disk
        self._own: Cache[Snapshot] = Cache(own, size, newest_last=True)
        self._lock = threading.Lock()
        self._entries: OrderedDict[Experiment, _Entry] = OrderedDict()  # last used last
        self.disk_works = True

    def keep(self, snapshot: Snapshot) -> None:
        """Store a finished run in place of a run with equal settings, unless it is too large."""
        if not snapshot.finished:
            return
        if snapshot.experiment.is_own:
            # Without the experiment, which has the sequences.
            bare = replace(snapshot, experiment=None)  # pyright: ignore[reportArgumentType]
            self._own.keep((snapshot.experiment,), bare)
            return
        if size(snapshot) > self._max_bytes:
            return
        with self._lock:
            self._drop(snapshot.experiment)
            self._entries[snapshot.experiment] = _Entry(size(snapshot), snapshot)
            self._make_room()

    def find(self, experiment: Experiment) -> Snapshot | None:
        """Return the finished run of this experiment; None if there is none."""
        if experiment.is_own:
            found = self._own.find((experiment,))
            return found and replace(found, experiment=experiment)
        with self._lock:
            entry = self._entries.get(experiment)
            if entry is None:
                return None
            self._entries.move_to_end(experiment)
            if entry.snapshot is None:
                entry.snapshot = _read_temporary(entry.file)
                if entry.snapshot is None:
                    self._drop(experiment)
                    return None
                self._make_room()
            return entry.snapshot

    def clear(self) -> None:
        """Drop every run."""
        self._own.clear()
        with self._lock:
            for experiment in list(self._entries):
                self._drop(experiment)

    # From here on the caller holds the lock.

    def _drop(self, experiment: Experiment) -> None:
        entry = self._entries.pop(experiment, None)
        if entry is not None and entry.file is not None:
            entry.file.close()

    def _make_room(self) -> None:
        """Hold every bound. What was used last stays, and is in memory."""
        while sum(entry.size for entry in self._entries.values()) > self._max_bytes:
            self._drop(next(iter(self._entries)))
        there = [each for each in self._entries if self._entries[each].snapshot]
        total = sum(self._entries[each].size for each in there)
        for experiment in there[:-1]:
            entry = self._entries[experiment]
            if total > self._in_memory and self._move_to_disk(entry):
                total -= entry.size
            elif total > self._without_disk:
                total -= entry.size
                self._drop(experiment)

    def _move_to_disk(self, entry: _Entry) -> bool:
        """Move a run from memory to disk, and return whether that was possible."""
        if entry.file is None:
            assert entry.snapshot is not None
            entry.file = _write_temporary(entry.snapshot)
            self.disk_works = entry.file is not None
        if entry.file is not None:
            entry.snapshot = None
        return entry.file is not None


def _write_temporary(run: Snapshot) -> IO[bytes] | None:
    """Write the run to a temporary file and return it; None where it cannot be written."""
    file = None
    try:
        file = tempfile.TemporaryFile(prefix="maskdemo-")  # noqa: SIM115 - kept open
        codec.write(run, file)
        file.flush()
    except OSError as error:
        log.info("A finished run cannot be kept in a temporary file: %s", error)
        if file is not None:
            with suppress(OSError):  # it tries once more to write
                file.close()
        return None
    return file


def _read_temporary(file: IO[bytes] | None) -> Snapshot | None:
    """Return the run in a temporary file; None where it cannot be read."""
    assert file is not None, "what is not in memory is on disk"
    file.seek(0)
    return codec.read(Snapshot, file)


def size(snapshot: Snapshot) -> int:
    """Return the bytes of all arrays of a snapshot."""
    probes = snapshot.probes
    outputs = sum(each.nbytes for each in probes.outputs.values())
    weights = sum(each.nbytes for networks in snapshot.networks.values() for each in networks)
    return probes.values.nbytes + outputs + weights
