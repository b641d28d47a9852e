"""Page 1: lengths, padding and masking in; live training, side by side, out."""

from functools import partial

import streamlit as st

from maskdemo.server import Run
from maskdemo.ui import controls, live_job, navigation, playground_view, url

navigation.require("playground")
controls.playground()
experiment, complaint = url.current(url.RUN)
if live_job.find(experiment) is None:  # a finished run is shown to whoever comes
    live_job.take_over(Run(experiment))
st.title("Is masking required for LSTMs?", anchor=False)
playground_view.introduction(experiment)
controls.complaints(complaint)
if complaint is None:
    live_job.compile_ahead(experiment)
live_job.watch(partial(playground_view.button_bar, experiment, disabled=complaint is not None), "run")
live_job.watch(partial(playground_view.results, experiment), "run", only_results=True)
