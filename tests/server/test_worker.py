"""The real worker process: what it says, what it survives, and that it never outlives the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from maskdemo.article.claims import CLAIMS
from maskdemo.experiment import Experiment
from maskdemo.own.registry import lend, take_back
from maskdemo.server import Claims, Run, Server, StudyRun
from maskdemo.server.process import ROOT, Process
from maskdemo.study.grid import Study
from maskdemo.training import train
from tests.own.test_training import example
from tests.samples import small
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow

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


def newest(server: Server, viewer: str, kind: str = "run") -> Any:
    return server.status(viewer, kind).newest


def ended(server: Server, viewer: str, kind: str = "run") -> str:
    until(lambda: not server.status(viewer, kind).going)
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
    assert shared.status("a", "run").notice
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
        assert replace(one, seconds=0.0) == replace(other, seconds=0.0)
    assert there.probes.epochs == (1, 2, 3)
    for name in experiment.strategies:
        assert (here.probes.outputs[name] == there.probes.outputs[name]).all()
        for one, other in zip(here.networks[name], there.networks[name], strict=True):
            assert one.epoch == other.epoch and (one.kernel == other.kernel).all()
    assert shared.find(experiment) is not None


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


def test_a_study_gives_way_to_a_run_and_loses_nothing(shared):
    study = Study(base=small(repeats=20, epochs=20), vary="side", doses=("post", "pre"))
    shared.submit("s", StudyRun(study))
    until(lambda: (found := newest(shared, "s", "studyrun")) and found.done > 3)
    shared.submit("a", Run(small(seed=52)))
    assert ended(shared, "a") == "finished"
    had = newest(shared, "s", "studyrun")
    assert shared.status("s", "studyrun").going and 3 < had.done < had.total
    assert ended(shared, "s", "studyrun") == "finished"
    found = newest(shared, "s", "studyrun")
    assert found.done == found.total and not found.failures
    assert all(found.outcomes[training] == outcome for training, outcome in had.outcomes.items())


def test_claims_that_ask_keras(shared, monkeypatch):
    """What is trained for a claim comes from the server: here it is a small run."""
    claim = CLAIMS["supports_masking"]
    cases = tuple(replace(case, experiment=small(repeats=2)) for case in claim.cases)
    monkeypatch.setitem(CLAIMS, claim.name, replace(claim, cases=cases))
    shared.submit("a", Claims(("supports_masking",)))
    assert ended(shared, "a", "claims") == "finished", shared.status("a", "claims").error
    evidence = newest(shared, "a", "claims").found
    assert evidence.checks["custom_layer"]["layers"] and len(evidence.runs) == 1


def test_what_is_compiled_ahead_disturbs_nothing(shared):
    one = small(units=5, strategies=("held_state",))
    shared.prepare("a", one)
    shared.submit("b", Run(replace(one, seed=53)))
    assert ended(shared, "b") == "finished"


def test_what_somebody_brought_is_trained_and_forgotten(shared):
    own = example(0)
    lend(own)
    try:
        base = Experiment(task=own.task.name, epochs=1, repeats=1, units=4, strategies=("no_mask",))
        shared.submit("a", Run(base))
        assert ended(shared, "a") == "finished", shared.status("a", "run").error
        study = Study(base=base, vary="side", doses=("post", "pre"))
        shared.submit("a", StudyRun(study))
        assert ended(shared, "a", "studyrun") == "finished", shared.status("a", "studyrun").error
        assert not newest(shared, "a", "studyrun").failures
        shared.forget(own.task.name)
        assert shared.find(base) is None
        shared.submit("b", Run(replace(base, seed=5)))
        assert ended(shared, "b") == "finished", "brought again, it is sent again"
    finally:
        take_back(own.task.name)


@posix
def test_killed_in_mid_run_it_is_told_at_once_and_begins_again_once(shared):
    shared.submit("a", Run(replace(LONG, seed=8)))
    until(lambda: newest(shared, "a"))
    first = shared.worker
    assert first is not None
    seen = newest(shared, "a")
    os.kill(first, signal.SIGKILL)
    assert "SIGKILL" in told(shared, "a", seen)
    before = newest(shared, "a")
    until(lambda: newest(shared, "a") is not before)
    assert shared.status("a", "run").phase == "running" and shared.worker not in (None, first)
    assert not alive(first)
    os.kill(shared.worker, signal.SIGKILL)
    assert ended(shared, "a") == "failed"
    assert "given up" in shared.status("a", "run").error
    shared.submit("b", Run(small(seed=60)))
    assert ended(shared, "b") == "finished", "it blocks nobody"


#: Says who its worker is, and goes on until it is killed: nobody ever writes to it.
SERVER = """
import sys
from maskdemo.server import Run, Server
from tests.samples import small
from tests.waiting import until
server = Server()
server.submit("a", Run(small(epochs=200, repeats=20)))
until(lambda: server.worker and (sys.argv[1] == "start" or server.status("a", "run").newest))
print(server.worker, flush=True)
sys.stdin.read()
"""


@posix
@pytest.mark.parametrize("when", ["start", "run"])
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


@posix
def test_it_stands_back_for_the_server():
    gone = threading.Event()
    worker = Process(lambda process, message: gone.set() if message is None else None)
    try:
        until(lambda: os.getpriority(os.PRIO_PROCESS, worker.pid) > 0)
        score = Path(f"/proc/{worker.pid}/oom_score_adj")
        if score.exists():
            until(lambda: int(score.read_text()) > 0)
    finally:
        worker.kill()
    assert gone.wait(PATIENCE)
    assert "SIGKILL" in worker.ending()


def test_what_comes_is_only_ever_data():
    """Frames that are no messages end the worker, and call nothing."""
    import io
    import pickle

    from maskdemo.server import messages

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
        with pytest.raises(messages.Garbled):
            messages.read(pipe)
    assert not Path("never-made").exists()
    with pytest.raises(messages.Garbled, match="bytes"):
        messages.read(io.BytesIO((2**40).to_bytes(8, "big")))
    assert messages.read(io.BytesIO(b"\0" * 4)) is None
    pipe = io.BytesIO()
    messages.write(pipe, messages.Newest(3, {"a": 1}))
    pipe.seek(0)
    assert messages.read(pipe) == messages.Newest(3, {"a": 1})
