"""How long work takes here: from its own steps, and before these from what work like it took."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from maskdemo.server.jobs import Job
from maskdemo.server.work import Run, Work

#: How many of the last jobs are remembered.
LAST = 8
#: How many times larger than all of these a run may be for its time to be told from theirs.
MAX_SCALE = 10


@dataclass
class Durations:
    """Multiply-adds and seconds of the last runs, and seconds of other kinds. Not thread-safe."""

    runs: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=LAST))
    others: dict[str, float] = field(default_factory=dict)

    def learn(self, work: Work, seconds: float) -> None:
        """Note the seconds of all turns of a run, or of work that trains nothing; not of studies."""
        if isinstance(work, Run):
            self.runs.append((work.multiply_adds, seconds))
        elif not work.multiply_adds:
            self.others[work.kind] = seconds

    def expected(self, work: Work) -> float | None:
        """Return the seconds that work takes in all; None before anything like it was done.

        What trains takes its multiply-adds times the last runs' total seconds per total multiply-adds;
        None above `MAX_SCALE` times the latter. Other work takes as long as its kind did last.
        """
        if not work.multiply_adds:
            return self.others.get(work.kind)
        known = sum(multiply_adds for multiply_adds, _ in self.runs)
        if work.multiply_adds > MAX_SCALE * known:
            return None
        return work.multiply_adds * sum(seconds for _, seconds in self.runs) / known

    def seconds_left(self, job: Job, now: float) -> float | None:
        """Return the seconds until a job is done, as estimated at `now`; None while nothing is known.

        For work that trains these were left at its last step, not `now`, by the pace since the second
        of its `steps`: the first also waited for a compiler or came from an earlier turn. Else, and
        before a third step, they are `expected` less the share done or, if none, the time of all turns.
        """
        steps = list(job.steps)[1:]
        if len(steps) > 1 and job.work.multiply_adds:
            (began, first), (ended, last) = steps[0], steps[-1]
            return (ended - began) / (last - first) * (1 - last)
        whole = self.expected(job.work)
        if whole is None:
            return None
        ran = job.ran + (0.0 if job.began is None else now - job.began)
        return max(0.0, whole * (1 - job.done) if job.done else whole - ran)
