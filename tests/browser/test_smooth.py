"""A run on the playground, watched: no chart is taken out, none is blank, and points keep coming.

How often they come is measured by `make bench`.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.test_playground import SECOND, button, link
from tests.browser.viewer import Viewer
from tests.browser.watching import seen, watch

#: Long enough to be seen growing, also where two cores have nothing else to do.
EPOCHS = 60
#: The charts of the run are there: a line with two points by epoch, the outputs after every step, and
#: nothing left of the page before it.
GROWING = """() => {
    const plots = [...document.querySelectorAll('.js-plotly-plot')];
    const line = trace => trace.mode === 'lines+markers' && trace.x?.length >= 2;
    return !document.querySelector('[data-stale="true"]')
        && plots.some(plot => /by epoch/.test(plot.layout.title.text) && plot._fullData.some(line))
        && plots.some(plot => /at step/.test(plot.textContent));
}"""


def test_a_run_grows_smoothly(new_viewer: Callable[..., Viewer]):
    viewer = new_viewer()
    page = viewer.open(link(epochs=EPOCHS, repeats=1, train_size=1000, seed=71))
    button(page, "Train").click()
    page.wait_for_function(GROWING, timeout=60 * SECOND)
    charts = watch(page)
    expect(button(page, "Train")).to_be_visible(timeout=180 * SECOND)
    page.wait_for_function("epochs => seen.points.has(epochs)", arg=EPOCHS, timeout=60 * SECOND)
    found = seen(page, charts)
    assert found.charts >= 3 and found.removed == 0 and found.blank == 0
    assert found.heights == found.charts
    assert len(found.points) > 2, "the lines grow, they do not come at once"
