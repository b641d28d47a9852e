"""A journey through the costs on the study page: times arrive, and stopping ends the process."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.server import Server
from tests.browser.viewer import Viewer
from tests.samples import small


def workers(pid: int) -> set[int]:
    """The processes of this server that hold TensorFlow, or will."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid and b"maskdemo.server.worker" in stat.with_name("cmdline").read_bytes():
                found.add(int(stat.parent.name))
        except (OSError, IndexError):
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Nothing here lists processes.")
def test_costs_are_measured_in_a_process_that_stops(viewer: Viewer, server: Server):
    params = small(strategies=("no_mask",)).to_params() | {"vary": "side", "doses": "post_pre"}
    page = viewer.open(f"/study?{urlencode(params)}")
    before = workers(server.pid)
    page.get_by_role("button", name="Measure here").click()
    # The first: a chart that is being replaced is there twice for a moment.
    chart = page.locator(".maskdemo-chart").filter(has_text="Time of one epoch").first
    expect(chart).to_be_visible(timeout=60_000)
    expect(chart.get_by_text("Masking, Keras").first).to_be_visible(timeout=240_000)
    measuring = workers(server.pid)
    assert len(measuring) == 1 and measuring != before, "in the worker's place, not beside it"
    page.get_by_role("button", name="Stop measuring").click()
    expect(page.get_by_role("button", name="Measure here")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Stopped. What was measured until then is shown.")).to_be_visible()
    expect(chart.get_by_text("No mask, here").first).to_be_visible()
    until = time.monotonic() + 30
    while measuring & workers(server.pid):
        assert time.monotonic() < until
        time.sleep(0.1)
