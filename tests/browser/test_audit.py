"""Auditing a model in the browser, on a phone: a file that leaks, and an example put right."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from maskdemo.audit.example_models import EXAMPLES
from maskdemo.audit.report import Report
from tests.audit.hostile import archive
from tests.browser.accessibility import expect_no_findings
from tests.browser.viewer import PHONE, Viewer

NewViewer = Callable[..., Viewer]
LEAKING = EXAMPLES["convolution"].config
OPERATOR = EXAMPLES["operation"]


def verdict(page: Page, words: str) -> Locator:
    return page.get_by_test_id("stAlert").filter(has_text=words)


def audit_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Audit", exact=True)


def upload(viewer: Viewer, name: str, content: bytes) -> None:
    viewer.page.get_by_role("radio", name="A .keras file").click()
    viewer.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": content}
    )


def choose_an_example_put_right(viewer: Viewer) -> None:
    page = viewer.page
    page.get_by_role("radio", name=OPERATOR.title).click()
    # Until it comes, the switch is the last example's.
    expect(page.get_by_text(OPERATOR.sentence)).to_be_visible()
    viewer.settle()
    page.get_by_text(re.compile("^Put right")).click()
    expect(page.get_by_role("switch")).to_be_checked()
    viewer.settle()


def test_a_leaking_file(new_viewer: NewViewer, tmp_path: Path):
    viewer = new_viewer(size=PHONE)
    page = viewer.open("/audit")
    upload(viewer, "mine.keras", archive(LEAKING, extra={"model.weights.h5": bytes(range(200))}))
    expect(page.get_by_text("To be audited: mine.keras")).to_be_visible()
    audit_button(page).click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(verdict(page, "Padding leaks into this model")).to_be_visible()
    heading = page.get_by_role("heading", name="convolution loses the mask, with a warning")
    expect(heading).to_be_visible()
    expect(page.get_by_role("img", name="convolution loses it, with a warning")).to_be_visible()
    viewer.settle()
    expect_no_findings(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
    file = viewer.download(page.get_by_role("button", name="JSON"), tmp_path)
    assert [each.layer for each in Report.from_json(file.read_text()).leaks] == ["convolution"]


@pytest.mark.fuzz
def test_an_example_put_right(new_viewer: NewViewer, tmp_path: Path):
    viewer = new_viewer(size=PHONE)
    page = viewer.open("/audit")
    choose_an_example_put_right(viewer)
    audit_button(page).click()
    expect(verdict(page, "Padding does not leak into this model")).to_be_visible()
    expect(page.get_by_text("Computed in advance")).to_have_count(0)
    expect(audit_button(page)).to_be_visible()
    viewer.settle()
    file = viewer.download(page.get_by_role("button", name="Report"), tmp_path)
    assert "Padding does not leak" in file.read_text(encoding="utf-8")
    expect(page.get_by_role("link", name=re.compile("^See the same"))).to_be_visible()


@pytest.mark.fuzz
def test_two_viewers_at_once_and_the_way_to_the_same_in_training(new_viewer: NewViewer):
    ann, ben = new_viewer(size=PHONE), new_viewer()
    for viewer in (ann, ben):
        viewer.open("/audit")
    upload(ann, "mine.keras", archive(LEAKING, extra={"model.weights.h5": bytes(range(200))}))
    expect(ann.page.get_by_text("To be audited: mine.keras")).to_be_visible()
    choose_an_example_put_right(ben)
    audit_button(ann.page).click()
    expect(ann.page.get_by_role("button", name="Cancel")).to_be_visible()
    audit_button(ben.page).click()
    expect(ben.page.get_by_role("button", name="Cancel")).to_be_visible()
    expect_no_findings(ben.page)
    expect(verdict(ann.page, "Padding leaks into this model")).to_be_visible()
    expect(verdict(ben.page, "Padding does not leak into this model")).to_be_visible()
    ben.settle()
    ben.page.get_by_role("link", name=re.compile("^See the same")).click()
    expect(ben.page.get_by_role("heading", name="Is masking required for LSTMs?")).to_be_visible()
