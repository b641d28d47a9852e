"""How long things take here, learned from what they took."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from maskdemo.server.jobs import Run, Work

#: How many of the last jobs are remembered.
LAST = 8


@dataclass
class Pace:
    """Seconds a multiply-add of the last runs, and seconds of other kinds. Not thread-safe."""

    runs: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=LAST))
    others: dict[str, float] = field(default_factory=dict)

    def learn(self, work: Work, seconds: float) -> None:
        """Note how long it took, in all its turns. Studies teach nothing: much of them may be known."""
        if isinstance(work, Run):
            self.runs.append((work.multiply_adds, seconds))
        elif not work.multiply_adds:
            self.others[work.kind] = seconds

    def expected(self, work: Work) -> float | None:
        """Seconds that all of the work takes; None before anything like it was done."""
        if not work.multiply_adds:
            return self.others.get(work.kind)
        if not self.runs:
            return None
        works, times = zip(*self.runs, strict=True)
        return work.multiply_adds * sum(times) / sum(works)

    def left(self, work: Work, done: float, ran: float) -> float | None:
        """Seconds that the rest takes: done is the share behind it, ran the seconds it took."""
        whole = self.expected(work)
        if whole is None:
            # Its own pace, once there is enough of it to be told from starting and compiling.
            return ran / done * (1 - done) if done >= 0.2 else None
        return max(0.0, whole * (1 - done)) if done else max(0.0, whole - ran)
