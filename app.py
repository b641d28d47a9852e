"""maskdemo: page configuration, navigation and warm-up."""

import streamlit as st

from maskdemo.ui import address, navigation, server, theme

page, name = navigation.declare()
st.set_page_config(page_title=navigation.tab(name), page_icon="🎭", layout="wide")
theme.style()
address.follow(name)
navigation.menu()
server.shared()
page.run()
