"""Cores and memory: what this process may use, what it holds, and how it gives memory back."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")
#: The numbers of two parameters in glibc's malloc.h, and what they are set to: the bytes from which a
#: block is large, and the most arenas.
MMAP_THRESHOLD, LARGE, ARENA_MAX, ARENAS = -3, 2**19, -8, 2


def cores() -> int:
    """Return how many cores the process may run on within its quotas (cgroup v2); at least 1."""
    counts = [_allowed()]
    for folder in _control_groups():
        with suppress(OSError, ValueError):  # no such file; "max" is no limit
            quota, period = map(int, (folder / "cpu.max").read_text().split())
            counts.append(-(-quota // period))
    return max(1, min(counts))


def _allowed() -> int:
    """Return how many cores the operating system lets this process run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_limit() -> float:
    """Return the least limit in bytes of the process's control groups; infinity without one."""
    limits = [math.inf]
    for folder in _control_groups():
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # no such file; "max" is no limit
                limits.append(float((folder / name).read_text()))
    return min(limits)


def _control_groups() -> Iterator[Path]:
    """Yield the folders of the process's control groups (cgroup v1, v2) and of those around them."""
    with suppress(OSError):
        for line in _OWN_GROUP.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            group = _GROUPS / controllers / path.lstrip("/")
            yield from (each for each in (group, *group.parents) if each.is_relative_to(_GROUPS))


#: Whether there is too little memory to compile several programs at a time, or one beside a run: less
#: than 1 GiB. The smallest host promises 690 MB.
MEMORY_IS_SHORT = memory_limit() < 2**30


def own_memory() -> int | None:
    """Return the bytes of this process's anonymous memory (RssAnon), no files; None if unknown."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    return None


def keep_little_freed_memory() -> None:
    """Make glibc's allocator map blocks of 512 KB and more apart, and use two arenas, from now on.

    It would put ever larger blocks among the small ones and keep the memory of both, in an arena for
    each thread. With 25 viewers, two arenas save a server 15 MB.
    """
    _call_glibc("mallopt", MMAP_THRESHOLD, LARGE)
    _call_glibc("mallopt", ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Give freed memory back to the system; glibc's allocator keeps it otherwise."""
    _call_glibc("malloc_trim", 0)


def _call_glibc(function: str, *args: int) -> None:
    """Call a function of the C library with integers; do nothing where there is no such function."""
    call = getattr(ctypes.CDLL(None), function, None) if sys.platform == "linux" else None
    if call is not None:
        call(*args)
