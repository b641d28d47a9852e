"""Many viewers, and many runs in a row, against the real server: `python -m tests.bench.load`.

The server runs within a limit of memory, where one can be set. First one viewer alone, for each kind
of settings; then many at once with five kinds of settings, each with a seed of its own, while pages
go on being opened; then all of them with one link; then tabs that are closed in mid-run, and a worker
that is killed in mid-run; then many runs in a row, each of another shape; then texts that mean harm,
pasted into the audit while pages are opened. Every phase has a bound in time: what is not reached in
it is missing from `build/load.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert

from maskdemo.audit.resource_limits import MAX_TEXT
from maskdemo.experiment import Experiment
from tests.audit.test_hostile import SHAPES
from tests.bench.limit import Limit, memory_limit
from tests.bench.memory import Memory, workers
from tests.bench.playground import NOWHERE, has_results, place, trained, trains
from tests.bench.viewer import Viewer
from tests.browser.server import BUILD, Server, running_server

#: What the smallest host that people use promises, MB.
HOST_MB = 690
#: TensorFlow and Keras import these packages of the tests, which no host has: 40 MB.
NOT_ON_THE_HOST = "import sys; sys.modules.update(jax=None, IPython=None)"
#: Seconds for a whole phase.
PHASE = 600.0
#: The repeat and epoch at which a worker is killed.
THIRD = (3, 1)
#: Seconds between two pages that are opened while others train.
VISIT = 2.0

OPENING = Experiment()
KINDS = (
    OPENING,
    replace(OPENING, side="pre"),
    replace(OPENING, padded_length=100),
    replace(OPENING, units=16),
    replace(OPENING, padded_length=40, strategies=("no_mask", "masking_layer", "held_state")),
)
#: Trained in well under a second; each of the runs in a row has another padded length and more.
SHORT = Experiment(
    task="last_sign",
    train_size=64,
    test_size=32,
    epochs=2,
    repeats=1,
    strategies=("no_mask", "held_state"),
)


@dataclass(frozen=True)
class Plan:
    """How much of everything. The short form belongs to `make test`."""

    viewers: int = 25
    runs: int = 200
    kinds: tuple[Experiment, ...] = KINDS
    shapes: int = 100
    texts: tuple[str, ...] = tuple(SHAPES)
    phase: float | None = PHASE


def has_refusal(viewer: Viewer) -> bool:
    """Whether the page says why a text is not audited."""
    return any(each.format == Alert.ERROR for each in viewer.elements("alert"))


@dataclass
class Load:
    """One server under load, and what was measured of it. figures: as `build/load.json` has them."""

    server: Server
    memory: Memory
    limit: Limit
    plan: Plan
    figures: dict[str, Any] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)
    killed_by_us: int = 0

    async def measure(self) -> None:
        """All phases, one after another."""
        viewer = Viewer(self.server.url)
        await viewer.open()
        # The first page shows what was computed in advance: if not so, no result would be known here.
        assert has_results(viewer), "The page does not show results as this expects them."
        await self.closed(viewer)
        one_run = await self.phase("one viewer alone", self.alone())
        await self.phase("many viewers, five kinds of settings", self.many(one_run))
        await self.phase("one link for all", self.one_link(one_run))
        await self.phase("tabs closed in mid-run", self.closed_tabs())
        await self.phase("the worker killed in mid-run", self.killed_worker())
        await self.phase("runs of other shapes", self.shapes())
        await self.phase("texts that mean harm", self.hostile_texts())
        self.figures["exceptions"] = len(self.exceptions)

    async def phase(self, name: str, work: Any) -> Any:
        """One phase, within its bound of time; None where it did not reach its end."""
        print(f"{name[0].upper()}{name[1:]} ...", flush=True)
        try:
            async with asyncio.timeout(self.plan.phase):
                return await work
        except TimeoutError:
            print(f"  not over after {self.plan.phase:g} s", flush=True)
            return None

    async def alone(self) -> dict[Experiment, float]:
        """Seconds of a warm run of each kind: the second one, with another seed."""
        seconds: dict[Experiment, float] = {}
        for kind in self.plan.kinds:
            for seed in (9001, 9002):
                async with self.viewer(replace(kind, seed=seed)) as viewer:
                    seconds[kind] = await trained(viewer)
        self.figures["one_run_s"] = sum(seconds.values()) / len(seconds)
        return seconds

    async def many(self, one_run: dict[Experiment, float] | None) -> None:
        """All open, all train at once, each with a seed of their own, while others open pages."""
        kinds = [self.plan.kinds[at % len(self.plan.kinds)] for at in range(self.plan.viewers)]
        wanted = [replace(kind, seed=seed) for seed, kind in enumerate(kinds)]
        total = await self.together(wanted, visits=True)
        if one_run is not None:
            self.figures["viewers_25_over_ideal"] = total / sum(one_run[kind] for kind in kinds)

    async def one_link(self, one_run: dict[Experiment, float] | None) -> None:
        """All open the same link and train: one run, seen by all."""
        total = await self.together([replace(self.plan.kinds[0], seed=77)] * self.plan.viewers)
        if one_run is not None:
            self.figures["viewers_one_link_over_run"] = total / one_run[self.plan.kinds[0]]

    async def together(self, wanted: Sequence[Experiment], *, visits: bool = False) -> float:
        """Seconds from the first click until the last one has finished."""
        viewers = [Viewer(self.server.url) for _ in wanted]
        visiting = None
        try:
            for viewer, experiment in zip(viewers, wanted, strict=True):
                await viewer.open(urlencode(experiment.to_params()))
            began = time.monotonic()
            if visits:
                visiting = asyncio.create_task(self.visits())
            await asyncio.gather(*(trained(each) for each in viewers))
            return time.monotonic() - began
        finally:
            if visiting is not None:
                visiting.cancel()
            for viewer in viewers:
                await self.closed(viewer)

    async def hostile_texts(self) -> None:
        """One shape after another, as large as it may be, until the audit says what is wrong."""
        slowest = growth = 0.0
        for shape in self.plan.texts:
            before, began = self.memory.server(), time.monotonic()
            visiting = asyncio.create_task(self.visits("hostile_page_open_slowest_s", pause=0.0))
            viewer = Viewer(self.server.url)
            try:
                await viewer.open(page="audit")
                await viewer.choose("button_group", "Model", "A configuration")
                await viewer.paste(
                    "What model.to_json() returns", SHAPES[shape](MAX_TEXT - 200)[:MAX_TEXT]
                )
                await viewer.press("Audit")
                await viewer.until(lambda viewer=viewer: has_refusal(viewer))
                growth = max(growth, self.memory.server() - before)
                slowest = max(slowest, time.monotonic() - began)
            finally:
                visiting.cancel()
                await self.closed(viewer)
            self.figures["hostile_answer_slowest_s"] = slowest
            self.figures["hostile_server_growth_mb"] = growth

    async def visits(self, figure: str = "page_open_slowest_s", *, pause: float = VISIT) -> None:
        """Open one page after another; the slowest one counts. pause: seconds between two."""
        slowest, page = 0.0, 0
        while True:
            viewer = Viewer(self.server.url)
            seconds = await viewer.open(page=("", "inside", "study", "article")[page % 4])
            await self.closed(viewer)
            slowest, page = max(slowest, seconds), page + 1
            self.figures[figure] = slowest
            await asyncio.sleep(pause)

    async def closed_tabs(self) -> None:
        """Some begin and leave; how long until who asks then has the worker."""
        long = replace(self.plan.kinds[0], epochs=200, repeats=20, seed=500)
        for at in range(3):
            async with self.viewer(replace(long, seed=500 + at)) as viewer:
                await viewer.press("Train")
                await viewer.until(lambda viewer=viewer: viewer.has_button("Cancel"))
        began = time.monotonic()
        async with self.viewer(replace(self.plan.kinds[0], seed=510)) as viewer:
            await viewer.press("Train")
            await trains(viewer)
        self.figures["free_after_closed_tabs_s"] = time.monotonic() - began

    async def killed_worker(self) -> None:
        """Ended in mid-run: how long until the viewer is told, and until the run goes on."""
        long = replace(self.plan.kinds[0], epochs=100, repeats=20, seed=600)
        async with self.viewer(long) as viewer:
            await viewer.press("Train")
            # Far enough that a run which begins again is seen before it gets there.
            await viewer.until(lambda: place(viewer) >= THIRD)
            os.kill(max(workers(self.server.pid)), signal.SIGKILL)
            self.killed_by_us += 1
            began = time.monotonic()
            await viewer.until(lambda: "begins again" in viewer.words())
            self.figures["told_after_kill_s"] = time.monotonic() - began
            await viewer.until(lambda: NOWHERE < place(viewer) < THIRD)
            self.figures["again_after_kill_s"] = time.monotonic() - began
            await viewer.press("Cancel")

    async def shapes(self) -> None:
        """One run after another, each of another shape; by how much the server has grown."""
        before = None
        for number in range(self.plan.runs):
            steps, units = 16 + number % self.plan.shapes, 4 + number // 100
            experiment = replace(SHORT, padded_length=steps, units=units, seed=number)
            async with self.viewer(experiment) as viewer:
                await trained(viewer)
            if before is None:
                before = self.memory.server()
            self.figures["server_growth_mb"] = self.memory.server() - before

    @asynccontextmanager
    async def viewer(self, experiment: Experiment) -> AsyncIterator[Viewer]:
        """A tab with the playground open at these settings."""
        viewer = Viewer(self.server.url)
        try:
            await viewer.open(urlencode(experiment.to_params()))
            yield viewer
        finally:
            await self.closed(viewer)

    async def closed(self, viewer: Viewer) -> None:
        """Close the tab, and remember what it could not show."""
        await viewer.close()
        self.exceptions += viewer.exceptions


def measured(plan: Plan, log: Path, *, megabytes: int = HOST_MB) -> dict[str, Any]:
    """All figures of one server under this load."""
    with (
        memory_limit(megabytes) as limit,
        running_server(log=log, within=limit.within, at_start=NOT_ON_THE_HOST) as server,
        Memory(server.pid) as memory,
    ):
        print(limit.sentence, flush=True)
        load = Load(server, memory, limit, plan)
        asyncio.run(load.measure())
        ends = server.log_text().count("A worker has ended:")
        return {
            **load.figures,
            "server_killed": not memory.is_there(),
            "workers_killed": max(limit.kills, ends - load.killed_by_us),
            "largest_worker_mb": memory.largest_worker,
            "largest_server_mb": memory.largest_server,
            "exceptions_seen": sorted(set(load.exceptions)),
            "memory_limit": limit.sentence,
        }


def main(write: Callable[[str], object] = print) -> None:
    """Measure, show, write `build/load.json`."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("--viewers", type=int, default=25, help="how many at once (default 25)")
    parser.add_argument("--runs", type=int, default=200, help="how many in a row (default 200)")
    parser.add_argument("--megabytes", type=int, default=HOST_MB, help="the limit of memory")
    given = parser.parse_args()
    plan = Plan(viewers=given.viewers, runs=given.runs)
    result = measured(plan, BUILD / "load.log", megabytes=given.megabytes)
    text = json.dumps(result, indent=2)
    (BUILD / "load.json").write_text(text + "\n")
    write(text)


if __name__ == "__main__":
    main()
