"""A journey through the study page: points arrive, cancelling keeps them, nothing is trained twice."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from maskdemo.study import Study
from tests.browser.accessibility import expect_no_findings, open_all
from tests.browser.test_playground import quick
from tests.browser.viewer import PHONE, Viewer

#: Long enough that one sees points before the last: seconds on a quiet machine.
SMALL = Study(
    base=quick(epochs=20, repeats=5, seed=21),
    vary="side",
    values=("post", "pre"),
)
TOTAL = 20
#: How many repeats the figures of a page show, as JavaScript.
POINTS = """[...document.querySelectorAll('.js-plotly-plot')].flatMap(each => each.data ?? [])
    .filter(each => (each.name ?? '').endsWith(', repeats'))
    .reduce((sum, each) => sum + (each.customdata ?? []).length, 0)"""


def link(study: Study) -> str:
    return "/study?" + urlencode(study.to_params())


def chart(page: Page) -> Locator:
    return page.locator(".maskdemo-chart").first


def answer(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("heading", level=2).first


def wait_for_end(viewer: Viewer) -> Page:
    page = viewer.page
    expect(page.get_by_role("button", name="Run study")).to_be_visible()
    viewer.settle()
    return page


def test_points_arrive_and_survive_cancelling(viewer: Viewer, tmp_path: Path):
    page = viewer.open(link(SMALL))
    expect(chart(page).locator(".main-svg").first).to_be_visible()
    expect(page.get_by_text(f"{TOTAL} trainings to run")).to_be_visible()
    assert page.evaluate(f"() => {POINTS}") == 0
    before = chart(page).bounding_box()

    page.get_by_role("button", name="Run study").click()
    page.wait_for_function(f"() => 0 < {POINTS} && {POINTS} < {TOTAL}")
    # Cancelling keeps the points, and running again takes them from the store.
    page.get_by_role("button", name="Cancel").click()
    wait_for_end(viewer)
    kept = page.get_by_text("Run the study to add the rest.")
    expect(kept).to_be_visible()
    told = re.search(rf"(\d+) of {TOTAL} trainings", kept.inner_text())
    assert told and 0 < int(told.group(1)) < TOTAL
    page.get_by_role("button", name="Run study").click()
    stored = re.compile(rf"{TOTAL} of {TOTAL} trainings, [1-9]\d* of them from the store. Computed on")
    expect(page.get_by_text(stored)).to_be_visible()
    wait_for_end(viewer)
    # Not at once: a chart is replaced by its successor.
    page.wait_for_function(f"() => {POINTS} === {TOTAL}")
    after = chart(page).bounding_box()
    assert before and after
    assert (before["width"], before["height"]) == (after["width"], after["height"])

    said = answer(page).inner_text()
    assert "Held state" in said
    open_all(page, "More settings", "All numbers", "How the words are reached")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    viewer.settle()
    expect_no_findings(page)
    viewer.open_take_away()
    table = viewer.download(page.get_by_role("button", name="Table"), tmp_path)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == TOTAL
    assert {(row["side"], row["strategy"]) for row in rows} == {
        (side, name) for side in ("post", "pre") for name in ("no_mask", "held_state")
    }

    # A question about two things at once is answered by other charts.
    page.keyboard.press("Escape")
    question = "The published comparison"
    row = page.get_by_role("radio", name=question).or_(page.get_by_role("button", name=question))
    row.first.click()
    expect(page.get_by_text("Accuracy without a mask")).to_be_visible()
    viewer.settle()


@pytest.mark.fuzz
def test_another_viewer_has_the_points_at_once_on_a_phone(new_viewer: Callable[..., Viewer]):
    first = new_viewer()
    page = first.open(link(replace(SMALL, base=quick(epochs=2, repeats=5, seed=22))))
    page.get_by_role("button", name="Run study").click()
    expect(page.get_by_text(re.compile(rf"{TOTAL} of {TOTAL} trainings.* Computed on"))).to_be_visible()
    wait_for_end(first)
    said = answer(page).inner_text()
    second = new_viewer(size=PHONE, dark=True)
    page = second.open(first.page.url.removeprefix(first.base_url))
    expect(page.get_by_text(f"All {TOTAL} trainings were in the store")).to_be_visible()
    expect(answer(page)).to_have_text(said)
    expect(chart(page).locator(".main-svg").first).to_be_visible()
    page.wait_for_function(f"() => {POINTS} === {TOTAL}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
