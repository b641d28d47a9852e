"""Page 3: many small experiments that differ in one or two things, to see when a mask matters."""

from functools import partial

import streamlit as st

from maskdemo.results import precomputed
from maskdemo.server import StudyRun
from maskdemo.ui import controls, live_job, navigation, study_controls, study_view, url

navigation.require("study")
study_controls.study_controls()
study, complaint = url.current(url.STUDY)
if precomputed.study(study) is None:  # a finished study is shown to whoever comes
    live_job.take_over(StudyRun(study))
st.title("When does it matter?", anchor=False)
st.markdown(
    "One thing is varied and everything else stays: from where on does a mask make a difference?"
)
study_view.introduction(study)
controls.complaints(complaint)
live_job.watch(partial(study_view.button_bar, study, disabled=complaint is not None), "studyrun")
live_job.watch(partial(study_view.results, study), "studyrun", only_results=True)
study_view.open_in_playground(study)
