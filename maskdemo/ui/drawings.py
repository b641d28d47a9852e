"""Figures as they travel to the browser, made once for everybody who looks at the same thing."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

import plotly.graph_objects as go

from maskdemo.charts.replay import Frames

#: Room for drawings that were made, in characters.
ROOM = 8 * 2**20


@dataclass(frozen=True)
class Drawing:
    """A figure and, where it can be replayed, its frames, as JSON; height in pixels.

    version: differs where anything differs, so that the browser knows what it has drawn already.
    """

    figure: str
    frames: str | None
    height: int
    version: str

    def __len__(self) -> int:
        return len(self.figure) + len(self.frames or "")


def drawing(figure: go.Figure, frames: Frames | None = None) -> Drawing:
    """The figure, ready to travel."""
    # Plotly's own validation was left out on purpose: see `maskdemo.charts.figure`.
    shown = str(figure.to_json(validate=False))
    moves = None if frames is None else frames.to_json()
    version = hashlib.blake2b(f"{shown}{moves}".encode(), digest_size=8).hexdigest()
    return Drawing(shown, moves, int(figure.layout.height), version)


class Drawings:
    """The drawings last asked for, as many as there is room for; safe to share among threads."""

    def __init__(self, room: int = ROOM):
        self._room, self._used = room, 0
        self._kept: OrderedDict[Hashable, Drawing] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, draw: Callable[[], Drawing]) -> Drawing:
        """The drawing kept for this key, else a new one, which may be too large to be kept."""
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        made = draw()
        with self._lock:
            if key not in self._kept and len(made) <= self._room:
                self._kept[key] = made
                self._used += len(made)
            while self._used > self._room:
                self._used -= len(self._kept.popitem(last=False)[1])
        return made

    def __len__(self) -> int:
        return len(self._kept)


#: What all viewers of this server share.
DRAWINGS = Drawings()
