"""Real threads, but no timing: jobs move only when a test lets them, the clock only when told."""

import contextlib
import gc
import itertools
import logging
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from maskdemo.jobs import Jobs, QueueFull, Status

PATIENCE = 20.0  # only ever spent by a test that fails


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Steps:
    """A job that takes one step, or its end, only when it is let."""

    def __init__(self) -> None:
        self.let = threading.Semaphore(0)
        self.begun = threading.Event()
        self.closed = threading.Event()
        self.last: float = 10**9

    def __call__(self) -> Iterator[int]:
        self.begun.set()
        try:
            for number in itertools.count(1):
                assert self.let.acquire(timeout=PATIENCE)
                if number > self.last:
                    return
                yield number
        finally:
            self.closed.set()

    def finish(self) -> None:
        self.last = 0
        self.let.release()


class Snapshot:
    """Something that can be weakly referenced."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make() -> Iterator[Callable[..., Jobs]]:
    with contextlib.ExitStack() as stack:

        def build(*args: object, **options: object) -> Jobs:
            jobs: Jobs = Jobs(*args, **options)  # type: ignore[arg-type]
            # Daemon threads: a test that failed with a job held back must not hang here too.
            stack.callback(lambda: threading.Thread(target=jobs.close, daemon=True).start())
            return jobs

        yield build


def running(jobs: Jobs, viewer: str) -> Steps:
    """A job of `viewer` that has taken a worker."""
    steps = Steps()
    jobs.submit(viewer, steps)
    assert steps.begun.wait(PATIENCE)
    return steps


def places(jobs: Jobs, *viewers: str) -> list[int | None]:
    return [jobs.status(viewer).position for viewer in viewers]


# Running


def test_nothing_runs_and_no_thread_starts_before_the_first_job(make):
    before = threading.active_count()
    jobs = make(2)
    assert jobs.status("a") == Status(phase="idle")
    jobs.cancel("a")
    jobs.left("a")
    jobs.returned("a")
    assert threading.active_count() == before


def test_only_the_newest_snapshot_is_kept(make):
    jobs = make(1)
    alive: list[weakref.ref[Snapshot]] = []
    more, taken = threading.Semaphore(0), threading.Semaphore(0)

    def start() -> Iterator[Snapshot]:
        for _ in range(3):
            assert more.acquire(timeout=PATIENCE)
            made = Snapshot()
            alive.append(weakref.ref(made))
            yield made
            del made
            taken.release()

    jobs.submit("a", start)
    assert jobs.status("a").newest is None
    for count in (1, 2, 3):
        more.release()
        assert taken.acquire(timeout=PATIENCE)  # the worker has come back for the next one
        assert jobs.status("a").newest is alive[-1]()
        if count < 3:
            gc.collect()
    until(lambda: jobs.status("a").phase == "finished")
    gc.collect()
    assert [ref() is not None for ref in alive] == [False, False, True]


def test_a_job_passes_through_queued_running_finished_with_its_times(make, clock):
    jobs = make(1, clock=clock)
    first = running(jobs, "a")
    second = Steps()
    jobs.submit("b", second)
    clock.now += 3
    assert jobs.status("b") == Status("queued", 1, waited=3.0)
    first.finish()
    assert second.begun.wait(PATIENCE)
    clock.now += 2
    second.let.release()
    until(lambda: jobs.status("b").newest == 1)
    assert jobs.status("b") == Status("running", None, 1, waited=3.0, ran=2.0)
    second.finish()
    until(lambda: jobs.status("b").phase == "finished")
    clock.now += 50
    assert jobs.status("b") == Status("finished", None, 1, waited=3.0, ran=2.0)


def test_any_iterable_will_do(make):
    jobs = make(1)
    jobs.submit("a", lambda: iter([1, 2, 3]))
    until(lambda: jobs.status("a").phase == "finished")
    assert jobs.status("a").newest == 3


def test_workers_are_named_daemons_and_no_more_than_needed(make):
    before = set(threading.enumerate())
    jobs = make(8)
    begun, go = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert go.wait(PATIENCE)

    jobs.prepare("a", slow)
    assert begun.wait(PATIENCE)
    jobs.prepare("b", go.set)  # comes later, on the same worker
    (worker,) = set(threading.enumerate()) - before
    assert (worker.name, worker.daemon) == ("maskdemo-jobs-1", True)
    steps = running(jobs, "a")
    assert len(set(threading.enumerate()) - before) == 2
    go.set()
    steps.finish()


def test_two_workers_run_two_viewers_at_once(make):
    jobs = make(2)
    running(jobs, "a").finish()
    one, two = running(jobs, "a"), running(jobs, "b")  # would wait in vain with one worker
    one.finish()
    two.finish()


# Queueing


def test_first_come_first_served_with_places_that_count_down(make):
    jobs = make(1)
    order: list[str] = []

    def note(viewer: str) -> Callable[[], Iterator[str]]:
        def start() -> Iterator[str]:
            order.append(viewer)
            yield viewer

        return start

    first = running(jobs, "a")
    for viewer in "bcde":
        jobs.submit(viewer, note(viewer))
    assert places(jobs, *"abcde") == [None, 1, 2, 3, 4]
    jobs.cancel("c")
    assert places(jobs, *"abcde") == [None, 1, None, 2, 3]
    first.finish()
    until(lambda: jobs.status("e").phase == "finished")
    assert order == ["b", "d", "e"]
    assert jobs.status("c").phase == "cancelled"


def test_resubmitting_while_queued_keeps_the_place_and_replaces_the_job(make, clock):
    jobs = make(1, clock=clock)
    first = running(jobs, "a")
    old, new, other = Steps(), Steps(), Steps()
    jobs.submit("b", old)
    jobs.submit("c", other)
    clock.now += 7
    jobs.submit("b", new)
    assert places(jobs, "b", "c") == [1, 2]
    assert jobs.status("b").waited == 7.0
    first.finish()
    assert new.begun.wait(PATIENCE)
    assert jobs.status("c").phase == "queued"
    new.finish()
    assert other.begun.wait(PATIENCE)
    other.finish()
    assert not old.begun.is_set()


def test_resubmitting_while_running_cancels_and_goes_to_the_back(make):
    jobs = make(1)
    first, other, again = running(jobs, "a"), Steps(), Steps()
    first.let.release()
    until(lambda: jobs.status("a").newest == 1)
    jobs.submit("b", other)
    jobs.submit("a", again)
    assert places(jobs, "b", "a") == [1, 2]
    assert jobs.status("a").newest is None  # of the new job, which has shown nothing yet
    first.let.release()
    assert first.closed.wait(PATIENCE)
    assert other.begun.wait(PATIENCE)
    assert not again.begun.is_set()
    other.finish()
    assert again.begun.wait(PATIENCE)
    again.finish()
    until(lambda: jobs.status("a").phase == "finished")


def test_a_full_queue_says_so_and_loses_nothing(make):
    jobs = make(1, capacity=2)
    first, second, third = running(jobs, "a"), Steps(), Steps()
    first.let.release()
    until(lambda: jobs.status("a").newest == 1)
    jobs.submit("b", second)
    jobs.submit("c", third)
    with pytest.raises(QueueFull, match=r"^The server is busy .*\(2 waiting\).*\.$"):
        jobs.submit("d", Steps())
    with pytest.raises(QueueFull):
        jobs.submit("a", Steps())
    assert jobs.status("d") == Status("idle")
    assert jobs.status("a").phase == "running"
    assert jobs.status("a").newest == 1
    replacement = Steps()
    jobs.submit("c", replacement)  # needs no further place
    assert places(jobs, "b", "c") == [1, 2]
    jobs.cancel("b")
    jobs.submit("d", Steps())
    assert places(jobs, "c", "d") == [1, 2]
    first.finish()
    assert replacement.begun.wait(PATIENCE)
    replacement.finish()


def test_free_workers_do_not_count_against_the_queue(make):
    jobs = make(2, capacity=0)
    one, two = running(jobs, "a"), running(jobs, "b")
    with pytest.raises(QueueFull):
        jobs.submit("c", Steps())
    one.finish()
    two.finish()


# Cancelling


def test_cancel_stops_at_the_next_yield_and_keeps_what_was_shown(make):
    jobs = make(1)
    steps = running(jobs, "a")
    steps.let.release()
    until(lambda: jobs.status("a").newest == 1)
    jobs.cancel("a")
    assert jobs.status("a").phase == "cancelled"
    assert not steps.closed.is_set()
    steps.let.release()  # exactly one more step, which nobody asked to see
    assert steps.closed.wait(PATIENCE)
    running(jobs, "b").finish()  # the worker is free
    assert (jobs.status("a").phase, jobs.status("a").newest) == ("cancelled", 1)


def test_cancelling_what_is_over_changes_nothing(make):
    jobs = make(1)
    jobs.submit("a", lambda: iter([1]))
    until(lambda: jobs.status("a").phase == "finished")
    jobs.cancel("a")
    assert (jobs.status("a").phase, jobs.status("a").newest) == ("finished", 1)


def test_a_cancelled_job_stays_cancelled_when_it_then_fails_or_ends(make, caplog):
    jobs = make(1)
    go = threading.Event()

    def start() -> Iterator[int]:
        assert go.wait(PATIENCE)
        raise RuntimeError("too late to matter")
        yield 1

    jobs.submit("a", start)
    until(lambda: jobs.status("a").phase == "running")
    jobs.cancel("a")
    go.set()
    steps = running(jobs, "b")
    jobs.cancel("b")
    steps.finish()
    assert steps.closed.wait(PATIENCE)
    running(jobs, "c").finish()
    assert jobs.status("a").phase == jobs.status("b").phase == "cancelled"
    assert jobs.status("a").error is None


def test_a_finally_block_that_fails_harms_nobody(make, caplog):
    jobs = make(1)
    more = threading.Semaphore(0)

    def start() -> Iterator[int]:
        try:
            while more.acquire(timeout=PATIENCE):
                yield 1
        finally:
            raise OSError("cannot tidy up")

    jobs.submit("a", start)
    more.release()
    until(lambda: jobs.status("a").newest == 1)
    jobs.cancel("a")
    more.release()
    running(jobs, "b").finish()
    assert jobs.status("a").phase == "cancelled"
    assert "cannot tidy up" in caplog.text


# Failing


class Halt(BaseException):
    """Neither an error nor an exit, as some frameworks use to stop a script."""


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (ValueError("Choose a smaller length."), "Choose a smaller length."),
        (ValueError(), "The run stopped because of an unexpected error (ValueError)."),
        (KeyError("w"), "The run stopped because of an unexpected error (KeyError)."),
        (MemoryError(), "The run stopped because of an unexpected error (MemoryError)."),
        (SystemExit(1), "The run stopped because of an unexpected error (SystemExit)."),
        (Halt(), "The run stopped because of an unexpected error (Halt)."),
    ],
)
def test_a_failure_is_one_sentence_for_one_viewer(make, caplog, failure, sentence):
    jobs = make(1)
    steps = running(jobs, "a")

    def start() -> Iterator[int]:
        yield 1
        raise failure

    jobs.submit("b", start)
    other = Steps()
    jobs.submit("c", other)
    steps.finish()
    assert other.begun.wait(PATIENCE)  # on the same, only worker
    failed = jobs.status("b")
    assert (failed.phase, failed.newest, failed.error) == ("failed", 1, sentence)
    assert jobs.status("a").error is jobs.status("c").error is None
    assert jobs.status("c").phase == "running"
    other.finish()
    assert "in start" in caplog.text  # the traceback
    jobs.submit("b", lambda: iter([2]))
    until(lambda: jobs.status("b").phase == "finished")
    assert jobs.status("b").error is None


def test_a_job_that_cannot_even_start_fails_the_same_way(make, caplog):
    jobs = make(1)

    def start() -> Iterator[int]:
        raise ValueError("No sequences left.")

    jobs.submit("a", start)
    until(lambda: jobs.status("a").phase == "failed")
    assert jobs.status("a").error == "No sequences left."
    jobs.submit("a", lambda: None)  # type: ignore[arg-type,return-value]
    until(lambda: jobs.status("a").phase == "failed")
    assert "TypeError" in jobs.status("a").error


# Leaving


def test_a_return_within_the_grace_changes_nothing(make, clock):
    jobs = make(1, grace=5.0, clock=clock)
    steps, queued = running(jobs, "a"), Steps()
    jobs.submit("b", queued)
    jobs.left("a")
    jobs.left("b")
    clock.now += 4.9
    jobs.left("a")  # a second notice does not prolong the first
    assert jobs.status("a").phase == "running"
    assert jobs.status("b").position == 1
    jobs.returned("b")
    clock.now += 0.2
    assert jobs.status("a").phase == "idle"
    assert jobs.status("b").position == 1
    steps.let.release()
    assert steps.closed.wait(PATIENCE)
    assert queued.begun.wait(PATIENCE)
    clock.now += 100
    assert jobs.status("b").phase == "running"
    queued.finish()


def test_a_return_after_the_grace_is_a_fresh_start(make, clock):
    jobs = make(1, grace=5.0, clock=clock)
    steps = running(jobs, "a")
    jobs.left("a")
    clock.now += 5
    jobs.returned("a")
    assert jobs.status("a") == Status("idle")
    steps.let.release()
    assert steps.closed.wait(PATIENCE)


def test_a_job_submitted_by_someone_already_gone_is_cancelled_too(make, clock):
    jobs = make(1, grace=5.0, clock=clock)
    jobs.left("a")
    steps = running(jobs, "a")
    clock.now += 5
    assert jobs.status("a").phase == "idle"
    steps.let.release()
    assert steps.closed.wait(PATIENCE)


def test_a_closed_tab_frees_worker_place_and_memory_though_nobody_calls(make):
    jobs = make(1, grace=0.05)
    closed = threading.Event()

    def endless() -> Iterator[Snapshot]:
        try:
            while True:
                time.sleep(0.002)  # a step of training
                yield Snapshot()
        finally:
            closed.set()

    class Never:
        def __call__(self) -> Iterator[int]:
            raise AssertionError("ran for a viewer who had left")

    waiting = Never()
    gone = weakref.ref(waiting)
    jobs.submit("stays", endless)
    jobs.submit("leaves", waiting)
    del waiting
    jobs.left("leaves")
    until(lambda: gone() is None)
    assert not closed.is_set()
    jobs.left("stays")
    assert closed.wait(PATIENCE)


def test_a_finished_result_is_forgotten_though_nobody_calls(make):
    jobs = make(1, grace=0.05)
    snapshot = Snapshot()
    gone = weakref.ref(snapshot)
    jobs.submit("a", lambda made=[snapshot]: iter([made.pop()]))
    del snapshot
    until(lambda: jobs.status("a").phase == "finished")
    assert jobs.status("a").newest is gone()
    jobs.left("a")
    until(lambda: gone() is None)


def test_a_waiting_worker_holds_on_to_nothing_of_its_last_job(make, monkeypatch):
    # pytest keeps log records, and they keep the traceback, and it keeps the frame.
    monkeypatch.setattr(logging.getLogger("maskdemo.jobs"), "disabled", True)
    jobs = make(1)
    refs: list[weakref.ref[Snapshot]] = []

    def start(fail: bool) -> Iterator[Snapshot]:
        large = Snapshot()  # stands for the job's arrays
        refs.append(weakref.ref(large))
        yield Snapshot()
        if fail:
            raise ValueError("It went wrong.")

    for fail in (False, True):
        jobs.submit("a", lambda fail=fail: start(fail))
        until(lambda: jobs.status("a").phase in ("finished", "failed"))

    def freed() -> bool:
        gc.collect()
        return [ref() for ref in refs] == [None, None]

    until(freed)


@pytest.mark.parametrize("sign_of_life", ["looks", "resubmits"])
def test_the_longest_idle_viewer_is_forgotten_first(make, sign_of_life):
    jobs = make(1, remembered=3)
    for viewer in "abc":
        jobs.submit(viewer, lambda: iter([1]))
        until(lambda viewer=viewer: jobs.status(viewer).phase == "finished")
    if sign_of_life == "looks":
        jobs.status("a")
    else:
        running(jobs, "a").finish()
    steps = running(jobs, "d")
    assert jobs.status("b").phase == "idle"
    jobs.submit("e", Steps())
    assert [jobs.status(viewer).phase for viewer in "cade"] == [
        "idle",
        "finished",
        "running",
        "queued",
    ]
    for viewer in "fgh":  # live jobs are never forgotten to make room
        jobs.submit(viewer, Steps())
    assert jobs.status("d").phase == "running"
    assert places(jobs, *"efgh") == [1, 2, 3, 4]
    for viewer in "efgh":
        jobs.cancel(viewer)
    steps.finish()


# Preparing


def test_preparing_waits_for_jobs_and_the_newest_wish_counts(make):
    jobs = make(1)
    order: list[str] = []
    done = threading.Event()
    steps = running(jobs, "a")
    jobs.prepare("b", lambda: order.append("replaced"))
    jobs.prepare("b", lambda: order.append("b ahead"))
    jobs.prepare("c", done.set)
    jobs.submit("d", lambda: iter(order.append("d runs") or [1]))  # type: ignore[func-returns-value]
    assert order == []
    steps.finish()
    assert done.wait(PATIENCE)
    assert order == ["d runs", "b ahead"]


def test_one_piece_of_preparing_at_a_time_leaves_the_other_worker_to_jobs(make):
    jobs = make(2)
    begun, go, done = threading.Event(), threading.Event(), threading.Event()
    order: list[str] = []

    def slow() -> None:
        begun.set()
        assert go.wait(PATIENCE)
        order.append("first")

    def quick() -> None:
        order.append("second")
        done.set()

    jobs.prepare("a", slow)
    assert begun.wait(PATIENCE)
    jobs.prepare("b", quick)
    for _ in range(20):  # the other worker looks for something to do after each
        jobs.submit("c", lambda: iter([1]))
        until(lambda: jobs.status("c").phase == "finished")
    assert order == []
    go.set()
    assert done.wait(PATIENCE)
    assert order == ["first", "second"]


def test_preparing_that_fails_is_only_logged(make, caplog):
    jobs = make(1)
    with caplog.at_level(logging.ERROR, "maskdemo.jobs"):
        jobs.prepare("a", lambda: 1 // 0)  # type: ignore[arg-type,return-value]
        until(lambda: "ZeroDivisionError" in caplog.text)
    assert jobs.status("a") == Status("idle")
    done = threading.Event()
    jobs.prepare("a", done.set)
    assert done.wait(PATIENCE)


def test_a_job_or_leaving_ends_the_wish_to_prepare(make, clock):
    jobs = make(1, grace=5.0, clock=clock)
    order: list[str] = []
    steps = running(jobs, "a")
    for viewer in "bcd":
        jobs.prepare(viewer, lambda viewer=viewer: order.append(viewer))
    jobs.submit("b", lambda: iter([1]))
    jobs.left("c")
    clock.now += 5
    steps.finish()
    until(lambda: "d" in order)
    assert order == ["d"]


def test_pending_preparations_are_bounded(make):
    jobs = make(1, remembered=2)
    order: list[str] = []
    steps = running(jobs, "a")
    for viewer in "bcd":
        jobs.prepare(viewer, lambda viewer=viewer: order.append(viewer))
    steps.finish()
    until(lambda: "d" in order)
    assert order == ["c", "d"]


# Many viewers, and the end


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_many_viewers_hammering_never_exceed_the_workers(make, workers):
    jobs = make(workers, capacity=10, grace=0.001)
    lock = threading.Lock()
    now = most = opened = closed = 0
    problems: list[BaseException] = []

    def start() -> Iterator[int]:
        nonlocal now, most, opened, closed
        with lock:
            now, opened = now + 1, opened + 1
            most = max(most, now)
        try:
            for number in range(5):
                time.sleep(0.0002)
                yield number
        finally:
            with lock:
                now, closed = now - 1, closed + 1

    def visit(viewer: str) -> None:
        chance = random.Random(viewer)
        try:
            for _ in range(40):
                act = chance.choice(["submit", "submit", "cancel", "left", "returned", "prepare"])
                with contextlib.suppress(QueueFull):
                    if act == "submit":
                        jobs.submit(viewer, start)
                    elif act == "prepare":
                        jobs.prepare(viewer, lambda: None)
                    else:
                        getattr(jobs, act)(viewer)
                status = jobs.status(viewer)
                assert (status.phase == "queued") == (status.position is not None)
                assert status.position is None or 1 <= status.position <= 10 + workers
                assert status.error is None
                time.sleep(chance.random() * 0.001)
        except BaseException as problem:
            problems.append(problem)

    crowd = [threading.Thread(target=visit, args=(f"viewer {n}",)) for n in range(25)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(PATIENCE)
    assert not problems
    until(lambda: opened == closed and now == 0)
    assert opened > 0
    assert 1 <= most <= workers
    # All workers survived: as many jobs as workers run at once.
    last = [running(jobs, f"after {n}") for n in range(workers)]
    for steps in last:
        steps.finish()


def test_close_cancels_and_joins(make):
    jobs = make(2)
    first, second, queued = running(jobs, "a"), running(jobs, "b"), Steps()
    jobs.submit("c", queued)
    jobs.prepare("d", queued.begun.set)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    until(lambda: jobs.status("a").phase == "cancelled")
    assert closing.is_alive()  # it waits for the step that is under way
    first.let.release()
    second.let.release()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert first.closed.is_set()
    assert second.closed.is_set()
    assert [jobs.status(viewer).phase for viewer in "abcd"] == [*["cancelled"] * 3, "idle"]
    assert not queued.begun.is_set()
    with pytest.raises(RuntimeError, match="closing"):
        jobs.submit("e", Steps())
    jobs.prepare("e", queued.begun.set)
    jobs.close()
    assert not queued.begun.is_set()


def test_a_job_may_close_what_it_runs_on(make):
    jobs = make(2)
    closed = threading.Event()
    other = running(jobs, "b")
    other.finish()

    def start() -> Iterator[int]:
        jobs.close()
        closed.set()
        yield 1

    jobs.submit("a", start)
    assert closed.wait(PATIENCE)
    assert jobs.status("a").phase == "cancelled"


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"capacity": -1}, {"grace": -1.0}, {"remembered": 0}]
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(ValueError, match="Jobs needs"):
        Jobs(**options)


class OneWorker(RuleBasedStateMachine):
    """One worker against the plainest model: a list of who waits and a table of phases."""

    viewers = st.sampled_from("abcd")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.jobs: Jobs[int] = Jobs(1, capacity=2, grace=5.0, clock=self.clock)
        self.steps: dict[str, Steps] = {}
        self.phase: dict[str, str] = dict.fromkeys("abcd", "idle")
        self.newest: dict[str, int | None] = dict.fromkeys("abcd")
        self.queue: list[str] = []
        self.leaving: dict[str, float] = {}
        self.turn: str | None = None

    def go_on(self) -> None:
        if self.turn is None and self.queue:
            self.turn = self.queue.pop(0)
            assert self.steps[self.turn].begun.wait(PATIENCE)
            self.phase[self.turn] = "running"

    def stop(self, viewer: str) -> None:
        """The model's share of a cancelled job; the real one gets the step it needs to notice."""
        if viewer in self.queue:
            self.queue.remove(viewer)
        elif viewer == self.turn:
            self.steps[viewer].let.release()
            assert self.steps[viewer].closed.wait(PATIENCE)
            self.turn = None
        if self.phase[viewer] in ("queued", "running"):
            self.phase[viewer] = "cancelled"
        self.go_on()

    @rule(viewer=viewers)
    def submit(self, viewer: str) -> None:
        steps = Steps()
        if viewer not in self.queue and len(self.queue) >= 2 and self.turn is not None:
            with pytest.raises(QueueFull):
                self.jobs.submit(viewer, steps)
            return
        self.jobs.submit(viewer, steps)
        earlier, waited = self.steps.get(viewer), viewer in self.queue
        self.steps[viewer] = steps
        self.phase[viewer], self.newest[viewer] = "queued", None
        if not waited:
            self.queue.append(viewer)
        if viewer == self.turn and earlier is not None:
            earlier.let.release()
            assert earlier.closed.wait(PATIENCE)
            self.turn = None
        self.go_on()

    @rule(viewer=viewers)
    def cancel(self, viewer: str) -> None:
        self.jobs.cancel(viewer)
        self.stop(viewer)

    @precondition(lambda self: self.turn is not None)
    @rule(finish=st.booleans())
    def step(self, finish: bool) -> None:
        viewer = self.turn
        assert viewer is not None
        if finish:
            self.steps[viewer].finish()
            until(lambda: self.jobs.status(viewer).phase != "running")
            self.phase[viewer], self.turn = "finished", None
            self.go_on()
        else:
            self.steps[viewer].let.release()
            self.newest[viewer] = (self.newest[viewer] or 0) + 1
            until(lambda: self.jobs.status(viewer).newest == self.newest[viewer])

    @rule(viewer=viewers)
    def left(self, viewer: str) -> None:
        self.jobs.left(viewer)
        self.leaving.setdefault(viewer, self.clock.now + 5)

    @rule(viewer=viewers)
    def returned(self, viewer: str) -> None:
        self.jobs.returned(viewer)
        self.leaving.pop(viewer, None)

    @rule(seconds=st.sampled_from([1, 3, 6]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds
        gone = [viewer for viewer, end in self.leaving.items() if end <= self.clock.now]
        for viewer in gone:
            # All who are gone leave the queue before anybody moves up.
            if viewer in self.queue:
                self.queue.remove(viewer)
        for viewer in gone:
            del self.leaving[viewer]
            self.jobs.status(viewer)
            self.stop(viewer)
            self.phase[viewer], self.newest[viewer] = "idle", None

    @invariant()
    def agrees(self) -> None:
        for viewer in "abcd":
            status = self.jobs.status(viewer)
            place = self.queue.index(viewer) + 1 if viewer in self.queue else None
            assert (status.phase, status.position, status.newest) == (
                self.phase[viewer],
                place,
                self.newest[viewer],
            )

    def teardown(self) -> None:
        for steps in self.steps.values():
            steps.finish()
        self.jobs.close()


OneWorker.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestOneWorker = OneWorker.TestCase
