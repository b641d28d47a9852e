"""A bounded store of finished runs, shared by all viewers of a server.

The same experiment gives the same results, so the server keeps each finished run: a reload, another
page or another viewer with the same link finds it at once. Runs are written to temporary files, which
end with the process however it ends, and a few are in memory too. Of each the least recently used go
first. Where no file can be written, runs are in memory alone, and more of them.

Runs of a person's own sequences are never on disk, go with these, and have a bound of their own. Each
such task belongs to one session, which looks at the task's last used run: that run goes last.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO

from maskdemo.caching import Cache
from maskdemo.experiment import Experiment
from maskdemo.results import codec
from maskdemo.training.snapshot import Snapshot

#: Bytes of all runs in files; of those in memory; and of these where no file can be written. A run
#: takes up to 11 MB, the opening experiment 4.
MAX_BYTES = 256 * 2**20
MAX_BYTES_IN_MEMORY = 12 * 2**20
MAX_BYTES_WITHOUT_DISK = 32 * 2**20
#: Bytes of runs of people's own sequences.
MAX_OWN_BYTES = 64 * 2**20

#: The sentence for a viewer whose finished run was not kept, or not for long enough.
GONE = "The server had no room to keep the result of your last run. Train again to see it."

log = logging.getLogger(__name__)


@dataclass
class _RunFile:
    """A run in a temporary file, which ends with this object. size: of the run's arrays, in bytes."""

    size: int
    file: IO[bytes]

    def __del__(self) -> None:
        with suppress(OSError):  # it tries once more to write
            self.file.close()


class FinishedRuns:
    """Finished snapshots by experiment: own ones in memory, others in files, some in memory too.

    Thread-safe. `disk_works`: whether the last temporary file could be written.
    """

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        *,
        in_memory: int = MAX_BYTES_IN_MEMORY,
        without_disk: int = MAX_BYTES_WITHOUT_DISK,
        own: int = MAX_OWN_BYTES,
    ) -> None:
        """Hold nothing; bytes of arrays: in files, besides in memory, of those no file takes, own."""
        self._own: Cache[Snapshot] = Cache(own, array_bytes, newest_last=True)
        self._memory: Cache[Snapshot] = Cache(in_memory, array_bytes)
        self._without_disk: Cache[Snapshot] = Cache(without_disk, array_bytes)
        self._files: Cache[_RunFile] = Cache(max_bytes, lambda each: each.size)
        self._reading = threading.Lock()
        self.disk_works = True

    def keep(self, snapshot: Snapshot) -> None:
        """Store a run in place of its equal: in memory and a file or, if that fails, `without_disk`.

        Own runs go to `own` alone. None keeps an unfinished run, or one above its limit.
        """
        if not snapshot.finished:
            return
        key = (snapshot.experiment,)
        if snapshot.experiment.is_own:
            # Without the experiment, which has the sequences.
            bare = replace(snapshot, experiment=None)  # pyrefly: ignore[bad-argument-type]
            self._own.keep(key, bare)
            return
        self._memory.keep(key, snapshot)
        file = _write_temporary(snapshot)
        self.disk_works = file is not None
        if file is not None:
            self._files.keep(key, file)
        else:
            self._without_disk.keep(key, snapshot)

    def find(self, experiment: Experiment) -> Snapshot | None:
        """Return the finished run of this experiment; None if there is none."""
        key = (experiment,)
        if experiment.is_own:
            run = self._own.find(key)
            return run and replace(run, experiment=experiment)
        file = self._files.find(key)
        run = self._memory.find(key) or self._without_disk.find(key)
        if run is None and file is not None:
            with self._reading:
                file.file.seek(0)
                run = codec.read(Snapshot, file.file)
            if run is not None:
                self._memory.keep(key, run)
            else:
                self._files.drop(key)
        return run

    def clear(self) -> None:
        """Drop every run."""
        for each in (self._own, self._memory, self._without_disk, self._files):
            each.clear()


def _write_temporary(run: Snapshot) -> _RunFile | None:
    """Write the run to a temporary file and return it; None where it cannot be written."""
    try:
        file = _RunFile(array_bytes(run), tempfile.TemporaryFile(prefix="maskdemo-"))  # noqa: SIM115
        codec.write(run, file.file)
        file.file.flush()
    except OSError as error:
        log.info("A finished run cannot be kept in a temporary file: %s", error)
        return None
    return file


def array_bytes(snapshot: Snapshot) -> int:
    """Return the bytes of a snapshot's large arrays: values and outputs of the probes, and networks."""
    probes = snapshot.probes
    outputs = sum(each.nbytes for each in probes.outputs.values())
    weights = sum(each.nbytes for networks in snapshot.networks.values() for each in networks)
    return probes.values.nbytes + outputs + weights
