"""The compiled programs of this process: each built once, the newest kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

from maskdemo.compiled import seal, stable_names
from maskdemo.cores import cores, memory_limit
from maskdemo.layout import Shape
from maskdemo.memory import give_back_memory

PROGRAMS_KEPT = 24
#: Bytes with which all cores may compile at once; one compilation takes 100 MB for as long as it lasts.
ROOMY = 2**30

_COMPILED: list[Shape] = []
_TRACING = threading.Lock()
_COMPILING = threading.BoundedSemaphore(cores() if memory_limit() >= ROOMY else 1)


def programs() -> int:
    """How many programs this process has compiled since it began."""
    return len(_COMPILED)


def once(build: Callable[[Shape], Callable]) -> Callable[[Shape], Callable]:
    """Keep the newest programs; of two threads that want the same new one, only one traces it."""
    kept: OrderedDict[Shape, Callable] = OrderedDict()
    looking = threading.Lock()

    def find(shape: Shape) -> Callable | None:
        with looking:
            if shape in kept:
                kept.move_to_end(shape)
            return kept.get(shape)

    @wraps(build)
    def program(shape: Shape) -> Callable:
        if found := find(shape):
            return found
        with _TRACING:
            if found := find(shape):
                return found
            with stable_names(f"{build.__name__} {shape}"):
                made = _sealed(build(shape))
            _COMPILED.append(shape)
            with looking:
                kept[shape] = made
                if len(kept) > PROGRAMS_KEPT:
                    kept.popitem(last=False)
            return made

    return program


def _sealed(program: Callable) -> Callable:
    """The program, which is compiled when it first runs; what is then on disk gets its checksum."""
    fresh = True

    def run(*given: Any) -> Any:
        nonlocal fresh
        if not fresh:
            return program(*given)
        with _COMPILING:
            result = program(*given)
            if fresh:
                fresh = False
                seal()
                # What compiling has freed; left for the end of a run, four programs hold 70 MB more.
                give_back_memory()
        return result

    return run
