"""The store: what comes out is what went in, whatever happens to the file or to who writes it."""

import inspect
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maskdemo.results import trainings as store_module
from maskdemo.results.trainings import TrainingStore, store_folder
from maskdemo.training.snapshot import Outcome
from tests.samples import small

ROOT = Path(__file__).resolve().parents[2]
ONE = small(strategies=("held_state",))
FILE = "trainings.sqlite3"


def outcome(number: int) -> Outcome:
    return Outcome(1 / (number + 1), 0.1 + 0.2, loss=float("inf"), seconds=5e-324, scored=number)


def filled(folder: Path, count: int, **options) -> TrainingStore:
    store = TrainingStore(folder, **options)
    for number in range(count):
        store.keep(ONE, number, outcome(number))
    return store


def test_what_is_kept_is_found_by_the_exact_training_alone(tmp_path):
    store = filled(tmp_path, 3)
    again = TrainingStore(tmp_path)
    assert [again.find(ONE, number) for number in range(3)] == [outcome(n) for n in range(3)]
    assert again.find(ONE, 3) is None
    for other in (
        small(strategies=("no_mask",)),
        small(strategies=("held_state",), seed=8),
        small(strategies=("held_state",), learning_rate=0.0300001),
        small(strategies=("held_state",), pad_value=1e-9),
    ):
        assert store.find(other, 0) is None
    assert store.find(small(strategies=("held_state",), repeats=9), 0) == outcome(0)
    assert store.complaint is None


def test_another_version_finds_nothing(tmp_path, monkeypatch):
    filled(tmp_path, 1).close()
    monkeypatch.setattr(store_module, "digest_of", lambda kind: f"another {kind}")
    assert TrainingStore(tmp_path).find(ONE, 0) is None


def test_the_least_recently_used_go_first(tmp_path):
    store = filled(tmp_path, 4, max_entries=4)
    assert store.find(ONE, 0) is not None
    store.keep(ONE, 4, outcome(4))
    store.keep(ONE, 5, outcome(5))
    assert [number for number in range(6) if store.find(ONE, number)] == [0, 3, 4, 5]


def test_threads_share_a_store(tmp_path):
    store = TrainingStore(tmp_path)

    def work(start: int) -> None:
        for number in range(start, start + 30):
            store.keep(ONE, number % 40, outcome(number % 40))
            assert store.find(ONE, number % 40) == outcome(number % 40)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 10, 20, 30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [store.find(ONE, number) for number in range(40)] == [outcome(n) for n in range(40)]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, dict[str, bytes]]:
    """The files of a store of 60 entries: closed, and as a crash leaves them."""
    folder = tmp_path_factory.mktemp("written")
    store = filled(folder, 60)
    crashed = {path.name: path.read_bytes() for path in folder.iterdir()}
    store.close()
    return {"closed": {FILE: (folder / FILE).read_bytes()}, "crashed": crashed}


def check_damaged(folder: Path, files: dict[str, bytes]) -> list[Outcome | None]:
    """What is found in such files; nothing is raised, and what is kept from now on is there."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    store = TrainingStore(folder)
    found = [store.find(ONE, number) for number in range(60)]
    assert store.complaint is None
    for number in (3, 77):
        store.keep(ONE, number, outcome(number))
        assert store.find(ONE, number) == outcome(number)
    store.close()
    return found


FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.sampled_from(["closed", "crashed"]), flips=FLIPS, length=st.floats(0, 1), data=st.data()
)
def test_damage_costs_entries_and_nothing_else(written, tmp_path, state, flips, length, data):
    files = dict(written[state])
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for where, change in flips:
        content[int(where * len(content))] ^= change
    cut = bytes(content[: round(length * len(content))])
    found = check_damaged(tmp_path, files | {name: cut})
    assert flips or all(each in (None, outcome(number)) for number, each in enumerate(found))


@pytest.mark.parametrize(
    "value",
    [b"", b"[]", b'{"accuracy": 1}', "text", 7, None],
    ids=str,
)
def test_an_entry_of_another_kind_is_a_miss(tmp_path, value):
    filled(tmp_path, 1).close()
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("UPDATE entries SET value = ?", (value,))
    assert TrainingStore(tmp_path).find(ONE, 0) is None


def test_another_file_in_its_place_is_set_aside(tmp_path):
    (tmp_path / FILE).write_text("This was never a database. " * 100)
    store = filled(tmp_path, 1)
    assert store.find(ONE, 0) == outcome(0) and store.complaint is None
    assert (tmp_path / "trainings.damaged").read_text().startswith("This was never a database.")


#: Without an import of these tests, which takes longer than all the rest.
WRITER = f"""
import sys
from pathlib import Path
from maskdemo.experiment import Experiment
from maskdemo.results.trainings import TrainingStore
from maskdemo.training.snapshot import Outcome
{inspect.getsource(outcome)}
folder, first, end, settings = sys.argv[1:]
store, one = TrainingStore(Path(folder)), Experiment.from_json(settings)
for number in range(int(first), int(end)):
    store.keep(one, number, outcome(number))
    print(number, flush=True)
