"""The digest of what results depend on follows every source of theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from maskdemo.digest import PACKAGE, SOURCES, version
from tests.test_architecture import imports, room_of


def copied(folder: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """All sources in another folder, each changed; change: (name in SOURCES, content) -> content."""
    for name in SOURCES:
        path = PACKAGE / name
        for each in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            to = folder / each.relative_to(PACKAGE)
            to.parent.mkdir(exist_ok=True)
            to.write_bytes(change(name, each.read_bytes()))
    return folder


@pytest.mark.parametrize("source", SOURCES)
def test_the_version_follows_every_source(source, tmp_path):
    folder = copied(tmp_path, lambda name, content: content + b"\nx = 1" * (name == source))
    assert version(folder) != version()


def test_the_version_does_not_follow_comments_and_docstrings(tmp_path):
    def remarked(name: str, content: bytes) -> bytes:
        if name.startswith("data/"):
            return content
        return content.replace(b'"""', b'"""Also: ', 1) + b"\n# A remark.\n"

    assert version(copied(tmp_path, remarked)) == version()


#: Imported on the way, without a number of a training that is kept: what somebody brought never is.
NUMBERLESS = {
    *("brought", "compiled", "cores", "keeping", "memory"),
    *("programs", "settings", "signatures", "snapshot"),
}


def test_the_version_knows_all_code_that_results_come_from():
    """Whatever the training imports of ours, near or far, is in it or bears no number."""
    found, left = set(), {"training"}
    while left:
        room = left.pop()
        found.add(room)
        path = PACKAGE / room
        modules = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        names = {name for each in modules for name in imports(each, top_level=True)}
        left |= {other for name in names if (other := room_of(name))} - found
    code = {name.removesuffix(".py") for name in SOURCES if not name.startswith("data/")}
    assert found - NUMBERLESS == code
