"""What moves in a figure when a run is played again, epoch by epoch.

The figure of the newest epoch stays; frames say what was different before. The browser needs nothing
else to play them, and moves numbers evenly from one epoch to the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.template import packed
from maskdemo.data.sequences import evenly_spread
from maskdemo.training.snapshot import Snapshot

#: Room for the numbers of one figure's frames, in bytes: beyond, epochs are left out.
MAX_BYTES = 300_000


@dataclass(frozen=True)
class Frames:
    """What differs in a figure after each of E `epochs`; the figure itself is the last of them.

    cut: names of traces cut at x = the epoch shown. heights: trace name -> y, (E, n). notes: name of
    an annotation -> E texts. titles: E titles, or none where the title stays.
    """

    epochs: Sequence[int]
    cut: Sequence[str] = ()
    heights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    titles: Sequence[str] = ()

    def to_json(self) -> str:
        """Return the fields as a JSON object for `ui/browser/frames.js`, `heights` `packed`."""
        heights = {name: packed(values) for name, values in self.heights.items()}
        return json.dumps(vars(self) | {"heights": heights})


def replayed_epochs(snapshot: Snapshot) -> tuple[int, ...]:
    """Return the epochs at which a replay of this run stops, the last included, evenly spread.

    As many as `MAX_BYTES` allow at 8 bytes a strategy and step of one sequence, at least two; empty
    unless each strategy has all of `probes.epochs`, at least two.
    """
    probes, strategies = snapshot.probes, snapshot.experiment.strategies
    count = min(len(probes.outputs.get(name, ())) for name in strategies)
    if count < 2 or count < len(probes.epochs):
        return ()
    # A number for each step, and one for whether the output flips there.
    max_epochs = max(2, MAX_BYTES // (8 * probes.valid.shape[1] * len(strategies)))
    return tuple(probes.epochs[index] for index in evenly_spread(max_epochs, count))
