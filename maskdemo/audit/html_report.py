"""A report as one HTML file without network, script or font, and the mask's path in it as an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from markupsafe import Markup

from maskdemo.audit.report import LayerRow, Report
from maskdemo.html_template import fill_template
from maskdemo.titles import SIDES

#: Of the line by state: colour in light and in dark, width, dashes.
_STATES = {
    "right": ("#0072b2", "#56b4e9", "6", ""),
    "wrong": ("#b25d00", "#e69f00", "6", "10 4"),
    "none": ("#8a94a0", "#8a94a0", "2", "2 5"),
    "ends": ("#8a94a0", "#8a94a0", "0", ""),
}
_INK = ("#1f2933", "#e8edf2")
_MUTED = ("#5b6672", "#a3adb8")
_FAULT = ("#b3261e", "#ff8a7a")
_FONT = "'Source Sans', 'Source Sans 3', 'Segoe UI', system-ui, sans-serif"
_ROW, _LINE, _WORDS, _WIDTH, _TOP = 46, 16, 38, 380, 14


def as_page(report: Report, *, when: datetime | None = None) -> str:
    """Return the report as an HTML page. when: the time that it states, by default now."""
    return fill_template(
        Path(__file__).with_name("report.html"),
        when=when,
        report=report,
        path=Markup(mask_path(report.layers)),
        measures=[
            (
                SIDES[each.side].phrase,
                str(each.added) if each.added else "to the longest",
                report.outputs[each.output] if each.output < len(report.outputs) else each.output,
                "lost" if math.isinf(each.largest) else f"{each.largest:.2g}",
                f"{each.tolerance:.1g}",
                f"{each.moved} of {each.of}",
            )
            for each in report.measures
        ],
    )


def mask_path(layers: Sequence[LayerRow], *, dark: bool = False) -> str:
    """Return an SVG with a row per layer: the mask that it receives, and the mask that it returns.

    A thick line is a right mask, a dashed line a wrong mask, dots are none.
    """
    height = _TOP + _ROW * len(layers) + 8
    rows = "".join(_layer_svg(layer, index, dark) for index, layer in enumerate(layers))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'width="{_WIDTH}" height="{height}" style="max-width:100%;height:auto" '
        f'font-family="{_FONT}" font-size="15">'
        f"<title>{escape(describe_path(layers))}</title>{rows}</svg>"
    )


def describe_path(layers: Sequence[LayerRow]) -> str:
    """Return the path of the mask as a sentence, for those who do not see the drawing."""
    changes = "; ".join(f"{layer.name} {layer.change}" for layer in layers)
    return f"The path of the mask: {changes}." if changes else "No layer works on sequences."


def _layer_svg(layer: LayerRow, index: int, dark: bool) -> str:
    middle = _TOP + _ROW * index + _ROW // 2 - 6
    top, bottom = middle - _ROW // 2, middle + _ROW // 2
    ink, muted, fault = _INK[dark], _MUTED[dark], _FAULT[dark]
    point = (
        f'<circle cx="{_LINE}" cy="{middle}" r="7" fill="{fault if layer.at_fault else ink}"/>'
        if layer.at_fault or layer.received != "none" or layer.passed == "right"
        else f'<circle cx="{_LINE}" cy="{middle}" r="5" fill="none" stroke="{muted}" stroke-width="2"/>'
    )
    flag = f' <tspan fill="{fault}" font-weight="700">at fault</tspan>' if layer.at_fault else ""
    return (
        _line_svg(layer.received, top, middle, dark)
        + _line_svg(layer.passed, middle, bottom, dark)
        + point
        + f'<text x="{_WORDS}" y="{middle}" fill="{ink}"><tspan font-weight="600">{escape(layer.name)}'
        f'</tspan>{flag}</text><text x="{_WORDS}" y="{middle + 17}" fill="{muted}" font-size="13">'
        f"{escape(layer.of_class)}: {escape(layer.change)}</text>"
    )


def _line_svg(state: str, top: int, bottom: int, dark: bool) -> str:
    light_colour, dark_colour, width, dashes = _STATES[state]
    return (
        f'<line x1="{_LINE}" x2="{_LINE}" y1="{top}" y2="{bottom}" stroke-width="{width}" '
        f'stroke="{dark_colour if dark else light_colour}" stroke-dasharray="{dashes or "none"}"/>'
    )
