"""What axe-core finds on a page, light and dark."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

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


def expect_no_findings(page: Page, part: str | None = None) -> None:
    """Judge what is on the page now, light and dark.

    part: a selector of what is new on a page that was judged before; only that, in the look it has.
    """
    page.add_style_tag(content=AT_REST)
    found = []
    # The look that the page has now comes first: changing it draws every chart anew.
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    looks = sorted(RULES, reverse=not is_dark)
    for look in looks[:1] if part else looks:
        rules = RULES["light"] if part else RULES[look]
        page.emulate_media(color_scheme=look)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", look)
        for rule in AXE.run(page, context=part, options=rules).response["violations"]:
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
