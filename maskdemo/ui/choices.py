"""What a viewer chooses to look at, on one page: each choice lives in its widget.

A choice that shows its default follows it: the telling unit of one strategy is not that of another,
and the last epoch of one run is not that of the next. So it is not part of the link either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from maskdemo.ui import address


def one_of(widget: Callable, name: str, options: Iterable[Any], default: Any, **looks: Any) -> Any:
    """A widget that takes options: select box, segmented control, select slider."""
    options = list(options)
    by_text = {str(each): each for each in options}
    key = _settled(name, default, lambda held: by_text.get(str(held)))
    return _drawn(widget, key, options=options, **looks)


def number(widget: Callable, name: str, low: Any, high: Any, default: Any, **looks: Any) -> Any:
    """A slider or number input from `low` to `high`; what lies outside counts as not chosen."""

    def read(held: Any) -> Any:
        try:
            given = type(low)(held)
        except ValueError:
            return None
        return given if low <= given <= high else None

    key = _settled(name, default, read)
    return _drawn(widget, key, min_value=low, max_value=high, **looks)


def several_of(
    widget: Callable, name: str, options: Iterable[str], default: list[str], **looks: Any
) -> list[str]:
    """A widget that takes several options, in their own order; none chosen: the default."""
    options = list(options)

    def read(held: Any) -> list[str] | None:
        given = held.split(".") if isinstance(held, str) else held
        return [each for each in options if each in given] or None

    key = _settled(name, default, read)
    chosen = _drawn(widget, key, options=options, **looks)
    return [each for each in options if each in chosen] or default


def value(name: str, options: Iterable[Any], default: Any) -> Any:
    """What is chosen among the options where something else than a widget of Streamlit's holds it."""
    by_text = {str(each): each for each in options}
    return st.session_state[_settled(name, default, lambda held: by_text.get(str(held)))]


def held(name: str) -> Any:
    """What a choice that was drawn before shows."""
    return st.session_state[address.key_of(st.session_state.page, name)]


def choose(name: str, option: Any) -> None:
    """Choose it in place of the viewer, who did so elsewhere than in its widget: in a callback."""
    st.session_state[address.key_of(st.session_state.page, name)] = option
    address.changed()


def shown(*names: str) -> dict[str, str]:
    """What the page shows of these by now, for a link to another page: its defaults may be others."""
    state = st.session_state
    held = {name: state.get(address.key_of(state.page, name)) for name in names}
    return {name: str(each) for name, each in held.items() if each is not None}


def _settled(name: str, default: Any, read: Callable[[Any], Any]) -> str:
    """Give the widget its value: what was chosen, if that is still possible, else the default."""
    state = st.session_state
    key, defaults = address.key_of(state.page, name), state.defaults
    held = state.get(key)
    chosen = None if held is None or (key in defaults and held == defaults[key]) else read(held)
    value = default if chosen is None else chosen
    # Only what differs: a value that is set goes to the browser and stops a slider that is moving.
    if held != value or type(held) is not type(value):
        state[key] = value
    defaults[key] = default
    return key


def _drawn(widget: Callable, key: str, **looks: Any) -> Any:
    return widget(key=key, on_change=address.changed, persist_state="session", **looks)
