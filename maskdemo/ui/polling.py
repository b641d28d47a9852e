"""Parts of a page that are drawn again by themselves, and how often.

Streamlit's `run_every` redraws by the clock, each part for itself. Where the answer to one part is a
run of the whole page, as when a training ends, the question of the next is answered right after, and
for that the server throws away what it has drawn of that part and not sent yet (Streamlit 1.67,
`ForwardMsgQueue.clear`): on a busy machine the charts went blank for some frames at the end of 4 of 22
runs. Here a part asks when its last drawing has arrived, and one at a time: then nothing is on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2
from time import monotonic_ns
from typing import Any

import streamlit as st

from maskdemo.server import Status
from maskdemo.ui import browser_files, server, url
from maskdemo.ui.chart import saved_as

#: Seconds between two polls of a job that waits, of which only a line of text changes.
QUEUED_POLL_S = 1.0
#: Seconds between two polls of a job that runs and has no results, so that its first point comes soon.
FIRST_POLL_S = 0.15
#: Seconds between two polls of a job that runs, so that points come at least twice a second.
POLL_S = 0.35
#: Viewers of one run for whom the server draws every `POLL_S`; twice as many see half as many points.
VIEWERS_AT_POLL_S = 8


def repeat(draw: Callable[[], None], every_s: float | None, *, name: str) -> None:
    """Draw a part of the page now, and again every `every_s` seconds after its last drawing, if given.

    name: tells the part from others on the page. Should its drawing be thrown away all the same,
    because somebody moved a control just then, nothing beside it moves up: it has a place of its own,
    which stays. See also `minCachedMessageSize` in `.streamlit/config.toml`.
    """
    page = monotonic_ns()

    def part() -> None:
        draw()
        if every_s is not None:
            data = {"seconds": every_s, "page": page, "drawn": monotonic_ns()}
            browser_files.drawn_by(browser_files.POLL)(
                key=f"poll_{name}", data=data, on_poll_change=_on_poll
            )

    with st.container():
        st.fragment(part)()


def _on_poll() -> None:
    """Streamlit draws the part anew, which is all there is to do."""


def watch(
    draw: Callable[[], None], kind: str, *, only_results: bool = False, poll: bool = True
) -> None:
    """Draw a part of the page now, and again while the viewer's job of this kind goes on.

    When a job begins, has its first results or ends, or the pause between polls changes, the whole page
    runs again, which alone starts or stops the polling; also when one part of the page changed how all
    charts are to be saved. only_results: do not redraw before there are results. poll: whether the part
    has to do with the job at all.
    """

    def redraw() -> None:
        if _page_state(server.status(kind)) != drawn_for:
            st.rerun()
        url.write()
        draw()

    status = server.status(kind)
    drawn_for = _page_state(status)
    changes = status.going and not (only_results and status.newest is None)
    name = f"{kind}_results" if only_results else kind
    repeat(redraw, poll_s(status) if poll and changes else None, name=name)


def _page_state(status: Status[Any]) -> tuple[object, ...]:
    """What the whole page depends on."""
    return status.phase, status.newest is None, poll_s(status), saved_as()


def poll_s(status: Status[Any]) -> float:
    """Seconds between two polls of a job: longer with many viewers, doubled each time they double."""
    if status.phase != "running":
        return QUEUED_POLL_S
    pause = FIRST_POLL_S if status.newest is None else POLL_S
    return pause * 2 ** max(0, ceil(log2(status.viewers / VIEWERS_AT_POLL_S)))
