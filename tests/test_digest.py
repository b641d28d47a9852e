"""The digest of what results depend on follows every source of theirs."""

from __future__ import annotations

import pytest

from maskdemo.digest import PACKAGE, SOURCES, version
from tests.test_architecture import imports, room_of


@pytest.mark.parametrize("source", SOURCES)
def test_the_version_follows_every_source(source, tmp_path):
    for name in SOURCES:
        content = (PACKAGE / name).read_bytes()
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content + b"\n" * (name == source))
    assert version(tmp_path) != version()


def test_the_version_knows_all_code_that_results_come_from():
    """Whatever the training imports of ours, near or far, is in it or bears no number."""
    found, left = set(), {"training"}
    while left:
        room = left.pop()
        found.add(room)
        path = PACKAGE / f"{room}.py"
        left |= {other for name in imports(path, top_level=True) if (other := room_of(name))} - found
    assert {f"{room}.py" for room in found} - set(SOURCES) == {"memory.py", "snapshot.py"}
