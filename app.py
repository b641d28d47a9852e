"""maskdemo: page configuration, navigation and warm-up."""

import streamlit as st

from maskdemo.ui import server

st.set_page_config(
    page_title="Is masking required for LSTMs?",
    page_icon="🎭",
    layout="wide",
)
page = st.navigation(
    [
        st.Page("pages/playground.py", title="Playground", default=True),
        st.Page("pages/inside.py", title="Inside the LSTM"),
    ]
)
server.jobs()
page.run()
