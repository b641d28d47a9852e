"""Page 6: a few questions about somebody's own setup; the answer, as it was measured."""

import streamlit as st

from maskdemo.ui import controls, guide_page, navigation, url

navigation.require("guide")

st.title("Do I need a mask?", anchor=False)
st.markdown(
    "Say how you pad, and what your model reads. The answer is what networks trained that way did."
)
setup, _ = url.current(url.GUIDE)
guide_page.draw_questions(setup)
controls.complaints(None)
guide_page.draw_answer(setup)
