"""Page 4: the article's examples and claims, each run and measured rather than repeated."""

from importlib.metadata import version

import streamlit as st

from maskdemo import article
from maskdemo.article.examples import EXAMPLES
from maskdemo.ui import claims, examples, navigation

navigation.require("article")

st.title("The article, checked", anchor=False)
st.markdown(
    f"This project grew from the article *{article.TITLE}* of {article.DATE}. Its three examples are "
    "written anew below, with the same layers, calls and shapes, and really run: an error that you see "
    f"has just happened, here, with Keras {version('keras')}."
)
st.header("Its examples, run", anchor=False)
for example in EXAMPLES:
    examples.section(example)
claims.section()
