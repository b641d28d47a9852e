"""Which viewers are there, and for how long the others may still come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

#: Seconds without a connection after which a viewer's work gives way to that of viewers who are there:
#: most breaks of a connection are over by then.
AWAY_S = 5.0
#: Seconds for which a viewer who left may come back.
GRACE_S = 120.0


@dataclass
class Presence:
    """Who has left, and when. Not thread-safe."""

    grace: float = GRACE_S
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, float] = field(default_factory=dict)

    def leave(self, viewer: str) -> None:
        """The viewer's connection is closed; the first time counts."""
        self._left.setdefault(viewer, self.clock())

    def come(self, viewer: str) -> None:
        """The viewer is there."""
        self._left.pop(viewer, None)

    def is_away(self, viewer: str) -> bool:
        """Whether the viewer has left for longer than a short break of the connection."""
        return viewer in self._left and self.clock() - self._left[viewer] >= AWAY_S

    def give_up(self, viewer: str) -> None:
        """A viewer who has left does not come back: another session has taken the place."""
        if viewer in self._left:
            self._left[viewer] = -inf

    def pop_gone(self) -> list[str]:
        """The viewers whose grace is over; from now on nothing is known of them."""
        now = self.clock()
        gone = [viewer for viewer, left in self._left.items() if now - left >= self.grace]
        for viewer in gone:
            del self._left[viewer]
        return gone
