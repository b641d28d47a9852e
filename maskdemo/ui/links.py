"""Links from other pages to the playground."""

from __future__ import annotations

import streamlit as st

from maskdemo.experiment import Experiment


def to_playground(experiment: Experiment, label: str = "Open in the playground") -> None:
    """A link that opens exactly this experiment in the playground."""
    params = experiment.to_params()
    # Followed a second time it is no echo of what the session wrote before, but a wish.
    written = st.session_state.get("written", ())
    st.session_state.written = tuple(each for each in written if each != params)
    st.page_link(
        "pages/playground.py", label=label, icon=":material/tune:", query_params=params
    )
