"""A journey over a connection that breaks in mid-run, for a short and for a long time."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.connection import connection_to
from tests.browser.server import BUILD, running_server
from tests.browser.test_playground import quick
from tests.browser.viewer import Viewer
from tests.waiting import until

#: Seconds for which the server keeps a session without a connection: many times what a browser needs to
#: connect again, when it has noticed.
KEPT = 8
#: So that the server says when it has given a session up.
LOGS = """
import logging
logging.basicConfig()
logging.getLogger("maskdemo.server.queue").setLevel("INFO")
"""
LONG = quick(epochs=200, repeats=20, seed=91)
TOO_LONG = "The connection was away for too long, so the training that was under way was stopped."


def place(page: Page) -> tuple[int, int]:
    """The repeat and epoch at which the run is, as the page says."""
    said = page.get_by_test_id("stProgress").inner_text()
    found = re.search(r"Repeat (\d+) of \d+, epoch (\d+)", said)
    assert found is not None, said
    return int(found[1]), int(found[2])


# The queue's side of it is in `tests/server/test_queue.py`.
@pytest.mark.fuzz
def test_a_short_break_loses_nothing_and_a_long_one_is_told(
    new_viewer: Callable[..., Viewer],
):
    with (
        running_server(
            at_start=LOGS,
            options=("--server.disconnectedSessionTTL", str(KEPT)),
            log=BUILD / "connection.log",
        ) as server,
        connection_to(server.url) as connection,
    ):
        viewer = new_viewer(base_url=connection.url)
        page = viewer.open(f"/?{urlencode(LONG.to_params())}")
        look = page.get_by_role
        look("button", name="Train", exact=True).click()
        progress = page.get_by_test_id("stProgress")
        expect(progress).to_contain_text("Repeat 1 of 20, epoch")
        # When the page has looked at the run again, all that looking needs has been loaded.
        expect(progress).not_to_have_text(progress.inner_text())

        connection.cut()
        connection.refused.wait()
        before, said = place(page), progress.inner_text()
        connection.mend()
        expect(progress).not_to_have_text(said)
        assert place(page) > before, "It goes on where it was."
        expect(page.get_by_text(TOO_LONG)).to_have_count(0)

        connection.cut()
        until(lambda: "did not come back in time" in server.log_text())
        connection.mend()
        expect(page.get_by_text(TOO_LONG)).to_be_visible()
        look("button", name="Train", exact=True).click()
        expect(progress).to_contain_text("Repeat 1 of 20, epoch")
        expect(page.get_by_text(TOO_LONG)).to_have_count(0)
        look("button", name="Cancel").click()
        expect(look("button", name="Train", exact=True)).to_be_visible()
        page.close()
    # What a browser says of a connection that is cut.
    said = ("net::ERR_", "Failed to load", "server endpoint", "not responding", "when disconnected")
    cut = re.compile("|".join((*said, "WebSocket")))
    viewer.errors[:] = [each for each in viewer.errors if not cut.search(each)]
