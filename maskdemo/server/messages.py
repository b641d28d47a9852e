"""What the worker says to the server, and the pipe that carries it.

Commands to the worker are JSON, a line each. Its answers are frames: a length and a pickle of the
dataclasses below. The server reads them with an unpickler that makes our own dataclasses and NumPy's
arrays and calls nothing else, so that even a worker that was taken over can only say wrong numbers.
"""

from __future__ import annotations

import io
import pickle
import struct
import sys
from dataclasses import dataclass, is_dataclass
from typing import IO, Any

from maskdemo.errors import ProtocolError

#: Bytes of the largest frame that is read: several times what the largest run takes.
MOST_BYTES = 64 * 2**20
_LENGTH = struct.Struct(">Q")
#: How NumPy writes arrays, types and single numbers into a pickle.
_NUMPY = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}


@dataclass(frozen=True)
class Newest:
    """What is new in the job of that number; its content depends on the kind of work."""

    number: int
    content: Any


@dataclass(frozen=True)
class Ended:
    """The job of that number has ended. error: a sentence where it failed. gave_way: unfinished.

    memory: bytes of the worker's own memory now, None where it is not known. programs: how
    many it has compiled since it began. keeps: whether it could write to its caches on disk.
    """

    number: int
    error: str | None
    gave_way: bool
    memory: int | None
    programs: int
    keeps: bool = True


@dataclass(frozen=True)
class Prepared:
    """What was to be compiled ahead is compiled, or could not be."""


def write(pipe: IO[bytes], message: object) -> None:
    """Send one message."""
    frame = pickle.dumps(message, protocol=5)
    pipe.write(_LENGTH.pack(len(frame)) + frame)
    pipe.flush()


def read(pipe: IO[bytes]) -> object | None:
    """Receive one message; None when the other side is gone. Raises `ProtocolError`."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise ProtocolError(f"a frame of {length} bytes")
    frame = pipe.read(length)
    if len(frame) < length:
        return None
    try:
        return _Reader(io.BytesIO(frame)).load()
    except Exception as error:  # a damaged pickle raises nearly anything
        raise ProtocolError(str(error)) from error


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, name: str, /) -> Any:
        module = sys.modules.get(module_name)
        found = getattr(module, name, None)
        ours = module_name.startswith("maskdemo.") and isinstance(found, type) and is_dataclass(found)
        if ours or (found is not None and (module_name, name) in _NUMPY):
            return found
        raise pickle.UnpicklingError(f"{module_name}.{name} is not expected here")
