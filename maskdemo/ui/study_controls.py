"""The controls of a study: what varies, at which values, and everything that stays."""

from __future__ import annotations

import streamlit as st

from maskdemo.experiment import NUMBERS
from maskdemo.study import VARIABLES
from maskdemo.study.variables import short_title
from maskdemo.ui import controls, state, url
from maskdemo.ui.state import NOTHING_ELSE, STUDY_PREFIX

#: What a study varies -> the setting of another name that varies with it.
ALSO_VARIED = {"pad_value": ("mask_value",), "pad_value_alone": ("pad_value",)}


def study_controls() -> None:
    """Draw the study's controls in the sidebar; nothing in a page that another site embeds."""
    if st.context.is_embedded:
        return
    session = st.session_state
    with st.sidebar:
        st.header("What to vary", anchor=False)
        controls.task(STUDY_PREFIX)
        fixed = state.is_recorded(STUDY_PREFIX)
        possible = [name for name in VARIABLES if not (fixed and name == "spread")]
        _variable_controls("Vary", "", possible)
        others = [NOTHING_ELSE, *(name for name in possible if name != session.study_vary)]
        _variable_controls("And", "and_", others)
        controls.strategies(STUDY_PREFIX)
        varied = state.varied()
        for name in ("repeats", "epochs"):
            if name not in varied:
                controls.setting(name, STUDY_PREFIX)
        # With a key and a callback it stays open when the controls above it come or go.
        with st.expander("More settings", key="study_folder", on_change=url.mark_touched):
            if not fixed and "spread" not in varied:
                controls.lengths(STUDY_PREFIX)
            elsewhere = {*varied, *state.LENGTHS, "repeats", "epochs"}
            elsewhere |= {other for name in varied for other in ALSO_VARIED.get(name, ())}
            sizes = set(controls.SIZES) if fixed else set()
            study = url.current(url.STUDY)[0]
            cuts = any(study.experiment(cell).truncates for cell in study.cells)
            elsewhere |= set() if cuts else {"truncating"}
            elsewhere |= {"read_out"} if state.chosen_task(STUDY_PREFIX).per_step else set()
            first = ("padded_length", "truncating", "side", "read_out", "batches")
            for name in dict.fromkeys((*first, *NUMBERS)):
                if name not in elsewhere | sizes:
                    controls.setting(name, STUDY_PREFIX)
            if not elsewhere & {"pad_value", "mask_value"}:
                controls.mask_value_warning(study.base, STUDY_PREFIX)


def _variable_controls(label: str, which: str, options: list[str]) -> None:
    """Draw the choice of a variable and, unless categorical, of values. which: "" (first) or "and_"."""
    session = st.session_state
    st.selectbox(
        label,
        options,
        format_func=lambda name: "Nothing else" if name == NOTHING_ELSE else short_title(name),
        key=f"study_{which}vary",
        on_change=_on_variable,
        args=(which,),
        persist_state="session",
        help="With a second thing to vary, every pair of values is studied and shown as a map."
        if which
        else None,
    )
    name = session[f"study_{which}vary"]
    if name != NOTHING_ELSE and not VARIABLES[name].categorical:
        st.text_input(
            f"{short_title(name, unit=True)}: values",
            key=f"study_{which}doses",
            **url.KEPT,
            help="Numbers with commas between them, such as 29, 40, 60.",
        )


def _on_variable(which: str) -> None:
    """Take a variable's `default_values`; drop added repeats, and the second variable if the same."""
    session = st.session_state
    session.study_more = ()
    name = session[f"study_{which}vary"]
    if name != NOTHING_ELSE:
        session[f"study_{which}doses"] = state.default_values(name)
    if session.study_vary == session.study_and_vary:
        session.study_and_vary = NOTHING_ELSE
    url.mark_changed()
