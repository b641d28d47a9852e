"""A report as one HTML file without network, script or font, and the mask's path in it as an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from markupsafe import Markup

from maskdemo.audit.report import LayerRow, Report, other_sources
from maskdemo.templates import fill_template
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
#: Height of a line on further sources, and below a row that does not lead to the next one.
_MORE, _GAP = 17, 8
_MASKS = {"right": "right mask", "wrong": "wrong mask", "none": "no mask"}


def as_page(report: Report, *, when: datetime | None = None) -> str:
    """Return the report as an HTML page. when: the time that it states, by default the local one."""
    return fill_template(
        Path(__file__).with_name("report.html"),
        when=when,
        report=report,
        path=Markup(mask_path_svg(report.layers)),
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


def mask_path_svg(layers: Sequence[LayerRow], *, dark: bool = False) -> str:
    """Return an SVG with a row per layer: the mask that it receives, and the mask that it returns.

    A thick line is a right mask, a dashed line a wrong mask, dots are none. By `layer.sources` a line
    leads from a row to the next one only where that takes it in; what else a layer takes in is named in
    words, so that no line crosses another. Without layers the SVG has no row.
    """
    rows, top = [], _TOP
    for index, layer in enumerate(layers):
        others = other_sources(layers, index)
        no_line = "" if index else layer.received
        above = next((state for at, state in layer.sources if at == index - 1), no_line)
        last = index + 1 == len(layers)
        leads_on = last or any(at == index for at, _ in layers[index + 1].sources)
        height = _ROW + _MORE * len(others) + (0 if leads_on else _GAP)
        rows.append(_layer_svg(layer, top, height, dark, others, above, leads_on))
        top += height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 8}" role="img" '
        f'width="{_WIDTH}" height="{top + 8}" style="max-width:100%;height:auto" '
        f'font-family="{_FONT}" font-size="15">'
        f"<title>{escape(describe_path(layers))}</title>{''.join(rows)}</svg>"
    )


def describe_path(layers: Sequence[LayerRow]) -> str:
    """Return what each layer does with the mask, as one sentence: the drawing for a screen reader."""
    changes = "; ".join(
        f"{layer.name} {layer.change}"
        + "".join(f", from {name}" for name, _ in other_sources(layers, index))
        for index, layer in enumerate(layers)
    )
    return f"The path of the mask: {changes}." if changes else "No layer works on sequences."


def _layer_svg(
    layer: LayerRow,
    top: int,
    height: int,
    dark: bool,
    others: Sequence[tuple[str, str]],
    above: str,
    leads_on: bool,
) -> str:
    """Return the SVG of a row of `height` from `top` on, both in pixels.

    others: name and mask of what it takes in beside the row above. above: the mask that comes from
    there; empty where no line does. leads_on: whether its own line leads to the row below.
    """
    middle = top + _ROW // 2 - 6
    ink, muted, fault = _INK[dark], _MUTED[dark], _FAULT[dark]
    point = (
        f'<circle cx="{_LINE}" cy="{middle}" r="7" fill="{fault if layer.at_fault else ink}"/>'
        if layer.at_fault or layer.received != "none" or layer.passed == "right"
        else f'<circle cx="{_LINE}" cy="{middle}" r="5" fill="none" stroke="{muted}" stroke-width="2"/>'
    )
    flag = f' <tspan fill="{fault}" font-weight="700">at fault</tspan>' if layer.at_fault else ""
    return (
        (_line_svg(above, top - 6, middle, dark) if above else "")
        + _line_svg(layer.passed, middle, top + height - 6 if leads_on else middle + _ROW // 3, dark)
        + point
        + f'<text x="{_WORDS}" y="{middle}" fill="{ink}"><tspan font-weight="600">{escape(layer.name)}'
        f'</tspan>{flag}</text><text x="{_WORDS}" y="{middle + 17}" fill="{muted}" font-size="13">'
        f"{escape(layer.of_class)}: {escape(layer.change)}</text>"
        + "".join(
            f'<text x="{_WORDS}" y="{middle + 17 + _MORE * number}" fill="{muted}" font-size="13">'
            f"{'and ' if above else ''}from {escape(name)}: {_MASKS[state]}</text>"
            for number, (name, state) in enumerate(others, 1)
        )
    )


def _line_svg(state: str, top: int, bottom: int, dark: bool) -> str:
    """Return a vertical SVG line between two heights, in pixels, in the look of a `_STATES` key."""
    light_colour, dark_colour, width, dashes = _STATES[state]
    return (
        f'<line x1="{_LINE}" x2="{_LINE}" y1="{top}" y2="{bottom}" stroke-width="{width}" '
        f'stroke="{dark_colour if dark else light_colour}" stroke-dasharray="{dashes or "none"}"/>'
    )
