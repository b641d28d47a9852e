"""A journey through the inside page: without a run before, by slider, by play and by link."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import expect_no_findings
from tests.browser.test_arrival import bottom, chart
from tests.browser.test_playground import STEP, quick
from tests.browser.viewer import DESKTOP, PHONE, Viewer

SMALL = quick(epochs=4, repeats=1, seed=5)


def link() -> str:
    return f"/inside?{urlencode(SMALL.to_params() | {'probe': '1'})}"


def wait_for_networks(viewer: Viewer) -> Page:
    page = viewer.page
    expect(page.locator(".maskdemo-chart .main-svg").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    viewer.settle()
    return page


def press(page: Page, label: str, key: str, times: int = 1) -> None:
    """Move a slider by its keyboard."""
    thumb = page.get_by_role("slider", name=label)
    thumb.focus()
    for _ in range(times):
        thumb.press(key)


def test_trained_scrubbed_and_played(viewer: Viewer):
    viewer.open(link()).get_by_role("button", name="Train").click()
    page = wait_for_networks(viewer)
    expect(page.get_by_text("Every gate at every step: No mask")).to_be_visible()
    expect(page.get_by_text("and the state moves on").first).to_be_visible()

    press(page, "After epoch", "ArrowLeft", 2)
    expect(page.get_by_text("Test sequence 1, after epoch 2").first).to_be_visible()
    page.get_by_role("button", name="Play").click()
    # A busy browser may skip an epoch on the way.
    moved = re.compile("Test sequence 1, after epoch [34]")
    expect(page.get_by_text(moved).first).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_text("Test sequence 1, after epoch 4").first).to_be_visible()

    viewer.settle()
    expect_no_findings(page)
    expect_all_in_the_first_screen(page)
    hold_the_state(viewer)


def hold_the_state(viewer: Viewer) -> None:
    """Choose the strategy that does, and the last step, which is padded."""
    viewer.page.get_by_role("radio", name="Held state").click()
    press(viewer.page, "Step", "End")
    expect(viewer.page.get_by_text("and the state is held")).to_be_visible()
    viewer.settle()


@pytest.mark.fuzz
def test_a_link_shows_another_viewer_the_same_on_a_phone(new_viewer: Callable[..., Viewer]):
    first = new_viewer()
    first.open(link()).get_by_role("button", name="Train").click()
    page = wait_for_networks(first)
    hold_the_state(first)
    second = new_viewer(size=PHONE, dark=True)
    second.open(page.url.removeprefix(first.base_url))
    wait_for_networks(second)
    expect(second.page.get_by_text("and the state is held")).to_be_visible()
    formulas = [viewer.page.locator(".katex").first.inner_text() for viewer in (first, second)]
    assert formulas[0] == formulas[1]
    assert second.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    for view in ("Side by side", "Gradient"):
        second.page.get_by_role("radio", name=view).click()
        second.settle()
        expect_no_findings(second.page, '[data-testid="stMain"]')


def expect_all_in_the_first_screen(page: Page) -> None:
    # Below the gates is the output, which need not be seen together with the equation.
    for title, below in (("Every gate at every step", 1), ("Unit ", 0)):
        panels = chart(page, title).locator(".nsewdrag")
        expect(panels.first).to_be_visible()
        assert bottom(panels.all()[-1 - below]) <= DESKTOP[1]
    assert bottom(page.locator(".katex").first) <= DESKTOP[1] / 2
    said = page.get_by_text(STEP)
    before, gates = said.inner_text(), chart(page, "Every gate").locator(".nsewdrag").last
    wide = gates.evaluate("area => area.getBoundingClientRect().width")
    gates.click(position={"x": 0.9 * wide, "y": 5})
    expect(said).not_to_have_text(before)
