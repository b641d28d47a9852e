"""The server of all viewers, and a viewer's work there: start it, watch it, cancel it.

Streamlit's `run_every` redraws by the clock, each part of a page for itself. Where the answer to one
part is a run of the whole page, as when a training ends, the question of the next is answered right
after, and for that the server throws away what it has drawn of that part and not sent yet (Streamlit
1.67, `ForwardMsgQueue.clear`): on a busy machine the charts went blank for some frames at the end of 4
of 22 runs. Here a part asks when its last drawing has arrived, and one at a time: then nothing is on
its way.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from math import ceil, log2
from typing import Any

import streamlit as st

from maskdemo.errors import QueueFull, escape_markdown
from maskdemo.experiment import Experiment
from maskdemo.export.settings_text import difference_sentence
from maskdemo.machine import keep_little_freed_memory
from maskdemo.results.trainings import TrainingStore
from maskdemo.scenarios import scenario_of
from maskdemo.server import Run, Server, Status, Work
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import components, url
from maskdemo.ui.components import saved_as

#: Seconds that a session which has come back in time may need until its first script run.
RETURN_S = 5.0
#: Seconds between two polls where only a line of text changes: a job waits, or its results have a poll
#: of their own.
LINE_POLL_S = 1.0
#: Seconds between two polls of a job that runs and has no results, so that its first point comes soon.
FIRST_POLL_S = 0.15
#: Seconds between two polls of a job that runs, so that points come at least twice a second.
POLL_S = 0.35
#: Viewers of one run for whom the server draws every `POLL_S`; twice as many see half as many points.
VIEWERS_AT_POLL_S = 8
#: What a session is told once where the server's disk is full or cannot be written.
DISK_FAILED = (
    "Nothing can be kept on this server's disk now: it computes again what it would have found there."
)
#: What is said of each kind of work that is lost.
LOST = {
    "run": "the training that was under way was stopped. Train to begin it again.",
    "studyrun": "the study that was under way was stopped. Run it to begin it again.",
    "audit": "the audit is not here any more. Choose the model to begin it again.",
}


def grace() -> float:
    """Return the seconds for which a session's results and jobs outlive its connection.

    That is Streamlit's own setting for the session itself, plus `RETURN_S`.
    """
    return st.get_option("server.disconnectedSessionTTL") + RETURN_S


@st.cache_resource(show_spinner=False)
def server() -> Server:
    """Return the queue, worker and results of all viewers; the first call starts the worker."""
    keep_little_freed_memory()
    return Server(grace=grace())


@st.cache_resource(show_spinner=False)
def store() -> TrainingStore:
    """Return the finished trainings of studies, on disk: of all viewers, kept through restarts."""
    return TrainingStore()


def viewer() -> str:
    """Return the session's random name at the server, and tell the queue of a new connection."""
    if "viewer" not in st.session_state:
        st.session_state.viewer = uuid.uuid4().hex
    return _presence(st.session_state.viewer)


def find(experiment: Experiment) -> Snapshot | None:
    """Return an experiment's finished run, trained for any viewer or precomputed; None without."""
    return server().find(experiment)


def _left(name: str) -> None:
    """Tell the queue that a session has left, or lost its connection."""
    server().queue.left(name)


@st.cache_resource(scope="session", show_spinner=False, on_release=_left)
def _presence(name: str) -> str:
    """Return the session's name, and tell the queue that the session is there, once a connection."""
    # Streamlit drops a session's resources when its connection closes (a closed tab, or a blip), so
    # this is called again when the session is back.
    server().queue.returned(name)
    return name


def status(kind: str) -> Status[Any]:
    """Return the state of the viewer's work. kind, here and below: "run", "studyrun" or "audit"."""
    return server().status(viewer(), kind)


def is_active(kind: str) -> bool:
    """Return whether the viewer's work of this kind waits or runs."""
    return status(kind).active


def compile_ahead(experiment: Experiment) -> None:
    """Have a run's programs compiled, unless a run is active or this experiment was asked for last."""
    if not is_active("run") and st.session_state.get("prepared") != experiment:
        st.session_state.prepared = experiment
        server().prepare(viewer(), experiment)


def take_over(work: Work) -> None:
    """Join equal work whose viewers all left, as by a reload, if the session has none of its kind."""
    server().queue.take_over(viewer(), work)


def submit(work: Work) -> None:
    """Ask for work in place of the session's last of its kind. Raises `QueueFull`, changing nothing."""
    server().submit(viewer(), work)


def submit_run() -> None:
    """Ask for a run of `read_settings` (if invalid, the URL's) in a callback. Raises `QueueFull`."""
    submit(Run(url.read_settings(url.RUN)[0]))


def start(kind: str, ask: Callable[[], None]) -> None:
    """Start work by calling `ask`, in a callback; keep the sentence of `QueueFull` for `refusal`."""
    url.mark_touched()
    refused = st.session_state.setdefault("refused", {})
    refused.pop(kind, None)
    try:
        ask()
    except QueueFull as full:
        refused[kind] = str(full)


def cancel(kind: str) -> None:
    """Cancel the viewer's job of this kind; its results stay. It goes on for other viewers."""
    url.mark_touched()
    server().cancel(viewer(), kind)


def keep_lost(earlier: str) -> None:
    """Replace `refusal`'s sentences by those on work that session `earlier` lost, if not active."""
    st.session_state.refused = {
        kind: f"The connection was away for too long, so {LOST[kind]}"
        for kind in server().queue.lost(earlier)
        if kind in LOST and not is_active(kind)
    }


