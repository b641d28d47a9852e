"""What a viewer can take away: the link, and files that are made only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st

from maskdemo.experiment import Experiment
from maskdemo.export import settings_text
from maskdemo.export.report import run_report, study_report
from maskdemo.export.script_and_notebook import notebook, script
from maskdemo.export.table import run_table, study_table
from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import components, url

#: What a frame is called for those who do not see it.
FRAME_TITLE = "Is masking required for LSTMs?"
#: Ending -> what kind of file that is, for the browser.
MIME_TYPES = {
    "py": "text/x-python",
    "ipynb": "application/x-ipynb+json",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
}


def run_files(snapshot: Snapshot | None, experiment: Experiment) -> None:
    """Draw link, frame, code of `experiment`; report, table of `snapshot`, if any; charts' format."""
    _link_and_frame(
        "This link opens the same settings: same data, same weights, same curves.", experiment.is_own
    )
    st.markdown("**To run without this app**")
    code_buttons(experiment)
    st.markdown("**What came out**")
    if snapshot is None:
        st.caption("Train first: report and table hold the results.")
    else:
        if snapshot.experiment != experiment:
            st.caption("The results that are shown, of the earlier settings.")
        link = _address(snapshot.experiment.to_params())
        _result_buttons(
            settings_text.file_name(snapshot.experiment),
            lambda: run_report(snapshot, link=link),
            lambda: run_table(snapshot).to_csv(index=False),
        )
    _figure_format()


def study_files(findings: Findings, study: Study) -> None:
    """Draw link and files of a study, code of its base. findings: shown, perhaps of another study."""
    _link_and_frame("This link opens the same study.", study.base.is_own)
    st.markdown("**To run without this app**: the study's own settings, nothing varied")
    code_buttons(study.base)
    st.markdown("**What came out**")
    if not findings.outcomes:
        st.caption("Run the study first: report and table hold the results.")
    else:
        link = _address(findings.study.to_params())
        of_base = settings_text.file_name(findings.study.base)
        _result_buttons(
            f"{of_base}-by-{'-and-'.join(findings.study.varied)}",
            lambda: study_report(findings, link=link),
            lambda: study_table(findings).to_csv(index=False),
        )
    _figure_format()


def link_to_whole_page() -> None:
    """Draw, in an embedded page, a link to the whole page with the same settings."""
    address = _address(url.params_of(st.session_state.page))
    with st.container(key="whole_page"):
        st.link_button("Whole page", address, icon=":material/open_in_new:", type="tertiary")


def code_buttons(experiment: Experiment, *, key: str = "") -> None:
    """Draw downloads of a Keras script and a notebook. key: tells several on a page apart."""
    name = settings_text.file_name(experiment)
    with st.container(horizontal=True):
        file_button(
            "Keras script", f"{name}.py", partial(script, experiment), icon="code", key=f"script{key}"
        )
        notebook_of = partial(notebook, experiment)
        file_button("Notebook", f"{name}.ipynb", notebook_of, icon="book_2", key=f"notebook{key}")


def _result_buttons(name: str, report: Callable[[], str], table: Callable[[], str]) -> None:
    """Draw downloads of the report (HTML) and the table (CSV). name: of both, without endings."""
    with st.container(horizontal=True):
        file_button("Report", f"{name}.html", report, icon="article", key="report")
        file_button("Table", f"{name}.csv", table, icon="table", key="table")


def _figure_format() -> None:
    """Draw the choice of the format in which charts are saved: `FIGURES`, kept in the session."""
    st.segmented_control(
        "Charts, saved by the arrow below each",
        list(components.FIGURES),
        key="figures",
        default="SVG",
        required=True,
        persist_state="session",
        help="Saved in the colours of the page: for paper, choose the light theme in the page's menu.",
    )


def _link_and_frame(sentence: str, needs_file: bool) -> None:
    """Draw `sentence`, the link to this page with its settings, and the HTML to embed the page."""
    own = " Your sequences are not in it: who opens it needs the file." if needs_file else ""
    st.markdown(f"**Link**  \n{sentence}{own}")
    params = url.params_of(st.session_state.page)
    st.code(_address(params), language=None, wrap_lines=True)
    with st.expander("To embed it in a page"):
        address = escape(_address(params | {"embed": "true"}))
        # Large enough for the answer and the curves.
        looks = 'width="100%" height="900" style="border: 0"'
        frame = f'<iframe src="{address}" title="{FRAME_TITLE}" {looks}></iframe>'
        st.code(frame, language="html", wrap_lines=True)


def _address(params: Mapping[str, str]) -> str:
    """Return the address of this page with these parameters."""
    url, folder = urlsplit(st.context.url or ""), st.get_option("server.baseUrlPath").strip("/")
    if folder and not f"{url.path}/".startswith(f"/{folder}/"):
        # Streamlit 1.67 takes a folder with the name of a page for that page, and leaves it out.
        url = url._replace(path=f"/{folder}{url.path}")
    return f"{url.geturl()}?{urlencode(params)}"


def file_button(
    label: str,
    name: str,
    content: str | Callable[[], str],
    *,
    key: str,
    icon: str = "download",
    disabled: bool = False,
) -> None:
    """Draw the button to download a text file. content: text, or a function called on a press."""
    st.download_button(
        label,
        content,
        name,
        MIME_TYPES[name.rpartition(".")[2]],
        icon=f":material/{icon}:",
        on_click="ignore",
        key=key,
        disabled=disabled,
    )
