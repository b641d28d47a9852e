"""axe-core finds nothing serious or critical: pages in the dark, and before, during and after a run.

Each page's own journey asks the same of it at rest and in the light, in `make test`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from maskdemo.article.claims import CLAIMS
from tests.audit.hostile import archive
from tests.browser.accessibility import expect_no_findings, open_all
from tests.browser.server import Server, worker_paused
from tests.browser.test_article import open_example, opened
from tests.browser.test_audit import LEAKING, audit_button, upload, verdict
from tests.browser.test_back import go, walk
from tests.browser.test_playground import LONG, MAIN, PROGRESS, button, finish, link
from tests.browser.viewer import Viewer


@pytest.mark.fuzz
def test_in_the_dark(new_viewer: Callable[..., Viewer]):
    """The pages of a run are judged in the dark by the next test."""
    viewer = new_viewer(dark=True)
    expect_no_findings(viewer.open("guide"))
    page, claim = viewer.open("article"), list(CLAIMS.values())[3]
    open_all(page, "How a case is decided")
    opened(viewer, claim.name, claim.cases[0].title)
    open_example(viewer, 3)
    expect_no_findings(page)
    viewer.open("audit")
    upload(viewer, "mine.keras", archive(LEAKING, extra={"model.weights.h5": bytes(range(200))}))
    audit_button(page).click()
    expect(verdict(page, "Padding leaks into this model")).to_be_visible()
    viewer.settle()
    expect_no_findings(page)


@pytest.mark.fuzz
@pytest.mark.parametrize("dark", [False, True])
def test_pages_before_during_and_after_a_run(
    new_viewer: Callable[..., Viewer], server: Server, dark: bool
):
    """The run stands still while its pages are judged: it would take the processor from that."""
    viewer = new_viewer(dark=dark)
    page = viewer.open(link(**LONG, seed=31))
    open_all(page, "What each one does", "Training", "Show the code")
    viewer.settle()
    expect_no_findings(page)
    walk(viewer, "Inside the LSTM")
    button(page, "Train").click()
    expect(page.locator(PROGRESS)).to_contain_text("epoch")
    expect(page.get_by_text("Every gate at every step")).to_be_visible()
    with worker_paused(server):
        expect_no_findings(page)
        walk(viewer, "When does it matter?")
        open_all(page, "More settings", "All numbers", "How the words are reached")
        viewer.settle()
        expect_no_findings(page)
        go(page, "Playground")
        expect(button(page, "Cancel")).to_be_visible()
        viewer.settle()
        expect(page.locator(PROGRESS)).to_contain_text("epoch")
        expect_no_findings(page, MAIN)

    button(page, "Cancel").click()
    finish(viewer)
    # The result of other settings is dimmed, and is read all the same.
    page.get_by_role("slider", name="Padded length, in steps").press("ArrowRight")
    expect(page.get_by_text("Result for padded length")).to_be_visible()
    open_all(page, "How the verdict is reached")
    expect_no_findings(page, MAIN)
    viewer.open_take_away()
    expect_no_findings(page, '[data-testid="stPopoverBody"]')
    page.keyboard.press("Escape")
    button(page, "Back to the settings of the result").click()
    viewer.settle()
    walk(viewer, "Inside the LSTM")
    for view in ("Side by side", "Gradient"):
        page.get_by_role("radio", name=view).click()
        viewer.settle()
        expect_no_findings(page, MAIN)
