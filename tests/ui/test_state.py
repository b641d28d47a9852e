"""The table of what a session keeps names every key that the pages write, and who writes it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import maskdemo.ui

ROOT = Path(__file__).resolve().parents[2]
MODULES = (*(ROOT / "maskdemo" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py")
METHODS = {"get", "setdefault", "pop", "update", "items", "to_dict"}
ROW = re.compile(r"^\| (\w+) \| ([\w, ]+) \|", re.MULTILINE)


def is_state(node: ast.expr) -> bool:
    named = isinstance(node, ast.Name) and node.id == "session"
    return named or (isinstance(node, ast.Attribute) and node.attr == "session_state")


def written(node: ast.AST) -> str | None:
    """The key that this piece of code writes, where it stands there by name."""
    match node:
        case ast.Attribute(value=value, attr=key, ctx=ast.Store()) if is_state(value):
            return key
        case ast.Subscript(value=value, slice=ast.Constant(value=key), ctx=ast.Store()) if is_state(
            value
        ):
            return str(key)
        case ast.Call(
            func=ast.Attribute(value=value, attr="setdefault"), args=[ast.Constant(value=key), *_]
        ) if is_state(value):
            return str(key)
    return None


def test_the_table_names_every_key_and_its_writers():
    found: dict[str, set[str]] = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (key := written(node)) is not None:
                found.setdefault(key, set()).add(path.stem)
    rows = ROW.findall(maskdemo.ui.__doc__ or "")
    table = {key: set(writers.split(", ")) for key, writers in rows if key != "key"}
    assert table == found


def test_no_key_is_read_that_nobody_writes():
    keys = {key for key, _ in ROW.findall(maskdemo.ui.__doc__ or "")}
    read = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=value, attr=key, ctx=ast.Load()) if is_state(value):
                    read |= {key} - METHODS
    # A widget's own value, under the name that its page gives it, or a component's.
    assert read - keys == {"inside_epoch", "leaving", "replay"} & read
