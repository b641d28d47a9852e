"""Fill templates of text: reports as one HTML file, and exported programs."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def fill_template(template: Path, *, when: datetime | None = None, **values: object) -> str:
    """Return the template's text with these values; in HTML all are escaped but `Markup`.

    when: the time that the text states as `when` in its own zone, "1 May 2026, 12:00 UTC"; by default
    now, here. Raises jinja2.UndefinedError where the template needs a value that is not given.
    """
    when = when or datetime.now().astimezone()
    text = f"{when.day} {when:%B %Y, %H:%M %Z}".strip()
    return _environment(template.parent).get_template(template.name).render(when=text, **values)


@cache
def _environment(folder: Path) -> Environment:
    """Return the Jinja2 environment for the templates in a folder; cached."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
