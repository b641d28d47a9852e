"""The server's workers: a closed tab stops all that its viewer had under way, and nobody else's."""

from __future__ import annotations

import itertools
import time

import pytest

from maskdemo.jobs import Jobs
from maskdemo.ui import server

NAMES = ("", ":study", ":costs", ":example", ":claims")


def endless():
    for number in itertools.count():
        time.sleep(0.001)
        yield number


def test_a_closed_tab_stops_everything_of_its_viewer(monkeypatch: pytest.MonkeyPatch):
    places = {"jobs": Jobs(workers=4, grace=0.0), "keras_jobs": Jobs(workers=6, grace=0.0)}
    for name, place in places.items():
        monkeypatch.setattr(server, name, lambda place=place: place)
    try:
        for person in ("ann", "bob"):
            for suffix in NAMES:
                here = places["jobs" if suffix in ("", ":study") else "keras_jobs"]
                here.submit(person + suffix, endless)
        server._left("ann")
        for suffix in NAMES:
            here = places["jobs" if suffix in ("", ":study") else "keras_jobs"]
            assert here.status("ann" + suffix).phase == "idle"
            assert here.status("bob" + suffix).phase in ("queued", "running")
    finally:
        for place in places.values():
            place.close()


def test_one_child_lives_at_a_time():
    try:
        children = server.keras_jobs()
        children.submit("ann:costs", endless)
        children.submit("bob:claims", endless)
        until = time.monotonic() + 10
        while children.status("ann:costs").phase != "running" and time.monotonic() < until:
            time.sleep(0.01)
        assert children.status("ann:costs").phase == "running"
        assert children.status("bob:claims").position == 1
    finally:
        for name in ("ann:costs", "bob:claims"):
            server.keras_jobs().cancel(name)
