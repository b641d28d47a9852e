"""maskdemo: page configuration, navigation and warm-up."""

import streamlit as st

from maskdemo.ui import address, navigation, server

st.set_page_config(page_title="Is masking required for LSTMs?", page_icon="🎭", layout="wide")
page, name = navigation.declare()
address.follow(name)
navigation.menu()
server.shared()
page.run()
