"""Compiled programs kept in memory: each built once, the newest kept.

XLA finds a program on disk again by everything in it, names included, and TensorFlow numbers names in
the order in which they are created. `_stable_names` numbers them by what the program is instead.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

from maskdemo.machine import MEMORY_IS_SHORT, cores, give_back_memory
from maskdemo.training import compile_cache
from maskdemo.training.buckets import Shape

#: Programs of one kind that stay in memory.
MAX_PROGRAMS = 24
#: Numbers that the names of one program may take.
NUMBERS = 10_000

#: Builder and shape of a program, as text -> how many times it was traced.
_TRACED: Counter[str] = Counter()
_TRACING = threading.Lock()
#: A compilation takes up to 150 MB for as long as it lasts.
_COMPILING = threading.BoundedSemaphore(1 if MEMORY_IS_SHORT else cores())


def programs_compiled() -> int:
    """Return how many programs this process has traced, each to be compiled or loaded from disk."""
    return _TRACED.total()


def compiled_once(build: Callable[[Shape], Callable]) -> Callable[[Shape], Callable]:
    """Decorate a function that traces the program of a shape, to keep its `MAX_PROGRAMS` last used.

    The program is compiled in its first call. One thread traces at a time, and no program that another
    has traced meanwhile.
    """
    programs: OrderedDict[Shape, Callable] = OrderedDict()
    access = threading.Lock()

    def find(shape: Shape) -> Callable | None:
        with access:
            if shape in programs:
                programs.move_to_end(shape)
            return programs.get(shape)

    @wraps(build)
    def program_of(shape: Shape) -> Callable:
        if program := find(shape):
            return program
        with _TRACING:
            if program := find(shape):
                return program
            program = _compiled_in_first_call(partial(_trace_with_stable_names, build, shape))
            with access:
                programs[shape] = program
                if len(programs) > MAX_PROGRAMS:
                    programs.popitem(last=False)
            return program

    return program_of


def _trace_with_stable_names(build: Callable[[Shape], Callable], shape: Shape) -> Callable:
    """Return `build(shape)`, counted as traced, with names that no other program's tracing changes."""
    program = f"{build.__name__} {shape}"
    with _stable_names(_first_number(program, _TRACED[program])):
        _TRACED[program] += 1
        return build(shape)


def is_on_disk(build: Callable[[Shape], Callable], shape: Shape) -> bool:
    """Whether the program that `build` first traces for this shape is on disk; see `is_kept`."""
    return compile_cache.is_kept(_first_number(f"{build.__name__} {shape}", 0), NUMBERS)


def _first_number(program: str, traced: int) -> int:
    """Return the first of `NUMBERS` numbers for a program's names: a digest of both, times `NUMBERS`.

    program: its builder and shape, as text. traced: how many times it was traced before.
    """
    digest = hashlib.sha256(f"{program} {traced}".encode()).hexdigest()
    return int(digest[:12], 16) * NUMBERS


def _compiled_in_first_call(trace: Callable[[], Callable]) -> Callable:
    """Return the program that `trace` returns now; it is compiled or loaded in its first call."""
    program, called, first = trace(), False, threading.Lock()

    def run(*args: Any) -> Any:
        nonlocal program, called
        if called:
            return program(*args)
        with first:
            if called:
                return program(*args)
            with _COMPILING:
                program, result = _first_call(program, trace, args)
                called = True
                # What compiling has freed; left for the end of a run, four programs hold 70 MB more.
                give_back_memory()
        return result

    return run


def _first_call(
    program: Callable, trace: Callable[[], Callable], args: tuple[Any, ...]
) -> tuple[Callable, Any]:
    """Call the program for the first time; return it and its result, and keep it on disk.

    Where a program from disk raises, its files are removed, and that of `trace` is called and returned.
    """
    loaded = compile_cache.load(_compiled_name(program))
    try:
        result = program(*args)
    except Exception:
        if not loaded:
            raise
        compile_cache.remove(_compiled_name(program))
        # XLA remembers that it could not load this program, so another name is needed.
        with _TRACING:
            program = trace()
        result = program(*args)
    compile_cache.keep(_compiled_name(program))
    return program, result


def _compiled_name(program: Any) -> str:
    """Return the name under which XLA compiles a traced `tf.function`: its own, less leading `__`."""
    return program.name.decode().removeprefix("__")


@contextmanager
def _stable_names(number: int) -> Iterator[None]:
    """Number what TensorFlow traces in here, on this thread, upwards from above `number`.

    A program traced again needs another number, because names in a process must be unique. No public
    way chooses them: where TensorFlow has moved `ops.uid`, replaced here, programs are compiled again
    in each process, and nothing else is different. One thread at a time.
    """
    try:
        from tensorflow.python.framework import ops

        usual = ops.uid
    except (ImportError, AttributeError):
        yield
        return
    # The first graph of a thread takes a number too.
    ops.get_default_graph()
    thread = threading.get_ident()

    def uid() -> int:
        nonlocal number
        if threading.get_ident() != thread:
            return usual()
        number += 1
        return number

    ops.uid = uid
    try:
        yield
    finally:
        ops.uid = usual
