"""A part of the page that is drawn again by itself, without the rest.

Streamlit's `run_every` asks for that by the clock, each part for itself. Where the answer to one is a
run of the whole page, as when a training ends, the question of the next is answered right after, and
for that the server throws away what it has drawn of that part and not sent yet (Streamlit 1.67,
`ForwardMsgQueue.clear`): on a busy machine the charts went blank for some frames at the end of 4 of 22
runs. Here a part asks when its last drawing has arrived, and one at a time: then nothing is on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns

import streamlit as st

from maskdemo.ui import browser_files


def repeated(draw: Callable[[], None], seconds: float | None, *, name: str) -> None:
    """Draw it now, and if told so again and again, so many seconds after its last drawing.

    name: tells it from the other parts of the page. Should its drawing be thrown away all the same,
    because somebody moved a control just then, nothing beside it moves up: it has a place of its own,
    which stays. See also `minCachedMessageSize` in `.streamlit/config.toml`.
    """
    page = monotonic_ns()

    def part() -> None:
        draw()
        if seconds is not None:
            data = {"seconds": seconds, "page": page, "drawn": monotonic_ns()}
            browser_files.drawn_by(browser_files.POLL)(
                key=f"poll_{name}", data=data, on_poll_change=_on_poll
            )

    with st.container():
        st.fragment(part)()


def _on_poll() -> None:
    """Streamlit draws the part anew, which is all there is to do."""
