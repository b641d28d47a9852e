"""A journey through the article page: its third example as written, then mended, then the link."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from maskdemo.article.examples import EXAMPLES
from maskdemo.export.script import script
from maskdemo.scenarios import SCENARIOS
from tests.browser.viewer import Viewer

NUMBER = re.compile(r"line (\d+) with an? (\w+)")


def section(viewer: Viewer, number: int) -> Locator:
    """The box of one example, opened, with all that is in it."""
    box = viewer.page.locator(f".st-key-box_{number}")
    viewer.unfold(box.get_by_text("The program, run here"), box.get_by_role("button", name="Run it"))
    return box


def test_the_third_example_as_written_and_mended(viewer: Viewer, tmp_path: Path):
    example = EXAMPLES[2]
    page = viewer.open("/article")
    first, box = section(viewer, 1), section(viewer, 3)
    box.get_by_role("button", name="Run it").click()
    expect(box.get_by_role("button", name="Cancel")).to_be_visible()
    expect(first.get_by_role("button", name="Run it")).to_be_disabled()
    stopped = box.get_by_test_id("stAlert").get_by_text(NUMBER)
    expect(stopped).to_be_visible()
    found = NUMBER.search(stopped.inner_text())
    assert found is not None
    line = example.programs[0].text.splitlines()[int(found[1]) - 1].strip()
    expect(box.locator("code", has_text=re.compile("^" + re.escape(line)))).to_be_visible()
    expect(box.locator("code", has_text=re.compile(f"^{found[2]}: "))).to_be_visible()
    viewer.settle()

    box.get_by_text("Held state: mended").click()
    viewer.settle()
    expect(stopped).to_have_count(0)
    expect(box.locator("code", has_text="+++ example_3_state_held.py").first).to_be_visible()
    box.get_by_role("button", name="Run it").click()
    expect(box.get_by_text(re.compile(r"Ran to its end|Epoch \d of 2, batch \d of 4"))).to_be_visible()
    expect(box.locator(".js-plotly-plot").first).to_be_visible()
    expect(box.get_by_text("Ran to its end")).to_be_visible()
    expect(box.get_by_text("exactly the same outputs")).to_be_visible()
    viewer.settle()
    box.get_by_text("What it printed").click()
    expect(box.get_by_text("Total params")).to_be_visible()

    with page.expect_download() as waiting:
        box.get_by_role("button", name="Program").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == "example_3_state_held.py"
    assert file.read_text() == example.programs[-1].text

    box.get_by_role("button", name="Take away").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Keras script").click()
    waiting.value.save_as(file)
    assert file.read_text() == script(SCENARIOS[example.scenario].experiment)
    page.keyboard.press("Escape")

    box.get_by_role("link", name="Open in the playground").click()
    expect(page.get_by_role("heading", name="Is masking required")).to_be_visible()
    viewer.settle()
    expect(page.get_by_text(SCENARIOS[example.scenario].look_for)).to_be_visible()
