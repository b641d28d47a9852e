"""The chart component in a real browser: drawn in place, kept while a run grows, played again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from maskdemo.charts.template import SHARE_TOP
from maskdemo.ui.components import POLL
from tests.browser.server import BUILD, Server, running_server
from tests.browser.viewer import DESKTOP, PHONE, SCRIPT_DONE, Viewer
from tests.browser.watching import seen, watch
from tests.charts.samples import make_batch

EPOCHS = 10
#: All panels of the three charts, as JavaScript.
DRAWN = "() => document.querySelectorAll('.js-plotly-plot .cartesianlayer .subplot').length >= 5"
Open = Callable[..., Viewer]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `growing.py` looks for a file `hold`."""
    return tmp_path_factory.mktemp("growing")


@pytest.fixture(scope="module")
def growing(chromium: str, store: Path) -> Iterator[Server]:
    script = Path(__file__).with_name("growing.py")
    with running_server(script=str(script), log=BUILD / "growing.log", store=str(store)) as started:
        yield started


@pytest.fixture
def opened(browser: Browser, growing: Server) -> Iterator[Open]:
    """The page of `growing.py` with its three charts drawn; at the end nothing may have gone wrong."""
    viewers: list[Viewer] = []

    def open_page(*, dark: bool = False, size: tuple[int, int] = DESKTOP) -> Viewer:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
        )
        viewers.append(Viewer(context.new_page(), context, growing.url))
        page = viewers[-1].open("/")
        page.wait_for_function(DRAWN)
        return viewers[-1]

    yield open_page
    complaints = [complaint for each in viewers for complaint in each.complaints()]
    for each in viewers:
        each.context.close()
    assert not complaints


def grow(page: Page) -> None:
    page.get_by_role("button", name="Go").click()


def expect_grown(page: Page) -> None:
    """And at rest: the whole page has been drawn once more after the last epoch."""
    expect(page.get_by_role("button", name="Replay")).to_be_visible()
    expect(page.get_by_text("It rests.")).to_be_visible()
    expect(page.locator(SCRIPT_DONE)).to_be_attached()


def plot(page: Page, alt: str) -> Locator:
    return page.locator(".maskdemo-chart").filter(has=page.get_by_role("img", name=alt, exact=True))


def tools(page: Page, alt: str) -> Locator:
    return page.get_by_role("toolbar", name=alt, exact=True)


def click_step_8(page: Page) -> None:
    area = plot(page, "Output by step").locator(".nsewdrag").nth(1)
    wide = area.evaluate("area => area.getBoundingClientRect().width")
    area.click(position={"x": wide * 7.5 / 24, "y": 10})


def last_x(page: Page) -> float:
    """How far the line of the first strategy reaches in the chart by epoch."""
    return plot(page, "Accuracy by epoch").evaluate(
        "plot => Math.max(...plot._fullData.find(trace => trace.name === 'No mask').x)"
    )


def test_a_run_grows_in_place_is_played_again_and_its_charts_give_what_they_hold(
    opened: Open, store: Path
):
    viewer = opened()
    page = viewer.page
    expect_fitting(page, DESKTOP, dark=False)
    expect_numbers_and_a_file_by_keyboard(page)
    told = expect_the_library_to_be_fetched_once(viewer)

    curves, outputs = plot(page, "Accuracy by epoch"), plot(page, "Output by step")
    charts = watch(page)
    zoomed = zoom(page, curves)
    assert zoomed[0] > 1 and zoomed[1] < EPOCHS and zoomed[2] > 0

    # It grows: nothing is removed or blank, no height changes, and zoom and hover stay.
    hold = store / "hold"
    hold.touch()
    grow(page)
    expect(outputs).to_contain_text("at step")
    outputs.locator(".nsewdrag").first.hover(position={"x": 100, "y": 40})
    hovered = outputs.locator(".hoverlayer text")
    expect(hovered.first).to_be_visible()
    before = page.evaluate("document.querySelector('[data-testid=stText]').innerText")
    hold.unlink()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stText]').innerText !== before", arg=before
    )
    expect(hovered.first).to_be_visible()
    expect_grown(page)
    page.wait_for_function("epochs => seen.points.has(epochs)", arg=EPOCHS)
    expect_one_part_to_ask_at_a_time(list(told))
    found = seen(page, charts)
    assert found.charts == 3 and found.removed == 0 and found.blank == 0
    assert found.heights == 3
    assert len(found.points) > 2, "the lines grow, they do not come at once"
    assert curves.evaluate(RANGES) == zoomed
    page.mouse.move(0, 0)
    expect(hovered).to_have_count(0)

    # A double click goes back to the whole of what is drawn now.
    curves.locator(".nsewdrag").first.dblclick(position={"x": 50, "y": 50})
    page.wait_for_function(f"plot => ({RANGES})(plot)[1] === {EPOCHS}", arg=curves.element_handle())
    assert curves.evaluate(RANGES) == [1, EPOCHS, 0, SHARE_TOP]

    expect_a_replay_without_the_server(page, outputs, told)
    expect_the_slider_to_tell_where_it_rests(page, outputs)


