"""The short form of `make load`: a few viewers without a browser, on the real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.load import Plan, measured
from tests.samples import small

#: Much the same work for each, in two shapes.
KINDS = (
    small(repeats=2),
    small(repeats=2, side="pre"),
    small(repeats=2, pad_value=1.0),
    small(repeats=2, padded_length=20),
    small(repeats=2, padded_length=20, side="pre"),
)


@pytest.mark.slow
def test_a_few_viewers_and_runs(tmp_path: Path):
    plan = Plan(viewers=5, runs=20, kinds=KINDS, shapes=4, alone=120, phase=150)
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
    ):
        assert name in figures
    assert figures["told_after_kill_s"] < 5
