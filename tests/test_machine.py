"""The cores that a process may use: what the system allows, and what its container pays for."""

import math
import os

import pytest

from maskdemo import machine
from maskdemo.machine import cores, memory_limit


@pytest.fixture
def container(tmp_path, monkeypatch):
    """Writes quotas of nested control groups, outermost first; this process is in the innermost."""

    def write(*quotas: str) -> None:
        folder = tmp_path / "cgroup"
        folder.mkdir()
        for depth, quota in enumerate(quotas):
            if depth:
                folder = folder / f"level{depth}"
                folder.mkdir()
            if quota:
                (folder / "cpu.max").write_text(quota)
        own = tmp_path / "own"
        own.write_text(f"0::/{folder.relative_to(tmp_path / 'cgroup')}\n".replace("/.\n", "/\n"))
        monkeypatch.setattr(machine, "_GROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(machine, "_OWN_GROUP", own)
        monkeypatch.setattr(os, "cpu_count", lambda: 16)
        monkeypatch.setattr(machine, "_allowed", lambda: 16)

    return write


@pytest.mark.parametrize(
    ("quotas", "wanted"),
    [
        (("max 100000",), 16),
        (("200000 100000",), 2),
        (("150000 100000",), 2),
        (("10000 100000",), 1),
        (("", "400000 100000", "max 100000"), 4),
        (("", "300000 100000", "800000 100000"), 3),
        (("nonsense",), 16),
        (("",), 16),
    ],
)
def test_a_containers_quota_counts(container, quotas, wanted):
    container(*quotas)
    assert cores() == wanted


def test_no_more_than_the_system_allows(container, monkeypatch):
    container("800000 100000")
    monkeypatch.setattr(machine, "_allowed", lambda: 3)
    assert cores() == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux pins processes")
def test_a_process_that_is_pinned_knows():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_without_control_groups_the_system_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_OWN_GROUP", tmp_path / "nowhere")
    monkeypatch.setattr(machine, "_allowed", lambda: 5)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert cores() == 5


@pytest.mark.parametrize(
    ("own", "file", "limit", "wanted"),
    [
        ("0::/app", "app/memory.max", "723517440", 690 * 2**20),
        ("0::/app", "memory.max", "723517440", 690 * 2**20),
        ("0::/app", "app/memory.max", "max", math.inf),
        ("7:memory:/app\n1:cpu:/", "memory/app/memory.limit_in_bytes", "723517440", 690 * 2**20),
        ("", "memory.max", "1", math.inf),
    ],
)
def test_memory_is_what_the_group_may_take(tmp_path, monkeypatch, own, file, limit, wanted):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(limit)
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(machine, "_GROUPS", tmp_path)
    monkeypatch.setattr(machine, "_OWN_GROUP", tmp_path / "own")
    assert memory_limit() == wanted
