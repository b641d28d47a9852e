"""Programs on disk: found again by another process; a damaged or full disk costs a compilation only."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from maskdemo.training import compile_cache, run
from maskdemo.training.buckets import programs_of_run
from maskdemo.training.compile_cache import (
    MAX_FOLDERS,
    cache_environment,
    disk_works,
    keep,
    remove_all,
)
from maskdemo.training.run import train
from tests.samples import small

pytestmark = pytest.mark.skipif(
    "ram://maskdemo" not in os.environ.get("TF_XLA_FLAGS", ""),
    reason="Somebody has chosen another cache.",
)
#: Of a shape that no other test compiles in this process.
ELSEWHERE = small(units=11, strategies=("no_mask", "held_state"))
TRAINING = """
import os, random, sys
from pathlib import Path
if sys.argv[2:]:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
from maskdemo.training.compile_cache import cache_environment, disk_works
os.environ.update(cache_environment(Path(sys.argv[1])))
from maskdemo.loading import load_tensorflow
load_tensorflow()
from tensorflow.io import gfile
from tensorflow.python.framework import ops
for _ in range(random.randrange(99)):
    ops.uid()  # a process that has done something else before
from maskdemo.training.run import train
from tests.training.test_compile_cache import ELSEWHERE
*_, last = train(ELSEWHERE)
print([(each.loss, each.test_loss, each.leak) for each in last.curves])
print(disk_works(), gfile.glob("ram://maskdemo/*.pb"))
"""


def trained(folder: Path, *limit: str) -> list[str]:
    """The numbers of a small run in a process of its own, whether it kept its programs, and its memory.

    folder: where it keeps them. limit: bytes of the largest file that it may write.
    """
    process = subprocess.run(
        [sys.executable, "-c", TRAINING, str(folder), *limit],
        cwd=Path(__file__).parents[2],
        env={key: value for key, value in os.environ.items() if key != "TF_XLA_FLAGS"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Every program's file in the file system, and its size."""
    return {path.name: (path.stat().st_ino, path.stat().st_size) for path in folder.glob("*/*")}


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> tuple[Path, str]:
    """The folder in which this process has kept its programs, and its numbers."""
    folder = tmp_path_factory.mktemp("compiled")
    environment = cache_environment(folder, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKDEMO_COMPILED", environment["MASKDEMO_COMPILED"])
        *_, last = train(ELSEWHERE)
    assert len(files(folder)) == 3
    return folder, str([(each.loss, each.test_loss, each.leak) for each in last.curves])


@pytest.mark.slow
def test_only_what_the_disk_does_not_have_is_compiled_for_later(monkeypatch):
    usual = small()  # of which this run of the tests keeps the programs
    list(train(usual))
    compiled = []
    monkeypatch.setattr(run, "compile_program", lambda shape, train: compiled.append((shape, train)))
    other = replace(usual, units=ELSEWHERE.units + 1)
    run.keep_on_disk([usual, other], stop=lambda: bool(compiled))
    assert compiled == [*programs_of_run(other)[:1]], "until it is stopped"
    run.keep_on_disk([usual, other, other], stop=lambda: False)
    assert compiled[1:] == [*programs_of_run(other)], "each once, in order"
    compiled.clear()
    monkeypatch.setattr(run, "disk_works", lambda: False)
    run.keep_on_disk([other], stop=lambda: False)
    assert not compiled, "what cannot be kept is not compiled for later"


@pytest.mark.slow
@pytest.mark.fuzz
def test_another_process_finds_them_and_a_damaged_one_costs_a_compilation_only(first):
    folder, numbers = first
    before = files(folder)
    shortened, noise, sound = sorted(folder.glob("*/*"))
    shortened.write_bytes(shortened.read_bytes()[:1000])
    noise.write_bytes(os.urandom(10_000))
    assert trained(folder) == [numbers, "True []"], "a copy on disk needs none in memory"
    # What was compiled in the place of a damaged one has another name: the sound one was not compiled.
    after = files(folder)
    assert set(after.items()) & set(before.items()) == {(sound.name, before[sound.name])}
    assert len(after) == 3


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.skipif(sys.platform == "win32", reason="The size of a file can be limited elsewhere.")
def test_on_a_full_disk_a_run_has_the_same_numbers_and_nothing_is_kept(first, tmp_path):
    assert trained(tmp_path, "20000") == [first[1], "False []"]
    assert files(tmp_path) == {}, "no part of a program either"


def compiled(program: str, name: str) -> str:
    """Return where XLA would have written a file of this name, of this program."""
    from tensorflow.io import gfile

    path = f"ram://maskdemo/{name}.pb"
    with gfile.GFile(path, "wb") as file:
        file.write(f"machine code of {program}".encode())
    return path


def test_what_cannot_be_written_is_not_kept_anywhere_until_it_can(tmp_path, monkeypatch):
    from tensorflow.io import gfile

    (tmp_path / "a file").touch()
    for folder, works in (("a file", False), ("a folder", True)):
        monkeypatch.setenv("MASKDEMO_COMPILED", str(tmp_path / folder / "compiled"))
        path = compiled(f"of {folder}", f"of {folder}")
        keep(f"of {folder}")
        assert disk_works() == works and not gfile.exists(path)
    assert [path.name for path in tmp_path.glob("*/*/*")] == ["of a folder--of a folder.pb"]


def test_a_program_of_two_files_keeps_both_and_none_of_an_earlier_state(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKDEMO_COMPILED", str(tmp_path))
    for names in (("old", "one"), ("one", "two")):
        for name in names:
            compiled("program", name)
        keep("program")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program--one.pb", "program--two.pb"]


def kept(folder: Path, name: str, size: int, when: float) -> Path:
    """A program as an earlier process would have left it."""
    path = folder / name
    path.write_bytes(bytes(size))
    os.utime(path, (when, when))
    return path


def test_the_folder_on_disk_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_cache, "MAX_BYTES", 4000)
    own = Path(cache_environment(tmp_path, {})["MASKDEMO_COMPILED"])
    own.mkdir()
    programs = [kept(own, f"{n}.pb", 1000, when=n) for n in range(1, 8)]
    others = [tmp_path / f"another version {n}" for n in range(MAX_FOLDERS + 3)]
    for age, other in enumerate(others):
        other.mkdir()
        os.utime(other, (age, age))
    cache_environment(tmp_path, {})
    assert [path.exists() for path in programs] == [False] * 3 + [True] * 4
    assert [path.exists() for path in others] == [False] * 3 + [True] * MAX_FOLDERS
    assert own.exists()


def test_another_cache_and_other_flags_stay(tmp_path):
    chosen = {"TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory=elsewhere"}
    assert cache_environment(tmp_path, chosen) == {}
    flags = cache_environment(tmp_path, {"TF_XLA_FLAGS": "--some_flag"})["TF_XLA_FLAGS"]
    assert flags.startswith("--some_flag --tf_xla_persistent_cache_directory=")


def test_the_folder_of_a_process_is_removed_and_no_other(tmp_path):
    environment = cache_environment(tmp_path, {})
    own = Path(environment["MASKDEMO_COMPILED"])
    own.mkdir()
    remove_all({"TF_XLA_FLAGS": "", "MASKDEMO_COMPILED": str(own)})
    assert own.exists(), "a process that has its programs elsewhere"
    remove_all(environment)
    assert tmp_path.exists() and not own.exists()
