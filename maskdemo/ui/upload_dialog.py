"""The dialog for one's own sequences: a file in, what it holds and what it tells, and use it."""

from __future__ import annotations

import streamlit as st

from maskdemo import charts
from maskdemo.data.tasks import OWN, Task
from maskdemo.errors import InvalidTable, escape_markdown
from maskdemo.experiment import DEFAULTS
from maskdemo.ui import live_job, state, url
from maskdemo.ui.components import chart, is_dark
from maskdemo.ui.state import STUDY_PREFIX
from maskdemo.ui.upload import uploader
from maskdemo.ui.upload_draft import (
    USES,
    Draft,
    column_lines,
    open_draft,
    preparation_controls,
    role_controls,
)
from maskdemo.uploads.data_facts import Fact, data_facts, lengths_of
from maskdemo.uploads.example_tables import EXAMPLES
from maskdemo.uploads.limits import MAX_FILE_BYTES, usual_padded_length
from maskdemo.uploads.task import OwnTask

#: Rows and columns of the table that are shown, and rows of the list of columns without scrolling.
ROWS, COLUMNS, LINES = 4, 40, 8

session = st.session_state


def _close() -> None:
    """Close the dialog, in a callback."""
    url.mark_touched()
    session.own_open = ""


@st.dialog("Your own sequences", width="medium", icon=":material/upload_file:", on_dismiss=_close)
def dialog(prefix: str) -> None:
    """Draw the dialog to upload a table as a task; rerun if it is closed. prefix: of the controls."""
    if not session.own_open:
        st.rerun()
    draft: Draft | None = session.get("own_draft")
    if draft is None and session.get("own_given") is None:
        st.markdown(
            "Do *your* data need a mask? Give a table: a row for each step, with its sequence, its "
            "features and its label. It stays in this session, in no link, and is gone when you leave."
        )
    _choose_file()
    draft = session.get("own_draft")
    if (complaint := session.get("own_complaint")) is not None:
        _draw_error(complaint)
    if draft is not None:
        _draw_draft(draft, prefix)
    elif state.own_task() is not None:
        st.markdown("The sequences of your earlier file are still in use.")
        st.button("Forget that file", on_click=_forget, key="own_forget")
    _example_buttons()


def _draw_error(why: InvalidTable) -> None:
    """Draw the error, as a mere note if it asks for a role, and code that mends a file, if any."""
    asked = why.offer in USES
    (st.info if asked else st.error)(escape_markdown(str(why)))
    if why.code:
        st.code(why.code, language="python")


def _choose_file() -> None:
    """Draw the uploader; read a file that was just taken; keep its draft or error in the session."""
    uploader(
        "own",
        "A CSV, TSV or Parquet file, or a NumPy archive",
        # Any kind: what the browser refuses, it refuses without a word.
        types=None,
        max_mb=MAX_FILE_BYTES // 2**20,
        on_file=_give_file,
    )
    if (given := session.pop("own_given", None)) is None:
        return
    with st.spinner("Reading the file"):
        found = open_draft(session.uploads, *given)  # as many as were taken: no two drafts share it
    if isinstance(found, Draft):
        session.own_draft = found
    else:
        session.own_complaint = found


def _give_file(name: str, content: bytes) -> None:
    """Have the dialog read a file in place of the last draft, in a callback."""
    _forget_draft()
    session.own_given = (name, content)


def _forget_draft() -> None:
    """Forget the draft and the error about a file; a task that is in use stays."""
    for name in ("own_draft", "own_complaint"):
        session.pop(name, None)


