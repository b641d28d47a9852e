"""Page 3: many small experiments that differ in one or two things, to see when a mask matters."""

import streamlit as st

from maskdemo.results import precomputed
from maskdemo.study import Findings
from maskdemo.ui import (
    address,
    controls,
    job,
    navigation,
    presets,
    run_view,
    study_progress,
    study_view,
    take_away,
)

navigation.require("study")
controls.study()
study, complaint = address.chosen(address.STUDY)


def found_now() -> Findings:
    """The study under way here, else what is known of the present one."""
    newest = job.status("studyrun").newest
    return newest if newest is not None and job.is_going("studyrun") else study_progress.known(study)


def begin() -> None:
    """Begin the study that the controls say by then."""
    study_progress.start(address.chosen(address.STUDY)[0])


st.title("When does it matter?", anchor=False)
st.markdown(
    "One thing is varied and everything else stays: from where on does a mask make a difference?"
)
question = presets.questions()
invitation = "" if found_now().outcomes else " Run it to see what comes out."
st.markdown(
    f":material/visibility: {question.asks}"
    if question
    else f":material/tune: Your own study.{invitation}"
)
run_view.complaints(complaint)


def bar() -> None:
    findings = found_now()
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.is_going("studyrun"):
            job.cancel_button("studyrun")
        else:
            job.start_button("studyrun", "Run study", begin, disabled=complaint is not None)
            take_away.study(findings, study)
        study_view.progress(job.status("studyrun"), findings, precomputed.note(findings))
    job.refusal("studyrun")


def results() -> None:
    findings = found_now()
    if findings.study != study:
        st.info("This is the study under way. The present settings wait until it has ended.")
    study_view.failures(findings)
    study_view.answer(findings)
    study_view.figures(findings)
    with st.expander("All numbers"):
        study_view.numbers(findings)
    with st.expander("How the words are reached"):
        study_view.statistics(findings)


job.watched(bar, "studyrun")
job.watched(results, "studyrun", only_results=True)
study_view.open_one(study)
