"""A viewer's work at the server: start it, watch it, cancel it. The one piece that all pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from maskdemo.errors import QueueFull
from maskdemo.experiment import Experiment
from maskdemo.server import Status
from maskdemo.ui import server, url

#: What a session is told once where the server's disk is full or cannot be written.
NOTHING_KEPT = (
    "Nothing can be kept on this server's disk now: it computes again what it would have found there."
)
#: What is said of each kind of work that is lost.
LOST = {
    "run": "the training that was under way was stopped. Train to begin it again.",
    "studyrun": "the study that was under way was stopped. Run it to begin it again.",
    "audit": "the audit is not here any more. Choose the model to begin it again.",
}


def status(kind: str) -> Status[Any]:
    """Where the viewer's work of this kind stands."""
    return server.status(kind)


def is_active(kind: str) -> bool:
    """Whether it waits or runs."""
    return status(kind).phase in ("queued", "running")


def prepare(experiment: Experiment) -> None:
    """Let the server make ready what a run of it needs, once for each change of the settings."""
    if not is_active("run") and st.session_state.get("prepared") != experiment:
        st.session_state.prepared = experiment
        server.compile_ahead(experiment)


def start(kind: str, submit: Callable[[], None]) -> None:
    """Start it by `submit`; a refusal is kept for `refusal`."""
    url.mark_touched()
    refused = st.session_state.get("refused", {})
    st.session_state.refused = {other: said for other, said in refused.items() if other != kind}
    try:
        submit()
    except QueueFull as full:
        st.session_state.refused = {kind: str(full)}


def cancel(kind: str) -> None:
    """Stop it; what it has found stays."""
    url.mark_touched()
    server.cancel(kind)


def lost(session: str) -> None:
    """Keep for `refusal` what is lost of the session that this one takes the place of."""
    st.session_state.refused = {
        kind: f"The connection was away for too long, so {LOST[kind]}"
        for kind in server.lost(session)
        if kind in LOST
    }


def refusal(kind: str) -> None:
    """Why it could not be started, or does not go on, if so."""
    sentence = st.session_state.get("refused", {}).get(kind)
    if sentence:
        st.warning(sentence)


def line(kind: str, running: Callable[[Any], tuple[float, str]], cancelled: str) -> None:
    """One line on where it stands: `running` gives share and words from the newest (or None)."""
    now = status(kind)
    notice(now)
    tell_nothing_is_kept()
    if now.phase == "queued":
        soon = f", about {duration(now.seconds)}" if now.seconds is not None else ""
        st.progress(0.0, text=f"Waiting: number {now.position} in the queue{soon}.")
    elif now.phase == "running":
        share, words = running(now.newest)
        st.progress(min(share, 1.0), text=words)
    elif now.phase == "failed":
        st.error(now.error)
    elif now.phase == "cancelled":
        st.info(cancelled)


def duration(seconds: float) -> str:
    """About so long, in whole seconds or minutes.

    >>> duration(0.2), duration(89.0), duration(100.0)
    ('1 s', '89 s', '2 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def notice(now: Status[Any]) -> None:
    """What happened to it and mended itself."""
    if now.notice:
        st.info(now.notice)


def tell_nothing_is_kept() -> None:
    """Say once in a session that the server's disk is full or cannot be written."""
    if not server.keeps() and not st.session_state.get("told_nothing_kept"):
        st.session_state.told_nothing_kept = True
        st.toast(NOTHING_KEPT, icon=":material/save:", duration="long")


def start_button(
    kind: str,
    label: str,
    submit: Callable[[], None],
    *,
    main: bool = True,
    name: str = "",
    disabled: bool = False,
    help: str | None = None,
) -> None:
    """The button that starts it. main: the page's own; name: tells several of a kind apart."""
    st.button(
        label,
        type="primary" if main else "secondary",
        icon=":material/play_arrow:",
        on_click=start,
        args=(kind, submit),
        key=f"{kind}_start{name}",
        disabled=disabled,
        help=help,
    )


def cancel_button(kind: str, label: str = "Cancel", name: str = "") -> None:
    """The button that cancels it."""
    st.button(label, icon=":material/stop:", on_click=cancel, args=(kind,), key=f"{kind}_cancel{name}")
