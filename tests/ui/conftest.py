"""What is so for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from maskdemo.server import Server
from maskdemo.ui import live_job
from tests.ui.app import spare_what_is_there


@pytest.fixture(scope="module", autouse=True)
def quick_search_for_garbage() -> None:
    """Streamlit searches after every run of a page; not through what other files have traced."""
    spare_what_is_there()


@pytest.fixture(scope="module", autouse=True)
def nothing_compiled_ahead() -> Iterator[None]:
    """Pages ask for it wherever they open, and the worker would be at it beside all later tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Server, "prepare", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def own_server() -> Iterator[None]:
    """The server without results of others or shipped ones, and no cluster; its worker stays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maskdemo.results.precomputed.provenance", lambda *_: None)
        patch.delenv("MASKDEMO_DASK", raising=False)
        yield
    live_job.server().results.clear()