def _example_buttons() -> None:
    """Draw a button for each example table to download as CSV."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Two examples of such a table:", width="content")
        for example in EXAMPLES:
            st.download_button(
                example.title,
                example.csv,
                example.file_name,
                "text/csv",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                help=example.summary,
                key=f"own_example_{example.file_name}",
            )


def _draw_draft(draft: Draft, prefix: str) -> None:
    """Draw a draft: first rows, roles, preparation, its task or error, buttons to use or forget."""
    top, frame = st.container(), draft.table.frame
    st.markdown(
        f"**{escape_markdown(draft.name)}**: {len(frame):,} rows, {len(frame.columns):,} columns"
    )
    st.dataframe(
        frame.iloc[:ROWS, :COLUMNS].astype(str), hide_index=True, key=f"own_rows_{draft.number}"
    )
    st.markdown("**What the columns are for**")
    guessed = role_controls(draft)
    chosen = preparation_controls(draft, guessed.roles)
    table = column_lines(draft, guessed)
    height = 35 * (min(len(table), LINES) + 1) + 3
    wide = {"Used as": st.column_config.Column(width="large")}
    st.dataframe(
        table, hide_index=True, height=height, column_config=wide, key=f"own_columns_{draft.number}"
    )
    offers = len(draft.offered)
    own = draft.task(guessed, chosen)
    if len(draft.offered) > offers:
        st.rerun()  # its control stands above
    if isinstance(own, OwnTask):
        _draw_task(own, prefix)
    with top:
        if isinstance(own, OwnTask):
            st.success(escape_markdown(own.summary), icon=":material/check:")
        else:
            _draw_error(own)
        with st.container(horizontal=True):
            st.button(
                "Use these sequences",
                type="primary",
                icon=":material/check:",
                on_click=_use,
                args=(prefix,),
                disabled=not isinstance(own, OwnTask),
                key="own_use",
            )
            st.button("Forget this file", on_click=_forget, key="own_forget", type="tertiary")


def _draw_task(own: OwnTask, prefix: str) -> None:
    """Draw a task's notes, a chart of three sequences, facts (alarming first), a chart of lengths.

    prefix: of the page's controls, whose mask value some facts are about.
    """
    st.markdown("\n".join(f"- {escape_markdown(each)}" for each in own.notes))
    dark = is_dark()
    chart(
        charts.example_sequences(own.examples, own.feature_names, dark=dark),
        key="own_examples",
        alt=f"The steps of three sequences: {'; '.join(own.examples)}.",
    )
    st.markdown("**What they tell before any training**")
    told = data_facts(
        own.data,
        classes=own.label_names,
        padded_length=usual_padded_length(own),
        mask_value=session[f"{prefix}mask_value"],
    )
    st.markdown(
        "\n".join(_fact_line(each) for each in sorted(told, key=lambda each: not each.alarming))
    )
    parts = (own.data.train, own.data.test)
    lengths = lengths_of([len(each) for part in parts for each in part.values])
    chart(
        charts.sequence_lengths(lengths, dark=dark),
        key="own_lengths",
        alt=" ".join(["How long the sequences are.", *(way.sentence for way in lengths.ways)]),
    )


def _fact_line(fact: Fact) -> str:
    """Return a fact as an item of a Markdown list, behind a warning sign if it is alarming."""
    return f"- {':orange[:material/warning:] ' * fact.alarming}{escape_markdown(fact.sentence)}"


def _replace_own_task(own: Task | None) -> None:
    """Put an uploaded task, or None, in place of the last; drop its results, and what pages show.

    None chooses the default task where the last was chosen. The same task changes nothing.
    """
    last = state.own_task()
    if last is own:
        return
    if last is not None:
        live_job.server().forget(last)
    # Taken out, not written over: Streamlit remembers what was written over until the next run.
    for name in ("own_task", "shown_run", "shown_findings", "study_stored", "prepared"):
        session.pop(name, None)
    if own is not None:
        session.own_task = own
    session.settings.clear()
    for prefix in ("", STUDY_PREFIX) if own is None else ():
        if session[f"{prefix}task"] == OWN:
            state.choose_task(DEFAULTS["task"], prefix)


def _use(prefix: str) -> None:
    """Choose the draft's task here and where an earlier file's is chosen; close the dialog: a callback.

    Each such page gets `usual_padded_length`. A URL that names an uploaded task, missing until now, is
    read again, instead of the choice here.
    """
    own = session.own_draft.made[2]
    _replace_own_task(own)
    waited_for = session.address[1].get("task") == OWN and session[f"{prefix}task"] != OWN
    for each in ("", STUDY_PREFIX):
        if session[f"{each}task"] == OWN or (each == prefix and not waited_for):
            session[f"{each}padded_length"] = usual_padded_length(own)
            state.choose_task(OWN, each)
    session.own_open = ""
    if waited_for:
        url.read_again()
    else:
        url.mark_changed()


def _forget() -> None:
    """Forget the draft and the session's own task, and close the dialog, in a callback."""
    was_chosen = OWN in (session[f"{each}task"] for each in ("", STUDY_PREFIX))
    _forget_draft()
    session.own_open = ""
    _replace_own_task(None)
    if was_chosen:
        url.mark_changed()
