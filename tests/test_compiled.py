"""Programs on disk: found again by another process, never used when they are not what was written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maskdemo.compiled import MOST_BYTES, MOST_FOLDERS, cache_environment

TRAINING = """
import os, random, sys
from pathlib import Path
from maskdemo.compiled import cache_environment
os.environ.update(cache_environment(Path(sys.argv[1])))
from maskdemo.loading import load_tensorflow
load_tensorflow()
from tensorflow.python.framework import ops
for _ in range(random.randrange(99)):
    ops.uid()  # a process that has done something else before
from maskdemo.training import train
from tests.samples import small
*_, last = train(small(strategies=("no_mask", "held_state")))
print([(each.loss, each.test_loss, each.leak) for each in last.curves])
"""


def trained(folder: Path) -> str:
    """The numbers of a small run in a process of its own that keeps its programs in the folder."""
    run = subprocess.run(
        [sys.executable, "-c", TRAINING, str(folder)],
        cwd=Path(__file__).parents[1],
        env={key: value for key, value in os.environ.items() if key != "TF_XLA_FLAGS"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every program's time of writing and content."""
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.glob("*/*.pb")
    }


@pytest.mark.slow
def test_another_process_finds_them_and_a_damaged_one_costs_a_compilation_only(tmp_path):
    told = trained(tmp_path)
    first = files(tmp_path)
    assert first
    assert trained(tmp_path) == told
    assert files(tmp_path) == first, "nothing was compiled again"
    shortened, flipped, unsealed, *_ = (path for path in sorted(tmp_path.glob("*/*.pb")))
    shortened.write_bytes(shortened.read_bytes()[:1000])
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 0xFF
    flipped.write_bytes(content)
    unsealed.with_name(unsealed.name + ".sum").unlink()
    assert trained(tmp_path) == told
    again = files(tmp_path)
    assert set(again) == set(first)
    for name, (when, content) in again.items():
        damaged = name in (shortened.name, flipped.name, unsealed.name)
        assert (when != first[name][0]) == damaged
        assert content != b"" and len(content) == len(first[name][1])


def kept(folder: Path, name: str, size: int, when: float) -> Path:
    """A program as XLA and `seal` would have left it."""
    import hashlib

    path = folder / name
    path.write_bytes(os.urandom(1) * size)
    path.with_name(name + ".sum").write_text(hashlib.blake2b(path.read_bytes()).hexdigest())
    os.utime(path, (when, when))
    return path


def test_room_on_disk_is_bounded(tmp_path):
    cache_environment(tmp_path, {})
    (own,) = tmp_path.iterdir()
    programs = [kept(own, f"{n}.pb", MOST_BYTES // 4, when=n) for n in range(1, 8)]
    others = [tmp_path / f"another version {n}" for n in range(MOST_FOLDERS + 3)]
    for age, other in enumerate(others):
        other.mkdir()
        os.utime(other, (age, age))
    cache_environment(tmp_path, {})
    assert [path.exists() for path in programs] == [False] * 3 + [True] * 4
    assert [path.exists() for path in others] == [False] * 3 + [True] * MOST_FOLDERS
    assert own.exists()


def test_somebody_elses_choice_stands_and_other_flags_stay(tmp_path):
    chosen = {"TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory=elsewhere"}
    assert cache_environment(tmp_path, chosen) == {}
    flags = cache_environment(tmp_path, {"TF_XLA_FLAGS": "--some_flag"})["TF_XLA_FLAGS"]
    assert flags.startswith("--some_flag --tf_xla_persistent_cache_directory=")
    assert cache_environment(tmp_path / "a folder", {}) == {}


@pytest.mark.skipif(os.name == "nt", reason="a file where the folder should be is as good there")
def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    (tmp_path / "taken").write_text("a file")
    assert cache_environment(tmp_path / "taken", {}) == {}
