"""What axe-core finds on a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

AXE = Axe()
GRAVE = ("serious", "critical")
#: Colours are judged where they rest. Streamlit fades what is about to be replaced, for a moment and
#: only to show that; whether one falls into such a moment is luck.
AT_REST = """
*, *::before, *::after {transition: none !important; animation: none !important}
[data-stale], [data-testid="stExpander"] summary, [role="tab"] {opacity: 1 !important}
"""


def expect_no_findings(page: Page, part: str | None = None) -> None:
    """Judge what is on the page now, in the look that it has.

    part: a selector of what is new on a page that was judged before; only that.
    """
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    look = "dark" if is_dark else "light"
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", look)
    page.add_style_tag(content=AT_REST)
    options = {"resultTypes": ["violations"]}
    found = [
        f"{rule['id']}: {node['target'][-1]}: {node['html'][:120]}"
        for rule in AXE.run(page, context=part, options=options).response["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
    assert not found, "\n".join(found)


def open_all(page: Page, *names: str) -> None:
    """Unfold what is folded."""
    for name in names:
        page.get_by_text(name, exact=True).click()
