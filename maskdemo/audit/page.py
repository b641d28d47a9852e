"""A report as one HTML file that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from maskdemo.audit.diagram import mask_path
from maskdemo.audit.report import Report
from maskdemo.titles import SIDES


def as_page(report: Report, *, when: datetime | None = None) -> str:
    """The file's text. when: the time that it states, by default now."""
    when = when or datetime.now().astimezone()
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        report=report,
        path=Markup(mask_path(report.layers)),
        when=f"{when.day} {when:%B %Y, %H:%M %Z}".strip(),
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
