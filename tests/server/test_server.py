"""The server as pages use it: TensorFlow stays outside, and a closed tab is a goodbye."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config

from maskdemo.server import Run
from maskdemo.ui import live_job
from tests.browser.server import NO_TENSORFLOW
from tests.samples import small
from tests.server.fakes import FakeServer
from tests.server.test_supervisor import Held
from tests.waiting import until

PAGES = ("playground", "inside", "study", "article", "audit")
OPEN = """
import asyncio, os, sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
from streamlit.web.server.app_discovery import discover_asgi_app
from app import ready

async def start():
    async with ready(None):
        assert "pandas" in sys.modules, "The first visitor would wait for imports"

# For the worker that the first page starts: it would load TensorFlow for nobody.
os.environ["PYTHONPATH"] = sys.argv[1]
assert discover_asgi_app(Path("app.py")).import_string == "app:app"
asyncio.run(start())
for name in sys.argv[2:]:
    page = AppTest.from_file("app.py", default_timeout=120)
    if name != "playground":
        page.switch_page(f"pages/{name}.py")
    page.run()
    assert not page.exception, page.exception
    heavy = {each.partition(".")[0] for each in sys.modules} & {"tensorflow", "keras", "torch"}
    assert not heavy, f"{name} has imported {heavy}"
    looking = {
        f"maskdemo.audit.{each}" for each in ("keras_file", "configuration", "build_from_config")
    }
    assert not looking & set(sys.modules), "The server could look into a stranger's model"
from maskdemo.ui import live_job
live_job.server().close()
"""


def test_no_page_brings_tensorflow_into_the_server(tmp_path: Path):
    (tmp_path / "sitecustomize.py").write_text(NO_TENSORFLOW)
    run = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path), *PAGES], capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stderr


def test_a_closed_tab_stops_what_its_viewer_had_and_nobody_elses(monkeypatch: pytest.MonkeyPatch):
    held = Held()
    fake = FakeServer(held, grace=0.0)
    monkeypatch.setattr(live_job, "server", lambda: fake)
    try:
        fake.submit("ann", Run(small()))
        fake.submit("bob", Run(small(seed=1)))
        until(lambda: fake.status("ann", "run").newest)
        live_job._left("ann")
        until(lambda: fake.status("ann", "run").phase == "idle")
        held.let.release()
        until(lambda: fake.status("bob", "run").newest)
        held.let.release()
        until(lambda: fake.status("bob", "run").phase == "finished")
    finally:
        fake.close()


@pytest.mark.parametrize("kept", [7, 60])
def test_what_works_for_a_session_lives_as_long_as_the_session(kept: int):
    """By Streamlit's own setting, and for as long as a script that is to say so may need to begin."""
    before = st.get_option("server.disconnectedSessionTTL")
    config.set_option("server.disconnectedSessionTTL", kept)
    try:
        assert live_job.grace() == kept + live_job.RETURN_S
    finally:
        config.set_option("server.disconnectedSessionTTL", before)
