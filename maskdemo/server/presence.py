"""Which viewers are there, and how long a viewer may be away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

#: Seconds without a connection after which a viewer's work gives way to that of viewers who are there:
#: most breaks of a connection are over by then.
AWAY_S = 5.0


@dataclass
class Presence:
    """The viewers who have left, each with the time. Not thread-safe.

    grace: seconds for which a viewer who left may come back.
    """

    grace: float
    clock: Callable[[], float]
    _left: dict[str, float] = field(default_factory=dict)

    def leave(self, viewer: str) -> None:
        """Note that the viewer's connection is closed; the first time counts."""
        self._left.setdefault(viewer, self.clock())

    def come(self, viewer: str) -> None:
        """Note that the viewer is there."""
        self._left.pop(viewer, None)

    def has_left(self, viewer: str) -> bool:
        """Whether the viewer's connection is closed."""
        return viewer in self._left

    def is_away(self, viewer: str) -> bool:
        """Whether the viewer has left for `AWAY_S` seconds or more."""
        return viewer in self._left and self.clock() - self._left[viewer] >= AWAY_S

    def give_up(self, viewer: str) -> None:
        """End the grace of a viewer who has left, if so: another session has taken over."""
        if viewer in self._left:
            self._left[viewer] = -inf

    def pop_gone(self) -> list[str]:
        """Return, and forget, the viewers who have left for the grace or longer."""
        now = self.clock()
        gone = [viewer for viewer, left in self._left.items() if now - left >= self.grace]
        for viewer in gone:
            del self._left[viewer]
        return gone
