"""A memory limit for a process and all that it starts, where this system lets one be set (cgroups)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path("/sys/fs/cgroup")
#: The files of the first and of the second version of cgroups: the limit, and what tells of kills.
FILES = (("memory.limit_in_bytes", "memory.oom_control"), ("memory.max", "memory.events"))
#: Run by sh with the group's folder and a command: joins the group, then becomes the command.
JOIN = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


@dataclass(frozen=True)
class Limit:
    """within: what to put before a command, so that it runs within. sentence: what holds."""

    within: tuple[str, ...]
    sentence: str
    folder: Path | None = None
    events: str = ""

    @property
    def kills(self) -> int:
        """How many processes the kernel has ended in it for want of memory."""
        if self.folder is None:
            return 0
        lines = (self.folder / self.events).read_text().splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


@contextmanager
def memory_limit(megabytes: int) -> Iterator[Limit]:
    """A limit that lasts as long as the context; without one where none can be set."""
    for above in _groups():
        folder = above / f"maskdemo-load-{os.getpid()}"
        for limit, events in FILES:
            with suppress(OSError):
                folder.mkdir(exist_ok=True)
                (folder / limit).write_text(str(megabytes * 2**20))
                within = ("sh", "-c", JOIN, str(folder))
                try:
                    yield Limit(within, f"Within {megabytes} MB of memory.", folder, events)
                finally:
                    _remove(folder)
                return
        with suppress(OSError):
            folder.rmdir()
    yield Limit((), "No limit of memory can be set here: what follows holds for all there is.")


def _groups() -> Iterator[Path]:
    """Where a group may be made: below this process's own, or at the top."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                above = ROOT / controllers
                yield above / path.lstrip("/")
                yield above


def _remove(folder: Path) -> None:
    # A group can be removed once its last process is gone for good.
    left: list[psutil.Process] = []
    for pid in (folder / "cgroup.procs").read_text().split():
        with suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(int(pid)))
    psutil.wait_procs(left, timeout=5)
    with suppress(OSError):
        folder.rmdir()
