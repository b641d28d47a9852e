"""How much memory this process holds, and how it gives freed memory back to the system."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

#: The number of the parameter in glibc's malloc.h, and the bytes from which a block is large.
MMAP_THRESHOLD, LARGE = -3, 2**19


def own_memory() -> int | None:
    """Bytes that only this process holds, without files of others that are mapped; None if unknown."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    except OSError:
        return None
    return None


def keep_large_blocks_apart() -> None:
    """Make large blocks go back to the system as soon as they are freed, from now on in this process.

    glibc's allocator would put ever larger blocks among the small ones, and keep the memory of both.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(MMAP_THRESHOLD, LARGE)


def give_back_memory() -> None:
    """Give freed memory back to the system; glibc's allocator keeps it otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
