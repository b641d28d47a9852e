"""The server's own thread: what it makes of orders, of many viewers, and of workers that die."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maskdemo.audit.sandbox import AuditRun
from maskdemo.data.inputs import Chance
from maskdemo.experiment import Experiment
from maskdemo.server import Audit, Run, Server, StudyRun
from maskdemo.server.jobs import AWAY_S
from maskdemo.server.worker_messages import Ended, shrink_findings
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study
from maskdemo.training.snapshot import Outcome, Probes, Snapshot
from tests.samples import small
from tests.server import fakes
from tests.server.fakes import Answer, Clock, FakeServer
from tests.waiting import TIMEOUT_S, until

NOTHING = Probes(*[np.zeros((0, 0, 0))] * 4, outputs={})
STUDY = Study(base=small(repeats=2), vary="side", values=("post", "pre"))


def snapshot(experiment: Experiment, done: float = 1.0) -> Snapshot:
    return Snapshot(experiment, (), NOTHING, Chance(0.5, 0.5), done == 1, 1.0, done)


@pytest.fixture
def make() -> Iterator[Callable[..., FakeServer]]:
    made: list[Server] = []

    def build(answer: Answer, **options: Any) -> FakeServer:
        made.append(FakeServer(answer, **options))
        return made[-1]

    yield build
    for each in made:
        each.close()


class Held:
    """Answers a run with half of it, and with all of it when let."""

    def __init__(self) -> None:
        self.let = threading.Semaphore(0)
        self.commands: list[str] = []

    def __call__(self, command: Mapping[str, Any]) -> Iterator[Any]:
        if command["kind"] != "run":
            return
        experiment = Experiment.from_json(command["experiment"])
        self.commands.append(experiment.to_json())
        yield snapshot(experiment, 0.5)
        self.let.acquire(timeout=TIMEOUT_S)
        yield snapshot(experiment)


def phase(server: Server, viewer: str, kind: str = "run") -> str:
    return server.status(viewer, kind).phase


def half_way(server: Server, viewer: str) -> bool:
    newest = server.status(viewer, "run").newest
    return newest is not None and newest.done == 0.5


def begun(make: Callable[..., FakeServer], **options: Any) -> tuple[FakeServer, Held]:
    """A server that is half way through a run of viewer a."""
    server = make(held := Held(), **options)
    server.submit("a", Run(small()))
    until(lambda: half_way(server, "a"))
    return server, held


def test_a_worker_is_there_before_anybody_asks_and_only_one(make):
    server = make(Held())
    until(lambda: server.workers)
    assert server.workers[0].commands == [{"load": True}]
    assert server.worker == server.workers[0].pid


def test_a_run_is_shown_as_it_grows_and_kept_when_it_is_finished(make):
    server, held = begun(make)
    assert server.find(small()) is None
    held.let.release()
    until(lambda: phase(server, "a") == "finished")
    assert server.status("a", "run").newest is server.find(small())


def test_a_finished_run_that_had_to_go_is_told(make):
    held = Held()
    server = make(held)
    held.let.release()
    server.submit("a", Run(small()))
    until(lambda: phase(server, "a") == "finished")
    assert server.status("a", "run").notice is None
    server.results.clear()
    now = server.status("a", "run")
    assert (now.newest, now.phase) == (None, "finished") and "Train again" in (now.notice or "")


def test_a_worker_that_cannot_write_to_its_caches_is_told_until_it_can(make, monkeypatch):
    def ended(*content: Any) -> Ended:
        return Ended(*content, disk_works=can_write)

    held, can_write = Held(), False
    monkeypatch.setattr(fakes, "Ended", ended)
    server = make(held)
    assert server.disk_works
    for seed, can_write in enumerate((False, True)):
        held.let.release()
        server.submit("a", Run(small(seed=seed)))
        until(lambda: phase(server, "a") == "finished")
        assert server.disk_works == can_write


def test_viewers_of_one_experiment_cost_one_run(make):
    held = Held()
    server = make(held)
    for viewer in "abc":
        server.submit(viewer, Run(small()))
    until(lambda: all(half_way(server, viewer) for viewer in "abc"))
    held.let.release()
    until(lambda: all(phase(server, viewer) == "finished" for viewer in "abc"))
    assert len(held.commands) == 1


def test_the_last_to_leave_stops_it_and_the_next_begins(make):
    server, held = begun(make)
    server.submit("b", Run(small(seed=1)))
    server.cancel("a", "run")
    until(lambda: {"stop": 1} in server.workers[0].commands)
    held.let.release()  # it stops at its next step
    until(lambda: half_way(server, "b"))
    assert phase(server, "a") == "cancelled" and half_way(server, "a")
    held.let.release()


def test_a_sentence_of_the_worker_is_the_viewers(make):
    def refuses(command) -> Iterator[Any]:
        raise ValueError("No cluster answers.")
        yield

    server = make(refuses)
    server.submit("a", Run(small()))
    until(lambda: phase(server, "a") == "failed")
    assert server.status("a", "run").error == "No cluster answers."


def test_what_cannot_be_understood_fails_and_hurts_nobody_else(make):
    held = Held()

    def garbles(command) -> Iterator[Any]:
        return iter(["?"]) if '"seed": 1' in command["experiment"] else held(command)

    server = make(garbles)
    server.submit("a", Run(small(seed=1)))
    server.submit("b", Run(small(seed=2)))
    until(lambda: half_way(server, "b"))
    assert phase(server, "a") == "failed"
    held.let.release()


def test_a_study_gives_way_and_goes_on_with_what_it_knows(make):
    held, known = Held(), []
    trainings = STUDY.trainings()
    outcome = Outcome(0.9, 0.9, 0.1, 1.0, 24)

    def answer(command: Mapping[str, Any]) -> Iterator[Any]:
        if command["kind"] == "run":
            yield from held(command)
            return
        known.append(len(command["outcomes"]))
        there = {trainings[at]: Outcome(*numbers) for at, *numbers in command["outcomes"]}
        before = None
        for training in trainings[len(there) :]:
            there = {**there, training: outcome}
            now = Findings(STUDY, there, command["reused"] or 0, finished=len(there) == len(trainings))
            yield shrink_findings(now, before)
            before = now
            if len(there) == 3:
                assert held.let.acquire(timeout=TIMEOUT_S)

    server = make(answer)
    server.submit("s", StudyRun(STUDY))
    until(lambda: (found := server.status("s", "studyrun").newest) and found.done == 3)
    server.submit("a", Run(small()))
    until(lambda: {"give_way": 1} in server.workers[0].commands)
    held.let.release()
    until(lambda: half_way(server, "a"))
    waiting = server.status("s", "studyrun")
    assert (waiting.phase, waiting.newest.done) == ("queued", 3)
    held.let.release()
    until(lambda: phase(server, "s", "studyrun") == "finished")
    findings = server.status("s", "studyrun").newest
    assert findings.done == len(trainings) and findings.study == STUDY
    assert known == [0, 3] and findings.reused == 0, "its own results did not come from a store"


def test_a_run_that_nobody_is_there_to_see_gives_way_and_is_not_lost(make):
    server, held = begun(make, clock=(clock := Clock()), grace=60.0)
    server.submit("b", Run(small(seed=1)))
    server.queue.left("a")
    clock.now += AWAY_S
    until(lambda: {"give_way": 1} in server.workers[0].commands)
    held.let.release()
    until(lambda: half_way(server, "b"))
    assert phase(server, "a") == "queued"
    server.queue.returned("a")
    for viewer in "ba":
        until(lambda viewer=viewer: half_way(server, viewer) and phase(server, viewer) == "running")
        held.let.release()
        until(lambda viewer=viewer: phase(server, viewer) == "finished")


def test_a_death_is_told_and_begins_again_once(make):
    server, held = begun(make)
    server.submit("b", Run(small(seed=1)))
    server.workers[-1].die()
    until(lambda: server.status("a", "run").notice)
    until(lambda: len(held.commands) == 2)
    assert held.commands[0] == held.commands[1], "before everybody who waits"
    server.workers[-1].die()
    until(lambda: phase(server, "a") == "failed")
    assert "given up" in (server.status("a", "run").error or "")
    until(lambda: half_way(server, "b"))
    for _ in range(3):
        held.let.release()
    until(lambda: phase(server, "b") == "finished")


def test_workers_that_die_of_themselves_are_not_started_for_ever(make):
    held = Held()
    server = make(held)
    for count in (1, 2):
        until(lambda count=count: len(server.workers) == count)
        server.workers[-1].die()
    # The first step after this may have begun before it died, not the second.
    seen = server.steps
    until(lambda: server.steps >= seen + 2)
    assert len(server.workers) == 2
    server.submit("a", Run(small()))
    until(lambda: half_way(server, "a"))
    held.let.release()


def test_a_silent_worker_is_taken_for_dead(make):
    held = Held()
    server = make(held, silence_s=0.05)
    server.submit("a", Run(small()))
    until(lambda: phase(server, "a") == "failed")
    assert len(held.commands) == 2
    held.let.release()
    held.let.release()


def test_an_audit_that_takes_too_long_is_ended_from_outside(make):
    """Whatever it says meanwhile: no silence is needed for that, and it does not begin again."""
    clock, let = Clock(), threading.Event()

    def audits_for_ever(command: Mapping[str, Any]) -> Iterator[AuditRun]:
        if command["kind"] == "audit":
            asked.append(command["payload"])
            while not let.wait(0.001):
                yield AuditRun()

    asked: list[bytes] = []
    server = make(audits_for_ever, clock=clock)
    until(lambda: server.workers)
    server.submit("a", Audit(b"a text that takes long"))
    until(lambda: server.status("a", "audit").newest)
    first = server.worker
    clock.now = Audit.timeout_s or 0.0
    steps = server.steps
    until(lambda: server.steps > steps + 2)
    assert phase(server, "a", "audit") == "running"
    clock.now += 1.0
    until(lambda: phase(server, "a", "audit") == "failed")
    status = server.status("a", "audit")
    assert status.error == "It took longer than 120 seconds, so it was ended."
    assert status.notice is None and asked == [b"a text that takes long"]
    until(lambda: server.worker not in (None, first))
    let.set()


def test_a_run_may_take_as_long_as_it_does(make):
    server, held = begun(make, clock=(clock := Clock()), silence_s=1e9)
    clock.now = 1e6
    steps = server.steps
    until(lambda: server.steps > steps + 2)
    assert phase(server, "a") == "running"
    held.let.release()


def test_a_grown_worker_is_replaced_between_two_orders(make, monkeypatch):
    held = Held()
    server = make(held, max_memory_bytes=-1)
    for seed in (1, 2):
        held.let.release()
        server.submit("a", Run(small(seed=seed)))
        until(lambda seed=seed: server.find(small(seed=seed)))
        until(lambda: phase(server, "a") == "finished")
    until(lambda: len(server.workers) == 3)
    assert server.status("a", "run").notice is None


def test_compiling_ahead_waits_for_work(make):
    server, held = begun(make)
    server.prepare("b", small(units=2))
    server.prepare("b", small(units=3))
    held.let.release()
    until(lambda: phase(server, "a") == "finished")
    wanted = {"prepare": small(units=3).to_json()}
    until(lambda: wanted in server.workers[0].commands)
    assert sum("prepare" in order for order in server.workers[0].commands) == 1


def test_who_leaves_is_forgotten(make):
    held = Held()
    server = make(held, grace=0.0)
    for kind in (Run(small()), StudyRun(STUDY), Audit(b"{}")):
        server.submit("a", kind)
        server.submit("b", replace(kind))
    server.queue.left("a")
    for kind in ("run", "studyrun", "audit"):
        until(lambda kind=kind: phase(server, "a", kind) == "idle")
        assert phase(server, "b", kind) in ("queued", "running", "failed")
    held.let.release()


def test_after_closing_nothing_starts(make):
    server = make(Held())
    server.close()
    assert server.worker is None
    with pytest.raises(RuntimeError, match="closing"):
        server.submit("a", Run(small()))
