"""The audit of a stranger's configuration in a process of its own, under limits, step by step."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maskdemo.audit.failures import unanswered
from maskdemo.audit.report import Report
from maskdemo.loading import load_tensorflow

#: Bytes beyond what the process holds with Keras loaded; seconds; open files.
MEMORY, SECONDS, FILES = 2 * 2**30, 120.0, 512
#: Seconds of silence after which the newest is told again.
HUSH = 0.2
#: What is done, in this order; each takes about as long as the others.
STAGES = (
    "Loading Keras",
    "Building the model from its configuration",
    "Trying sequences without padding",
    "Adding padding",
    "Looking where the mask is lost",
    "Looking for other traps",
    "Looking at the loss",
)


@dataclass(frozen=True)
class AuditRun:
    """How far an audit is. report: as JSON, once it is there. cannot: why there is none."""

    stage: str = STAGES[0]
    report: str = ""
    cannot: str = ""

    @property
    def done(self) -> float:
        """The share (0 to 1) that is behind it."""
        if self.report or self.cannot:
            return 1.0
        return STAGES.index(self.stage) / len(STAGES) if self.stage in STAGES else 0.0

    @property
    def found(self) -> Report | None:
        """The report, once it is there."""
        return Report.from_json(self.report) if self.report else None


def audit_confined(config: str) -> Generator[AuditRun, None, None]:
    """Audit a configuration. This process is of no other use afterwards: its limits stay.

    The audit works in a thread, so that it can be left at any time and when its time is over.
    """
    said: queue.SimpleQueue[AuditRun | None] = queue.SimpleQueue()
    newest, end = AuditRun(), time.monotonic() + SECONDS
    yield newest
    threading.Thread(target=_work, args=(config, said), daemon=True).start()
    while time.monotonic() < end:
        try:
            told = said.get(timeout=HUSH)
        except queue.Empty:
            told = newest
        if told is None:
            return
        yield (newest := told)
    yield replace(newest, cannot=f"The audit took longer than {SECONDS:.0f} seconds.")


def _work(config: str, said: queue.SimpleQueue[AuditRun | None]) -> None:
    stage = STAGES[0]

    def tell(words: str) -> None:
        nonlocal stage
        stage = words
        said.put(AuditRun(stage))

    try:
        said.put(AuditRun(stage, report=_report(config, tell)))
    except Exception as failure:  # whatever a model can bring Keras to
        said.put(AuditRun(stage, cannot=unanswered(failure)))
    finally:
        said.put(None)


def _report(config: str, tell: Any) -> str:
    load_tensorflow()
    import keras

    from maskdemo.audit.rebuild import audit_config

    keras.ops.zeros(1)  # whatever the backend still has to load
    limit()
    return audit_config(config, tell=tell).to_json()


def limit() -> None:
    """From here on: bounded memory and processor time, and no file can be written. POSIX only."""
    try:
        import resource
    except ImportError:  # elsewhere the time above still ends it
        return
    bounds = {
        resource.RLIMIT_CPU: int(4 * SECONDS),
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: FILES,
    }
    if held := _address_space():
        bounds[resource.RLIMIT_AS] = held + MEMORY
    for what, bound in bounds.items():
        hard = resource.getrlimit(what)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (bound, bound))


def _address_space() -> int:
    """Bytes of address space that this process holds; 0 where the system does not tell."""
    import resource

    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[0]) * resource.getpagesize()
