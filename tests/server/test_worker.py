"""The real worker process: what it says, what it survives, and that it never outlives the server."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from maskdemo.experiment import Experiment
from maskdemo.server import Run, Server, StudyRun, worker_jobs, worker_messages
from maskdemo.server.process import MODULE, ROOT, Process
from maskdemo.server.worker import FAILED, _Worker, read_command
from maskdemo.server.worker_messages import Ended
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study
from maskdemo.training.run import train
from tests.samples import small
from tests.uploads.files import experiment_with
from tests.uploads.test_memory import own_of
from tests.waiting import TIMEOUT_S, until

pytestmark = pytest.mark.slow

STUDY = Study(base=small(repeats=2), vary="side", values=("post", "pre"))
LONG = small(epochs=200, repeats=20)

posix = pytest.mark.skipif(sys.platform == "win32", reason="Signals are sent here.")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie of somebody else's is dead as well.
    with suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return True


def brought(seed: int, **settings: Any) -> Experiment:
    """An experiment on a viewer's own sequences."""
    return experiment_with(own_of(seed), small(**settings))


def newest(server: Server, viewer: str, kind: str = "run") -> Any:
    return server.status(viewer, kind).newest


def ended(server: Server, viewer: str, kind: str = "run") -> str:
    until(lambda: not server.status(viewer, kind).active)
    return server.status(viewer, kind).phase


def told(server: Server, viewer: str, before: Any) -> str:
    """The words about a worker's death, which come before anything of its successor.

    before: the newest that had come of the one that was killed. How soon in seconds, `make load` says.
    """

    def goes_on() -> bool:
        found = newest(server, viewer)
        return found is not None and (before is None or found.done < before.done)

    def notice() -> str:
        return server.status(viewer, "run").notice

    until(lambda: notice() or goes_on())
    assert notice()
    return notice()


def busy(pid: int) -> float:
    """Seconds of the processor that the process has had."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def loaded(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/maps").read_text()
    return ""


@posix
@pytest.mark.fuzz
def test_killed_in_mid_import_and_in_mid_compile(shared):
    """The first of this file, where the worker still imports: later, one more has to be started."""
    before = until(lambda: shared.worker)
    if "tensorflow" in loaded(before):
        os.kill(before, signal.SIGKILL)
        until(lambda: shared.worker not in (None, before))
    shared.submit("a", Run(small(seed=61)))
    first = until(lambda: shared.worker)
    until(lambda: "tensorflow" in loaded(first))
    os.kill(first, signal.SIGKILL)
    assert told(shared, "a", None)
    assert ended(shared, "a") == "finished"
    assert shared.status("a", "run").notice is None, "what has ended does not begin again"
    # A shape that no other test has compiled takes a second or more before anything comes of it.
    worker = until(lambda: shared.worker)
    shared.submit("b", Run(small(units=13, strategies=("held_state",), seed=61)))
    had = busy(worker)
    until(lambda: busy(worker) > had + 0.2)
    assert newest(shared, "b") is None
    os.kill(worker, signal.SIGKILL)
    assert told(shared, "b", None)
    assert ended(shared, "b") == "finished"


def test_a_run_is_the_same_as_without_a_server(shared):
    experiment = small(repeats=2, epochs=3, seed=50)
    shared.submit("a", Run(experiment))
    assert ended(shared, "a") == "finished"
    here, there = list(train(experiment))[-1], newest(shared, "a")
    for one, other in zip(here.curves, there.curves, strict=True):
        assert replace(one, epoch_seconds=None) == replace(other, epoch_seconds=None)
    assert there.probes.epochs == (1, 2, 3)
    for name in experiment.strategies:
        assert (here.probes.outputs[name] == there.probes.outputs[name]).all()
        for one, other in zip(here.networks[name], there.networks[name], strict=True):
            assert one.epoch == other.epoch and (one.kernel == other.kernel).all()
    assert shared.find(experiment) is not None


@pytest.mark.fuzz
def test_two_viewers_see_the_same_and_cancelling_leaves(shared):
    shared.submit("a", Run(LONG))
    shared.submit("b", Run(LONG))
    until(lambda: newest(shared, "a") and newest(shared, "b"))
    assert shared.status("b", "run").phase == "running"
    shared.cancel("a", "run")
    seen = newest(shared, "b").done
    until(lambda: newest(shared, "b").done > seen)
    assert shared.status("a", "run").phase == "cancelled"
    shared.cancel("b", "run")
    shared.submit("c", Run(small(seed=51)))
    assert ended(shared, "c") == "finished", "the worker is free"


# What the server makes of it is in `test_supervisor`.
@pytest.mark.fuzz
def test_a_study_gives_way_to_a_run_and_loses_nothing(shared):
    study = Study(base=small(repeats=20, epochs=20), vary="side", values=("post", "pre"))
    shared.submit("s", StudyRun(study))
    until(lambda: (found := newest(shared, "s", "studyrun")) and found.done > 3)
    shared.submit("a", Run(small(seed=52)))
    assert ended(shared, "a") == "finished"
    had = newest(shared, "s", "studyrun")
    assert shared.status("s", "studyrun").active and 3 < had.done < had.total
    assert ended(shared, "s", "studyrun") == "finished"
    found = newest(shared, "s", "studyrun")
    assert found.done == found.total and not found.failures
    assert found.reused == had.reused, "what it had trained itself did not come from a store"
    assert all(found.outcomes[training] == outcome for training, outcome in had.outcomes.items())


@pytest.mark.fuzz
def test_what_is_compiled_ahead_disturbs_nothing(shared):
    one = small(units=5, strategies=("held_state",))
    shared.prepare("a", one)
    shared.submit("b", Run(replace(one, seed=53)))
    assert ended(shared, "b") == "finished"


@posix
def test_a_worker_that_is_killed_in_mid_run_is_told_and_the_run_begins_again(shared):
    """With the same sequences. What comes of a second death is in `test_supervisor`."""
    shared.submit("a", Run(brought(4, epochs=200, repeats=20)))
    until(lambda: newest(shared, "a"))
    first, seen = shared.worker, newest(shared, "a")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert "SIGKILL" in told(shared, "a", seen)
    before = newest(shared, "a")
    until(lambda: newest(shared, "a") is not before)
    assert shared.status("a", "run").phase == "running" and shared.worker not in (None, first)
    assert not alive(first)
    shared.cancel("a", "run")
    shared.submit("b", Run(small(seed=60)))
    assert ended(shared, "b") == "finished", "it blocks nobody"


@posix
@pytest.mark.parametrize(("killed_by", "stays"), [("SIGILL", False), ("SIGKILL", True)])
def test_a_worker_that_crashes_takes_the_compiled_programs_with_it(
    killed_by: str, stays: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A damaged one may be why; `test_disk` damages real ones."""
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path))
    monkeypatch.delenv("TF_XLA_FLAGS")
    worker = Process(lambda process, message: None)
    folder = Path(worker._environment["MASKDEMO_COMPILED"])
    folder.mkdir(parents=True)
    os.kill(worker.pid, signal.Signals[killed_by])
    assert killed_by in worker.how_it_ended()
    worker.kill()
    assert folder.exists() == stays


