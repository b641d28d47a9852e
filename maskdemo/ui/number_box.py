"""A box for a number that keeps its last number where somebody empties it."""

from __future__ import annotations

from typing import Any

import streamlit as st


def number_box(label: str, min_value: float, max_value: float, *, key: str, **settings: Any) -> Any:
    """A number input whose value the session holds under `key`. settings: of `st.number_input`.

    Streamlit 1.67 sets an emptied box, or a box with text in it, to its default, which is by itself the
    least value that is allowed. So the present value is the default.
    """
    value = st.session_state.get(key, min_value)
    return st.number_input(label, min_value, max_value, value, key=key, **settings)
