"""Check the plain values of a stranger's configuration: numbers, known words, names and lists of these.

Every function returns the value itself, or raises UnsupportedModel with a sentence.
"""

from __future__ import annotations

import re
from typing import Any

from maskdemo.audit import allow_list
from maskdemo.errors import UnsupportedModel, quoted

#: The largest whole number of any argument; the longest list; the longest name.
MAX_NUMBER, MAX_LIST, MAX_NAME = 16_384, 4_096, 200

#: Joiners that are no printable characters, and belong to words of Persian and of India's languages.
_JOINERS = str.maketrans("", "", "\u200c\u200d")
_FORMULA = re.compile(r"[A-Za-z.,\-> ]*")


def checked_value(key: str, value: Any) -> Any:
    """Return the value if it may stand under this key; raise UnsupportedModel if not.

    Allowed are None, a bool, a number, the name of a layer, an axes formula, a word of
    `allow_list.WORDS[key]`, and a list of these.
    """
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_NUMBER and key not in allow_list.FREQUENCIES:
            raise UnsupportedModel(f"{key} is {quoted(value)}: at most {MAX_NUMBER:,} is built here.")
        return value
    if isinstance(value, str):
        if key == "name" or key.endswith("_layers"):
            return layer_name(value)
        if key in allow_list.FORMULAS:
            return axes_formula(value)
        if value in allow_list.WORDS.get(key, ()):
            return value
        raise UnsupportedModel(f"{key} is {quoted(value)}, which is not known here.")
    if isinstance(value, list):
        return [checked_value(key, each) for each in within_limit(value)]
    raise UnsupportedModel(f"{key} is an object where Keras has none.")


def layer_name(value: Any) -> str:
    """Check the name of a layer: printable characters of any script, no path."""
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_NAME
        or not value.translate(_JOINERS).isprintable()
        or set(value) & set("/\\")
        or value != value.strip()
    ):
        raise UnsupportedModel("A layer has a name that Keras would not give.")
    return value


def axes_formula(value: str) -> str:
    """Check a formula of axes in letters, as einsum takes it."""
    if len(value) > MAX_NAME or not _FORMULA.fullmatch(value):
        raise UnsupportedModel("A formula of axes has other signs than letters.")
    return value


def as_list(value: Any) -> list[Any]:
    """Check that the value is a list of at most MAX_LIST items."""
    if not isinstance(value, list):
        raise UnsupportedModel("A list is expected where there is none.")
    return within_limit(value)


def as_mapping(value: Any) -> dict[str, Any]:
    """Check that the value is a dictionary of arguments."""
    if not isinstance(value, dict):
        raise UnsupportedModel("Arguments are expected where there are none.")
    return value


def within_limit(value: list[Any]) -> list[Any]:
    """Check that the list has at most MAX_LIST items."""
    if len(value) > MAX_LIST:
        raise UnsupportedModel(f"A list has more than {MAX_LIST:,} items.")
    return value
