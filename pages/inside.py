"""Page 2: one sequence through the trained networks, gate by gate, and where the gradient goes."""

from functools import partial

import streamlit as st

from maskdemo.server import Run
from maskdemo.ui import controls, inside_page, live_job, navigation, url

navigation.require("inside")
experiment, _ = url.current(url.RUN)
if live_job.find(experiment) is None:  # a finished run is shown to whoever comes
    live_job.take_over(Run(experiment))
st.title("Inside the LSTM", anchor=False)
if inside_page.run_with_networks(experiment) is None:
    # Afterwards the first sentence says what is to be seen, and all gates fit on one screen.
    st.markdown(
        "Why does a mask change the result? Follow one unseen sequence through the trained networks."
    )
controls.complaints(None)
live_job.watch(partial(inside_page.button_bar, experiment), "run")
inside_page.view(experiment)
