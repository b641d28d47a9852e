"""The guide's page: the questions, the answer with its evidence, and what to write."""

from __future__ import annotations

from typing import Any

import streamlit as st

from maskdemo import charts
from maskdemo.evidence import BASELINE
from maskdemo.export.keras_code import strategy_lines
from maskdemo.guide import QUESTIONS, Guidance, Setup, cases_of, guidance_for
from maskdemo.results import precomputed
from maskdemo.setting_kinds import Choice
from maskdemo.strategies import STRATEGIES
from maskdemo.ui import navigation, url
from maskdemo.ui.components import chart, is_dark
from maskdemo.ui.state import GUIDE_PREFIX

#: Question -> the column that it stands in.
COLUMNS = {"lengths": 0, "missing": 0, "side": 1, "ratio": 1, "collides": 1, "labels": 2, "read_out": 2}


def draw_questions(setup: Setup) -> None:
    """Draw the controls of all questions; those that do not matter with the other answers are off."""
    columns = st.columns([2, 3, 2], gap="medium")
    for name, question in QUESTIONS.items():
        kept: dict[str, Any] = {
            "key": f"{GUIDE_PREFIX}{name}",
            "help": question.help,
            **url.KEPT,
            "disabled": name not in setup.asked,
        }
        with columns[COLUMNS[name]]:
            if isinstance(question, Choice):
                options = question.options
                st.segmented_control(
                    question.title,
                    list(options),
                    required=True,
                    wrap=True,
                    format_func=lambda option, options=options: options[option].title,
                    **kept,
                )
            else:
                st.toggle(question.title, **kept)


def draw_answer(setup: Setup) -> None:
    """Draw the answer to a setup, a chart and links of its cases, what to write; or `_not_measured`."""
    found = guidance_for(setup, precomputed.guide())
    if found is None:
        _not_measured(setup)
        return
    st.header(found.sentence, anchor=False)
    if found.exceptions:
        st.markdown(found.exceptions)
    left, right = st.columns(2, gap="medium")
    with left:
        chart(
            charts.guide_cases(found.results, dark=is_dark()),
            key="guide_cases",
            alt=f"What masking adds in {len(found.results)} cases. {found.sentence}",
        )
        st.caption("Open a case in the playground, to train it there:")
        for each in found.results:
            label = f"{each.case.title} :gray[{each.word}]"
            navigation.playground_link(each.case.experiment, label)
        if source := precomputed.provenance("guide"):
            st.caption(source.sentence)
    with right:
        _what_to_write(found)


def _what_to_write(answer: Guidance) -> None:
    """Draw the recommended strategy's Keras code, in the sizes of its case, and a link to the audit."""
    experiment = answer.recommended.case.experiment
    title = STRATEGIES[answer.strategy].title
    st.markdown(
        f"**What to write in Keras: {title}**{_why(answer)}. The sizes are those of "
        f"*{answer.recommended.case.title}*:"
    )
    st.code(strategy_lines(experiment, answer.strategy), language="python")
    st.markdown("**What to check then**: whether the mask reaches every layer of your own model.")
    navigation.link("audit", "Audit your model")


def _why(answer: Guidance) -> str:
    """Return a clause, comma first, why no mask: undecided results, else no worth; "" for a mask."""
    if answer.strategy != BASELINE:
        return ""
    undecided = any(each.word == "undecided" for each in answer.results)
    return ", until more repeats decide" if undecided else ", as a mask was worth nothing here"


def _not_measured(setup: Setup) -> None:
    """Draw that the setup's cases are not computed; or, if it has none, a link to the study page."""
    if cases_of(setup):
        st.info("Not measured with this version of the app: `make evidence` does it.")
        return
    st.info(
        "Not measured: no task here is like this. A study of your own sequences can tell: give a file "
        "under *Your own sequences* on the playground, and run it there."
    )
    navigation.link("study", "When does it matter?", url.params_of("study"))
