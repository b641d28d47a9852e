"""What workers of the tests leave out: compiling for later, beside tests that need the processor."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JOBS = ROOT / "maskdemo" / "server" / "worker_jobs.py"


def without(*names: str) -> str:
    """Code for `sitecustomize.py`: these functions of a worker's jobs do nothing."""
    # A function of another name would be compiled for, unseen.
    assert all(f"\ndef {name}(" in JOBS.read_text() for name in names), names
    left_out = "".join(f"    worker_jobs.{name} = lambda *_: None\n" for name in names)
    return f"""
import sys
if "maskdemo.server.worker" in sys.orig_argv:
    sys.path.insert(0, {str(ROOT)!r})
    from maskdemo.server import worker_jobs
{left_out}    del sys.path[0]
"""