"""


def writer(folder: Path, first: int, end: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(end), ONE.to_json()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system cannot kill that hard.")
def test_what_a_killed_process_had_kept_is_there(tmp_path):
    with writer(tmp_path, 0, 10**6) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "50":
                os.kill(process.pid, signal.SIGKILL)
        process.wait()
    store = TrainingStore(tmp_path)
    assert [store.find(ONE, number) for number in range(51)] == [outcome(n) for n in range(51)]
    store.keep(ONE, 5, outcome(6))
    assert store.find(ONE, 5) == outcome(6)
    assert not (tmp_path / "trainings.damaged").exists()


def test_two_processes_write_at_once(tmp_path):
    both = [writer(tmp_path, 0, 80), writer(tmp_path, 40, 120)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    store = TrainingStore(tmp_path)
    assert [store.find(ONE, number) for number in range(120)] == [outcome(n) for n in range(120)]
    assert not (tmp_path / "trainings.damaged").exists()


def test_a_store_that_another_holds_back_loses_nothing(tmp_path, monkeypatch):
    store = filled(tmp_path, 2)
    holder = sqlite3.connect(tmp_path / FILE)
    holder.execute("BEGIN IMMEDIATE")
    assert store._file is not None
    store._file.execute("PRAGMA busy_timeout = 10")
    store.keep(ONE, 2, outcome(2))
    assert store.complaint is not None and store.complaint.endswith(".")
    holder.rollback()
    holder.close()
    assert store.find(ONE, 1) == outcome(1) and store.complaint is None
    assert store.find(ONE, 2) is None


@pytest.mark.skipif(os.name == "nt", reason="The size of a file can be limited elsewhere.")
@pytest.mark.parametrize("most", [0, 4096, 20_000])
def test_a_full_disk_costs_what_is_new_and_nothing_else(tmp_path, most):
    import resource

    store = filled(tmp_path, 60)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, usual[1]))
    try:
        for number in range(60, 90):
            store.keep(ONE, number, outcome(number))
        again = TrainingStore(tmp_path)
        again.keep(ONE, 90, outcome(90))
        assert store.complaint is not None and again.complaint is not None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not (tmp_path / "trainings.damaged").exists()
    again = TrainingStore(tmp_path)
    assert [again.find(ONE, number) for number in range(60)] == [outcome(n) for n in range(60)]
    store.keep(ONE, 91, outcome(91))
    assert store.complaint is None and again.find(ONE, 91) == outcome(91)


def test_where_nothing_can_be_written_nothing_is_kept_and_it_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = filled(tmp_path / "file" / "folder", 1)
    assert store.find(ONE, 0) is None
    assert store.complaint is not None
    assert str(tmp_path / "file" / "folder") in store.complaint and store.complaint.endswith(".")
    store.close()


def test_the_place_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path / "here"))
    assert store_folder() == tmp_path / "here"
    TrainingStore().keep(ONE, 0, outcome(0))
    assert (tmp_path / "here" / FILE).exists()
    monkeypatch.delenv("MASKDEMO_STORE")
    assert store_folder().name == "maskdemo"
