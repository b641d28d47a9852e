"""maskdemo: page configuration, navigation and warm-up."""

import streamlit as st

from maskdemo.ui import navigation, server

st.set_page_config(page_title="Is masking required for LSTMs?", page_icon="🎭", layout="wide")
page = navigation.declare()
server.shared()
page.run()
