"""Somebody arrives: the answer is there, in the first screen; in a window, on a phone, in a frame."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from maskdemo.scenarios import OPENING, SCENARIOS
from tests.browser.accessibility import expect_no_findings
from tests.browser.server import BUILD, NO_TENSORFLOW, running_server
from tests.browser.test_back import go, walk
from tests.browser.test_leaving import expect_links_to_lead_to_pages_of_the_folder, wait_patiently
from tests.browser.test_playground import expect_readable, params_of
from tests.browser.viewer import DESKTOP, NUMBERS, PHONE, Viewer

NewViewer = Callable[..., Viewer]
ANSWER = re.compile("^Here, (yes|no)")
FIRST_VISIT = re.compile("maskdemo-first-visit")
FRAME = (800, 600)
#: Adds up how far things move by themselves (Cumulative Layout Shift), as JavaScript.
SHIFTS = """
window.shifted = 0;
new PerformanceObserver(seen => seen.getEntries().forEach(each => { shifted += each.value; }))
    .observe({type: "layout-shift", buffered: true});
"""
#: Where things begin, in pixels from the top, as JavaScript.
TOPS = "all => all.map(each => each.getBoundingClientRect().top)"
#: The texts of charts that reach beyond their chart, as JavaScript.
CUT = """plots => plots.flatMap(plot => {
    const {left, right} = plot.getBoundingClientRect();
    const cut = text => (({left: from, right: to}) => from < left - 1 || to > right + 1)(
        text.getBoundingClientRect());
    return [...plot.querySelectorAll('.main-svg text')].filter(cut).map(text => text.textContent);
})"""


def answer(page: Page) -> Locator:
    return page.get_by_role("heading", name=ANSWER)


def bottom(locator: Locator) -> float:
    """Where it ends, in pixels from the top of the page as it opens."""
    expect(locator).to_be_visible()
    box = locator.bounding_box()
    assert box
    return box["y"] + box["height"]


def chart(page: Page, title: str) -> Locator:
    return page.locator(".maskdemo-chart", has=page.locator(".gtitle", has_text=title))


def test_a_visitor_has_the_answer_in_the_first_screen(viewer: Viewer):
    viewer.page.add_init_script(SHIFTS)
    expect_the_answer_first(viewer.open("/"))


@pytest.mark.fuzz
def test_the_first_visitor_has_the_answer_and_needs_no_tensorflow(new_viewer: NewViewer):
    """Neither in the server nor in a worker: on a machine where no process can load it.

    The app is in a folder there, which is named like a page.
    """
    log = BUILD / "no_tensorflow.log"
    with running_server(base="/audit", at_start=NO_TENSORFLOW, log=log) as bare:
        viewer = new_viewer(base_url=bare.url)
        viewer.page.add_init_script(SHIFTS)
        wait_patiently(viewer.page)
        page = viewer.open("/")
        expect_the_answer_first(page)
        expect(page.locator("html")).to_have_class(FIRST_VISIT)
        page.keyboard.press("Escape")
        # The marks of a first visit stand until a key is pressed, and do not come again.
        expect(page.locator("html")).not_to_have_class(FIRST_VISIT)
        walk(viewer, "The article, checked")
        go(page, "Playground")
        expect_links_to_lead_to_pages_of_the_folder(viewer)
        expect(page.locator("html")).not_to_have_class(FIRST_VISIT)
        # Before its server ends: the page would say that it is gone.
        page.close()


def expect_the_answer_first(page: Page) -> None:
    """Above what else there is, and at rest: nothing that is read already moves."""
    expect(page.locator(NUMBERS)).to_have_count(len(SCENARIOS[OPENING].experiment.strategies))
    assert bottom(answer(page)) < DESKTOP[1] / 2
    assert bottom(chart(page, "Accuracy on unseen sequences")) <= 1.07 * DESKTOP[1]
    # The handle on the padding is in the next half.
    assert bottom(page.locator(".maskdemo-pull .pill")) <= 1.5 * DESKTOP[1]
    assert page.evaluate("shifted") <= 0.1
    expect_scenarios_in_two_lines_at_most(page)


def expect_scenarios_in_two_lines_at_most(page: Page) -> None:
    row = page.locator("[class*=st-key-scenario_row_]")
    for width in (1100, 1280):
        page.set_viewport_size({"width": width, "height": DESKTOP[1]})
        # A list where two lines have no room.
        expect(row).to_be_visible(visible=width > 1100)
        assert len(set(row.get_by_role("radio").evaluate_all(TOPS))) <= 2


@pytest.mark.fuzz
def test_what_is_offered_to_be_pasted_shows_the_answer_and_its_controls(viewer: Viewer):
    """In a page of somebody else."""
    page = viewer.open("/")
    viewer.open_take_away()
    page.get_by_text("To embed it in a page").click()
    snippet = page.get_by_test_id("stCode").nth(1).inner_text()
    page.set_viewport_size({"width": FRAME[0], "height": 2 * FRAME[1]})
    page.set_content(f'<body style="margin: 0">{snippet}')
    frame, framed = page.locator("iframe"), page.frame_locator("iframe")
    charts, table = framed.locator(".maskdemo-chart"), framed.locator(NUMBERS)
    expect(table.first).to_be_visible()
    expect(framed.locator(".gtitle")).to_have_count(2)
    box = frame.bounding_box()
    assert box and box["width"] == FRAME[0]
    assert bottom(charts.nth(0)) <= box["height"]
    # A lower frame still has the answer, the buttons and the curves; there is one column and no menu.
    frame.evaluate("(each, high) => { each.style.height = `${high}px`; }", FRAME[1])
    buttons = [framed.get_by_role("button", name=name) for name in ("Train", "Replay")]
    for shown in (framed.get_by_role("heading", name=ANSWER), *buttons, charts.nth(0)):
        assert bottom(shown) <= FRAME[1]
    places = [each.bounding_box() for each in charts.all()]
    assert {each["x"] for each in places if each} == {16} and None not in places
    expect(framed.get_by_test_id("stSidebar")).to_have_count(0)
    assert charts.evaluate_all(CUT) == []
    whole = framed.get_by_role("link", name="Whole page").get_attribute("href") or ""
    embedded = frame.get_attribute("src") or ""
    assert params_of(whole) | {"embed": "true"} == params_of(embedded)
    assert whole.partition("?")[0] == embedded.partition("?")[0]
    page.goto(embedded.replace("?", "/inside?"))
    expect(page.get_by_text("Sequence and step")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)


def beyond(page: Page) -> list[str]:
    """Whatever reaches past the right edge of the window."""
    return page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid=stMain]');
            const found = [];
            for (const node of [document.documentElement, main])
                if (node.scrollWidth > node.clientWidth + 1) found.push(node.tagName);
            const looked = main.querySelectorAll(
                '.js-plotly-plot, button, h1, h2, h3, p, td');
            const moves = node => /auto|scroll/.test(getComputedStyle(node).overflowX);
            const scrolls = node =>
                node && node !== main && (moves(node) || scrolls(node.parentElement));
            for (const node of looked)
                if (!scrolls(node) && node.checkVisibility()
                        && node.getBoundingClientRect().right > innerWidth + 1)
                    found.push(node.className + ' ' + node.innerText.slice(0, 40));
            return found;
        }"""
    )


def test_a_phone_in_the_dark_shows_the_answer_at_once_and_scrolls_in_one_direction(
    new_viewer: NewViewer,
):
    viewer = new_viewer(size=PHONE, dark=True)
    page = viewer.open("/")
    assert page.evaluate("innerWidth") == PHONE[0]
    assert bottom(answer(page)) <= PHONE[1]
    assert bottom(chart(page, "Accuracy on unseen sequences")) <= 1.5 * PHONE[1]
    expect_readable(page, dark=True)
    assert beyond(page) == []
    assert page.locator(".js-plotly-plot").count() >= 3
    expect_no_findings(page)
    # The day begins while the page is open: no control has to be touched for charts of its colours.
    titles = page.locator(".js-plotly-plot .gtitle")
    in_the_dark = titles.first.get_attribute("style") or ""
    page.emulate_media(color_scheme="light")
    expect(titles.first).not_to_have_attribute("style", in_the_dark)
    viewer.settle()
    expect_readable(page, dark=False)
