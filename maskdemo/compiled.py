"""Compiled programs kept on disk, so that a new process need not compile what an earlier one has.

XLA keeps them itself; what is here says where, and makes it safe. A program is machine code, so a
folder belongs to one version of TensorFlow and one kind of processor, and a file is only used if it is,
byte for byte, what was written: each has a checksum beside it, made when the program first ran. A
damaged file, or one without a checksum, is removed before TensorFlow sees it and costs a compilation.

XLA finds a program again by everything in it, names included, and TensorFlow numbers names in the order
of their making. `stable_names` numbers them by what the program is instead.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

#: Bytes of programs in a folder, and folders of other versions or processors that are left alone.
MOST_BYTES = 48 * 2**20
MOST_FOLDERS = 4

_FLAG = "--tf_xla_persistent_cache_directory="
_SUM = ".sum"
_BUILT: Counter[str] = Counter()


def cache_environment(folder: Path, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to set in the environment, before TensorFlow is imported, for programs to be kept.

    folder: holds one folder for every version and processor, and is tidied. given: the environment to
    add to. Nothing is to be set where the folder cannot be used or somebody has chosen another.
    """
    flags, own = given.get("TF_XLA_FLAGS", ""), folder / _kind()
    # The flags are told apart by spaces.
    if _FLAG in flags or len(str(own).split()) != 1:
        return {}
    try:
        own.mkdir(parents=True, exist_ok=True)
        _tidy(own)
    except OSError:
        return {}
    kept = f"{_FLAG}{own} --tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT"
    # Loading a program, XLA takes its own tuning preferences for features that the processor lacks and
    # reports an error at every one. Real errors arrive as exceptions.
    level = {"TF_CPP_MIN_LOG_LEVEL": given.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    return {"TF_XLA_FLAGS": f"{flags} {kept}".strip(), **level}


def seal() -> None:
    """Write the checksums of programs that were compiled since: to be called after one has run."""
    flags = os.environ.get("TF_XLA_FLAGS", "").split()
    folder = next((each.removeprefix(_FLAG) for each in flags if each.startswith(_FLAG)), None)
    if folder is None:
        return
    with suppress(OSError):
        for path in Path(folder).glob("*.pb"):
            beside = path.with_name(path.name + _SUM)
            if not beside.exists():
                beside.write_text(_sum(path))


@contextmanager
def stable_names(program: str) -> Iterator[None]:
    """What TensorFlow traces in here, on this thread, is named after the program alone.

    Traced again in one process it gets other names, because names there must be unique. There is no
    public way to choose them: where TensorFlow has moved what is used here, programs are compiled again
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
    digest = hashlib.sha256(f"{program} {_BUILT[program]}".encode()).hexdigest()
    _BUILT[program] += 1
    number, thread = int(digest[:12], 16) * 1000, threading.get_ident()

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


def _kind() -> str:
    """A folder's name: TensorFlow's version and a digest of the processor's features."""
    version = "none"
    for name in ("tensorflow", "tensorflow-cpu"):
        with suppress(metadata.PackageNotFoundError):
            version = metadata.version(name)
    features = f"{platform.machine()} {platform.processor()}"
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told = ("flags", "features", "model name")
        features += "".join(sorted({each for each in lines if each.lower().startswith(told)}))
    return f"{version}-{hashlib.sha256(features.encode()).hexdigest()[:12]}"


def _tidy(own: Path) -> None:
    """Remove damaged programs, the oldest of too many, and the oldest of too many other folders."""
    room = MOST_BYTES
    for path in sorted(own.glob("*.pb"), key=lambda each: each.stat().st_mtime, reverse=True):
        beside = path.with_name(path.name + _SUM)
        room -= path.stat().st_size
        if room < 0 or not beside.exists() or beside.read_text() != _sum(path):
            path.unlink(missing_ok=True)
            beside.unlink(missing_ok=True)
    os.utime(own)
    folders = sorted(own.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for folder in folders[1 + MOST_FOLDERS :]:
        shutil.rmtree(folder, ignore_errors=True)


def _sum(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes()).hexdigest()
