"""Plain values of a stranger's configuration: numbers, known words, names, and lists of these."""

from __future__ import annotations

import re
from typing import Any

from maskdemo.audit import allowed
from maskdemo.errors import UnsupportedModel, quoted

#: The largest whole number of any argument; the longest list; the longest name.
MAX_NUMBER, MAX_LIST, MAX_NAME = 16_384, 4_096, 200

_NAME = re.compile(r"[A-Za-z0-9_.][\w.\- ]*", re.ASCII)
_FORMULA = re.compile(r"[A-Za-z.,\-> ]*")


def plain(key: str, value: Any) -> Any:
    """A number, a known word, or a list of such."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_NUMBER:
            raise UnsupportedModel(f"{key} is {quoted(value)}: at most {MAX_NUMBER:,} is built here.")
        return value
    if isinstance(value, str):
        if key == "name" or key.endswith("_layers"):
            return label(value)
        if key in allowed.FORMULAS:
            return formula(value)
        if value in allowed.WORDS.get(key, ()):
            return value
        raise UnsupportedModel(f"{key} is {quoted(value)}, which is not known here.")
    if isinstance(value, list):
        return [plain(key, each) for each in bounded(value)]
    raise UnsupportedModel(f"{key} is an object where Keras has none.")


def label(value: Any) -> str:
    """A layer's name."""
    if not isinstance(value, str) or len(value) > MAX_NAME or not _NAME.fullmatch(value):
        raise UnsupportedModel("A layer has a name that Keras would not give.")
    return value


def formula(value: str) -> str:
    """Axes as letters, as einsum has them."""
    if len(value) > MAX_NAME or not _FORMULA.fullmatch(value):
        raise UnsupportedModel("A formula of axes has other signs than letters.")
    return value


def listed(value: Any) -> list[Any]:
    """A list of bounded length."""
    if not isinstance(value, list):
        raise UnsupportedModel("A list is expected where there is none.")
    return bounded(value)


def mapped(value: Any) -> dict[str, Any]:
    """Arguments by name."""
    if not isinstance(value, dict):
        raise UnsupportedModel("Arguments are expected where there are none.")
    return value


def bounded(value: list[Any]) -> list[Any]:
    """The list, where it is not too long."""
    if len(value) > MAX_LIST:
        raise UnsupportedModel(f"A list has more than {MAX_LIST:,} items.")
    return value
