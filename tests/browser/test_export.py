"""A journey with what is taken away: every file, figures, and the report without a network."""

from __future__ import annotations

import base64
import csv
import re
from pathlib import Path
from urllib.parse import urlencode

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from maskdemo.export.keras_code import strategy_lines
from maskdemo.export.script_and_notebook import script
from maskdemo.strategies import STRATEGIES
from tests.browser.test_playground import quick
from tests.browser.viewer import NUMBERS, PHONE, Viewer

TINY = quick(seed=6)
#: The colours in the outermost 4 pixels at the right of a picture, as JavaScript.
AT_THE_EDGE = """async bytes => {
    const blob = new Blob([Uint8Array.from(atob(bytes), each => each.charCodeAt(0))]);
    const picture = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const paper = canvas.getContext('2d');
    paper.drawImage(picture, 0, 0);
    const edge = paper.getImageData(picture.width - 4, 0, 4, picture.height).data;
    const seen = new Set(new Uint32Array(edge.buffer));
    return [picture.width, seen.size];
}"""


def open_trained(viewer: Viewer) -> Page:
    """The playground with the results of `TINY`, under the address that people guess."""
    page = viewer.open(f"/playground?{urlencode(TINY.to_params())}")
    expect(page.get_by_role("heading", name="Is masking required for LSTMs?")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_url(re.compile(r"/\?.*seed=6"))
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^Here"))).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    expect(page.get_by_text("none, exactly 0")).to_be_visible()
    viewer.settle()
    return page


# What each file holds is in `tests/export` and `tests/ui/test_take_away`.
@pytest.mark.fuzz
def test_what_is_taken_away_is_what_the_page_shows(viewer: Viewer, browser: Browser, tmp_path: Path):
    page = open_trained(viewer)
    expect_shown_code(page)
    shown = page.locator(NUMBERS).all_inner_texts()
    expect_figures(viewer, tmp_path)
    viewer.open_take_away()

    def take(label: str) -> Path:
        return viewer.download(page.get_by_role("button", name=label, exact=True), tmp_path)

    program = take("Keras script")
    assert program.name == "maskdemo-sum_sign.py" and program.read_text() == script(TINY)
    cells = nbformat.read(take("Notebook"), as_version=4).cells  # pyrefly: ignore[missing-attribute]
    assert any(strategy_lines(TINY, "held_state") in cell.source for cell in cells)

    with take("Table").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    whole = [
        (strategy, str(repeat), str(epoch))
        for repeat in (1, 2, 3, 4, 5)
        for strategy in TINY.strategies
        for epoch in (1, 2, 3)
    ]
    assert [(row["strategy"], row["repeat"], row["epoch"]) for row in rows] == whole
    for number, strategy in zip(shown, TINY.strategies, strict=True):
        final = [
            float(row["test_valid_accuracy"])
            for row in rows
            if row["strategy"] == strategy and row["epoch"] == "3"
        ]
        assert number == f"{sum(final) / len(final):.1%}"
    assert {float(row["leak"]) for row in rows if row["strategy"] == "held_state"} == {0.0}

    report = take("Report")
    assert report.name == "maskdemo-sum_sign.html"
    headline = page.get_by_role("heading", name=re.compile("^Here")).inner_text()
    read_offline(browser, report, headline, shown)
    page.keyboard.press("Escape")
    # The choice of a picture's format holds on the other pages too.
    page.get_by_role("link", name="Inside the LSTM").click()
    expect(page.get_by_role("heading", name="Inside the LSTM")).to_be_visible()
    page.wait_for_function(PAINTED)


def read_offline(browser: Browser, report: Path, headline: str, numbers: list[str]) -> None:
    """Open the file as somebody who got it by mail on a phone, with the network off; then print it."""
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    context.set_offline(True)
    reader = Viewer(context.new_page(), context, "file://")
    page = reader.page
    page.goto(report.as_uri())
    figures = page.locator("figure")
    expect(figures.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.wait_for_function(
        """() => [...document.querySelectorAll('figure')].every(
            figure => figure.querySelector('.js-plotly-plot svg .plot, .js-plotly-plot svg .xy'))"""
    )
    assert figures.count() == 6
    expect(page.get_by_role("heading", name=headline)).to_be_visible()
    for name, number in zip(TINY.strategies, numbers, strict=True):
        row = page.locator("tr", has_text=STRATEGIES[name].title).first
        expect(row.locator("td").first).to_have_text(number)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    # On paper: no toolbars, and no figure that is cut or wider than the page.
    page.emulate_media(media="print")
    expect(page.locator(".modebar-container").first).to_be_hidden()
    kept = page.evaluate(
        """() => [...document.querySelectorAll('figure')].map(figure => [
            getComputedStyle(figure).breakInside,
            figure.getBoundingClientRect().height < 1016,
            figure.querySelector('svg').getBoundingClientRect().width <= 688,
        ])"""
    )
    assert kept == [["avoid", True, True]] * 6
    assert not reader.complaints(), reader.complaints()
    context.close()


#: All figures of the page are saved as PNG, as JavaScript.
PAINTED = """() => {
    const buttons = [...document.querySelectorAll('.maskdemo-tools button:last-child')];
    return buttons.length && buttons.every(each => each.title === 'Save as PNG');
}"""


def expect_figures(viewer: Viewer, folder: Path) -> None:
    """A figure is saved as SVG, and as PNG when that is chosen."""
    page = viewer.page
    save = page.get_by_role("button", name="Save as").nth(0)
    drawn = viewer.download(save, folder)
    assert drawn.name == "maskdemo-curves_test_accuracy.svg"
    assert drawn.read_text().startswith("<svg") and "Held state" in drawn.read_text()
    viewer.open_take_away()
    page.get_by_role("radio", name="PNG").click()
    page.wait_for_function(PAINTED)
    page.keyboard.press("Escape")
    viewer.settle()
    painted = viewer.download(save, folder)
    assert painted.name.endswith(".png")
    # No label is cut: the edge has the colour of the paper alone.
    bytes_ = base64.b64encode(painted.read_bytes()).decode()
    assert page.evaluate(AT_THE_EDGE, bytes_) == [1600, 1]


def expect_shown_code(page: Page) -> None:
    """The code that is shown is the code that is exported."""
    page.get_by_text("Show the code").click()
    page.get_by_role("tab", name="Held state").click()
    shown = page.get_by_role("tabpanel").locator("code:visible")
    expect(shown).to_contain_text("held_state")
    assert shown.inner_text().strip() == strategy_lines(TINY, "held_state").strip()
    assert shown.locator("span[style*=color], span[class*=token]").count() > 5, "highlighted"