def refusal(kind: str) -> None:
    """Draw why work of this kind was refused or lost, if it was, until `start` is called again."""
    if sentence := st.session_state.get("refused", {}).get(kind):
        st.warning(sentence)


def progress_line(
    now: Status[Any], share: float, text: str, cancelled: str = "", other: str = ""
) -> None:
    """Draw `now.notice`, a failing disk once, and a line if work waits, runs, failed, was cancelled.

    share, text: while it runs, what is done (0 to 1) and a sentence. cancelled: the sentence
    on cancelled work, "" for no line. other: appended to the line while the work waits.
    """
    session = st.session_state
    if now.notice:
        st.info(now.notice)
    if not server().disk_works and not session.get("disk_failure_reported"):
        session.disk_failure_reported = True
        st.toast(DISK_FAILED, icon=":material/save:", duration="long")
    if now.phase == "queued":
        soon = f", about {duration(now.seconds)}" if now.seconds is not None else ""
        st.progress(0.0, text=f"Waiting: number {now.position} in the queue{soon}.{other}")
    elif now.phase == "running":
        st.progress(min(share, 1.0), text=text)
    elif now.phase == "failed":
        st.error(now.error)
    elif now.phase == "cancelled" and cancelled:
        st.info(cancelled)


def run_progress_line(cancelled: str = "") -> None:
    """Draw `progress_line` for the viewer's run: repeat, epoch and time left, or what is prepared."""
    now: Status[Snapshot] = status("run")
    share, text, other = 0.0, "", ""
    if now.phase == "running" and now.newest is not None:
        share, newest, experiment = now.newest.done, now.newest.curves[-1], now.newest.experiment
        repeat, epoch = newest.repeat + 1, len(newest.loss)
        text = f"Repeat {repeat} of {experiment.repeats}, epoch {epoch} of {experiment.epochs}"
        text += f"{time_left(now)}."
    elif now.active:
        wanted = url.current(url.RUN)[0]
        scenario = scenario_of(wanted)
        whose = f" the scenario {scenario.title}" if scenario else " the run of these settings"
        if isinstance(now.work, Run) and now.work.experiment != wanted:
            whose = ""
            sentence = difference_sentence(now.work.experiment, wanted, "The run is for")
            other = f" {escape_markdown(sentence)}"
        text = f"Preparing{whose}.{other} The first run of a new shape takes a few seconds."
    progress_line(now, share, text, cancelled, other)


def time_left(now: Status[Any]) -> str:
    """Return ", about 20 s left", as the end of a sentence; "" before the seconds are known."""
    return "" if now.seconds is None else f", about {duration(now.seconds)} left"


def duration(seconds: float) -> str:
    """Return seconds as text, rounded to whole seconds, at least 1, or to minutes from 90 seconds on.

    >>> duration(0.2), duration(89.0), duration(100.0)
    ('1 s', '89 s', '2 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def start_button(kind: str, label: str, ask: Callable[[], None], *, disabled: bool = False) -> None:
    """Draw the page's button that starts work of this kind by calling `ask`."""
    st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        on_click=start,
        args=(kind, ask),
        key=f"{kind}_start",
        disabled=disabled,
    )


def cancel_button(kind: str) -> None:
    """Draw the button that cancels the viewer's work of this kind."""
    st.button("Cancel", icon=":material/stop:", on_click=cancel, args=(kind,), key=f"{kind}_cancel")


def watch(draw: Callable[[], None], kind: str, *, only_results: bool = False) -> None:
    """Draw a part of the page now, and again while the viewer's job of this kind goes on.

    When a job is asked for, has its first results or ends, the whole page runs again, which alone
    starts or stops the polling; also when `saved_as` changes. only_results: draw once, then nothing
    before there are results.
    """
    now = status(kind)
    drawn_for = _page_state(now)
    polls = now.active and not (only_results and now.newest is None)
    beside_results = not only_results and now.newest is not None

    def part() -> None:
        if _page_state(status(kind)) != drawn_for:
            st.rerun()
        url.write_if_changed()
        draw()

    key = f"poll_{kind}_results" if only_results else f"poll_{kind}"
    components.repeat(part, lambda: _pause_s(kind, line=beside_results) if polls else None, key=key)


def _pause_s(kind: str, *, line: bool) -> float:
    """Return seconds to a part's next poll: `poll_s`; with results the time left, if less, >= a third.

    line: this part is the line beside results: at least `LINE_POLL_S` once the time left is known.
    """
    now = status(kind)
    pause = poll_s(now)
    if line:
        # It says how long it will take as soon as that is known.
        return pause if now.seconds is None else max(LINE_POLL_S, pause)
    if now.phase != "running" or now.newest is None or now.seconds is None:
        return pause
    return min(pause, max(pause / 3, now.seconds))


def _page_state(status: Status[Any]) -> tuple[object, ...]:
    """Return a value whose change makes the whole page run again."""
    return status.active or status.phase, status.newest is None, saved_as()


def poll_s(status: Status[Any]) -> float:
    """Return the seconds between two polls of a job: `LINE_POLL_S` if it does not run.

    Else `POLL_S`, or `FIRST_POLL_S` without results; doubled beyond 8 viewers of the job, 16, 32, ...
    """
    if status.phase != "running":
        return LINE_POLL_S
    pause = FIRST_POLL_S if status.newest is None else POLL_S
    return pause * 2 ** max(0, ceil(log2(status.viewers / VIEWERS_AT_POLL_S)))
