"""The chart component in a real browser: drawn in place, kept while a run grows, played again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.server import BUILD, Server, running_server
from tests.browser.viewer import DESKTOP, Viewer
from tests.browser.watching import seen, watch

EPOCHS = 20
Open = Callable[..., Viewer]


@pytest.fixture(scope="module")
def growing(chromium: str) -> Iterator[Server]:
    script = Path(__file__).with_name("growing.py")
    with running_server(script=str(script), log=BUILD / "growing.log") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, growing: Server) -> Iterator[Open]:
    """The page of `growing.py` with its three charts drawn; at the end nothing may have gone wrong."""
    viewers: list[Viewer] = []

    def open_page(*, dark: bool = False, size: tuple[int, int] = DESKTOP) -> Viewer:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
        )
        viewers.append(Viewer(context.new_page(), context, growing.url))
        page = viewers[-1].open("/")
        page.wait_for_function(
            "() => document.querySelectorAll('.js-plotly-plot .cartesianlayer .subplot').length >= 5"
        )
        return viewers[-1]

    yield open_page
    complaints = [complaint for each in viewers for complaint in each.complaints()]
    for each in viewers:
        each.context.close()
    assert not complaints


def grow(page: Page) -> None:
    page.get_by_role("button", name="Go").click()


def expect_grown(page: Page) -> None:
    expect(page.get_by_role("button", name="Replay")).to_be_visible(timeout=60_000)


def plot(page: Page, alt: str):
    return page.locator(".maskdemo-chart").filter(has=page.get_by_role("img", name=alt, exact=True))


def last_x(page: Page) -> float:
    """How far the line of the first strategy reaches in the chart by epoch."""
    return plot(page, "Accuracy by epoch").evaluate(
        "plot => Math.max(...plot._fullData.find(trace => trace.name === 'No mask').x)"
    )


def test_nothing_is_removed_or_blank_and_no_height_changes_while_a_run_grows(opened: Open):
    page = opened().page
    charts = watch(page)
    grow(page)
    expect_grown(page)
    page.wait_for_function("epochs => seen.points.has(epochs)", arg=EPOCHS)
    found = seen(page, charts)
    assert found.charts == 3 and found.removed == 0 and found.blank == 0
    assert found.heights == 3
    assert len(found.points) > 2, "the lines grow, they do not come at once"


def test_zoom_and_hover_stay_while_a_run_grows(opened: Open):
    page = opened().page
    curves = plot(page, "Accuracy by epoch")
    curves.hover()
    curves.get_by_role("button", name="Zoom", exact=True).click()
    area = curves.locator(".nsewdrag").first.bounding_box()
    assert area
    x, y = area["x"], area["y"]
    page.mouse.move(x + 40, y + 20)
    page.mouse.down()
    page.mouse.move(x + 240, y + 160, steps=8)
    page.mouse.up()
    ranges = "plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"
    zoomed = curves.evaluate(ranges)
    assert zoomed[0] > 1 and zoomed[1] < EPOCHS and zoomed[2] > 0

    outputs = plot(page, "Output by step")
    grow(page)
    expect(outputs).to_contain_text("at step")
    outputs.locator(".nsewdrag").first.hover(position={"x": 100, "y": 40})
    expect(outputs.locator(".hoverlayer text").first).to_be_visible()
    before = page.evaluate("document.querySelector('[data-testid=stText]').innerText")
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stText]').innerText !== before", arg=before
    )
    expect(outputs.locator(".hoverlayer text").first).to_be_visible()
    expect_grown(page)
    assert curves.evaluate(ranges) == zoomed


def test_a_replay_moves_all_charts_without_asking_the_server(opened: Open):
    page = opened().page
    grow(page)
    expect_grown(page)
    expect(page.get_by_text(f"Epoch {EPOCHS}, step None, rests at None")).to_be_visible()
    outputs = plot(page, "Output by step")
    # The page's text is there a moment before the chart that belongs to it.
    expect(outputs).to_contain_text(f"epoch {EPOCHS}")
    newest = outputs.inner_text()
    asked = page.get_by_text("Drawn").inner_text()
    page.evaluate(
        """() => {
            const line = () => Math.max(...document.querySelector('.js-plotly-plot')._fullData
                .find(trace => trace.name === 'No mask').x);
            const said = () => [...document.querySelectorAll('.gtitle')]
                .map(each => each.textContent.match(/epoch (\\d+)$/)).find(each => each)[1];
            window.places = [];
            const tick = () => { places.push([line(), Number(said())]); requestAnimationFrame(tick); };
            tick();
        }"""
    )
    page.get_by_role("button", name="Replay").click()
    # It is over soon: what moved is read afterwards, the button only says Pause meanwhile.
    page.wait_for_function("places.some(([line, said]) => said <= 3)")
    expect_grown(page)
    expect(outputs).to_have_text(newest, use_inner_text=True)
    assert last_x(page) == EPOCHS
    places = page.evaluate("places")
    # Both charts move together, and lines glide: they also stop between epochs.
    assert all(abs(line - said) <= 1 for line, said in places)
    assert len({line for line, _ in places if line % 1}) > 3
    assert min(said for _, said in places) <= 3
    # It rests where it was before, so there is nothing to tell either.
    assert page.get_by_text("Drawn").inner_text() == asked


def test_the_slider_moves_by_keys_and_tells_where_it_rests(opened: Open):
    page = opened().page
    grow(page)
    expect_grown(page)
    slider = page.get_by_role("slider", name="After epoch")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", f"17 of {EPOCHS}")
    expect(page.get_by_text("rests at 17")).to_be_visible()
    assert last_x(page) == 17
    expect(plot(page, "Output by step")).to_contain_text("epoch 17")
    slider.press("Home")
    expect(page.get_by_text("rests at 1", exact=False)).to_be_visible()
    assert last_x(page) == 1


def test_a_click_chooses_a_step(opened: Open):
    page = opened().page
    area = plot(page, "Output by step").locator(".nsewdrag").nth(1)
    wide = area.evaluate("area => area.getBoundingClientRect().width")
    area.click(position={"x": wide * 7.5 / 24, "y": 10})
    expect(page.get_by_text("step 8")).to_be_visible()


def test_a_figure_is_saved_by_its_own_menu_from_the_keyboard(opened: Open):
    page = opened().page
    save = plot(page, "The batch").get_by_role("button", name="Download plot")
    save.focus()
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == "maskdemo-batch.svg"
    assert "What the LSTM receives" in Path(started.value.path()).read_text(encoding="utf-8")


def test_nothing_offers_to_send_a_chart_elsewhere(opened: Open):
    page = opened().page
    names = page.locator(".modebar-btn").evaluate_all("all => all.map(each => each.ariaLabel)")
    assert names and not [each for each in names if re.search("share|cloud|edit", each, re.I)]


def test_the_library_is_fetched_once_for_all_charts_and_kept(browser: Browser, growing: Server):
    context = browser.new_context()
    page = context.new_page()
    fetched: list[str] = []
    page.on("requestfinished", lambda request: fetched.append(request.url))
    for _ in range(2):
        page.goto(growing.url)
        page.wait_for_function(
            "() => document.querySelectorAll('.js-plotly-plot .cartesianlayer .subplot').length >= 5"
        )
    sizes = page.evaluate(
        "() => performance.getEntriesByType('resource').filter(each => /plotly/.test(each.name))"
        ".map(each => each.transferSize)"
    )
    assert len([each for each in fetched if "plotly" in each]) == 2
    # The second visit took it from the browser's own store.
    assert sizes == [0]
    context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, (390, 844)], ids=["desktop", "phone"])
def test_charts_fit_their_place_and_follow_the_theme(opened: Open, dark: bool, size: tuple[int, int]):
    page = opened(dark=dark, size=size).page
    for chart in page.locator(".maskdemo-chart").all():
        drawn = chart.locator(".main-svg").first.bounding_box()
        room = chart.bounding_box()
        assert drawn and room and abs(drawn["width"] - room["width"]) < 1
        assert room["x"] + room["width"] <= size[0]
    ink = page.locator(".gtitle").first.evaluate("text => getComputedStyle(text).fill")
    assert (ink == "rgb(250, 250, 250)") == dark