RANGES = "plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"


def zoom(page: Page, curves: Locator) -> list[float]:
    """Into the chart by epoch; the ranges of its axes then."""
    tools(page, "Accuracy by epoch").get_by_role("button", name="Zoom").click()
    area = curves.locator(".nsewdrag").first.bounding_box()
    assert area
    x, y = area["x"], area["y"]
    page.mouse.move(x + 40, y + 20)
    page.mouse.down()
    page.mouse.move(x + 240, y + 160, steps=8)
    page.mouse.up()
    return curves.evaluate(RANGES)


def expect_a_replay_without_the_server(page: Page, outputs: Locator, told: list[str]) -> None:
    """All charts move together, and the server is asked for nothing."""
    click_step_8(page)
    expect(page.get_by_text(f"Epoch {EPOCHS}, step 8, rests at None")).to_be_visible()
    expect(page.locator(SCRIPT_DONE)).to_be_attached()
    page.mouse.move(0, 0)
    expect(outputs.locator(".hoverlayer text")).to_have_count(0)
    # The page's text is there a moment before the chart that belongs to it.
    expect(outputs).to_contain_text(f"epoch {EPOCHS}")
    newest = outputs.inner_text()
    asked = sum(each.startswith("asked") for each in told)
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
    assert sum(each.startswith("asked") for each in told) == asked


def expect_the_slider_to_tell_where_it_rests(page: Page, outputs: Locator) -> None:
    """Moved by keys; each chart is drawn once for each, not again when the slider rests."""
    slider = page.get_by_role("slider", name="After epoch")
    slider.focus()
    page.evaluate(
        """() => {
            const react = Plotly.react;
            window.drawn = [];
            Plotly.react = (...given) => { drawn.push(given[0]); return react(...given); };
        }"""
    )
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", f"{EPOCHS - 3} of {EPOCHS}")
    expect(page.get_by_text(f"rests at {EPOCHS - 3}")).to_be_visible()
    assert last_x(page) == EPOCHS - 3
    expect(outputs).to_contain_text(f"epoch {EPOCHS - 3}")
    page.evaluate("drawn.length = 0")
    slider.press("Home")
    expect(page.get_by_text(re.compile("rests at 1$"))).to_be_visible()
    assert last_x(page) == 1
    assert page.evaluate("drawn.length === new Set(drawn).size && drawn.length > 1")


def expect_the_library_to_be_fetched_once(viewer: Viewer) -> list[str]:
    """For all charts, and the second visit has it from the first; what is told from that visit on."""
    page = viewer.page
    sizes = (
        "() => performance.getEntriesByType('resource').filter(each => /plotly/.test(each.name))"
        ".map(each => each.transferSize)"
    )
    assert len(page.evaluate(sizes)) == 1
    told = listened_to(page)
    viewer.open("/")
    page.wait_for_function(DRAWN)
    assert page.evaluate(sizes) == [0]
    return told


def expect_numbers_and_a_file_by_keyboard(page: Page) -> None:
    """A chart is one stop of the Tab key: its numbers; arrows lead on to what else it offers."""
    stops = ".maskdemo-chart, .maskdemo-chart *, .maskdemo-tools *"
    stop = f"all => all.filter(each => each.tabIndex >= 0 && each.matches('{stops}')).length"
    assert page.locator("button, a, input, svg, [tabindex]").evaluate_all(stop) == 3
    names = tools(page, "The batch").get_by_role("button")
    titles = names.evaluate_all("all => all.map(each => each.title)")
    assert titles == ["Numbers", "Zoom", "Save as SVG"]
    names.first.focus()
    page.keyboard.press("Enter")
    batch = page.locator(".maskdemo-numbers:visible")
    said = [row.split("\t") for row in batch.locator("table").inner_text().splitlines()]
    # A dozen steps, and eight sequences of which each step is as it was given.
    given = make_batch()
    assert said[1] == ["Sequence", *map(str, range(1, 13))] and len(said) == 2 + 8
    for row, (sequence, *cells) in enumerate(said[2:]):
        assert sequence == str(row + 1)
        for step, cell in enumerate(cells):
            value, _, kind = cell.partition(", ")
            assert float(value) == pytest.approx(given.values[row, step, 0], rel=0.005)
            real, padded = given.valid[row, step], given.padded[row, step]
            assert kind == ("" if real else "padding" if padded else "missing reading")
    page.keyboard.press("Enter")
    expect(batch).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == "maskdemo-batch.svg"


