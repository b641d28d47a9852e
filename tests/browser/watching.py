"""Watching charts from inside the page: what is taken out of it, and frames in which one is missing."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

WATCH = """() => {
    const seen = window.seen = {
        removed: 0, blank: 0, frames: 0, heights: new Set(), points: new Set(),
    };
    const isChart = node => node.nodeType === 1 &&
        (node.matches('.js-plotly-plot') || node.querySelector('.js-plotly-plot'));
    new MutationObserver(changes => {
        for (const change of changes)
            for (const node of change.removedNodes) if (isChart(node)) seen.removed += 1;
    }).observe(document.body, {childList: true, subtree: true});
    const watched = [...document.querySelectorAll('.js-plotly-plot')];
    const isBlank = plot => !plot.isConnected || !plot.getBoundingClientRect().height ||
        !plot.querySelector('.cartesianlayer .trace, .cartesianlayer .hm');
    const points = plot => Math.max(0, ...(plot._fullData || [])
        .filter(trace => trace.mode === 'lines+markers')
        .map(trace => [...(trace.y || [])].filter(Number.isFinite).length));
    const tick = () => {
        seen.frames += 1;
        if (watched.some(isBlank)) seen.blank += 1;
        for (const plot of watched) {
            seen.heights.add(`${watched.indexOf(plot)}: ${plot.getBoundingClientRect().height}`);
            if (!/by epoch/.test(plot.layout?.title?.text || '')) continue;
            seen.points.add(points(plot));
        }
        requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    return watched.length;
}"""


@dataclass(frozen=True)
class Seen:
    """What was seen since `watch`.

    removed: charts taken out of the page. blank: animation frames in which one of the watched charts
    was not drawn. heights: how many different heights the charts had, together. points: the lengths
    that the lines by epoch had.
    """

    charts: int
    removed: int
    blank: int
    frames: int
    heights: int
    points: tuple[int, ...]


def watch(page: Page) -> int:
    """Begin to watch all charts that are drawn by now; how many."""
    return page.evaluate(WATCH)


def seen(page: Page, charts: int) -> Seen:
    """What was seen until now."""
    found = page.evaluate(
        """() => {
            const {removed, blank, frames} = seen;
            const [heights, points] = [seen.heights.size, [...seen.points].sort((a, b) => a - b)];
            return {removed, blank, frames, heights, points};
        }"""
    )
    return Seen(charts=charts, **found | {"points": tuple(found["points"])})
