"""The rows of scenarios and of questions: choosing a name sets all controls to its settings."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from maskdemo.experiment import Experiment
from maskdemo.results import precomputed
from maskdemo.scenarios import SCENARIOS, Scenario, scenario_of
from maskdemo.study import Study
from maskdemo.study.questions import QUESTIONS, Question, question_of
from maskdemo.ui import state, url

#: The kind of a mark -> the beginning of a badge: its colour and icon.
BADGES = {
    "strong": "red-badge[:material/priority_high",
    "some": "orange-badge[:material/add",
    "none": "gray-badge[:material/remove",
    "open": "gray-badge[:material/question_mark",
    "nothing": "gray-badge[:material/block",
}


def scenarios(experiment: Experiment) -> Scenario | None:
    """Draw the row of scenarios; returns the scenario of the experiment, if it is one."""
    chosen, marks = scenario_of(experiment), precomputed.marks()
    in_list = {name: each.title for name, each in SCENARIOS.items()}
    # The pages' style shows a badge's icon, and leaves its word to who does not see it.
    in_row = in_list | {
        name: f":{BADGES[each.kind]}: {each.words}] {in_list[name]}" for name, each in marks.items()
    }
    in_list |= {name: f"{in_list[name]}: {each.words}" for name, each in marks.items()}
    _named("Scenario", "scenario", in_list, in_row, chosen.name if chosen else None)
    return chosen


def questions(study: Study) -> Question | None:
    """Draw the row of questions; returns the question of the study, if it is one."""
    chosen = question_of(study)
    titles = {name: each.title for name, each in QUESTIONS.items()}
    _named("Question", "study_question", titles, titles, chosen.name if chosen else None)
    return chosen


def _named(
    label: str, kind: str, titles: Mapping[str, str], marked: Mapping[str, str], name: str | None
) -> None:
    """All names in a row, or without room for it in a list: the pages' style shows one of the two."""
    in_list, in_row = _showing(f"{kind}_list", name), _showing(f"{kind}_row", name)
    st.selectbox(
        label,
        titles,
        index=None,
        format_func=titles.__getitem__,
        key=in_list,
        on_change=_on_named,
        args=(kind, in_list),
        label_visibility="collapsed",
        placeholder="Your own settings",
    )
    st.pills(
        label,
        titles,
        format_func=marked.__getitem__,
        key=in_row,
        on_change=_on_named,
        args=(kind, in_row),
        label_visibility="collapsed",
        wrap=False,
    )


def _showing(widget: str, name: str | None) -> str:
    """The key of the widget that shows this name: a new one unless a click on it chose the name.

    Until a browser has drawn what is set here it sends, with the next step of a slider, what the widget
    held before. From the old widget that does not count as a click on a scenario that one is leaving.
    """
    session = st.session_state
    named = session.get("named", {})
    key = named.get(widget, f"{widget}_0")
    if session.get(key) != name:
        key = f"{widget}_{int(key.rpartition('_')[2]) + 1}"
        session[key] = name
    session.named = {**named, widget: key}
    return key


def _on_named(kind: str, widget: str) -> None:
    if widget not in st.session_state.named.values():
        return
    name = st.session_state[widget]
    if name and kind == "scenario":
        state.show_experiment(SCENARIOS[name].experiment)
    elif name:
        state.show_study(QUESTIONS[name].study)
    url.mark_changed()
