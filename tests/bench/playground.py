"""What a viewer does on the playground, and what tells that it is done."""

from __future__ import annotations

import re
import time

from tests.bench.viewer import Viewer

#: What the page draws results into, and nothing before there are any.
TABLE = '<table class="standings'
#: How the page tells where a run is.
REACHED = re.compile(r"Repeat (\d+) of \d+, epoch (\d+) of")
#: The place of a run that has not begun.
NOWHERE = (0, 0)


async def trained(viewer: Viewer) -> float:
    """Press Train and wait for the results; returns the seconds."""
    began = time.monotonic()
    await viewer.press("Train")
    await viewer.until(lambda: viewer.has_button("Cancel") or has_results(viewer))
    await viewer.until(lambda: has_results(viewer))
    return time.monotonic() - began


async def trains(viewer: Viewer) -> None:
    """Wait for the first epoch; a short run may be over before anybody looks."""
    await viewer.until(lambda: place(viewer) > NOWHERE or has_results(viewer))


def has_results(viewer: Viewer) -> bool:
    """Whether a run has ended and what it found is there."""
    drawn = any(TABLE in each.body for each in viewer.elements("html"))
    return drawn and viewer.has_button("Train")


def place(viewer: Viewer) -> tuple[int, int]:
    """Which repeat and epoch was reached, as the page tells it; `NOWHERE` while it does not."""
    told = (REACHED.match(each.text) for each in viewer.elements("progress"))
    return next(((int(each[1]), int(each[2])) for each in told if each), NOWHERE)
