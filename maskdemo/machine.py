"""Cores and memory: what this process may use, what it holds, and how it gives memory back."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")
#: The numbers of two parameters in glibc's malloc.h, and what they are set to: the bytes from which a
#: block is large, and the most arenas.
MMAP_THRESHOLD, LARGE, ARENA_MAX, ARENAS = -3, 2**19, -8, 2


def cores() -> int:
    """Return how many cores the process may run on within its container's quota; at least 1."""
    return max(1, min(_allowed(), _quota(_GROUPS, _OWN_GROUP)))


def _allowed() -> int:
    """Return how many cores the operating system lets this process run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota(groups: Path, own_group: Path) -> int:
    """Return the smallest quota of the process's control groups (cgroup v2), in cores, rounded up.

    At most `os.cpu_count()`. groups: the folder of all groups. own_group: the file
    that names the group of the process.
    """
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
    """Return the least limit in bytes of the process's and the root control group; infinity if none."""
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


#: Whether there is too little memory to compile several programs at a time, or one beside a run: less
#: than 1 GiB. The smallest host promises 690 MB.
MEMORY_IS_SHORT = memory_limit() < 2**30


def own_memory() -> int | None:
    """Return the bytes of this process's anonymous memory (RssAnon), no files; None if unknown."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    except OSError:
        return None
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
