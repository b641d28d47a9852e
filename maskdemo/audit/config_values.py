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

    Allowed are None, bool, any float, int up to ±MAX_NUMBER (any under FREQUENCIES), a layer's name
    under "name" and "*_layers", a formula under FORMULAS, a word in `WORDS[key]`, and a list of these.
    """
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_NUMBER and key not in allow_list.FREQUENCIES:
            raise UnsupportedModel(f"{key} is {quoted(value)}: at most {MAX_NUMBER:,} is built here.")
        return value
    if isinstance(value, str):
        if key == "name" or key.endswith("_layers"):
            return checked_layer_name(value)
        if key in allow_list.FORMULAS:
            return checked_formula(value)
        if value in allow_list.WORDS.get(key, ()):
            return value
        raise UnsupportedModel(f"{key} is {quoted(value)}, which is not known here.")
    if isinstance(value, list):
        return [checked_value(key, each) for each in checked_list(value)]
    raise UnsupportedModel(f"{key} is an object where Keras has none.")


def checked_layer_name(value: Any) -> str:
    """Return a layer's name of 1 to MAX_NAME printable characters and joiners of any script, or raise.

    UnsupportedModel is raised, too, for slashes, backslashes and white space at either end.
    """
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_NAME
        or not value.translate(_JOINERS).isprintable()
        or set(value) & set("/\\")
        or value != value.strip()
    ):
        raise UnsupportedModel("A layer has a name that Keras would not give.")
    return value


def checked_formula(value: str) -> str:
    """Return an einsum formula: up to MAX_NAME letters, spaces and `.,->`; else raise."""
    if len(value) > MAX_NAME or not _FORMULA.fullmatch(value):
        raise UnsupportedModel("A formula of axes has other signs than letters.")
    return value


def checked_list(value: Any) -> list[Any]:
    """Return the value if it is a list of at most MAX_LIST items; raise UnsupportedModel if not."""
    if not isinstance(value, list):
        raise UnsupportedModel("A list is expected where there is none.")
    if len(value) > MAX_LIST:
        raise UnsupportedModel(f"A list has more than {MAX_LIST:,} items.")
    return value


def checked_mapping(value: Any) -> dict[str, Any]:
    """Return the value if it is a dictionary; raise UnsupportedModel if not."""
    if not isinstance(value, dict):
        raise UnsupportedModel("Arguments are expected where there are none.")
    return value
