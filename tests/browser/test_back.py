"""The browser's Back and Forward: every change of a control is one step, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS
from tests.browser.test_playground import expect_batch
from tests.browser.viewer import SCRIPT_DONE, Viewer


@dataclass
class Journey:
    """What a person did, one step of history each, to be walked back and forward again."""

    page: Page
    steps: list[tuple[str, Mapping[str, Any], Callable[[], None]]] = field(default_factory=list)

    def at(self, path: str, params: Mapping[str, Any], look: Callable[[], None]) -> None:
        """Where the last deed led: a path, exactly these parameters, and something to see."""
        self.steps.append((path, params, look))
        self.arrived(-1)

    def arrived(self, step: int) -> None:
        path, params, look = self.steps[step]
        wanted = path, {key: [str(text)] for key, text in params.items()}

        def there(url: str) -> bool:
            parts = urlsplit(url)
            return (parts.path, parse_qs(parts.query)) == wanted

        self.page.wait_for_url(there, wait_until="commit")
        look()
        # A person who looks before going on: Streamlit itself mixes up pages that are left unread.
        expect(self.page.locator(SCRIPT_DONE)).to_be_attached()

    def walk(self) -> None:
        """Back to the first step and forward to the last, looking at each."""
        for step in reversed(range(len(self.steps) - 1)):
            self.page.go_back()
            self.arrived(step)
        for step in range(1, len(self.steps)):
            self.page.go_forward()
            self.arrived(step)


def radio(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name, exact=True)


def heading(page: Page, name: str) -> Callable[[], None]:
    return lambda: expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()


def walk(viewer: Viewer, name: str) -> None:
    """To another page by the menu, which starts no session anew; until it rests."""
    go(viewer.page, name)
    expect(viewer.page.get_by_role("heading", name=name, level=1, exact=True)).to_be_visible()
    viewer.settle()


def held(page: Page, slider: Locator, steps: int) -> int:
    """Hold an arrow key on a slider until the address has followed so many steps; the new value."""
    slider.focus()
    for _ in range(steps):
        before = page.url
        page.keyboard.down("ArrowRight")
        page.wait_for_url(lambda url, before=before: url != before, wait_until="commit")
    page.keyboard.up("ArrowRight")
    return int(slider.get_attribute("aria-valuetext") or 0)


# What a link may hold, and what a change writes into it, is in `tests/ui`.
@pytest.mark.fuzz
def test_every_control_is_one_step_after_a_link_of_which_nothing_is_obeyed(viewer: Viewer):
    """A part of a link that cannot be used is quoted, never rendered: no picture is fetched."""
    mangled = {
        "min_length": "90",
        "units": "9" * 400,
        "side": "![x](https://example.org/x.png)",
        "pad_value": "<img src=x onerror=alert(1)>",
        "mask_value": ":red[**x**] $y$ `z`",
    }
    link = {"task": "sum_sign", "seed": "3"} | mangled
    page = viewer.open(f"/?{urlencode(link)}")
    alerts = page.get_by_test_id("stAlert").filter(has_text="5 parts of the link could not be used.")
    expect(alerts).to_have_count(1)
    said = alerts.inner_text()
    for quoted in (*list(mangled.values())[2:], "The shortest length (90)", "Units must be"):
        assert quoted in said
    assert alerts.locator("img, strong, code, .katex, [style*=color]").count() == 0
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    journey = Journey(page)
    journey.at("/", link, lambda: expect(alerts).to_have_count(1))

    # The first control that moves writes what is shown, and nothing of what could not be used.
    radio(page, "In front").click()
    settings: dict[str, Any] = dict(Experiment(task="sum_sign", seed=3, side="pre").to_params())
    journey.at("/", settings, lambda: expect(alerts).to_have_count(0))
    padded = page.get_by_role("slider", name="Padded length, in steps")
    longer = held(page, padded, 3)

    def longer_all_at_once() -> None:
        expect(padded).to_have_attribute("aria-valuetext", str(longer))
        expect_batch(page, longer)

    journey.at("/", settings | {"padded_length": longer}, longer_all_at_once)
    # By how much padding inflates an accuracy is said, and the switch is beside it.
    inflated, real = SCENARIOS["inflated_accuracy"], SCENARIOS["real_steps_only"]
    page.get_by_role("radio", name=inflated.title).click()
    inflates = page.get_by_role("heading", name="Here padding inflates the accuracy by up to")
    journey.at("/", inflated.experiment.to_params(), lambda: expect(inflates).to_be_visible())
    page.get_by_role("button", name="Count only real steps").click()
    agrees = page.get_by_role("heading", name="Here padding changes the accuracy by less than 5 points")
    journey.at("/", real.experiment.to_params(), lambda: expect(agrees).to_be_visible())
    journey.walk()


@pytest.mark.fuzz
def test_pages_and_what_is_looked_at_are_steps_too(viewer: Viewer):
    """Of what was computed in advance: nothing is trained."""
    one = SCENARIOS["masking_layer"].experiment
    page = viewer.open(f"/?{urlencode(one.to_params())}")
    journey, epochs = Journey(page), one.epochs
    epoch = page.get_by_role("slider", name="After epoch")
    journey.at(
        "/",
        one.to_params(),
        lambda: expect(epoch).to_have_attribute("aria-valuetext", f"{epochs} of {epochs}"),
    )
    epoch.press("Home")
    journey.at(
        "/",
        one.to_params() | {"epoch": 1},
        lambda: expect(epoch).to_have_attribute("aria-valuetext", f"1 of {epochs}"),
    )
    go(page, "Inside the LSTM")
    gates = page.get_by_text("Every gate at every step: No mask")
    journey.at("/inside", one.to_params(), lambda: expect(gates).to_be_visible())
    radio(page, "Masking layer").click()
    journey.at(
        "/inside",
        one.to_params() | {"strategy": "masking_layer"},
        lambda: expect(page.get_by_text("Every gate at every step: Masking layer")).to_be_visible(),
    )
    go(page, "Playground")
    journey.at("/", one.to_params() | {"epoch": 1}, heading(page, "Is masking required for LSTMs?"))
    journey.walk()
