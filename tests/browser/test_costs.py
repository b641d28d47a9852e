"""A journey through the costs on the study page: times arrive, and stopping ends the process."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

import psutil
from playwright.sync_api import expect

from tests.browser.server import Server
from tests.browser.viewer import Viewer
from tests.samples import small


def workers(pid: int) -> list[psutil.Process]:
    """The processes of this server that hold TensorFlow, or will."""
    found = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):
            if "maskdemo.server.worker" in child.cmdline():
                found.append(child)
    return found


def test_costs_are_measured_in_a_process_that_stops(viewer: Viewer, server: Server):
    params = small(strategies=("no_mask",)).to_params() | {"vary": "side", "doses": "post_pre"}
    page = viewer.open(f"/study?{urlencode(params)}")
    before = workers(server.pid)
    page.get_by_role("button", name="Measure here").click()
    # The first: a chart that is being replaced is there twice for a moment.
    chart = page.locator(".maskdemo-chart").filter(has_text="Time of one epoch").first
    expect(chart).to_be_visible()
    expect(chart.get_by_text("Masking, Keras").first).to_be_visible()
    measuring = workers(server.pid)
    assert len(measuring) == 1 and measuring != before, "in the worker's place, not beside it"
    page.get_by_role("button", name="Stop measuring").click()
    expect(page.get_by_role("button", name="Measure here")).to_be_visible()
    expect(page.get_by_text("Stopped. What was measured until then is shown.")).to_be_visible()
    expect(chart.get_by_text("No mask, here").first).to_be_visible()
    gone, left = psutil.wait_procs(measuring, timeout=60)
    assert gone and not left
