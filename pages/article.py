"""Page 4: the article's claims and examples, each measured and run rather than repeated."""

from importlib.metadata import version

import streamlit as st

from maskdemo import article
from maskdemo.article.examples import EXAMPLES
from maskdemo.ui import article_page, navigation

navigation.require("article")

st.title("The article, checked", anchor=False)
st.markdown(
    f"The claims of the article *{article.TITLE}* of {article.DATE}, and one about padding to a "
    f"batch's longest, in words of our own: each was tried in several cases, with networks trained "
    f"here and, where it is about Keras, with Keras {version('keras')} itself. Open one to see "
    "its cases."
)
article_page.draw_claims()
st.header("Its three examples, run", anchor=False)
for example in EXAMPLES:
    article_page.draw_example(example)
