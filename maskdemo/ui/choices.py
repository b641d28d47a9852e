"""What a viewer has chosen to look at: kept across reruns and pages, and part of the link.

One dictionary of texts is the truth. A widget shows what stands there or else its default, and only
the viewer's own choice is written back; so a default may follow the run, and links stay short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st


class Choices:
    """The choices of one page, by name; `names` are the keys that its link may carry."""

    def __init__(self, page: str, names: Iterable[str]) -> None:
        self.page = page
        self.names = tuple(names)

    @property
    def texts(self) -> dict[str, str]:
        """Name -> what was chosen, as it stands in the link; changes here are kept."""
        return st.session_state.setdefault(f"{self.page}_choices", {})

    def arrive(self) -> None:
        """Take the choices from a link that this session did not write itself."""
        params = st.query_params.to_dict()
        if params not in st.session_state.get("written", ()):
            self.texts.update({name: params[name] for name in self.names if name in params})

    def value(self, name: str, options: Iterable[Any], default: Any) -> Any:
        """What is chosen among the options, if anything that is still among them; else the default."""
        return {str(each): each for each in options}.get(self.texts.get(name, ""), default)

    def one_of(self, widget: Callable, name: str, options: Iterable, default: Any, **looks) -> Any:
        """A widget that takes options: select box, pills, segmented control, select slider."""
        options = list(options)
        key = self._show(name, self.value(name, options, default), default)
        return widget(options=options, key=key, on_change=self._take, args=(name, key), **looks)

    def number(
        self,
        widget: Callable,
        name: str,
        low: Any,
        high: Any,
        default: Any,
        **looks: Any,
    ) -> Any:
        """A slider or number input from `low` to `high`; a number outside counts as none."""
        value = default
        try:
            given = type(low)(self.texts[name])
            value = given if low <= given <= high else default
        except (KeyError, ValueError):
            pass
        key = self._show(name, value, default)
        return widget(
            min_value=low, max_value=high, key=key, on_change=self._take, args=(name, key), **looks
        )

    def several_of(self, widget: Callable, name: str, options: Iterable, default: list, **looks):
        """A widget that takes several options of text, in their own order; none chosen: the default."""
        options = list(options)
        given = self.texts.get(name, "").split(".")
        key = self._show(name, [each for each in options if each in given] or default, default)
        chosen = widget(options=options, key=key, on_change=self._take_several, args=(name,), **looks)
        return [each for each in options if each in chosen] or default

    def _show(self, name: str, value: Any, default: Any) -> str:
        # A new default makes a new widget: an answer of the old one that is still on its way must
        # not count as the viewer's choice.
        key = f"{self.page}_{name}_{default}"
        moving = st.session_state.get(f"{self.page}_answered") == key
        if not moving or st.session_state.get(key) != value:
            # Also where it is the same: what a run that was cut short has told the browser may never
            # have arrived. But never to a widget that is just being moved: it would jump back.
            st.session_state[key] = value
        self._shown[key] = value
        return key

    @property
    def _shown(self) -> dict[str, Any]:
        return st.session_state.setdefault(f"{self.page}_shown", {})

    def _take(self, name: str, key: str) -> None:
        self._answer(name, key, str(st.session_state[key]))

    def _take_several(self, name: str, key: str) -> None:
        self._answer(name, key, ".".join(st.session_state[key]))

    def _answer(self, name: str, key: str, text: str) -> None:
        # A browser also reports widgets that it was just told about, with the value it was told.
        if self._shown.get(key) != st.session_state[key]:
            self.texts[name] = text
            st.session_state[f"{self.page}_answered"] = key
