"""What a viewer waits for: the playground of the real server, by Streamlit's own protocol."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import psutil

from maskdemo.experiment import Experiment
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.ui.components import CHART
from tests.bench.contender import Contender
from tests.bench.playground import has_results, trained, trains
from tests.bench.viewer import Viewer
from tests.browser.server import Server, running_server

#: Each is measured this often; the fastest run and the median of what is short count.
TIMES = 3
#: Redraws of a long run that are looked at.
REDRAWS = 30

SPEECH = SCENARIOS[OPENING].experiment
#: Longer than anything here takes.
LONG = replace(SPEECH, epochs=100)
#: What a worker trains first, so that it is awake and knows nothing of the shapes that follow.
OTHER = replace(SPEECH, units=4, epochs=1, repeats=1, strategies=("no_mask",))


def figures(log: Path) -> dict[str, float]:
    """The rows of the page."""
    with TemporaryDirectory() as store:
        starts = [_start(log, store) for _ in range(TIMES)]
        print("  runs, on a server that has compiled nothing", flush=True)
        with running_server(log=log.with_name("bench-server.log"), store=store) as server:
            measured = asyncio.run(_runs(server))
        print("  a server that is started again", flush=True)
        with running_server(log=log.with_name("bench-server.log"), store=store) as server:
            measured["first_point_compiled_s"] = asyncio.run(_first_after(server))
    print("  the training alone", flush=True)
    with Contender("ours_opening", log) as alone:
        training = min(alone.measure("training") for _ in range(TIMES))
    return {
        "page_ready_s": statistics.median(starts),
        "page_run_over_training": measured["page_run_s"] / training,
        "training_epochs_alone_s": training,
        **measured,
    }


def _start(log: Path, store: str) -> float:
    """Seconds from starting the server until its page is drawn with the answer on it."""

    async def opened(server: Server) -> None:
        async with _page(server, SPEECH) as viewer:
            assert has_results(viewer), "What was computed in advance is not on the page."

    began = time.monotonic()
    with running_server(log=log.with_name("bench-server.log"), store=store) as server:
        asyncio.run(opened(server))
        return time.monotonic() - began


async def _runs(server: Server) -> dict[str, float]:
    async with _page(server, OTHER) as viewer:
        await trained(viewer)
    new, _ = await _run(server, replace(SPEECH, seed=1001))
    known = [await _run(server, replace(SPEECH, seed=1002 + at)) for at in range(TIMES)]
    firsts, wholes = zip(*known, strict=True)
    return {
        "first_point_new_s": new,
        "first_point_known_s": statistics.median(firsts),
        "page_run_s": min(wholes),
        **await _while_one_trains(server),
    }


async def _first_after(server: Server) -> float:
    """The same for a shape that only an earlier server has compiled."""
    async with _page(server, replace(OTHER, seed=2000)) as viewer:
        await trained(viewer)
    first, _ = await _run(server, replace(SPEECH, seed=2001))
    return first


async def _run(server: Server, experiment: Experiment) -> tuple[float, float]:
    """Seconds from Train to the first point that is drawn, and to the end."""
    async with _page(server, experiment) as viewer:
        began = time.monotonic()
        await viewer.press("Train")
        await trains(viewer)
        first = time.monotonic() - began
        await viewer.until(lambda: has_results(viewer))
        return first, time.monotonic() - began


async def _while_one_trains(server: Server) -> dict[str, float]:
    """Redraws of a long run, and another viewer's controls meanwhile."""
    print("  what is drawn while one trains", flush=True)
    process = psutil.Process(server.pid)

    def busy() -> float:
        times = process.cpu_times()
        return times.user + times.system

    async with _page(server, replace(LONG, seed=3000)) as viewer:
        await viewer.press("Train")
        await trains(viewer)
        points, redraws, began, before = [_curves(viewer)], viewer.redraws, time.monotonic(), busy()
        while viewer.redraws < redraws + REDRAWS:
            seen = viewer.redraws
            await viewer.until(lambda seen=seen: viewer.redraws > seen)
            points.append(_curves(viewer))
        seconds, spent = time.monotonic() - began, busy() - before
        moved = []
        async with _page(server, replace(SPEECH, pad_value=2.0)) as other:
            for value in range(3, 3 + 2 * TIMES):
                moved.append(await other.enter("Pad value", value))
        await viewer.press("Cancel")
    return {
        "redraw_ms": 1000 * spent / REDRAWS,
        "points_each_s": (len(set(points)) - 1) / seconds,
        "control_redraw_s": statistics.median(moved),
    }


def _curves(viewer: Viewer) -> str:
    """The version of the curves that are drawn."""
    charts = [each for each in viewer.elements("bidi_component") if each.component_name == CHART]
    return json.loads(charts[0].json)["version"] if charts else ""


@asynccontextmanager
async def _page(server: Server, experiment: Experiment) -> AsyncIterator[Viewer]:
    """A tab with the playground open at these settings."""
    viewer = Viewer(server.url)
    try:
        await viewer.open("" if experiment == SPEECH else urlencode(experiment.to_params()))
        yield viewer
    finally:
        await viewer.close()
