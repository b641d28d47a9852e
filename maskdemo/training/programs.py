"""The compiled programs of this process: each built once, the newest kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from maskdemo.cores import cores, memory_limit
from maskdemo.memory import give_back_memory
from maskdemo.training import compile_cache
from maskdemo.training.buckets import Shape

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
            made = _compiled_once(partial(_traced, build, shape))
            _COMPILED.append(shape)
            with looking:
                kept[shape] = made
                if len(kept) > PROGRAMS_KEPT:
                    kept.popitem(last=False)
            return made

    return program


def _traced(build: Callable[[Shape], Callable], shape: Shape) -> Callable:
    with compile_cache.stable_names(f"{build.__name__} {shape}"):
        return build(shape)


def _compiled_once(trace: Callable[[], Callable]) -> Callable:
    """The program that `trace` makes; it is compiled, or loaded from disk, in its first call."""
    program, fresh, first = trace(), True, threading.Lock()

    def run(*given: Any) -> Any:
        nonlocal program, fresh
        if not fresh:
            return program(*given)
        with first:
            if not fresh:
                return program(*given)
            with _COMPILING:
                program, result = _first_call(program, trace, given)
                fresh = False
                # What compiling has freed; left for the end of a run, four programs hold 70 MB more.
                give_back_memory()
        return result

    return run


def _first_call(
    program: Callable, trace: Callable[[], Callable], given: tuple[Any, ...]
) -> tuple[Callable, Any]:
    """The program and its result; where what the disk had of it is damaged, it is traced anew."""
    loaded = compile_cache.load(_name(program))
    try:
        result = program(*given)
    except Exception:
        if not loaded:
            raise
        compile_cache.remove(_name(program))
        # XLA remembers that it could not load this one, so it needs another name.
        with _TRACING:
            program = trace()
        result = program(*given)
    compile_cache.keep(_name(program))
    return program, result


def _name(program: Any) -> str:
    """The name of a function of TensorFlow as it is written in its compiled program."""
    return program.name.decode().removeprefix("__")
