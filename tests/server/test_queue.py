"""The queue by itself: no processes and no threads, the clock only when a test tells it.

`QueueMachine` compares whole histories with a model: who asks, changes their mind, joins, cancels or
goes, comes back, and whose turn it is. The other tests are about what the model does not know.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from maskdemo.errors import QueueFull
from maskdemo.server.jobs import AWAY_S, MAX_DEATHS, MAX_STEPS, UNFINISHED_KEPT, Job, Status
from maskdemo.server.queue import GAVE_WAY, MADE_ROOM, Queue
from maskdemo.server.work import Audit, Run, StudyRun, Work
from maskdemo.study.grid import Study
from tests.samples import small, uploaded
from tests.server.fakes import Clock

#: Seconds; longer than who is away holds up nobody who is there.
GRACE = 60.0


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(clock=clock, grace=GRACE)


def run(seed: int) -> Run:
    return Run(small(seed=seed))


STUDY = StudyRun(Study(base=small(repeats=2), vary="side", values=("post", "pre")))
OTHER_STUDY = StudyRun(Study(base=small(repeats=3), vary="side", values=("post", "pre")))
AUDIT = Audit(b"{}")


def taken(queue: Queue) -> Job:
    job = queue.take()
    assert job is not None
    return job


def places(queue: Queue, *viewers: str, kind: str = "run") -> list[int | None]:
    return [queue.status(viewer, kind).position for viewer in viewers]


def test_what_is_about_an_uploaded_task_is_cancelled_and_forgotten(queue):
    mine, other = uploaded(), uploaded()
    queue.submit("a", Run(mine))
    job = taken(queue)
    queue.keep_newest(job, "half a run", 0.5)
    queue.submit("b", Run(mine))
    queue.submit("b", StudyRun(Study(base=mine, vary="side", values=("post", "pre"))))
    queue.submit("c", Run(other))
    queue.prepare("d", mine)
    queue.prepare("e", other)
    queue.forget(mine.own)
    assert list(queue._ahead) == ["e"]
    assert queue.status("a", "run") == queue.status("b", "run") == Status()
    assert queue.status("b", "studyrun") == Status() and not queue.is_wanted(job)
    assert places(queue, "c") == [1]


# First come, first served


def test_the_newest_is_what_was_shown_last(queue):
    queue.submit("a", run(1))
    job = taken(queue)
    queue.keep_newest(job, "half", 0.5)
    assert queue.status("a", "run").newest == "half"
    queue.end(job, newest="all")
    queue.keep_newest(job, "late", 1.0)
    assert queue.status("a", "run") == Status("finished", newest="all")


def test_a_full_queue_says_so_and_changes_nothing(clock):
    queue = Queue(capacity=2, clock=clock, grace=GRACE)
    for viewer, seed in zip("abc", range(3), strict=True):
        queue.submit(viewer, run(seed))
        if viewer == "a":
            job = taken(queue)
    with pytest.raises(QueueFull, match=r"^The server is busy .*\(2 waiting\).*\.$"):
        queue.submit("d", run(4))
    with pytest.raises(QueueFull):
        queue.submit("a", run(5))
    assert queue.status("d", "run") == Status() and queue.is_wanted(job)
    queue.submit("c", run(6))  # takes the place of the viewer's own
    queue.submit("d", run(1))  # joins, which takes no place
    assert places(queue, *"bcd") == [1, 2, 1]


# Joining


def test_cancelling_leaves_and_the_last_to_leave_stops_it(queue):
    queue.submit("a", run(1))
    queue.submit("b", run(1))
    job = taken(queue)
    queue.keep_newest(job, "curves", 0.1)
    queue.cancel("a", "run")
    queue.keep_newest(job, "more", 0.2)
    assert queue.status("a", "run") == Status("cancelled", newest="curves")
    assert queue.is_wanted(job) and queue.status("b", "run").newest == "more"
    queue.cancel("b", "run")
    assert not queue.is_wanted(job)
    queue.submit("c", run(1))
    assert places(queue, "c") == [1], "what is being stopped is not joined"


# Giving way


def test_patient_work_comes_last_and_gives_way(queue):
    queue.submit("s", STUDY)
    job = taken(queue)
    queue.keep_newest(job, "some", 0.3)
    assert not queue.should_give_way(job)
    queue.submit("c", OTHER_STUDY)
    assert not queue.should_give_way(job), "who is patient does not press"
    queue.submit("a", run(1))
    queue.submit("p", AUDIT)
    assert queue.should_give_way(job)
    assert places(queue, "a") == [1]
    queue.give_way(job)
    status = queue.status("s", "studyrun")
    assert (status.phase, status.position, status.newest) == ("queued", 3, "some")
    order = []
    while (next_one := queue.take()) is not None:
        order.append(next_one.work)
        queue.end(next_one)
    assert order == [run(1), AUDIT, STUDY, OTHER_STUDY]


# The death of a worker


def test_what_has_ended_does_not_speak_of_it_any_more(queue):
    queue.submit("a", run(1))
    for died in (True, False):
        job = taken(queue)
        queue.died(job, "It was killed.") if died else queue.end(job)
    assert queue.status("a", "run") == Status("finished")


def test_it_begins_again_once_and_says_so(queue):
    queue.submit("a", run(1))
    queue.submit("b", run(2))
    job = taken(queue)
    queue.keep_newest(job, "some", 0.4)
    queue.died(job, "It was killed.")
    status = queue.status("a", "run")
    assert (status.phase, status.position, status.newest) == ("queued", 1, "some")
    assert status.notice == "It was killed. It begins again by itself."
    assert taken(queue) is job
    queue.keep_newest(job, "some", 0.4)  # what is there from before
    assert queue.status("a", "run").notice == "It was killed. It begins again by itself."
    queue.keep_newest(job, "anew", 0.1)
    assert queue.status("a", "run").notice == "It was killed. It has begun again by itself."
    queue.died(job, "It was killed.")
    assert MAX_DEATHS == 2
    status = queue.status("a", "run")
    assert status.phase == "failed" and status.notice is None
    assert status.error == "It was killed. It happened 2 times, so this was given up."
    assert taken(queue).work == run(2), "it blocks nobody"


# Leaving


def test_a_page_that_is_loaded_anew_goes_on_with_what_its_last_session_left(queue, clock):
    queue.submit("a", run(1))
    job = taken(queue)
    queue.take_over("b", run(1))
    assert queue.status("b", "run") == Status(), "the other is there"
    queue.left("a")
    queue.take_over("b", run(2))
    assert queue.status("b", "run") == Status()
    queue.take_over("b", run(1))
    clock.now += GRACE
    assert queue.is_wanted(job) and queue.status("b", "run").phase == "running"
    queue.cancel("b", "run")
    queue.take_over("b", run(1))
    assert queue.status("b", "run").phase == "cancelled"


def test_a_page_that_is_loaded_anew_keeps_its_turn(queue, clock):
    queue.submit("other", run(0))
    taken(queue)
    for number, name in enumerate("abc", 1):
        queue.submit(name, run(number))
    queue.left("a")
    queue.take_over("a again", run(1))
    clock.now += GRACE
    assert queue.status("a again", "run").position == 1


def test_who_is_away_gives_way_to_who_is_there_and_is_told_of_it(queue, clock):
    queue.submit("a", run(1))
    job = taken(queue)
    queue.keep_newest(job, "half", 0.5)
    queue.submit("b", run(2))
    queue.left("a")
    queue.left("b")
    clock.now += AWAY_S
    assert not queue.should_give_way(job), "nobody is there"
    queue.submit("s", STUDY)
    assert queue.should_give_way(job), "who is there comes first, patient or not"
    queue.give_way(job)
    assert places(queue, "s", kind="studyrun") == [1] and places(queue, *"ab") == [2, 3]
    study = taken(queue)
    queue.returned("a")
    assert queue.should_give_way(study)
    queue.give_way(study)
    assert taken(queue) is job, "who is back has kept the turn"
    status = queue.status("a", "run")
    assert status.newest == "half"
    assert status.notice == f"{GAVE_WAY} It begins again by itself."
    queue.keep_newest(job, "anew", 0.1)
    assert queue.status("a", "run").notice == f"{GAVE_WAY} It has begun again by itself."
    assert queue.status("s", "studyrun").notice is None, "it goes on where it was"


def test_what_was_under_way_of_who_came_back_too_late_is_told_once(queue, clock):
    queue.submit("a", run(1))
    queue.submit("a", STUDY)
    queue.end(taken(queue))
    queue.submit("b", run(2))
    assert queue.lost("a") == (), "who is there has lost nothing"
    queue.left("a")
    queue.left("b")
    clock.now += GRACE - 1
    assert queue.lost("a") == ("studyrun",), "another session in the same place ends the wait"
    assert queue.status("a", "studyrun") == Status()
    assert places(queue, "b") == [1]
    clock.now += 1
    queue.submit("c", run(3))
    assert queue.lost("b") == ("run",)
    assert queue.lost("a") == queue.lost("b") == queue.lost("c") == ()


def test_a_result_that_is_found_again_is_not_lost(queue):
    for work in (run(1), AUDIT):
        queue.submit("a", work)
        queue.end(taken(queue))
    queue.left("a")
    assert queue.lost("a") == ("audit",)


def test_who_is_away_leaves_the_last_place_to_who_is_there(clock):
    queue = Queue(capacity=1, clock=clock, grace=GRACE)
    for viewer, seed in zip("ab", range(2), strict=True):
        queue.submit(viewer, run(seed))
    taken(queue)
    queue.left("b")
    with pytest.raises(QueueFull):
        queue.submit("c", run(3))
    clock.now += AWAY_S
    queue.submit("c", run(3))
    assert places(queue, "c") == [1]
    queue.returned("b")
    assert queue.status("b", "run") == Status("failed", error=MADE_ROOM)


# Taking turns


def test_many_submissions_of_one_viewer_cost_another_one_turn(queue):
    queue.submit("a", run(0))
    for seed in range(1, 50):
        queue.submit("b", run(seed))
        queue.submit("b", Audit(str(seed).encode()))
    queue.submit("a", Audit(b"mine"))
    order = []
    while (job := queue.take()) is not None:
        order.append(job.work)
        queue.end(job)
    assert order == [run(0), run(49), Audit(b"mine"), Audit(b"49")]


IMPATIENT: tuple[Callable[[int], Work], ...] = (run, lambda number: Audit(str(number).encode()))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2)), max_size=60))
def test_nobody_waits_for_two_jobs_of_another(events: list[tuple[str, int]]):
    """Whatever they ask for and when: 2 serves whoever is next, 0 and 1 ask for another such thing."""
    queue, asked = Queue(grace=GRACE), 0
    waited: dict[str, Counter[str]] = {}  # since they began to wait: who was served how often

    def serve() -> None:
        if (job := queue.take()) is None:
            return
        (served,) = queue._requests.viewers_of(job)
        queue.end(job)
        for viewer, before in waited.items():
            before[served] += viewer != served
            assert max(before.values(), default=0) <= 1, f"{viewer} waited twice for {served}"
        waits = any(queue.status(served, kind).active for kind in ("run", "audit"))
        waited.pop(served, None)
        if waits:
            waited[served] = Counter()

    for viewer, what in events:
        if what == 2:
            serve()
        else:
            asked += 1
            queue.submit(viewer, IMPATIENT[what](asked))
            waited.setdefault(viewer, Counter())
    while waited:
        serve()


# What is remembered


def test_of_what_has_ended_only_so_much_is_remembered(clock):
    queue = Queue(remembered=3, clock=clock, grace=GRACE)
    for viewer in "abcde":
        queue.submit(viewer, run(1))
        queue.end(taken(queue), newest=viewer)
        queue.status("a", "run")  # looks all the time
    assert [queue.status(viewer, "run").newest for viewer in "abcde"] == ["a", None, None, "d", "e"]


def test_what_was_left_unfinished_is_kept_for_a_few(queue):
    viewers = [str(number) for number in range(UNFINISHED_KEPT + 3)]
    for viewer in viewers:
        queue.submit(viewer, run(1))
        job = taken(queue)
        queue.keep_newest(job, viewer, 0.1)
        queue.cancel(viewer, "run")
        queue.end(job)
    kept = [viewer for viewer in viewers if queue.status(viewer, "run").newest is not None]
    assert kept == viewers[3:]
    assert all(queue.status(viewer, "run").phase == "cancelled" for viewer in viewers)


# Compiling ahead


def test_ahead_of_everything_only_when_nothing_else_is_to_be_done(queue):
    queue.prepare("a", small(units=1))
    queue.prepare("b", small(units=2))
    queue.prepare("a", small(units=3))  # the settings moved on
    queue.submit("c", run(1))
    assert queue.take_ahead() is None
    job = taken(queue)
    assert queue.take_ahead() is None
    queue.end(job)
    assert queue.take_ahead() == ("a", small(units=3))
    assert queue.take_ahead("a") is None, "while it is compiled, only who moved on is asked again"
    queue.prepare("a", small(units=5))
    assert queue.take_ahead("a") == ("a", small(units=5))
    assert [queue.take_ahead(), queue.take_ahead()] == [("b", small(units=2)), None]
    queue.prepare("a", small(units=4))
    queue.submit("a", run(2))
    queue.end(taken(queue))
    assert queue.take_ahead() is None, "the run itself has compiled it"


def test_what_would_be_compiled_for_who_has_left_is_forgotten(queue, clock):
    queue.prepare("a", small())
    queue.left("a")
    clock.now += GRACE
    assert queue.take_ahead() is None


# How long


def test_seconds_are_learned_from_what_trainings_took(queue, clock):
    queue.submit("a", run(1))
    queue.submit("b", Run(small(seed=2, epochs=4)))
    assert queue.status("b", "run").seconds is queue.seconds_for(run(9)) is None
    first = taken(queue)
    clock.now += 3
    queue.end(first)
    second = taken(queue)
    queue.submit("c", run(3))
    assert queue.status("b", "run").seconds == pytest.approx(6)
    assert queue.seconds_for(run(9)) == pytest.approx(3), "of what nobody has asked for"
    assert queue.seconds_for(Run(small(epochs=200))) is None, "a small run tells nothing of a large one"
    clock.now += 2
    assert queue.status("b", "run").seconds == pytest.approx(4)
    queue.keep_newest(second, "half", 0.5)
    assert queue.status("b", "run").seconds == pytest.approx(3)
    assert queue.status("c", "run").seconds == pytest.approx(3)


def test_a_run_waits_for_no_study(queue, clock):
    queue.submit("a", run(1))
    job = taken(queue)
    clock.now += 3
    queue.end(job)
    queue.submit("s", STUDY)
    taken(queue)
    queue.submit("b", run(2))
    assert queue.status("b", "run").seconds == 0


@pytest.mark.parametrize("work", [run(1), STUDY], ids=lambda work: work.kind)
def test_a_training_is_judged_by_its_own_steps_without_compiling(queue, clock, work: Work):
    queue.submit("a", work)
    job = taken(queue)

    def left(done: float, seconds: float) -> float | None:
        clock.now += seconds
        queue.keep_newest(job, "curves", done)
        return queue.status("a", work.kind).seconds

    assert left(0.1, 0.0) is None, "what was there before took no time"
    assert left(0.2, 20.0) is None, "20 s of compiling say nothing of what is to come"
    assert left(0.3, 1.0) == pytest.approx(7.0), "seven more steps of one second"
    assert left(0.3, 5.0) == pytest.approx(7.0), "nothing new has come"
    assert left(0.6, 10.0) == pytest.approx(16.0), "slower since: 16 s for the last 40 %"
    for step in range(MAX_STEPS):
        clock.now += 1.0
        queue.keep_newest(job, "curves", 0.6 + 0.01 * (step + 1))
    assert queue.status("a", work.kind).seconds == pytest.approx(24.0), "by the last steps"


def test_a_job_that_begins_anew_is_judged_anew(queue, clock):
    queue.submit("a", run(1))
    for seconds in (10.0, 1.0):
        job = taken(queue)
        for step in range(1, 4):
            clock.now += seconds
            queue.keep_newest(job, "curves", 0.1 * step)
        assert queue.status("a", "run").seconds == pytest.approx(7 * seconds)
        queue.died(job, "It was killed.")


def test_a_turn_in_vain_takes_no_time_and_a_study_goes_on(queue, clock):
    queue.submit("a", run(1))
    queue.submit("s", STUDY)
    for turn in ("killed", "whole"):
        job = taken(queue)
        clock.now += 3
        queue.keep_newest(job, "half", 0.5)
        if turn == "killed":
            queue.died(job, "It was killed.")
            assert job.done == 0
            assert queue.status("a", "run").newest == "half", "which stays until there is something new"
    queue.end(job)
    assert queue.seconds_for(run(2)) == pytest.approx(3)
    study = taken(queue)
    clock.now += 3
    queue.keep_newest(study, "half", 0.5)
    queue.give_way(study)
    assert (study.done, study.ran) == (0.5, 3)


def test_what_cannot_be_known_is_not_told(queue, clock):
    for expected in (None, 6.0):
        queue.submit("a", AUDIT)
        job = taken(queue)
        for done in (0.2, 0.3, 0.5):
            queue.keep_newest(job, "stage", done)
        clock.now += 5.0
        assert queue.status("a", "audit").seconds == expected, "its stages take nothing alike"
        clock.now += 7.0
        queue.end(job)


def test_any_thread_may_call(queue):
    def busy(viewer: str) -> None:
        for number in range(50):
            queue.submit(viewer, run(number % 3))
            queue.status(viewer, "run")
            queue.cancel(viewer, "run")

    threads = [threading.Thread(target=busy, args=(viewer,)) for viewer in "abcd"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (job := queue.take()) is not None:
            queue.keep_newest(job, 1, 0.5)
            queue.end(job)
    assert queue.take() is None


viewers = st.sampled_from("abc")
requests: st.SearchStrategy[Work] = st.sampled_from([run(1), run(2), STUDY, OTHER_STUDY, AUDIT])


class QueueMachine(RuleBasedStateMachine):
    """Against a model in the plainest words: a list of who waits, a dictionary of what they have."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(100.0)
        self.queue = Queue(capacity=3, clock=self.clock, grace=2 * AWAY_S)
        self.turn = 0
        #: (viewer, kind) -> [request, turn, phase, newest, deaths of its job, whether that is told]
        self.has: dict[tuple[str, str], list] = {}
        self.running: Job | None = None
        self.away_since: dict[str, float] = {}

    def going(self, request: Work) -> list[list]:
        return [h for h in self.has.values() if h[0] == request and h[2] in ("queued", "running")]

    def rank(self, request: Work) -> tuple[bool, bool]:
        seen = [at[0] for at, h in self.has.items() if h in self.going(request)]
        now = self.clock.now
        away = all(now - self.away_since.get(viewer, now) >= AWAY_S for viewer in seen)
        return away, request.background

    def line(self) -> list[Work]:
        waiting = {h[0] for h in self.has.values() if h[2] == "queued"}
        return sorted(
            waiting,
            key=lambda r: (
                *self.rank(r),
                -max(h[4] for h in self.going(r)),
                min(h[1] for h in self.going(r)),
            ),
        )

    @rule(viewer=viewers, request=requests)
    def submit(self, viewer: str, request: Work) -> None:
        at = (viewer, request.kind)
        mine, others = self.has.get(at), self.going(request)
        live = mine is not None and mine[2] in ("queued", "running")
        if mine is not None and live and mine[0] == request:
            self.queue.submit(viewer, request)
            return
        alone = mine is not None and mine[2] == "queued" and len(self.going(mine[0])) == 1
        room = 3 + (self.running is None)
        line = self.line()
        full = not others and not alone and len(line) >= room
        if full and self.rank(line[-1])[0]:
            for each in self.going(line[-1]):
                each[2] = "failed"
            live = mine is not None and mine[2] in ("queued", "running")
        elif full:
            with pytest.raises(QueueFull):
                self.queue.submit(viewer, request)
            return
        self.queue.submit(viewer, request)
        self.turn += 1
        since = mine[1] if mine is not None and live and mine[2] == "queued" else self.turn
        if others:
            self.has[at] = [request, since, *others[0][2:]]
        else:
            self.has[at] = [request, since, "queued", None, 0, False]

    @rule(viewer=viewers, kind=st.sampled_from(["run", "studyrun", "audit"]))
    def cancel(self, viewer: str, kind: str) -> None:
        self.queue.cancel(viewer, kind)
        mine = self.has.get((viewer, kind))
        if mine is not None and mine[2] in ("queued", "running"):
            mine[2] = "cancelled"

    @rule(viewer=viewers)
    def left(self, viewer: str) -> None:
        self.queue.left(viewer)
        self.away_since.setdefault(viewer, self.clock.now)

    @rule(viewer=viewers)
    def returned(self, viewer: str) -> None:
        self.queue.returned(viewer)
        self.away_since.pop(viewer, None)

    @rule(seconds=st.sampled_from([1, 3, 6]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds
        over = self.clock.now - 2 * AWAY_S
        for viewer in [v for v, since in self.away_since.items() if since <= over]:
            del self.away_since[viewer]
            self.has = {at: h for at, h in self.has.items() if at[0] != viewer}

    @rule()
    def take(self) -> None:
        line = self.line()
        job = self.queue.take()
        if self.running is not None or not line:
            assert job is None
            return
        assert job is not None and job.work == line[0]
        self.running = job
        for each in self.going(job.work):
            each[2] = "running"
        viewers = {at[0] for at, h in self.has.items() if h in self.watching()}
        behind = [
            h
            for at, h in self.has.items()
            if at[0] in viewers and h[2] == "queued" and h[0].background == job.work.background
        ]
        for each in sorted(behind, key=lambda h: h[1]):
            self.turn += 1
            each[1] = self.turn

    def watching(self) -> list[list]:
        assert self.running is not None
        return [h for h in self.has.values() if h[0] == self.running.work and h[2] == "running"]

    @precondition(lambda self: self.running is not None)
    @rule(newest=st.integers(1, 99))
    def show(self, newest: int) -> None:
        assert self.running is not None
        self.queue.keep_newest(self.running, newest, newest / 100)
        for each in self.watching():
            each[3] = newest

    @precondition(lambda self: self.running is not None)
    @rule(how=st.sampled_from(["ends", "fails", "gives way", "dies"]))
    def stop(self, how: str) -> None:
        """The worker is done with it, in one way or another; death may come at any moment."""
        job, watching = self.running, self.watching()
        assert job is not None
        wanted = bool(watching)
        assert self.queue.is_wanted(job) == wanted
        deaths, told = watching[0][4:] if wanted else (0, False)
        if how == "ends":
            self.queue.end(job)
            phase = "finished"
        elif how == "fails":
            self.queue.end(job, error="No.")
            phase = "failed"
        elif how == "gives way":
            self.queue.give_way(job)
            phase, told = "queued", told or not job.work.background
        else:
            self.queue.died(job, "It died.")
            deaths, told = deaths + 1, True
            phase = "queued" if deaths < MAX_DEATHS else "failed"
        for each in watching:
            each[2], each[4:] = phase, (deaths, told)
        self.running = None

    @invariant()
    def agrees(self) -> None:
        line = self.line()
        for viewer in "abc":
            for kind in ("run", "studyrun", "audit"):
                status = self.queue.status(viewer, kind)
                mine = self.has.get((viewer, kind))
                if mine is None:
                    assert status.phase == "idle"
                    continue
                place = line.index(mine[0]) + 1 if mine[2] == "queued" else None
                assert (status.phase, status.position) == (mine[2], place)
                assert status.newest == mine[3]
                assert (status.error is not None) == (mine[2] == "failed")
                if mine[2] in ("queued", "running"):
                    assert (status.notice is not None) == mine[5]

    @invariant()
    def gives_way_to_what_comes_before_it(self) -> None:
        if self.running is not None and self.watching():
            line, mine = self.line(), self.rank(self.running.work)
            pressed = bool(line) and self.rank(line[0]) < mine
            assert self.queue.should_give_way(self.running) == pressed


QueueMachine.TestCase.settings = settings(stateful_step_count=40, deadline=None)
TestQueueMachine = QueueMachine.TestCase
