"""What is so for all tests of pages."""

from __future__ import annotations

import pytest

from tests.ui.app import spare_what_is_there


@pytest.fixture(scope="module", autouse=True)
def quick_search_for_garbage() -> None:
    """Streamlit searches after every run of a page; not through what other files have traced."""
    spare_what_is_there()
