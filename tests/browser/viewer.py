"""One person at a browser: opens pages, waits for them, and remembers every error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests import waiting

DESKTOP = (1440, 900)
PHONE = (390, 844)
#: Milliseconds for anything to come; only ever spent by a test that fails.
TIMEOUT_MS = 1000 * waiting.TIMEOUT_S

SCRIPT_DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
#: The accuracies in the table of strategies.
NUMBERS = '[data-testid="stHtml"] tbody tr td:nth-of-type(1) b'
EXCEPTION = '[data-testid="stException"]'
#: Places of what the browser has no code for yet: when that comes, everything below moves.
TO_COME = '[data-testid="stSkeleton"]'
#: What is being opened or closed cuts off what is in it. Who looks for something below the cut moves it
#: there, and the next frame moves it back.
OPENING = '[data-testid="stExpander"] details[style*="overflow"]'
#: Has a height until the pages' own style is there, which moves everything.
UNSTYLED = ".st-key-leaving"

#: An error for what can be clicked and is not under the mouse any more when that, at rest, is released.
LOST = """
let pressed;
const place = ({clientX, clientY}) => `${clientX}, ${clientY}`;
addEventListener("pointerdown", event => {
    pressed = {at: place(event), what: event.target.closest("a, button, label, summary")};
}, true);
addEventListener("pointerup", event => {
    if (pressed?.what && pressed.at === place(event) && !pressed.what.contains(event.target))
        console.error(`Moved as it was clicked: ${pressed.what.innerText}`);
}, true);
"""

# Console errors that the app does not cause: (pattern, why it is allowed).
ALLOWED: tuple[tuple[str, str], ...] = (
    (r"404.*/_stcore/", "Streamlit looks for its server beside a page of a link before the root."),
)


@dataclass
class Viewer:
    """A tab of its own, and so a session of the app that nobody else has."""

    page: Page
    context: BrowserContext
    base_url: str
    errors: list[str] = field(default_factory=list)
    """Errors on the console, uncaught exceptions and requests that left this machine."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(TIMEOUT_MS)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        self.page.on("request", self._on_request)
        self.page.add_init_script(LOST)
        # Before everything that is done or looked for: a button that moves between the pressing of the
        # mouse and its release has not been clicked.
        moving = self.page.locator(f"{TO_COME}:visible, {OPENING}:visible").first
        self.page.add_locator_handler(moving, lambda _: None)

    def _on_console(self, message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not any(re.search(p, text) for p, _ in ALLOWED):
            self.errors.append(f"console: {text}")

    def _on_request(self, request: Request) -> None:
        # The app has to work where nothing else can be reached.
        if not request.url.startswith((self.base_url, "data:", "blob:")):
            self.errors.append(f"request to another host: {request.url}")

    def open(self, path: str = "/") -> Page:
        """Go to a page (`"/"`, `"/?seed=3"`) and wait until its script is done."""
        self.page.goto(f"{self.base_url}/{path.lstrip('/')}")
        # A script that has not begun yet is not running either.
        began = self.page.get_by_test_id("stElementContainer").first
        expect(began).to_be_attached()
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the script rests and all of it is on the page, and nothing of an earlier run."""
        expect(self.page.locator(SCRIPT_DONE)).to_be_attached()
        expect(self.page.locator(f'[data-stale="true"], {TO_COME}')).to_have_count(0)
        expect(self.page.locator(UNSTYLED)).to_be_hidden()

    def unfold(self, what: Locator, inside: Locator) -> None:
        """Open what the page draws only then, and wait for all of it. inside: something in it."""
        what.click()
        # Before it is there the page may rest because it has not begun.
        expect(inside).to_be_visible()
        self.settle()

    def open_take_away(self) -> None:
        """Open what the page offers to take away."""
        look = self.page.get_by_role
        self.unfold(look("button", name="Take away"), look("radio", name="PNG"))

    def download(self, button: Locator, folder: Path) -> Path:
        """Click, and save the file that comes under its own name."""
        with self.page.expect_download() as coming:
            button.click()
        coming.value.save_as(file := folder / coming.value.suggested_filename)
        return file

    def tab_to(self, role: Any, name: str) -> Locator:
        """Press Tab until what has this role, and a name that begins so, has the focus."""
        wanted = self.page.get_by_role(role, name=re.compile(f"^{name}"))
        expect(wanted).to_be_visible()
        for _ in range(120):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("each => each === document.activeElement"):
                return wanted
        raise AssertionError(f"Tab never reached the {role} {name}.")

    def complaints(self) -> list[str]:
        """Everything that must not be there when a journey ends."""
        boxes = [] if self.page.is_closed() else self.page.locator(EXCEPTION).all_inner_texts()
        return [*self.errors, *(f"exception box: {text}" for text in boxes)]

    def screenshot(self, path: Path) -> None:
        """Save what the person sees."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self.page.is_closed():
            self.page.screenshot(path=path, full_page=True)