#: The texts of a drawing that come nearer to its edges than 4 pixels, as JavaScript; and its fonts.
AT_THE_EDGE = """async () => {
    const {width, height} = document.documentElement.getBoundingClientRect();
    const near = ({left, right, bottom}) => left < 0 || right > width - 4 || bottom > height - 4;
    const fonts = [...await document.fonts.ready].map(each => each.status);
    const texts = [...document.querySelectorAll('text')].filter(each => each.textContent);
    const cut = texts.filter(each => near(each.getBoundingClientRect()));
    return [width, fonts, cut.map(text => text.textContent)];
}"""


def expect_saved_whole(page: Page, alt: str, folder: Path) -> None:
    """A file of one width whatever the window's, with no word at its edge, in the page's font."""
    with page.expect_download() as started:
        tools(page, alt).get_by_role("button", name="Save as SVG").click()
    started.value.save_as(file := folder / started.value.suggested_filename)
    shown = page.context.new_page()
    shown.goto(file.as_uri())
    assert shown.evaluate(AT_THE_EDGE) == [800, ["loaded"], []]
    shown.close()


def listened_to(page: Page) -> list[str]:
    """The questions and answers of parts, from the next opening on: "asked" or "drawn" and the part."""
    told: list[str] = []

    def on_sent(frame: str | bytes) -> None:
        assert isinstance(frame, bytes)
        if (asked := BackMsg.FromString(frame)).HasField("rerun_script"):
            told.append(f"asked {asked.rerun_script.fragment_id}")

    def on_received(frame: str | bytes) -> None:
        assert isinstance(frame, bytes)
        if (message := ForwardMsg.FromString(frame)).HasField("delta"):
            element = message.delta.new_element
            if element.bidi_component.component_name == POLL:
                told.append(f"drawn {message.delta.fragment_id}")

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", on_sent)
        socket.on("framereceived", on_received)

    page.on("websocket", listen)
    return told


def expect_one_part_to_ask_at_a_time(told: list[str]) -> None:
    """And none before it was answered: the server would throw away what it draws for the other part."""
    # The click drew both parts; from then on each question is answered before the next, up to the one
    # that the whole page answers, in which nobody asks any longer.
    click = next(at for at, each in enumerate(told) if each == "asked ")
    asked = [each for each in told[click:] if each.startswith("asked ") and each != "asked "]
    assert len(set(asked)) == 2 and len(asked) > EPOCHS
    awaited = None
    for each in told[told.index(asked[0]) :]:
        kind, part = each.split()
        if kind == "asked":
            assert awaited is None, f"{part} asked while {awaited} waited"
            awaited = part
        elif part == awaited:
            awaited = None
    assert awaited == asked[-1].split()[1]


@pytest.mark.fuzz
def test_charts_fit_a_phone_in_the_dark_and_stay_under_a_finger(opened: Open, tmp_path: Path):
    page = opened(dark=True, size=PHONE).page
    expect_fitting(page, PHONE, dark=True)
    plots = page.locator(".maskdemo-chart")
    before = plots.evaluate_all(f"plots => plots.map({RANGES})")
    for chart in plots.all():
        # Twice, in the plot and on its axis: what Plotly takes for a double click.
        for down in (0.3, 0.3, 1.02):
            area = chart.locator(".nsewdrag").first.bounding_box()
            assert area
            x, y = area["x"] + area["width"] / 2, area["y"] + down * area["height"]
            page.touchscreen.tap(x, y)
    assert plots.evaluate_all(f"plots => plots.map({RANGES})") == before
    expect_saved_whole(page, "Accuracy by epoch", tmp_path)


def expect_fitting(page: Page, size: tuple[int, int], *, dark: bool) -> None:
    """Charts fill their place, inside the window, and follow the theme."""
    for chart in page.locator(".maskdemo-chart").all():
        drawn = chart.locator(".main-svg").first.bounding_box()
        room = chart.bounding_box()
        assert drawn and room and abs(drawn["width"] - room["width"]) < 1
        assert room["x"] + room["width"] <= size[0]
    ink = page.locator(".gtitle").first.evaluate("text => getComputedStyle(text).fill")
    assert (ink == "rgb(250, 250, 250)") == dark
