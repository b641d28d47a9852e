"""Page 3: many small experiments that differ in one or two things, to see when a mask matters."""

import streamlit as st

from maskdemo.server import QueueFull
from maskdemo.ui import costs, live, navigation, study_controls, study_job, study_view, take_away
from maskdemo.ui.choices import Choices

navigation.require()
state = st.session_state
choices = Choices("study", ("shown", "at"))
choices.arrive()
complaints = study_controls.arrive()
study, complaint = study_controls.sidebar()


def on_run() -> None:
    try:
        study_job.start(state.study)
        state.study_refused = None
    except QueueFull as full:
        state.study_refused = str(full)


st.title("When does it matter?", anchor=False)
st.markdown(
    "One thing is varied, dose by dose, and everything else stays: many small networks are trained at "
    "every dose, and the chart shows from where on a mask makes a difference."
)
question = study_controls.questions()
st.markdown(
    f":material/visibility: {question.asks}"
    if question
    else ":material/tune: Your own study. Run it to see what comes out."
)
for sentence in complaints:
    st.warning(f"Part of the link could not be used. {live.plain(sentence)}")
if complaint:
    st.error(live.plain(complaint))

live_now = study_job.is_going()


@st.fragment(run_every=0.5 if live_now else None)
def found_view() -> None:
    status = study_job.status()
    going = status.phase in ("queued", "running")
    if live_now != going:
        # Only a run of the whole page starts or stops the polling.
        st.rerun()
    findings = study_job.known(study)
    if going and status.newest is not None:
        findings = status.newest

    with st.container(horizontal=True, vertical_alignment="center"):
        if going:
            st.button("Cancel", icon=":material/stop:", on_click=study_job.cancel, key="study_cancel")
        else:
            st.button(
                "Run study",
                type="primary",
                icon=":material/play_arrow:",
                on_click=on_run,
                key="study_run",
                disabled=complaint is not None,
            )
            take_away.study(findings, study)
        study_view.progress(status, findings)
    if state.get("study_refused"):
        st.warning(state.study_refused)
    if findings.study != study:
        st.info("This is the study under way. The present settings wait until it has ended.")
    study_view.failures(findings)
    study_view.answer(findings)
    study_view.figures(findings, choices)
    study_controls.share_in_url(study, **(choices.texts if study.and_vary else {}))
    with st.expander("All numbers"):
        study_view.numbers(findings)
    with st.expander("How the words are reached"):
        study_view.statistics(findings)


found_view()
study_view.open_one(study)
costs.section(study.base)
