"""What a page sends can be followed by the browser, whatever part of it is drawn anew and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import create_reference_msg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from maskdemo.results.finished_runs import GONE
from maskdemo.scenarios import SCENARIOS
from maskdemo.server import Run, Server, Status
from maskdemo.server.jobs import Phase
from maskdemo.ui import components, live_job
from tests.samples import small
from tests.ui.app import fine, keys, opened, shown

Tree = dict[int, "Tree"]


def followed(messages: Sequence[ForwardMsg]) -> Tree:
    """The page as the browser puts it together; it crashes where something has no place."""
    page: Tree = {place: {} for place in range(4)}
    for message in messages:
        path = list(message.metadata.delta_path)
        if message.WhichOneof("type") not in ("delta", "ref_hash"):
            continue
        block = page
        for place in path[:-1]:
            assert place in block, f"no place for {path}"
            block = block[place]
        assert path[-1] <= len(block), f"a gap before {path}"
        block.setdefault(path[-1], {})
    return page


@pytest.mark.parametrize("page", ["playground", "inside", "study"])
def test_a_part_that_is_drawn_anew_at_once_leaves_no_gap(page: str):
    """The server then throws away what was drawn of it but not sent yet."""
    sent: list[ForwardMsg] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForwardMsgQueue, "_before_enqueue_msg", sent.append)
        opened(page)
    parts = {each.delta.fragment_id for each in sent if each.HasField("delta")} - {""}
    assert parts
    # A browser that has seen the page before is only told which message it knows already.
    sent = [create_reference_msg(each) if each.metadata.cacheable else each for each in sent]
    whole = followed(sent)
    for part in parts:
        queue = ForwardMsgQueue()
        for each in sent:
            queue.enqueue(each)
        queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=[part])
        left = queue.flush()
        anew = [each for each in sent if each.delta.fragment_id == part]
        assert followed([*left, *anew]) == whole


def test_a_session_is_told_once_that_nothing_is_kept(monkeypatch):
    page = opened()
    assert not page.toast
    monkeypatch.setattr(live_job.server(), "disk_works", False)
    assert [each.value for each in fine(page.run()).toast] == [live_job.DISK_FAILED]
    assert not fine(page.run()).toast


def test_who_has_lost_a_finished_run_is_told_on_the_page(monkeypatch):
    lost = Status("finished", notice=GONE)
    monkeypatch.setattr(Server, "status", lambda self, viewer, kind: lost)
    page = opened()
    assert GONE in shown(page) and "run_start" in keys(page, "button")


@pytest.mark.parametrize("phase", ["queued", "running"])
def test_a_run_without_results_says_of_which_settings_it_is(monkeypatch, phase: Phase):
    now = Status(phase, position=1, work=Run(small(seed=3)))
    monkeypatch.setattr(Server, "status", lambda self, viewer, kind: now)
    assert "The run is for seed 3; you set 4." in shown(opened(params=small(seed=4).to_params()))


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("real_speech", "Preparing the scenario Real speech. The first run"),
        ("pre_padding", "The run is for the scenario Padding in front; you chose Real speech."),
    ],
)
def test_a_run_that_is_prepared_says_of_which_scenario_it_is(monkeypatch, scenario, said):
    now = Status("running", work=Run(SCENARIOS[scenario].experiment))
    monkeypatch.setattr(Server, "status", lambda self, viewer, kind: now)
    assert said in shown(opened())


def test_a_run_with_epochs_says_how_far_it_is_and_looks_for_no_scenario(monkeypatch):
    curve = SimpleNamespace(repeat=1, loss=[0.7, 0.6])
    newest = SimpleNamespace(done=0.5, curves=[curve], experiment=small(repeats=3, epochs=4))
    now, drawn = Status("running", newest=newest, seconds=9.0), []
    monkeypatch.setattr(live_job, "status", lambda kind: now)
    monkeypatch.setattr(live_job, "scenario_of", lambda _: pytest.fail("At every poll?"))
    monkeypatch.setattr(live_job, "progress_line", lambda *args: drawn.append(args))
    live_job.run_progress_line()
    assert drawn == [(now, 0.5, "Repeat 2 of 3, epoch 2 of 4, about 9 s left.", "", "")]


def test_many_viewers_of_one_run_look_less_often():
    def pause(viewers: int, phase: Phase = "running", newest: object = "curves") -> float:
        return live_job.poll_s(Status(phase, viewers=viewers, newest=newest))

    assert pause(1) == pause(8) == live_job.POLL_S
    assert pause(9) == pause(16) == 2 * live_job.POLL_S
    assert pause(25) == 4 * live_job.POLL_S
    assert pause(1, newest=None) == live_job.FIRST_POLL_S
    assert pause(25, "queued") == live_job.LINE_POLL_S


def test_results_look_again_when_the_job_ends_and_a_line_beside_them_seldom(monkeypatch):
    def pause(seconds: float | None, *, line: bool = False, viewers: int = 1) -> float:
        now = Status("running", seconds=seconds, newest="curves", viewers=viewers)
        monkeypatch.setattr(live_job, "status", lambda kind: now)
        return live_job._pause_s("run", line=line)

    assert pause(None) == pause(9.0) == live_job.POLL_S
    assert pause(0.2) == 0.2, "when it is said to end"
    assert pause(0.0) == live_job.POLL_S / 3, "and not much more often, should it be late"
    assert pause(0.0, viewers=25) == 4 * live_job.POLL_S / 3
    assert pause(0.0, line=True) == live_job.LINE_POLL_S
    assert pause(None, line=True) == live_job.POLL_S, "until it can say how long it will take"


def test_what_polls_is_fetched_by_its_name_before_it_is_needed():
    """By the address at which Streamlit serves the component: else it would be fetched twice."""
    browser = Path(components.__file__).parent / "browser"
    fetched = re.search(r'import\("\.\./(.*?)/(.*?)"\)', (browser / "leaving.js").read_text())
    assert fetched is not None
    assert fetched[1] == components.POLL
    assert fetched[2] == f"{components.POLL.partition('.')[2]}.js"
    assert (browser / fetched[2]).is_file()
