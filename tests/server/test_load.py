"""The short form of `make load`: a few viewers without a browser, on the real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.bench.load import Plan, measured
from tests.bench.viewer import Viewer
from tests.samples import small

#: Two kinds of settings that share their compiled programs: compiling is most of a short run, and
#: each kind is first trained alone.
KINDS = tuple(small(repeats=2, pad_value=value) for value in (0.0, 1.0))


def test_a_button_is_pressed_on_no_other_page_than_the_one_that_was_opened():
    shown, button = ForwardMsg(), ForwardMsg()
    for name in ("playground", "inside"):
        shown.navigation.app_pages.add(page_script_hash=name, url_pathname=name)
    shown.navigation.app_pages[0].is_default = True
    shown.navigation.page_script_hash = "inside"
    button.delta.new_element.button.label = "Train"
    viewer = Viewer("http://127.0.0.1")
    for message in (shown, button):
        viewer._take(message)
    with pytest.raises(AssertionError, match="This page is 'inside', not ''"):
        asyncio.run(viewer.press("Train"))


@pytest.mark.slow
@pytest.mark.fuzz
def test_a_few_viewers_and_runs(tmp_path: Path):
    # Without a bound of time of its own: a phase that never ends is the last one that is printed.
    plan = Plan(viewers=5, runs=20, kinds=KINDS, shapes=2, texts=("quotes",), phase=None)
    figures = measured(plan, tmp_path / "server.log", megabytes=1200)
    assert not figures["server_killed"] and figures["workers_killed"] == 0
    assert figures["exceptions"] == 0, figures["exceptions_seen"]
    # Every phase has come to its end; how fast is a matter of the machine, and of `make load`.
    for name in (
        "viewers_25_over_ideal",
        "viewers_one_link_over_run",
        "page_open_slowest_s",
        "free_after_closed_tabs_s",
        "told_after_kill_s",
        "again_after_kill_s",
        "server_growth_mb",
        "hostile_page_open_slowest_s",
        "hostile_server_growth_mb",
    ):
        assert name in figures