#: Says who its worker is, and goes on until it is killed: nobody ever writes to it.
SERVER = """
import sys
from maskdemo.server import Run, Server
from tests.samples import small
from tests.waiting import until
server = Server(grace=60.0)
server.submit("a", Run(small(epochs=200, repeats=20)))
until(lambda: server.worker and (sys.argv[1] == "start" or server.status("a", "run").newest))
print(server.worker, flush=True)
sys.stdin.read()
"""


@posix
@pytest.mark.parametrize("when", ["start", pytest.param("run", marks=pytest.mark.fuzz)])
def test_the_worker_ends_with_a_server_that_is_killed(when):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, when],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        assert alive(worker)
        server.kill()
    until(lambda: not alive(worker))


class Raw:
    """A worker without the server's end of the pipes."""

    def __init__(self, *line: bytes) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.write(*line)

    def write(self, *lines: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def read(self) -> Any:
        assert self.process.stdout is not None
        return worker_messages.read(self.process.stdout)

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it has logged, once it has ended; its input stays open."""
        try:
            code = self.process.wait(TIMEOUT_S)
        finally:
            self.process.kill()
        assert self.process.stderr is not None
        with self.process:
            return code, self.process.stderr.read().decode()


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe", b'{"do": 1', b"[1, 2]", b"7", b'{"sing": 1}', b'{"do": [], "kind": "run"}'],
    ids=["no text", "not JSON", "no object", "a number", "an unknown word", "no number"],
)
def test_what_is_no_command_is_refused(line: bytes):
    with pytest.raises(ValueError):
        read_command(line)


def test_who_cannot_read_a_command_ends_at_once_and_says_so():
    """Whatever else goes on, and although its input stays open."""
    code, logged = Raw(b'{"do": 1, "bytes": "many"}').ended()
    assert code == FAILED
    assert "The worker cannot go on" in logged and "TypeError" in logged


def test_a_worker_that_ended_of_itself_is_told_by_its_code():
    worker = Process(lambda process, message: None)
    worker.send({"do": 1, "bytes": "many"})
    assert f"exit code {FAILED}" in worker.how_it_ended()
    worker.kill()


def test_what_cannot_be_begun_is_answered_and_the_next_command_is_heard():
    study = {**STUDY.to_params(), "task": "nobody's"}
    content = b'{"stop": 1}\n\0\xff\n' * 9000  # would be commands, if they were read as lines
    worker = Raw(
        json.dumps({"do": 1, "kind": "nothing"}).encode(),
        json.dumps({"do": 2}).encode(),
        json.dumps(
            {"do": 3, "kind": "studyrun", "study": study, "outcomes": [], "reused": None}
        ).encode(),
        json.dumps({"do": 4, "kind": "audit", "bytes": len(content)}).encode(),
    )
    worker.write(content + json.dumps({"do": 5, "kind": "nothing"}).encode())
    heard = [worker.read()]
    while heard[-1].number != 5:
        heard.append(worker.read())
    ends = [each for each in heard if isinstance(each, Ended)]
    assert [each.number for each in ends] == [1, 2, 3, 4, 5]
    unknown = "There is no work of this kind."
    assert (ends[0].error, ends[4].error) == (unknown, unknown)
    assert ends[1].error == "It stopped because of an unexpected error (KeyError)."
    assert "nobody's" in ends[2].error
    audits = [each.content for each in heard if not isinstance(each, Ended)]
    assert audits[-1].error == "The configuration is no text."
    worker.close_input()
    assert worker.ended()[0] != 0


@posix
def test_who_can_no_longer_be_told_anything_ends():
    """In mid-command; it is killed with all that it has started."""
    worker = Raw(json.dumps({"do": 1, **StudyRun(STUDY).command(None)}).encode())
    worker.close_input()
    assert worker.ended()[0] == -signal.SIGKILL


@posix
def test_who_gives_orders_never_waits_for_a_worker_that_does_not_read():
    worker = Process(lambda process, message: None)
    os.kill(worker.pid, signal.SIGSTOP)
    worker.send({"do": 1, "kind": "audit"}, bytes(20 * 2**20))
    worker.kill()
    assert "SIGKILL" in worker.how_it_ended()


@posix
def test_it_stands_back_for_the_server(shared):
    worker = until(lambda: shared.worker)
    until(lambda: os.getpriority(os.PRIO_PROCESS, worker) > 0)
    score = Path(f"/proc/{worker}/oom_score_adj")
    if score.exists():
        until(lambda: int(score.read_text()) > 0)


@pytest.mark.parametrize(
    ("asked", "finished", "gave_way"),
    [("at a step", False, True), ("at the last step", True, False), ("at the end", True, False)],
)
def test_only_what_was_left_early_gave_way(monkeypatch, asked: str, finished: bool, gave_way: bool):
    """Asked at its last step or after it, a job has come to its end and is not begun again."""
    answers = io.BytesIO()
    worker = _Worker(io.BytesIO(), answers)

    def stream() -> Iterator[Any]:
        if asked != "at the end":
            worker._giving_way = 1
        yield findings
        worker._giving_way = 1

    findings = Findings(STUDY, {}, finished=finished)
    monkeypatch.setattr(
        worker_jobs, "begin", lambda command: (lambda new, sent: new.finished, stream())
    )
    worker._do({"do": 1})
    answers.seek(0)
    assert worker_messages.read(answers) == worker_messages.Newest(1, finished)
    ended = worker_messages.read(answers)
    assert isinstance(ended, Ended) and ended.gave_way is gave_way


def test_where_memory_is_short_a_job_waits_for_what_is_compiled_ahead(monkeypatch):
    order: list[str] = []
    waits = threading.Event()

    class Watched:
        """A lock that tells when it is asked for."""

        lock = threading.Lock()

        def __enter__(self) -> None:
            if self.lock.locked():
                waits.set()
            self.lock.acquire()

        def __exit__(self, *error: object) -> None:
            self.lock.release()

    def begin(command: object) -> Any:
        order.append("job")
        waits.set()  # a job that did not wait
        return (lambda new, sent: new), iter(())

    def prepare(command: object, stop: object) -> None:
        job.start()
        waits.wait()
        order.append("compiled")

    worker = _Worker(io.BytesIO(), io.BytesIO())
    worker._preparing = Watched()
    job = threading.Thread(target=worker._do, args=({"do": 1},))
    monkeypatch.setattr("maskdemo.server.worker.MEMORY_IS_SHORT", True)
    monkeypatch.setattr(worker_jobs, "begin", begin)
    monkeypatch.setattr(worker_jobs, "prepare", prepare)
    monkeypatch.setattr(worker_jobs, "compile_scenarios", lambda stop: order.append("scenarios"))
    worker._wanted = "an experiment"
    worker._to_prepare.put({"prepare": worker._wanted})
    threading.Thread(target=worker._prepare, daemon=True).start()
    until(lambda: "job" in order)
    job.join()
    assert order == ["compiled", "scenarios", "job"]


def test_what_comes_is_only_ever_data():
    """Frames that are no messages end the worker, and call nothing."""
    import pickle

    class Evil:
        def __reduce__(self):
            return os.mkdir, ("never-made",)

    for frame in (
        pickle.dumps(Evil()),
        pickle.dumps(subprocess.Popen),
        pickle.dumps(Server),
        b"nonsense",
    ):
        pipe = io.BytesIO(len(frame).to_bytes(8, "big") + frame)
        with pytest.raises(worker_messages.ProtocolError):
            worker_messages.read(pipe)
    assert not Path("never-made").exists()
    with pytest.raises(worker_messages.ProtocolError, match="bytes"):
        worker_messages.read(io.BytesIO((2**40).to_bytes(8, "big")))
    assert worker_messages.read(io.BytesIO(b"\0" * 4)) is None
    pipe = io.BytesIO()
    worker_messages.write(pipe, worker_messages.Newest(3, {"a": 1}))
    pipe.seek(0)
    assert worker_messages.read(pipe) == worker_messages.Newest(3, {"a": 1})
