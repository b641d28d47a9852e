"""How many cores and how much memory this process may use, its container's limits included."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def cores() -> int:
    """Cores that the process is allowed to run on, and that its container pays for; at least 1."""
    return max(1, min(_allowed(), _quota(_GROUPS, _OWN_GROUP)))


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota(groups: Path, own_group: Path) -> int:
    """The smallest quota of the process's control groups in whole cores, rounded up (cgroup v2)."""
    smallest = os.cpu_count() or 1
    try:
        lines = own_group.read_text().splitlines()
    except OSError:
        return smallest
    # One line per hierarchy, "0::/path" for the only one that v2 has.
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    group = groups / path
    for folder in (group, *group.parents):
        if not folder.is_relative_to(groups):
            break
        try:
            quota, period = map(int, (folder / "cpu.max").read_text().split())
        except (OSError, ValueError):  # no such file at the root; "max" is no limit
            continue
        smallest = min(smallest, -(-quota // period))
    return smallest


def memory_limit() -> float:
    """Bytes that all processes of this process's control group may take; infinity without a limit."""
    limits = [math.inf]
    with suppress(OSError):
        for line in _OWN_GROUP.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            group = _GROUPS / controllers
            for folder in (group / path.lstrip("/"), group):
                for name in ("memory.max", "memory.limit_in_bytes"):
                    with suppress(OSError, ValueError):  # no such file; "max" is no limit
                        limits.append(float((folder / name).read_text()))
    return min(limits)
