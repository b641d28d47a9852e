"""Fixtures for journeys: `page` and `viewer` for most tests, `new_viewer` for anything else.

A test fails at its end when the console or the page reported an error, when something was
requested from another host, or when an exception box is on the screen. What was seen then
is saved under `build/`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.server import BUILD, Server, running_server
from tests.browser.viewer import DESKTOP, TIMEOUT_MS, Viewer
from tests.compiling_ahead import without

HERE = Path(__file__).parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    # Tabs of a window share a process, and with it the scripts that it has compiled.
    "--process-per-site",
)
PASSED = pytest.StashKey[bool]()
# Only ever spent by a test that fails: machines that run tests are busy.
expect.set_options(timeout=TIMEOUT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey, so that `-m "not browser"` leaves them out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Remember how the test itself went: the fixtures below ask at their end."""
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium; Playwright's own download cannot be had everywhere."""
    for name in CHROMIUMS:
        if found := shutil.which(name):
            return found
    sentence = "No Chromium on this machine: install it, for example with apt."
    if os.environ.get("MASKDEMO_REQUIRE_BROWSER"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="package")
def server(chromium: str) -> Iterator[Server]:
    """One app for all journeys, with many viewers, as in real life.

    What its pages train is compiled as it is trained: most of what they show is only looked at.
    """
    with running_server(at_start=without("prepare", "compile_scenarios")) as started:
        yield started


# A browser for this folder, not for the session: while Playwright runs, its event loop occupies the
# main thread, and tests elsewhere that start an event loop would fail.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all journeys of a process."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def window(browser: Browser, server: Server) -> Callable[[tuple[int, int], bool], BrowserContext]:
    """Where viewers of one size and look open their tabs.

    A session of the app belongs to a tab, so they share no more than what a browser has fetched and
    compiled before: more than half of what opening a page costs.
    """

    @cache
    def opened(size: tuple[int, int], dark: bool) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            # What moves for ever is drawn by the processor here, at each frame. Phones keep it.
            reduced_motion="reduce" if size == DESKTOP else "no-preference",
            accept_downloads=True,
        )
        # Reading the address bar back is how a test copies a link.
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        # The window, and the process of its tabs, stay open as long as this tab.
        context.new_page().goto(f"{server.url}/_stcore/health")
        return context

    return opened


@pytest.fixture
def new_viewer(
    request: pytest.FixtureRequest,
    window: Callable[[tuple[int, int], bool], BrowserContext],
    server: Server,
) -> Iterator[Callable[..., Viewer]]:
    """Make a viewer: `new_viewer(size=PHONE, dark=True, base_url=...)`; as many as needed."""
    viewers: list[Viewer] = []

    def make(
        *, size: tuple[int, int] = DESKTOP, dark: bool = False, base_url: str | None = None
    ) -> Viewer:
        context = window(size, dark)
        viewers.append(Viewer(context.new_page(), context, base_url or server.url))
        return viewers[-1]

    yield make

    complaints = [line for viewer in viewers for line in viewer.complaints()]
    if complaints or not request.node.stash.get(PASSED, False):
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        for number, viewer in enumerate(viewers, start=1):
            viewer.screenshot(BUILD / f"{name}-{number}.png")
    for viewer in viewers:
        viewer.page.close()
    if complaints:
        pytest.fail("The journey ended with errors:\n" + "\n".join(complaints), pytrace=False)


@pytest.fixture
def viewer(new_viewer: Callable[..., Viewer]) -> Viewer:
    """A person at a 1440 x 900 window in the light theme."""
    return new_viewer()


@pytest.fixture
def page(viewer: Viewer) -> Page:
    """The front page, open and at rest; for tests that need no more than Playwright's page."""
    return viewer.open("/")
