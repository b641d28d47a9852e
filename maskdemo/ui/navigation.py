"""Which pages there are, declared once for `app.py` and for pages that are reached before it.

Until a server has run `app.py` for the first time, Streamlit takes the folder `pages` for its older
kind of navigation: the first visitor who opens a link to a page gets that page without `app.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic_ns

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from maskdemo.experiment import Experiment
from maskdemo.ui import components, live_job, url

#: Name -> title and icon, in the order of the menu; a page's script and its address have its name. The
#: icon is for the menu alone: Streamlit would make it the icon of the tab and have the browser fetch it
#: from another host.
PAGES: Mapping[str, tuple[str, str]] = {
    "playground": ("Playground", ":material/tune:"),
    "inside": ("Inside the LSTM", ":material/search:"),
    "study": ("When does it matter?", ":material/query_stats:"),
    "article": ("The article, checked", ":material/fact_check:"),
    "audit": ("Audit a model", ":material/troubleshoot:"),
    "guide": ("Do I need a mask?", ":material/help:"),
}


def declare() -> tuple[StreamlitPage, str]:
    """Declare the pages; return the page to run, and its name, "" for the page that redirects."""
    pages = {
        name: st.Page(
            file_of(name),
            title=title,
            default=name == "playground",
            url_path="start" if name == "playground" else name,
        )
        for name, (title, _) in PAGES.items()
    }
    guessed = st.Page(
        _redirect_to_playground, title="Playground", url_path="playground", visibility="hidden"
    )
    # The menu below has links that carry the settings, as Streamlit's own has not.
    page = st.navigation([*pages.values(), guessed], position="hidden")
    name = next((name for name, each in pages.items() if each is page), "")
    return page, name


def tab_title(name: str) -> str:
    """Return a browser tab's title: "page – question"; the question alone for "playground" and ""."""
    question = "Is masking required for LSTMs?"
    return question if name in ("", "playground") else f"{PAGES[name][0]} – {question}"


def file_of(name: str) -> str:
    """Return the path of a page's script from the app's folder, as Streamlit asks for it."""
    return f"pages/{name}.py"


def _redirect_to_playground() -> None:
    """Go from `/playground`, a guessed address, to the playground, the app's root, with parameters."""
    st.switch_page(file_of("playground"), query_params=st.query_params.to_dict())


def require(name: str) -> None:
    """Call `declare` and rerun unless `app.py` began this run of page `name`. Pages call this first."""
    if st.session_state.pop("followed", None) != name:
        declare()
        st.rerun()


def menu() -> None:
    """Draw links to all pages in the sidebar, each with its own controls' settings and choices."""
    with st.sidebar.container(gap="xxsmall"):
        for name, (title, _) in PAGES.items():
            link(name, title, url.params_of(name))


def link(page: str, label: str, params: Mapping[str, str] | None = None) -> None:
    """Draw a link to a page. params: the parameters of its URL."""
    st.page_link(file_of(page), label=label, icon=PAGES[page][1], query_params=params)


def ignore_clicks_once_left(page: StreamlitPage) -> None:
    """Have this page ignore clicks from the click on a link to another page until that page is here.

    Otherwise a second click would act on the page that is left. The same component (`leaving.js`)
    tells of a lost connection.
    """
    # Without a number of its own, a run that says the same as the one before it would not be told.
    data = {"page": page.url_path, "pages": list(PAGES), "run": monotonic_ns()}
    data["session"] = live_job.viewer()
    draw = components.renderer_of(components.LEAVING)
    # "anew" only begins a run, after the connection was away. Until the browser has the code, a place
    # is kept above the page's title.
    draw(key="leaving", data=data, height=1, on_lost_change=_on_lost, on_anew_change=lambda: None)


def _on_lost() -> None:
    """Have `keep_lost` tell what an earlier session of this tab lost while the connection was away."""
    if isinstance(name := st.session_state.leaving.lost, str):
        live_job.keep_lost(name)


def playground_link(experiment: Experiment, label: str) -> None:
    """Draw a link that opens exactly this experiment in the playground."""
    link("playground", label, experiment.to_params())
