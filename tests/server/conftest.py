"""A real server for all tests of this folder that a process runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from maskdemo.server import Server


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, so that TensorFlow is imported as seldom as possible."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKDEMO_STORE", str(tmp_path_factory.mktemp("store")))
        server = Server(grace=60.0)
    yield server
    server.close()
