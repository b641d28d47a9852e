"""Compiled programs kept on disk, so that a new process need not compile what an earlier one has.

XLA keeps its programs in a folder that it is told of once, and fails where that folder cannot be
written. So it is told of one in memory (TensorFlow's own file system `ram://`), and each program is
copied from the disk before its first call and to the disk after it. Whatever is wrong with the disk
costs a compilation and never a run.

A program is machine code, so a folder on disk belongs to one version of TensorFlow and one kind of
processor. XLA finds a program again by everything in it, names included, and TensorFlow numbers names
in the order of their making. `stable_names` numbers them by what the program is instead.
"""

from __future__ import annotations

import hashlib
import logging
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
MAX_BYTES = 48 * 2**20
MAX_FOLDERS = 4

_FLAG = "--tf_xla_persistent_cache_directory="
_IN_MEMORY = "ram://maskdemo"
#: The environment variable that names the folder on disk.
_VARIABLE = "MASKDEMO_COMPILED"
#: In a file's name, between the program's name and the name that XLA looks for.
_BETWEEN = "--"
_BUILT: Counter[str] = Counter()
_KEEPS = threading.Event()
_KEEPS.set()

log = logging.getLogger(__name__)


def cache_environment(folder: Path, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to set in the environment, before TensorFlow is imported, for programs to be kept.

    folder: holds one folder for every version and processor, and is tidied. given: the environment to
    add to. Nothing is to be set where somebody has chosen another cache.
    """
    flags, own = given.get("TF_XLA_FLAGS", ""), folder / _kind()
    if _FLAG in flags:
        return {}
    with suppress(OSError):
        _tidy(own)
    kept = f"{_FLAG}{_IN_MEMORY} --tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT"
    # Loading a program, XLA takes its own tuning preferences for features that the processor lacks and
    # reports an error at every one. Real errors arrive as exceptions.
    level = {"TF_CPP_MIN_LOG_LEVEL": given.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    return {"TF_XLA_FLAGS": f"{flags} {kept}".strip(), _VARIABLE: str(own), **level}


def load(program: str) -> bool:
    """Hand the programs of this name to XLA, before their first call; whether there were any.

    program: the name of TensorFlow's function.
    """
    folder, found = _folder(os.environ), False
    if folder is None:
        return False
    import tensorflow as tf

    with suppress(OSError):
        for path in folder.glob(f"{program}{_BETWEEN}*.pb"):
            content = path.read_bytes()
            name = path.name.removeprefix(f"{program}{_BETWEEN}")
            with tf.io.gfile.GFile(f"{_IN_MEMORY}/{name}", "wb") as file:
                file.write(content)
            found = True
    return found


def keep(program: str) -> None:
    """Keep on disk what XLA has compiled in the first call of a program, and free its memory."""
    folder = _folder(os.environ)
    if folder is None:
        return
    compiled = _take(program)
    try:
        before = set(folder.glob(f"{program}{_BETWEEN}*.pb"))
        fresh = {folder / f"{program}{_BETWEEN}{name}": compiled[name] for name in compiled}
        if before >= set(fresh):
            for path in fresh:
                os.utime(path)  # the programs used last are kept longest
            return
        folder.mkdir(parents=True, exist_ok=True)
        for path in set(fresh) - before:
            _write(path, fresh[path])
        for path in before:
            path.unlink(missing_ok=True)  # of an earlier state of the code
    except OSError as error:
        _KEEPS.clear()
        log.info("Compiled programs cannot be kept in %s: %s", folder, error)
    else:
        _KEEPS.set()


def remove(program: str) -> None:
    """Remove the programs of this name, which could not be used, from the disk and from memory."""
    folder = _folder(os.environ)
    if folder is None:
        return
    import tensorflow as tf

    with suppress(OSError):
        for path in folder.glob(f"{program}{_BETWEEN}*.pb"):
            with suppress(tf.errors.OpError):
                tf.io.gfile.remove(f"{_IN_MEMORY}/{path.name.removeprefix(program + _BETWEEN)}")
            path.unlink(missing_ok=True)


def remove_all(environment: Mapping[str, str]) -> None:
    """Remove the folder of a process with this environment, which may have crashed in a program."""
    folder = _folder(environment)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def keeps() -> bool:
    """Whether this process could keep what it has compiled last."""
    return _KEEPS.is_set()


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
    """A folder's name: TensorFlow's version, a digest of the processor's features, what files are."""
    version = "none"
    for name in ("tensorflow", "tensorflow-cpu"):
        with suppress(metadata.PackageNotFoundError):
            version = metadata.version(name)
    features = f"{platform.machine()} {platform.processor()}"
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told = ("flags", "features", "model name")
        features += "".join(sorted({each for each in lines if each.lower().startswith(told)}))
    return f"{version}-{hashlib.sha256(features.encode()).hexdigest()[:12]}-by-program"


def _folder(environment: Mapping[str, str]) -> Path | None:
    """The folder on disk, where programs are kept in a process with this environment."""
    if f"{_FLAG}{_IN_MEMORY}" not in environment.get("TF_XLA_FLAGS", "").split():
        return None
    return Path(environment[_VARIABLE]) if _VARIABLE in environment else None


def _take(program: str) -> dict[str, bytes]:
    """Take out of memory what XLA has written of this program, by file name.

    Several threads compile at once; a file contains the name of its program.
    """
    import tensorflow as tf

    found = {}
    with suppress(tf.errors.OpError):
        for name in tf.io.gfile.listdir(_IN_MEMORY):
            path = f"{_IN_MEMORY}/{name}"
            # Another thread may take or rename a file meanwhile.
            with suppress(tf.errors.OpError):
                if name.endswith(".pb"):
                    with tf.io.gfile.GFile(path, "rb") as file:
                        content = file.read()
                    if program.encode() in content:
                        tf.io.gfile.remove(path)
                        found[name] = content
    return found


def _write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _tidy(own: Path) -> None:
    """Remove the oldest of too many programs, and the oldest of too many other folders."""
    space = MAX_BYTES
    files = ((path, path.stat()) for path in own.iterdir())
    for path, about in sorted(files, key=lambda each: each[1].st_mtime, reverse=True):
        space -= about.st_size
        if space < 0:
            path.unlink(missing_ok=True)
    os.utime(own)
    folders = sorted(own.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for folder in folders[1 + MAX_FOLDERS :]:
        shutil.rmtree(folder, ignore_errors=True)
