"""Journeys through the playground, as different people make them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from maskdemo.experiment import Experiment
from tests.browser.accessibility import expect_no_findings, open_all
from tests.browser.server import Server, worker_paused
from tests.browser.viewer import NUMBERS, Viewer
from tests.browser.watching import seen, watch

NewViewer = Callable[..., Viewer]
MAIN = '[data-testid="stMain"]'
PROGRESS = '[data-testid="stProgress"]'
#: What the inside page says of the chosen step.
STEP = re.compile(r"^Step \d+ is a")

# One shape for all journeys, so that it is compiled once.
QUICK: dict[str, Any] = {
    "task": "sum_sign",
    "train_size": 400,
    "test_size": 200,
    "padded_length": 40,
    "strategies": ("no_mask", "held_state"),
    "units": 16,
    "epochs": 3,
    "batch_size": 16,
    "repeats": 5,
}
LONG = {"epochs": 200, "repeats": 20}  # minutes: nobody waits for its end


def quick(**changes: Any) -> Experiment:
    return Experiment(**{**QUICK, **changes})


def link(**changes: Any) -> str:
    return f"/?{urlencode(quick(**changes).to_params())}"


def params_of(url: str) -> dict[str, str]:
    return {key: texts[0] for key, texts in parse_qs(urlsplit(url).query).items()}


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def start(page: Page) -> None:
    """Begin a run that is long enough to be seen going on."""
    button(page, "Train").click()
    expect(button(page, "Cancel")).to_be_visible()
    expect(button(page, "Train")).to_be_hidden()


def finish(viewer: Viewer) -> list[str]:
    """Wait for the end of the run; returns the accuracies in the table."""
    cards = viewer.page.locator(NUMBERS)
    expect(cards.nth(1)).to_be_visible()
    expect(button(viewer.page, "Cancel")).to_be_hidden()
    expect(button(viewer.page, "Train")).to_be_visible()
    viewer.settle()
    return cards.all_inner_texts()


def wait_for_progress(page: Page, pattern: str) -> str:
    """At every frame: a short run is over before a locator looks again."""
    return page.wait_for_function(
        f"""pattern => [...document.querySelectorAll('{PROGRESS}')].map(each => each.textContent)
            .find(said => RegExp(pattern).test(said))""",
        arg=pattern,
    ).json_value()


#: The steps of the batch that is drawn, as JavaScript; charts come a moment after the text, and
#: each kind of step is drawn only as far as there is any.
STEPS = """(() => {
    const drawn = [...document.querySelectorAll('.js-plotly-plot')]
        .map(plot => (plot._fullData || []).filter(trace => trace.type === 'heatmap'))
        .find(traces => traces.length);
    return drawn && Math.max(...drawn.flatMap(trace => [...trace.x]));
})()"""


def expect_batch(page: Page, steps: int) -> None:
    page.wait_for_function(f"{STEPS} === {steps}")


#: The longest of the lines in the chart of accuracy by epoch, as JavaScript; 0 before it is drawn.
DRAWN = """(() => {
    const drawn = [...document.querySelectorAll('.js-plotly-plot')].find(
        plot => plot._fullData && /^Accuracy on/.test(plot.layout.title?.text || ''));
    if (!drawn) return 0;
    // Not the bands over the repeats, which go there and back again.
    const lines = drawn._fullData.filter(
        trace => /lines/.test(trace.mode) && !/^to/.test(trace.fill));
    return Math.max(0, ...lines.map(
        trace => [...(trace.y || [])].filter(value => value !== null).length));
})()"""


def drawn_epochs(page: Page) -> int:
    return page.evaluate(DRAWN)


def expect_epochs(page: Page, epochs: int) -> None:
    """Charts come a moment after the text."""
    page.wait_for_function(f"{DRAWN} === {epochs}")


#: The charts of the run are there: a line with two points by epoch, the outputs after every step, and
#: nothing left of the page before it.
GROWING = """() => {
    const plots = [...document.querySelectorAll('.js-plotly-plot')];
    const line = trace => trace.mode === 'lines+markers' && trace.x?.length >= 2;
    return !document.querySelector('[data-stale="true"]')
        && plots.some(plot => /by epoch/.test(plot.layout.title.text) && plot._fullData.some(line))
        && plots.some(plot => /at step/.test(plot.textContent));
}"""


def test_a_run_is_watched_to_its_verdict_and_survives_a_reload_and_another_page(
    viewer: Viewer, server: Server
):
    """No chart is taken out or blank meanwhile. From button to slider it is done by keyboard.

    axe-core finds nothing serious or critical, while the run stands still and after it; nor does it in
    the journeys through the other pages.
    """
    epochs = 10
    page = viewer.open(link(epochs=epochs))
    viewer.tab_to("button", "Train")
    page.keyboard.press("Enter")
    wait_for_progress(page, r"Repeat \d of 5, epoch ([2-9]|\d\d)")
    # It stands still until its charts are there.
    with worker_paused(server):
        page.wait_for_function(GROWING)
        charts, chart = watch(page), page.locator(".js-plotly-plot").first
        top = chart.bounding_box()
        expect_no_findings(page, MAIN)
    numbers = finish(viewer)
    expect_epochs(page, epochs)
    assert chart.bounding_box() == top
    found = seen(page, charts)
    assert found.charts >= 3 and found.removed == 0 and found.blank == 0
    assert found.heights == found.charts
    expect(page.get_by_role("heading", name=re.compile("^Here"))).to_be_visible()
    words = "Required|Helps|Hurts|The same|Undecided"
    expect(page.get_by_role("cell", name=re.compile(f"^({words})"))).to_have_count(1)
    expect(page.get_by_role("cell", name="none, exactly 0")).to_be_visible()
    assert len(numbers) == 2 and all(re.fullmatch(r"\d+\.\d%", number) for number in numbers)

    expect_readable(page, dark=False)

    said_last = outputs(page)
    viewer.tab_to("slider", "After epoch")
    page.keyboard.press("Home")
    page.wait_for_url(re.compile("epoch=1"))
    viewer.settle()
    said_first = outputs(page)
    assert said_first != said_last
    drawn_first = drawn_epochs(page)
    assert drawn_first < epochs, "the curves go back with the outputs"
    page.reload()
    expect(page.locator(NUMBERS)).to_have_text(numbers)
    expect_epochs(page, drawn_first)
    viewer.settle()
    assert params_of(page.url)["epoch"] == "1"
    assert outputs(page) == said_first
    viewer.tab_to("button", "Take away")
    page.keyboard.press("Enter")
    with page.expect_download() as report:
        viewer.tab_to("button", "Report")
        page.keyboard.press("Enter")
    assert report.value.suggested_filename.endswith(".html")
    page.keyboard.press("Escape")
    # Another page, and back: a click on a step leads to what happened there.
    page.locator(".st-key-chart_outputs .nsewdrag").nth(1).click(position={"x": 60, "y": 20})
    expect(page.get_by_role("heading", name="Inside the LSTM")).to_be_visible()
    looked_at = params_of(page.url)
    assert looked_at["strategy"] == "held_state" and "unit" in looked_at
    expect(page.get_by_text(f"Step {looked_at['step']} is a")).to_be_visible()
    page.get_by_role("link", name="Playground").click()
    expect(page.locator(NUMBERS)).to_have_text(numbers)
    assert Experiment.from_params(params_of(page.url)) == quick(epochs=epochs)
    expect_result_to_stay_where_it_was_when_a_control_moves(viewer, numbers)
    open_all(page, "What each one does", "Training", "Show the code", "How the verdict is reached")
    viewer.settle()
    expect_no_findings(page)


def expect_result_to_stay_where_it_was_when_a_control_moves(viewer: Viewer, numbers: list[str]) -> None:
    """Dimmed, with what differs; the batch is of the new settings; and back as if nothing had been."""
    page = viewer.page
    chart, table = (
        page.locator(".js-plotly-plot").first,
        page.locator(".stHtml", has=page.locator("table")),
    )
    viewer.settle()
    charts, place = watch(page), place_on_page(chart)
    padded = page.get_by_role("slider", name="Padded length, in steps")
    length = int(padded.get_attribute("aria-valuetext") or 0)
    padded.press("ArrowRight")
    said = page.get_by_text(f"Result for padded length {length}; you set {length + 1}.")
    expect(said).to_be_visible()
    expect_batch(page, length + 1)
    expect(page.locator(NUMBERS)).to_have_text(numbers)
    expect(table).to_have_css("filter", "grayscale(1)")
    assert place_on_page(chart) == place
    page.get_by_role("button", name="Back to the settings of the result").click()
    expect(said).to_have_count(0)
    expect(table).to_have_css("filter", "none")
    expect_batch(page, length)
    assert place_on_page(chart) == place and seen(page, charts).removed == 0


def place_on_page(element: Locator) -> list[float]:
    """Left, top, width and height in pixels, wherever the page is scrolled to."""
    return element.evaluate(
        """element => {
            const {x, y, width, height} = element.getBoundingClientRect();
            return [x, y + element.closest('[data-testid=stMain]').scrollTop, width, height];
        }"""
    )


def outputs(page: Page) -> str:
    """What the chart of outputs after every step draws, when all charts are drawn."""
    return page.wait_for_function(
        """() => {
            const plots = [...document.querySelectorAll('.js-plotly-plot')];
            if (plots.length < 3 || !plots.every(plot => plot._fullData)) return null;
            const traces = document.querySelector('.st-key-chart_outputs .js-plotly-plot')._fullData;
            return JSON.stringify(traces.map(trace => [...(trace.y || [])]));
        }"""
    ).json_value()


def test_viewers_do_not_see_each_other_and_a_copied_link_gives_what_was_seen(
    new_viewer: NewViewer, server: Server
):
    one, other = new_viewer(), new_viewer()
    one.open(link(**LONG, seed=20))
    start(one.page)
    # How long it will take is said as soon as an epoch can tell, not by the compiling before it.
    wait_for_progress(one.page, r"Repeat 1 of 20, epoch \d+ of 200, about \d+ (s|min) left\.")
    # It would take the processor from the other page.
    with worker_paused(server):
        page = other.open(link(seed=4, epochs=3, side="pre", pad_value=1.0, repeats=1))
        button(page, "Train").click()
        wait_for_progress(page, "number 1 in the queue")
        button(one.page, "Cancel").click()
    one_numbers, other_numbers = finish(one), finish(other)
    expect_epochs(page, 3)
    expect(page.get_by_role("cell", name=re.compile("^Undecided"))).to_be_visible()
    assert params_of(one.page.url)["seed"] == "20" and params_of(page.url)["seed"] == "4"
    # Emptied, a box for a number has its number back, and no result is gone.
    box = page.get_by_role("spinbutton", name="Pad value")
    box.fill("")
    box.press("Enter")
    expect(box).to_have_value("1")
    expect(page.locator(NUMBERS)).to_have_text(other_numbers)
    # A click on a row of the batch follows that sequence.
    rows = page.locator(".st-key-chart_preview .nsewdrag").first
    height = rows.evaluate("rows => rows.getBoundingClientRect().height")
    for number in (1, 8):
        rows.click(position={"x": 20, "y": height * (number - 0.5) / 8})
        expect(page.locator(".st-key-chart_outputs")).to_contain_text(f"test sequence {number}")
    other.settle()

    other.open_take_away()
    copied = page.locator('[data-testid="stCode"]').first.inner_text().strip()
    assert copied.startswith(other.base_url)
    assert params_of(copied) == params_of(page.url)

    # Who opens the link finds what the other saw, also in the place of what they had themselves.
    page = one.open(copied.removeprefix(one.base_url))
    changed = {"seed": 4, "epochs": 3, "side": "pre", "pad_value": 1.0, "repeats": 1}
    assert Experiment.from_params(params_of(page.url)) == quick(**changed)
    expect_batch(page, 40)
    expect(page.locator(NUMBERS)).to_have_text(other_numbers)
    assert one_numbers != other_numbers


@pytest.mark.fuzz
def test_points_keep_coming_until_the_tab_is_closed_and_one_more_strategy_changes_no_other(
    new_viewer: NewViewer,
):
    """Whoever waited for the run of the closed tab is next."""
    busy, one = new_viewer(), new_viewer()
    busy.open(link(**LONG, seed=20))
    start(busy.page)
    expect_points_to_keep_coming(busy.page)
    page = one.open(link(seed=4, epochs=3, repeats=1))
    button(page, "Train").click()
    wait_for_progress(page, "number 1 in the queue")
    busy.page.close()
    numbers = finish(one)
    button(page, "Masking layer").click()
    expect(page.get_by_text("Result for strategies without Masking layer")).to_be_visible()
    button(page, "Train").click()
    expect(page.locator(NUMBERS)).to_have_count(3)
    again = finish(one)
    assert [again[0], again[2]] == numbers


def expect_points_to_keep_coming(page: Page) -> None:
    """Where they are drawn, and without a jump; how often, `make bench` says."""
    said = wait_for_progress(page, r"Repeat 1 of 20, epoch \d+ of 200, about \d+ (s|min) left\.")
    page.wait_for_function(GROWING)
    charts, chart = watch(page), page.locator(".js-plotly-plot").first
    top = chart.bounding_box()
    for _ in range(2):
        page.wait_for_function(f"{drawn_epochs(page)} < {DRAWN}")
    found = seen(page, charts)
    assert found.charts >= 3 and found.removed == 0 and found.blank == 0
    assert found.heights == found.charts and chart.bounding_box() == top
    expect(page.locator(PROGRESS)).not_to_have_text(said)


def brightness(css_colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [float(part) / 255 for part in re.findall(r"[\d.]+", css_colour)[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def expect_readable(page: Page, *, dark: bool) -> None:
    """Headings and charts stand out from what is behind them, which is light or dark as asked."""
    outputs(page)  # by then all charts are drawn
    colours = page.evaluate(
        """() => {
            const of = (node, what) => getComputedStyle(node)[what];
            const app = document.querySelector('[data-testid=stApp]');
            return {
                background: of(app, 'backgroundColor'),
                heading: of(document.querySelector('h1'), 'color'),
                papers: [...document.querySelectorAll('.js-plotly-plot')]
                    .map(plot => plot._fullLayout.paper_bgcolor),
                charts: [...document.querySelectorAll('.js-plotly-plot .gtitle')]
                    .map(text => of(text, 'fill')),
                ticks: [...document.querySelectorAll('.js-plotly-plot .xtick text')]
                    .map(text => of(text, 'fill')),
            };
        }"""
    )
    behind = brightness(colours["background"])
    assert behind < 0.1 if dark else behind > 0.8
    for paper in colours["papers"]:
        seen_through = re.fullmatch(r"rgba\(.*, ?0\)|transparent", paper)
        assert seen_through or contrast(rgb(paper), behind) < 1.1, paper
    assert len(colours["charts"]) >= 3 and len(colours["ticks"]) >= 10
    for text in [colours["heading"], *colours["charts"], *colours["ticks"]]:
        assert contrast(brightness(text), behind) >= 4.5, text


def rgb(colour: str) -> float:
    if colour.startswith("#"):
        numbers = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        return brightness(" ".join(map(str, numbers)))
    return brightness(colour)
