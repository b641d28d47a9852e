"""The handle on the padding: its recurrence against ours, and pulled by mouse, finger and keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

import maskdemo.ui
from maskdemo.data.inputs import arrays_of
from maskdemo.data.padding import unpad
from maskdemo.experiment import Experiment
from maskdemo.inside.leak import padded_by
from maskdemo.inside.recurrence import outputs_of, states_of
from maskdemo.strategies import STRATEGIES
from maskdemo.ui.padding_handle import recurrence_data
from tests.browser.accessibility import expect_no_findings
from tests.browser.test_playground import link, params_of
from tests.browser.viewer import Viewer
from tests.inside.test_activations import CASES, untrained

CODE = Path(maskdemo.ui.__file__).parent / "browser"
COUNTS = (0, 1, 7, 200)
ALWAYS = ("nine classes, in front", "a label a step")
READ = """async ([data, counts]) => {
    const { Reader, unpacked } = await import('/recurrence.js');
    return data.lanes.map(lane => {
        const reader = new Reader(unpacked(data.networks[lane.name]), lane);
        return ['post', 'pre'].flatMap(side => counts.map(count => {
            const states = reader.states(count, side);
            return {
                side, count, readOut: reader.readOut(count, side),
                cells: states.map(state => [...state.cell]),
                outputs: reader.outputs(count, side).map(output => [...output]),
            };
        }));
    });
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """A page that has our scripts and nothing else."""
    page = browser.new_page()
    page.route("**/*", _answer)
    page.goto("http://scripts.test/")
    yield page
    page.close()


def _answer(route: Route) -> None:
    path = CODE / urlsplit(route.request.url).path.strip("/")
    if path.is_file():
        route.fulfill(path=path)
    else:
        route.fulfill(body="", content_type="text/html")


@pytest.mark.parametrize(
    "experiment",
    [
        *(
            pytest.param(case, marks=[] if name in ALWAYS else pytest.mark.fuzz)
            for name, case in CASES.items()
        ),
        # The mask value is another one than the padding's.
        replace(CASES["binary"], pad_value=2.0, missing_rate=0.0, task="sum_sign"),
    ],
    ids=[*CASES, "padding that a Masking layer does not skip"],
)
def test_the_browser_computes_what_the_recurrence_does(blank: Page, experiment: Experiment):
    sequence = untrained(experiment, probe=3)
    bare, value = unpad(sequence.batch), experiment.pad_value
    found = blank.evaluate(READ, [recurrence_data(sequence), COUNTS])
    assert experiment.strategies == tuple(STRATEGIES)
    for name, readings in zip(experiment.strategies, found, strict=True):
        for reading in readings:
            batch = padded_by(bare, reading["count"], side=reading["side"], value=value, missing=value)
            arrays = arrays_of(experiment, name, batch)
            cells, states = states_of(sequence.networks[name], arrays)[:, :, 0]
            outputs = outputs_of(sequence.networks[name], arrays.read(states[None])[0])
            np.testing.assert_allclose(reading["cells"], cells, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(reading["outputs"], outputs, atol=1e-5)
            assert reading["readOut"] == arrays.read_out[0]


@pytest.mark.fuzz
def test_pulled_by_mouse_finger_and_keyboard(viewer: Viewer):
    page = viewer.page
    asked: list[object] = []
    page.on("websocket", lambda line: line.on("framesent", lambda sent: asked.append(sent)))
    viewer.open(link(repeats=1))
    page.get_by_role("button", name="Train", exact=True).click()
    slider = page.get_by_role("slider", name="Padded steps")
    expect(slider).to_be_attached()
    viewer.settle()
    grip, stage = page.locator(".grip"), page.locator(".maskdemo-pull")
    measured = page.locator(".maskdemo-pull-lane small")
    stage.scroll_into_view_if_needed()
    shares = page.locator(".maskdemo-cell .share")
    sure = page.locator(".maskdemo-pull-lane output")
    expect(shares.nth(1)).to_have_text("100%")
    expect(page.locator(".maskdemo-cell .bar").nth(1)).to_have_attribute("data-gate", "held")

    def at() -> tuple[float, float]:
        box = grip.bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + 18

    def along(to: str) -> float:
        box = stage.bounding_box()
        assert box
        return box["x"] + (box["width"] - 1 if to == "end" else box["width"] / 2)

    # It stands where the padding ended in training, and the chart shows what the run recorded.
    trained, most = slider.input_value(), slider.get_attribute("max")
    expect(sure.first).to_be_hidden()
    expect(page.get_by_role("radio", name="Network: Each its own")).to_be_checked()

    # By mouse: far beyond what training had, and nothing is asked before it is let go.
    x, y = at()
    page.mouse.move(x, y)
    page.mouse.down()
    before = len(asked)
    page.mouse.move(along("end"), y, steps=8)
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(f"^{most} padded steps after the end")
    )
    expect(sure.first).to_be_visible()
    masked = re.fullmatch(r"(\d+%) sure → (\d+%).*", sure.nth(1).inner_text())
    assert masked and masked[1] == masked[2], "the masked twin does not move"
    assert len(asked) == before
    expect(measured.first).to_be_empty()
    page.mouse.up()
    expect(measured.first).to_have_text(re.compile(r"Accuracy \d+% → \d+%, .* by up to [\d.]+ points"))
    expect(measured.nth(1)).to_have_text(re.compile(r"Accuracy (\d+%) → \1, .* by exactly 0 points"))
    page.wait_for_url(re.compile(f"added={most}"), wait_until="commit")

    # By keyboard: steps one by one, and both ends.
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(f"^{int(most or 0) - 1} padded steps")
    )
    slider.press("Home")
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(r"^0 padded steps.*No mask \d+% sure")
    )
    expect(shares).to_have_text(["100%", "100%"])
    page.wait_for_url(re.compile("added=0"), wait_until="commit")

    # By finger: the browser's own touches, as a phone sends them.
    viewer.settle()
    fingers = page.context.new_cdp_session(page)
    x, y = at()
    touch = "Input.dispatchTouchEvent"
    fingers.send(touch, {"type": "touchStart", "touchPoints": [{"x": x + 40, "y": y}]})
    for part in (0.25, 0.5, 0.75, 1.0):
        there = x + 40 + (along("half") - x - 40) * part
        fingers.send(touch, {"type": "touchMove", "touchPoints": [{"x": there, "y": y}]})
    fingers.send(touch, {"type": "touchEnd", "touchPoints": []})
    page.wait_for_url(re.compile(r"added=[1-9]\d"), wait_until="commit")
    expect(measured.first).to_contain_text("Accuracy")

    # Who opens the link finds the handle where it was let go, and the network that was chosen there.
    other = page.get_by_role("radio", name="Network", checked=False)
    chosen = page.get_by_role("radio", name=other.get_attribute("aria-label"))
    chosen.check()
    page.wait_for_url(re.compile("weights="), wait_until="commit")
    expect(measured.first).to_contain_text("Accuracy")
    pulled, said = params_of(page.url)["added"], measured.first.inner_text()
    page.reload()
    expect(slider).to_have_value(pulled)
    expect(measured.first).to_have_text(said)
    slider.press("ArrowLeft")
    expect(slider).to_have_value(str(int(pulled) - 1))
    expect(chosen).to_be_checked()

    # Numbers are those of the padding that is seen.
    numbers = page.locator(".maskdemo-pullable").get_by_role("button", name="Numbers")
    numbers.click()
    caption = page.locator(".maskdemo-pullable caption")
    expect(caption).to_contain_text(f"{int(pulled) - 1} padded steps after the end")
    slider.press("ArrowRight")
    expect(caption).to_contain_text(f"{pulled} padded steps after the end")
    numbers.click()

    expect_no_findings(page, ".maskdemo-pullable")

    # As in training again.
    page.get_by_role("button", name="As in training").click()
    expect(slider).to_have_value(trained)
    expect(sure.first).to_be_hidden()
    page.get_by_role("button", name="Forget gate").hover()
    expect(page.get_by_text("how much of the memory stays", exact=False).last).to_be_visible()
