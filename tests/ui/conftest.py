"""What is so for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.app import spared


@pytest.fixture(scope="module", autouse=True)
def quick_search_for_garbage() -> Iterator[None]:
    """Streamlit searches after every run of a page; not through what other files have imported."""
    with spared():
        yield
