"""A bounded store of finished runs, shared by all viewers of a server.

The same experiment gives the same results, so a finished run is worth keeping: a reload, another page
or another viewer with the same link finds it at once. The oldest unused runs go first, by size.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from maskdemo.experiment import Experiment
from maskdemo.snapshot import Snapshot

MOST_BYTES = 48 * 2**20


class Results:
    """Finished snapshots by experiment; at most `most_bytes` of arrays. Thread-safe."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Experiment, Snapshot] = OrderedDict()

    def keep(self, snapshot: Snapshot) -> None:
        """Store a finished run in place of an equal one; one that is too large is not kept."""
        if not snapshot.finished or size(snapshot) > self._most_bytes:
            return
        with self._lock:
            self._kept[snapshot.experiment] = snapshot
            self._kept.move_to_end(snapshot.experiment)
            while sum(size(each) for each in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)

    def find(self, experiment: Experiment) -> Snapshot | None:
        """The finished run of this experiment, if it is still here."""
        with self._lock:
            found = self._kept.get(experiment)
            if found is not None:
                self._kept.move_to_end(experiment)
            return found


def size(snapshot: Snapshot) -> int:
    """Bytes of the arrays that a snapshot holds on to."""
    probes = snapshot.probes
    outputs = sum(each.nbytes for each in probes.outputs.values())
    networks = sum(each.nbytes for kept in snapshot.networks.values() for each in kept)
    return probes.values.nbytes + outputs + networks
