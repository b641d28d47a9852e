"""The audit of what a stranger hands in, in a process of its own, under limits, step by step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from maskdemo.audit.failures import unanswered
from maskdemo.audit.limits import TIMEOUT_S
from maskdemo.audit.report import Report
from maskdemo.loading import load_tensorflow

#: Bytes beyond what the process holds as it begins to read, and with Keras loaded; open files.
READING_MEMORY, MEMORY, FILES = 512 * 2**20, 2 * 2**30, 512
#: What is done, in this order; each takes about as long as the others.
STAGES = (
    "Reading the configuration",
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


def audit_confined(content: bytes) -> Generator[AuditRun, None, None]:
    """Audit a .keras file or a configuration. This process is of no other use afterwards.

    Its limits stay, and the work goes on in a thread when nobody listens any more: it is for whoever
    started this process to end it, at the latest after `TIMEOUT_S`.
    """
    told: queue.SimpleQueue[AuditRun | None] = queue.SimpleQueue()
    yield AuditRun()
    threading.Thread(target=_work, args=(content, told.put), daemon=True).start()
    while (newest := told.get()) is not None:
        yield newest


def _work(content: bytes, put: Callable[[AuditRun | None], None]) -> None:
    stage = STAGES[0]

    def tell(words: str) -> None:
        nonlocal stage
        stage = words
        put(AuditRun(stage))

    try:
        put(AuditRun(stage, report=_report(content, tell)))
    except Exception as failure:  # whatever a model can bring Keras to
        put(AuditRun(stage, cannot=unanswered(failure)))
    finally:
        put(None)


def _report(content: bytes, tell: Callable[[str], None]) -> str:
    from maskdemo.audit.configuration import checked
    from maskdemo.audit.keras_file import config_text

    # Before Keras, which takes seconds to load: what is refused is refused at once.
    _limit_memory(READING_MEMORY)
    config = checked(config_text(content))
    _limit_memory(None)
    tell("Loading Keras")
    load_tensorflow()
    import keras

    from maskdemo.audit.rebuild import audit_checked

    keras.ops.zeros(1)  # whatever the backend still has to load
    limit()
    return audit_checked(config, tell=tell).to_json()


def _limit_memory(size: int | None) -> None:
    """Let this process take so many bytes more, until this is called again; None: as many as before."""
    try:
        import resource
    except ImportError:  # elsewhere it can only be ended from outside
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    held = _address_space()
    soft = hard if size is None or not held else held + size
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def limit() -> None:
    """From here on: bounded memory and processor time, and no file can be written. POSIX only."""
    try:
        import resource
    except ImportError:  # elsewhere it can only be ended from outside
        return
    bounds = {
        resource.RLIMIT_CPU: int(4 * TIMEOUT_S),
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
