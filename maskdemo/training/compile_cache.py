"""Compiled programs kept on disk, so that a new process need not compile them again.

XLA keeps its programs in a folder that is set once, and fails where that folder cannot be written. So
the folder is in memory (TensorFlow's own file system `ram://`), and each program is copied from the
disk before its first call and to the disk after it. Whatever is wrong with the disk costs a compilation
and never a run.

A program is machine code, so a folder on disk belongs to one version of TensorFlow and one kind of
processor. XLA finds a program again by everything in it, names included: see
`maskdemo.training.program_cache`.

The server sets the environment with `cache_environment`; only what needs TensorFlow imports it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
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
_DISK_WORKS = threading.Event()
_DISK_WORKS.set()

log = logging.getLogger(__name__)


def cache_environment(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables to set, before TensorFlow is imported, for compiled programs to be kept.

    They are TF_XLA_FLAGS, MASKDEMO_COMPILED and TF_CPP_MIN_LOG_LEVEL, 3 where it is not set. folder:
    holds one folder for every version and processor, made by `keep`; this call removes old programs.
    environment: the variables set already. Where its TF_XLA_FLAGS have a cache, the result is empty.
    """
    flags, own = environment.get("TF_XLA_FLAGS", ""), folder / _folder_name()
    if _FLAG in flags:
        return {}
    with suppress(OSError):
        _tidy(own)
    keep = f"{_FLAG}{_IN_MEMORY} --tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT"
    # Loading a program, XLA takes its own tuning preferences for features that the processor lacks and
    # reports an error at every one. Real errors arrive as exceptions.
    level = {"TF_CPP_MIN_LOG_LEVEL": environment.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    return {"TF_XLA_FLAGS": f"{flags} {keep}".strip(), _VARIABLE: str(own), **level}


def remove_all(environment: Mapping[str, str]) -> None:
    """Remove this environment's folder, of one version and processor, if any; errors are ignored.

    A process with this environment may have crashed in one of the programs.
    """
    folder = _folder(environment)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def disk_works() -> bool:
    """Whether this process could write to disk the program it compiled last; True before the first."""
    return _DISK_WORKS.is_set()


def is_kept(first: int, count: int) -> bool:
    """Whether the disk has a program whose name ends in `_` and one of `count` numbers from `first` on.

    True also in a process that keeps no programs on disk.
    """
    folder = _folder(os.environ)
    if folder is None:
        return True
    programs = {path.name.partition(_BETWEEN)[0] for path in folder.glob(f"*{_BETWEEN}*.pb")}
    endings = (program.rpartition("_")[2] for program in programs)
    return any(ending.isdigit() and 0 <= int(ending) - first < count for ending in endings)


def load(program: str) -> bool:
    """Copy the program's files from disk to where XLA looks for them; return whether any was copied.

    program: the name under which XLA compiles it, here and below. Errors of the disk are ignored.
    """
    folder, loaded = _folder(os.environ), False
    if folder is None:
        return False
    import tensorflow as tf

    with suppress(OSError):
        for path in folder.glob(f"{program}{_BETWEEN}*.pb"):
            content = path.read_bytes()
            name = path.name.removeprefix(f"{program}{_BETWEEN}")
            with tf.io.gfile.GFile(f"{_IN_MEMORY}/{name}", "wb") as file:
                file.write(content)
            loaded = True
    return loaded


def keep(program: str) -> None:
    """Move what XLA has compiled in the first call of a program from memory to disk.

    Where the disk has files of all these names, they are marked as used. Else those that it lacks are
    written, and those that it had of other names are deleted as outdated. A disk that cannot be
    written is logged, and `disk_works` is then False. Nothing happens where programs are not kept.
    """
    folder = _folder(os.environ)
    if folder is None:
        return
    compiled = _take(program)
    try:
        before = set(folder.glob(f"{program}{_BETWEEN}*.pb"))
        now = {folder / f"{program}{_BETWEEN}{name}": compiled[name] for name in compiled}
        if before >= set(now):
            for path in now:
                os.utime(path)  # the programs used last are kept longest
            return
        folder.mkdir(parents=True, exist_ok=True)
        for path in set(now) - before:
            _write_whole(path, now[path])
        for path in before - set(now):
            path.unlink(missing_ok=True)  # of an earlier state of the code
    except OSError as error:
        _DISK_WORKS.clear()
        log.info("Compiled programs cannot be kept in %s: %s", folder, error)
    else:
        _DISK_WORKS.set()


def _take(program: str) -> dict[str, bytes]:
    """Return file name -> content of the program's files where XLA keeps them, and delete them there.

    Several threads compile at once; a file is of the program whose name is in its content.
    """
    import tensorflow as tf

    contents = {}
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
                        contents[name] = content
    return contents


def remove(program: str) -> None:
    """Remove the program's files, which could not be used, from the disk and from memory."""
    folder = _folder(os.environ)
    if folder is None:
        return
    import tensorflow as tf

    with suppress(OSError):
        for path in folder.glob(f"{program}{_BETWEEN}*.pb"):
            with suppress(tf.errors.OpError):
                tf.io.gfile.remove(f"{_IN_MEMORY}/{path.name.removeprefix(program + _BETWEEN)}")
            path.unlink(missing_ok=True)


def _folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder on disk that `cache_environment` put into an environment; None without one."""
    if f"{_FLAG}{_IN_MEMORY}" not in environment.get("TF_XLA_FLAGS", "").split():
        return None
    return Path(environment[_VARIABLE]) if _VARIABLE in environment else None


def _folder_name() -> str:
    """Return "<version>-<digest>-by-program": TensorFlow's version, a hash of the CPU's features."""
    version = "none"
    for name in ("tensorflow", "tensorflow-cpu"):
        with suppress(metadata.PackageNotFoundError):
            version = metadata.version(name)
    features = f"{platform.machine()} {platform.processor()}"
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        deciding = ("flags", "features", "model name")
        features += "".join(sorted({line for line in lines if line.lower().startswith(deciding)}))
    return f"{version}-{hashlib.sha256(features.encode()).hexdigest()[:12]}-by-program"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or, raising OSError, not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _tidy(own: Path) -> None:
    """Remove all but the newest `MAX_BYTES` in `own`, and all but `MAX_FOLDERS` folders beside it.

    `own` is marked as used now. Raises OSError where `own` is missing.
    """
    space = MAX_BYTES
    files = ((path, path.stat()) for path in own.iterdir())
    for path, status in sorted(files, key=lambda file: file[1].st_mtime, reverse=True):
        space -= status.st_size
        if space < 0:
            path.unlink(missing_ok=True)
    os.utime(own)
    folders = sorted(own.parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[1 + MAX_FOLDERS :]:
        shutil.rmtree(folder, ignore_errors=True)
