"""Waiting until something is so: as long as it takes, and for ever in no test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds; only ever spent by a test that fails.
TIMEOUT_S = 240.0


def until(true: Callable[[], T], *, between: float = 0.01, said: Callable[[], str] = lambda: "") -> T:
    """What `true` returns once it is true.

    between: seconds between two looks. said: what to add to the failure.
    """
    end = time.monotonic() + TIMEOUT_S
    while not (found := true()):
        assert time.monotonic() < end, f"waited in vain\n{said()}"
        threading.Event().wait(between)
    return found
