"""Page 5: whether padding leaks into somebody's own Keras model, and which layer loses the mask."""

from functools import partial

import streamlit as st

from maskdemo.ui import audit, live_job, navigation

navigation.require("audit")

st.title("Audit a model", anchor=False)
st.markdown(
    "Does padding leak into your Keras model? Its layers are tried with padding on either side; where "
    "outputs move, the layer that lost the mask is named, with a fix."
)
model = audit.choose_model()


def button_bar() -> None:
    """Draw Cancel while an audit waits or runs, else Audit; its progress; why it was refused, if so."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if live_job.is_active("audit"):
            live_job.cancel_button("audit")
        else:
            live_job.start_button(
                "audit", "Audit", partial(audit.start_audit, model), disabled=model is None
            )
        audit.progress()
    live_job.refusal("audit")


live_job.watch(button_bar, "audit")
live_job.watch(partial(audit.results, model), "audit", only_results=True)
audit.what_this_does()
