"""A real worker whose disk is full, or whose compiled programs are damaged: no run is lost."""

from __future__ import annotations

import os
import platform
import re
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskdemo.experiment import Experiment
from maskdemo.server import Run, Server
from maskdemo.training.run import train
from tests.samples import small
from tests.server.test_worker import ended, newest
from tests.waiting import until

pytestmark = [
    pytest.mark.slow,
    # Six workers load TensorFlow; each half of it is tested by itself in `test_worker`,
    # `test_supervisor` and `training/test_compile_cache`.
    pytest.mark.fuzz,
    pytest.mark.skipif(sys.platform != "linux", reason="Limits are set to another process here."),
]

#: An instruction that no processor of this kind has.
ILLEGAL = {"x86_64": b"\x0f\x0b", "aarch64": bytes(4)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("disk")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server whose workers keep their programs in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKDEMO_STORE", str(folder))
        patch.delenv("TF_XLA_FLAGS")
        server = Server(grace=60.0)
        yield server
        server.close()


def programs(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.glob("compiled/*/*")}


def has_run(server: Server, experiment: Experiment) -> bool:
    """Whether a viewer's run ends with the numbers of this process."""
    server.submit("a", Run(experiment))
    assert ended(server, "a") == "finished", server.status("a", "run").error
    runs = list(train(experiment))[-1], newest(server, "a")
    here, there = ([(each.test_loss, each.leak) for each in run.curves] for run in runs)
    return here == there


def machine_code(program: bytes) -> Iterator[slice]:
    """Where the machine code is in a program: the executable sections of the ELF files within it."""
    for found in re.finditer(b"\x7fELF\x02", program):
        start = found.start()
        (table,) = struct.unpack_from("<Q", program, start + 0x28)
        size, count = struct.unpack_from("<HH", program, start + 0x3A)
        for header in range(start + table, start + table + size * count, size):
            flags, _, offset, length = struct.unpack_from("<4Q", program, header + 8)
            if flags & 4:
                yield slice(start + offset, start + offset + length)


def test_a_disk_that_is_full_in_mid_run_costs_what_would_be_kept(server, folder):
    import resource

    resource.prlimit(until(lambda: server.worker), resource.RLIMIT_FSIZE, (1000, 1000))
    assert has_run(server, small(seed=71))
    assert programs(folder) == {} and not server.disk_works


@pytest.mark.skipif(platform.machine() not in ILLEGAL, reason="Another kind of machine code.")
def test_a_worker_that_crashes_in_a_damaged_program_takes_the_folder_with_it(server, folder):
    os.kill(until(lambda: server.worker), signal.SIGKILL)
    assert has_run(server, small(seed=72))
    sound = programs(folder)
    # One trains an epoch, one scores unseen sequences, one looks into the probes.
    assert len(sound) == 3 and server.disk_works, "one that was killed leaves no trace"
    for path, content in sound.items():
        damaged = bytearray(content)
        for code in machine_code(content):
            length = code.stop - code.start
            damaged[code] = (ILLEGAL[platform.machine()] * length)[:length]
        assert bytes(damaged) != content
        path.write_bytes(damaged)
    worker = until(lambda: server.worker)
    os.kill(worker, signal.SIGKILL)
    until(lambda: server.worker not in (None, worker))
    crashing = until(lambda: server.worker)
    assert has_run(server, small(seed=73))
    assert server.worker != crashing
    assert {path: len(content) for path, content in programs(folder).items()} == {
        path: len(content) for path, content in sound.items()
    }
