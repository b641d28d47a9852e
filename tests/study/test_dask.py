"""Studies on a Dask cluster: a real scheduler and two worker processes, one of which dies."""

import builtins
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskdemo.study import Study, run_study
from maskdemo.study.runner import executor_of
from tests.samples import small

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cluster(tmp_path) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """The scheduler's address and its two workers, each one process with one thread."""
    file = tmp_path / "scheduler.json"
    started: list[subprocess.Popen] = []

    def start(*command: str, output: int) -> subprocess.Popen:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "dask", *command, "--scheduler-file", str(file)],
                cwd=ROOT,
                # Where the workers find maskdemo.
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        )
        return started[-1]

    try:
        here = ("--host", "127.0.0.1", "--no-dashboard")
        scheduler = start("scheduler", "--port", "0", *here, output=subprocess.PIPE)
        for _ in range(2):
            start("worker", "--nthreads", "1", "--no-nanny", *here, output=subprocess.DEVNULL)
        assert any(b"Scheduler at" in line for line in scheduler.stdout or ()), "It ended early."
        from distributed import Client

        with Client(scheduler_file=str(file), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            assert client.scheduler is not None
            address = client.scheduler.address
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


# What the executor is given and gives back is in `test_study`.
@pytest.mark.fuzz
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system cannot kill that hard.")
def test_a_killed_worker_costs_no_point_and_changes_none(cluster, monkeypatch):
    address, workers = cluster
    # One compiled shape for all.
    study = Study(base=small(repeats=4, epochs=5), vary="padded_length", values=(8, 9, 10))
    monkeypatch.setenv("MASKDEMO_DASK", address)
    seen = []
    with executor_of() as executor:
        assert executor is not None
        for findings in run_study(study, executor=executor):
            seen.append(findings)
            if findings.done >= 3 and workers[0].poll() is None:
                workers[0].send_signal(signal.SIGKILL)
                workers[0].wait()
    assert workers[0].returncode == -signal.SIGKILL and workers[1].poll() is None
    final = seen[-1]
    assert final.finished and final.failures == ()
    # Every point once: each of the findings has at most one more than those before.
    assert sorted({each.done for each in seen}) == list(range(25))
    local = list(run_study(study))[-1]
    assert set(final.outcomes) == set(local.outcomes) == set(study.trainings())
    for training, outcome in local.outcomes.items():
        there = final.outcomes[training]
        assert (there.accuracy, there.valid_accuracy, there.loss) == (
            outcome.accuracy,
            outcome.valid_accuracy,
            outcome.loss,
        )


def test_without_an_address_work_stays_here(monkeypatch):
    monkeypatch.delenv("MASKDEMO_DASK", raising=False)
    with executor_of() as executor:
        assert executor is None


def test_nobody_at_the_address_is_a_sentence():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for given in (address, "nowhere", "smoke://signals:1"):
        with pytest.raises(ValueError, match=f"No Dask scheduler answers at {given}"):  # noqa: SIM117
            with executor_of(given):
                pass


def test_without_dask_the_sentence_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "distributed":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"pip install -r requirements-dask\.txt"):  # noqa: SIM117
        with executor_of("tcp://127.0.0.1:1"):
            pass
