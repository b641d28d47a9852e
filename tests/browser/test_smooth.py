"""A run on the playground, watched: no chart is taken out, none is blank, and points keep coming."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.test_playground import SECOND, button, link
from tests.browser.viewer import Viewer
from tests.browser.watching import seen, watch

#: Long enough to be watched growing, also where two cores have nothing else to do.
EPOCHS = 120


def test_a_run_grows_smoothly(new_viewer: Callable[..., Viewer]):
    viewer = new_viewer()
    page = viewer.open(link(epochs=EPOCHS, repeats=1, train_size=1000, seed=71))
    button(page, "Train").click()
    page.wait_for_function(
        """() => [...document.querySelectorAll('.js-plotly-plot')].some(plot =>
            /at step/.test(plot.textContent))""",
        timeout=60 * SECOND,
    )
    charts = watch(page)
    expect(button(page, "Train")).to_be_visible(timeout=180 * SECOND)
    page.wait_for_function("epochs => seen.points.has(epochs)", arg=EPOCHS, timeout=20 * SECOND)
    found = seen(page, charts)
    assert found.charts >= 3 and found.removed == 0 and found.blank == 0
    assert found.heights == found.charts
    # A machine that is too busy to animate at half speed is judged by half.
    assert found.updates_a_second >= (2 if found.frames_a_second >= 30 else 1), found
