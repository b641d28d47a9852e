"""Fill an HTML template, for reports that are one file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def fill_template(template: Path, *, when: datetime | None = None, **values: object) -> str:
    """Return the template's text with these values, all of them escaped but `Markup`.

    when: the time that the page states as `when`, by default now.
    """
    when = when or datetime.now().astimezone()
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = f"{when.day} {when:%B %Y, %H:%M %Z}".strip()
    return environment.get_template(template.name).render(when=text, **values)
