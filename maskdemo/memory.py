"""Keep the process small: hand freed memory back to the system instead of keeping it for later.

Compiling with XLA frees as much as it keeps, and glibc's allocator holds on to both. Measured on the
opening run, resident memory afterwards was 920 MB without these two calls and 820 MB with them.
Elsewhere than on Linux with glibc they do nothing.
"""

from __future__ import annotations

import ctypes
import sys

# The numbers of <malloc.h>.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def keep_heap_small() -> None:
    """Two arenas for all threads, and a megabyte or more always straight from the system.

    To be called once, before the threads that do the work are started.
    """
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_M_ARENA_MAX, 2)
        libc.mallopt(_M_MMAP_THRESHOLD, 2**20)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**20)


def give_back_memory() -> None:
    """Return to the system what is free now."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
