"""Audit a stranger's model within this process, under limits of memory, processor time and files."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from maskdemo.audit.exception_sentences import failure_sentence
from maskdemo.audit.report import Report
from maskdemo.audit.resource_limits import AUDIT_MEMORY, MAX_OPEN_FILES, READING_MEMORY, TIMEOUT_S
from maskdemo.loading import load_tensorflow

#: The stages of an audit in their order; each takes about as long as the others.
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
    """How far an audit is. stage: one of STAGES. report: JSON or "". error: why it failed, or ""."""

    stage: str = STAGES[0]
    report: str = ""
    error: str = ""

    @property
    def done(self) -> float:
        """The share of STAGES before this one, 0 of any other; 1 with a report or an error."""
        if self.report or self.error:
            return 1.0
        return STAGES.index(self.stage) / len(STAGES) if self.stage in STAGES else 0.0

    @property
    def parsed_report(self) -> Report | None:
        """The report of the audit; None while there is none."""
        return Report.from_json(self.report) if self.report else None


def audit_in_sandbox(content: bytes) -> Generator[AuditRun, None, None]:
    """Audit a .keras file or a configuration, and yield each stage, then the report or an error.

    This process can do nothing else afterwards: its limits stay, and the audit goes on in a thread
    after the caller stops listening. Nothing ends it here: the process that started this one ends that,
    at the latest after `TIMEOUT_S`.
    """
    updates: queue.SimpleQueue[AuditRun | None] = queue.SimpleQueue()
    yield AuditRun()
    threading.Thread(target=_audit_in_thread, args=(content, updates.put), daemon=True).start()
    while (newest := updates.get()) is not None:
        yield newest


def _audit_in_thread(content: bytes, put: Callable[[AuditRun | None], None]) -> None:
    """Audit a file. put: receives each stage, then the report or an error, and None at the end."""
    stage = STAGES[0]

    def on_stage(name: str) -> None:
        nonlocal stage
        stage = name
        put(AuditRun(stage))

    try:
        put(AuditRun(stage, report=_report_json(content, on_stage)))
    except Exception as failure:  # whatever a model can bring Keras to
        put(AuditRun(stage, error=failure_sentence(failure)))
    finally:
        put(None)


def _report_json(content: bytes, on_stage: Callable[[str], None]) -> str:
    """Audit the file in this process and return the report as JSON.

    Limits memory while it reads, and the process for good once Keras is loaded; raises whatever Keras
    raises. on_stage: called with each stage.
    """
    from maskdemo.audit.configuration import safe_config
    from maskdemo.audit.keras_file import config_text, naming_version

    # Before Keras, which takes seconds to load, so that a refusal comes at once.
    _limit_memory(READING_MEMORY)
    with naming_version(content):
        config = safe_config(config_text(content))
    _limit_memory(None)
    on_stage("Loading Keras")
    load_tensorflow()
    import keras

    from maskdemo.audit.build_from_config import audit_config

    keras.ops.zeros(1)  # makes the backend load the rest of itself
    limit_process()
    with naming_version(content):
        return audit_config(config, on_stage=on_stage).to_json()


def _limit_memory(size: int | None) -> None:
    """Limit this process to `size` bytes more than it has; None: lift that. No effect but on POSIX."""
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


def limit_process() -> None:
    """Limit this process for good, if on POSIX: memory, processor time, open files, no writing."""
    try:
        import resource
    except ImportError:  # elsewhere it can only be ended from outside
        return
    bounds = {
        resource.RLIMIT_CPU: int(4 * TIMEOUT_S),
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
    }
    if held := _address_space():
        bounds[resource.RLIMIT_AS] = held + AUDIT_MEMORY
    for kind, bound in bounds.items():
        hard = resource.getrlimit(kind)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (bound, bound))


def _address_space() -> int:
    """Return the size of this process's address space in bytes; 0 where the system does not say."""
    import resource

    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[0]) * resource.getpagesize()
