"""The way to one's own sequences: a button beside the task, and the dialog that it opens."""

from __future__ import annotations

import streamlit as st

from maskdemo.ui import address


def control(prefix: str) -> None:
    """The button beside the task, and the dialog while it is open."""
    st.button(
        "Your own sequences",
        icon=":material/upload_file:",
        type="tertiary",
        on_click=_open,
        key=f"{prefix}own",
        help="Train on a table of yours in place of a task from the list.",
    )
    if st.session_state.get("own_open") == st.session_state.page:
        # Whoever brings nothing does not wait for pandas.
        from maskdemo.ui.upload_dialog import dialog

        dialog(prefix)


def _open() -> None:
    address.touched()
    st.session_state.own_open = st.session_state.page
