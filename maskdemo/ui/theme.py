"""What the pages know of the viewer's theme, what they add to it, and text as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st


def style() -> None:
    """What the theme's settings cannot say, once for every page."""
    st.html(Path(__file__).with_name("pages.css"))


def is_dark() -> bool:
    """Whether the viewer's theme is dark."""
    return st.context.theme.type == "dark"


def plain(text: str) -> str:
    """The text as it stands, where Streamlit would read Markdown: links quote whatever they held."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!<>|~$:])", r"\\\1", text)
