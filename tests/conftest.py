"""How the property tests draw their examples, and which tests are which."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Neither what a person keeps nor what another run of the tests has kept: workers inherit it.
_STORE = tempfile.TemporaryDirectory(prefix="maskdemo-tests-")
os.environ["MASKDEMO_STORE"] = _STORE.name

ORACLES = Path(__file__).parent / "oracles"

# The same examples every time, and no deadline: machines that run tests are busy.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
# New ones, and more of them: what is found is kept until it is mended (`make fuzz`).
settings.register_profile("fuzz", max_examples=1000, deadline=None)
settings.load_profile("same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every comparison with Keras or PyTorch, so that `make check` leaves it out."""
    for item in items:
        if ORACLES in item.path.parents:
            item.add_marker(pytest.mark.oracle)
