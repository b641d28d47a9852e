"""Which pages there are, declared once for `app.py` and for pages that are reached before it.

Until a server has run `app.py` for the first time, Streamlit takes the folder `pages` for its older
kind of navigation: the first visitor who opens a link to a page gets that page without `app.py`.
"""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage


def declare() -> StreamlitPage:
    """Declare the pages; returns the one to run."""
    st.session_state.declared = True
    return st.navigation(
        [
            st.Page("pages/playground.py", title="Playground", url_path="start", default=True),
            st.Page("pages/inside.py", title="Inside the LSTM"),
            st.Page("pages/study.py", title="When does it matter?"),
            st.Page("pages/article.py", title="The article, checked"),
            st.Page(_to_playground, title="Playground", url_path="playground", visibility="hidden"),
        ]
    )


def _to_playground() -> None:
    # Its own address is the root of the app, and this is what people guess it to be.
    st.switch_page("pages/playground.py", query_params=st.query_params.to_dict())


def require() -> None:
    """To be called first by every page: starts again through `app.py` if that was left out."""
    if "declared" not in st.session_state:
        declare()
        st.rerun()
