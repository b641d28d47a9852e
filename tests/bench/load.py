"""Many viewers, and many runs in a row, against the real server: `python -m tests.bench.load`.

Viewers are pages of one Chromium, each in a context of its own. All open the playground's opening
run with a seed of their own, and all press Train. Then one page runs a short experiment again and
again, each time through a link with another seed. What is watched is the server's resident memory.
"""

from __future__ import annotations

import argparse
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import psutil  # pyright: ignore[reportMissingModuleSource]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from maskdemo.experiment import Experiment
from tests.bench.__main__ import BUILD, Budget, machine
from tests.browser.conftest import CHROMIUMS, FLAGS
from tests.browser.server import Server, running_server

PATIENCE_MS = 30 * 60 * 1000
#: Seconds between two looks at the memory.
TICK = 0.1
#: One shape, trained in well under a second.
SHORT = Experiment(epochs=2, repeats=1, strategies=("no_mask", "held_state"))

BUDGETS = {
    "viewers_rss_mb": Budget(
        "viewers_rss_mb", "Most memory while all train", 1024, at_most=True, unit="MB"
    ),
    "runs_growth_mb": Budget(
        "runs_growth_mb", "Growth, from the first run to the last", 20, at_most=True, unit="MB"
    ),
}


class Memory:
    """The resident memory of a process in MB, and the most that it was so far."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.most = 0.0

    def now(self) -> float:
        """MB at this moment."""
        found = self._process.memory_info().rss / 2**20
        self.most = max(self.most, found)
        return found

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Looks all the time, so that `most` misses no peak that lasts."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(TICK):
                self.now()

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def many_viewers(browser: Browser, server: Server, memory: Memory, viewers: int) -> dict[str, float]:
    """All open, all train at once; how many finish, how long the last waits, and the most memory."""
    pages = [browser.new_context().new_page() for _ in range(viewers)]
    for seed, page in enumerate(pages):
        _open(page, server, replace(Experiment(), seed=seed))
    opened = memory.now()
    began = time.monotonic()
    with memory.watched():
        for page in pages:
            page.get_by_role("button", name="Train", exact=True).click()
        finished = sum(_finishes(page) for page in pages)
    result = {
        "viewers": viewers,
        "viewers_finished": finished,
        "viewers_s": time.monotonic() - began,
        "viewers_opened_rss_mb": opened,
        "viewers_rss_mb": memory.most,
    }
    for page in pages:
        page.context.close()
    return result


def many_runs(browser: Browser, server: Server, memory: Memory, runs: int) -> dict[str, float]:
    """One page, one run after another; memory after the first and after the last."""
    page = browser.new_context().new_page()
    after: list[float] = []
    for number in range(runs):
        _open(page, server, replace(SHORT, seed=1000 + number))
        page.get_by_role("button", name="Train", exact=True).click()
        if not _finishes(page):
            raise RuntimeError(f"Run {number + 1} did not finish.")
        after.append(memory.now())
        if number in (0, runs // 4, runs // 2) or number == runs - 1:
            print(f"Run {number + 1} of {runs}: {after[-1]:.0f} MB", flush=True)
    page.context.close()
    return {
        "runs": runs,
        "runs_first_rss_mb": after[0],
        "runs_last_rss_mb": after[-1],
        "runs_growth_mb": after[-1] - after[0],
    }


def _open(page: Page, server: Server, experiment: Experiment) -> None:
    page.goto(f"{server.url}/?{urlencode(experiment.to_params())}")
    train = page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_enabled(timeout=PATIENCE_MS)


def _finishes(page: Page) -> bool:
    """Whether the run that was started leaves its results."""
    results = page.get_by_text("What the network says after every step")
    expect(results).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=PATIENCE_MS)
    return results.is_visible() and not page.get_by_text("Cancelled.").is_visible()


def table(result: dict[str, float]) -> str:
    """Every figure, with its budget where it has one."""
    lines = []
    for name, figure in result.items():
        line = f"{name:<28}{figure:>10.4g}"
        if budget := BUDGETS.get(name):
            verdict = "met" if budget.met(figure) else "NOT MET"
            line += f"   at most {budget.bound:g} {budget.unit}: {verdict}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Measure, show, write `build/load.json`."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("--viewers", type=int, default=25, help="how many at once (default 25)")
    parser.add_argument("--runs", type=int, default=200, help="how many in a row (default 200)")
    given = parser.parse_args()
    chromium = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if chromium is None:
        parser.error("No Chromium on this machine: install it, for example with apt.")
    result: dict[str, float] = {}
    with (
        running_server(log=BUILD / "load.log") as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=list(FLAGS)) as browser,
    ):
        memory = Memory(server.pid)
        if given.viewers:
            result |= many_viewers(browser, server, memory, given.viewers)
        if given.runs:
            result |= many_runs(browser, server, memory, given.runs)
    print(f"\n{table(result)}")
    text = json.dumps({**result, "machine": machine()}, indent=2)
    (BUILD / "load.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
