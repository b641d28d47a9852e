"""axe-core finds nothing serious or critical: any page, either look, before, during and after a run."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from maskdemo.article.claims import CLAIMS
from maskdemo.study import Study
from tests.browser.test_back import walk
from tests.browser.test_playground import LONG, button, finish, link, quick, start
from tests.browser.viewer import Viewer

AXE = Axe()
GRAVE = ("serious", "critical")
#: All rules for the first look; what another look changes is colours.
RULES: dict[Literal["light", "dark"], dict[str, list[str]]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast"]},
}
#: Colours are judged where they rest. Streamlit fades what is about to be replaced, for a moment and
#: only to show that; whether one falls into such a moment is luck.
AT_REST = """
*, *::before, *::after {transition: none !important; animation: none !important}
[data-stale], [data-testid="stExpander"] summary, [role="tab"] {opacity: 1 !important}
"""


def expect_no_findings(page: Page) -> None:
    """Judges what is on the page now, light and dark."""
    page.add_style_tag(content=AT_REST)
    found = []
    for look, rules in RULES.items():
        page.emulate_media(color_scheme=look)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", look)
        for rule in AXE.run(page, options=rules).response["violations"]:
            if rule["impact"] in GRAVE:
                found += [
                    f"{look}: {rule['id']}: {node['target'][-1]}: {node['html'][:120]}"
                    for node in rule["nodes"]
                ]
    assert not found, "\n".join(found)


def open_all(page: Page, *names: str) -> None:
    """Unfold what is folded."""
    for name in names:
        page.get_by_text(name, exact=True).click()


def test_pages_as_they_open_and_what_they_do_without_a_run(viewer: Viewer):
    page = viewer.open("/")
    expect_no_findings(page)
    walk(viewer, "Inside the LSTM")
    expect_no_findings(page)
    for view in ("Side by side", "Gradient", "Add padding"):
        page.get_by_role("radio", name=view).click()
        viewer.settle()
        expect_no_findings(page)

    walk(viewer, "The article, checked")
    open_all(page, "How a case is decided")
    rows = page.locator('[data-testid="stExpander"] summary')
    case = list(CLAIMS.values())[3].cases[0]
    viewer.unfold(rows.nth(3), page.get_by_role("link", name=case.title))
    programs = page.get_by_text("The program, mended step by step")
    viewer.unfold(programs.nth(2), button(page, "Program"))
    expect_no_findings(page)

    walk(viewer, "Audit a model")
    expect_no_findings(page)
    button(page, "Audit").click()
    expect(button(page, "Cancel")).to_be_visible()
    expect_no_findings(page)
    expect(button(page, "Audit")).to_be_visible()
    viewer.settle()
    expect_no_findings(page)


def test_a_run_on_the_playground(viewer: Viewer):
    page = viewer.open(link(**LONG, seed=31))
    open_all(page, "What each one does", "Training", "Show the code")
    viewer.settle()
    expect_no_findings(page)
    start(page)
    expect(page.locator('[data-testid="stProgress"]')).to_contain_text("epoch")
    expect_no_findings(page)
    button(page, "Cancel").click()
    finish(viewer)
    open_all(page, "How the verdict is reached")
    expect_no_findings(page)
    viewer.open_take_away()
    expect_no_findings(page)


def test_a_run_inside_the_lstm(viewer: Viewer):
    page = viewer.open(f"/inside{link(**LONG, seed=32).lstrip('/')}")
    expect_no_findings(page)
    button(page, "Train").click()
    expect(page.locator('[data-testid="stProgress"]')).to_contain_text("epoch")
    expect(page.get_by_text("Every gate at every step")).to_be_visible()
    expect_no_findings(page)
    button(page, "Cancel").click()
    expect(button(page, "Cancel")).to_be_hidden()
    viewer.settle()
    expect_no_findings(page)


def test_the_study(viewer: Viewer):
    study = Study(base=quick(**LONG, seed=33), vary="padded_length", values=(36, 38, 40))
    page = viewer.open(f"/study?{urlencode(study.to_params())}")
    open_all(page, "More settings")
    viewer.settle()
    expect_no_findings(page)
    button(page, "Run study").click()
    expect(page.locator('[data-testid="stProgress"]')).to_contain_text("trainings")
    expect_no_findings(page)
    button(page, "Cancel").click()
    expect(button(page, "Run study")).to_be_visible()
    open_all(page, "All numbers", "How the words are reached")
    viewer.settle()
    expect_no_findings(page)
