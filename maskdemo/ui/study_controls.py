"""The controls of the study page: URL and widgets in, a valid `Study` out.

Widgets' keys are the study's own names behind `study_`. As on the playground, the URL is read when a
session begins or when it was changed from outside, and written after every valid change.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import streamlit as st

from maskdemo.charts.dose_axis import dose_text, short_title
from maskdemo.evidence import BASELINE
from maskdemo.experiment import NUMBERS, Experiment
from maskdemo.settings import Unfit
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES, Dose, Study
from maskdemo.study.grid import read_doses
from maskdemo.study.questions import OPENING, QUESTIONS, Question, question_of
from maskdemo.tasks import TASKS
from maskdemo.ui.controls import write_link

STUDIED = (*Experiment.__dataclass_fields__, "vary", "doses", "and_vary", "and_doses")
ALONE = "nothing else"
#: Settings of a study that are numbers and have a slider or a field of their own.
ELSEWHERE = ("epochs", "repeats")
#: What recorded data decides for itself, and a new task anew.
SIZES = ("min_length", "max_length", "train_size", "test_size")


def arrive() -> tuple[str, ...]:
    """Take the study from the URL where it is new; returns a sentence for each bad part of it."""
    state = st.session_state
    params = st.query_params.to_dict()
    known = {key: text for key, text in params.items() if key in STUDIED}
    if "study" not in state or (known and params not in state.get("written", ())):
        study, state.study_complaints = (
            Study.salvage(known) if known else (QUESTIONS[OPENING].study, ())
        )
        choose(study)
    for key, value in _widgets(state.study).items():
        # Widgets of other pages are forgotten; the study is not.
        state.setdefault(key, value)
    return state.study_complaints


def choose(study: Study) -> None:
    """Set every control to this study."""
    st.session_state.study = study
    for key, value in _widgets(study).items():
        st.session_state[key] = value


def share_in_url(study: Study, **view: str) -> None:
    """Write the study, and what of the view is given, into the URL."""
    write_link(study.to_params() | view)


def questions() -> Question | None:
    """The row of questions; returns the one whose study is chosen, if any."""
    state = st.session_state
    chosen = question_of(state.study)
    name = chosen.name if chosen else None
    if "study_question" not in state or state.study_question != name:
        state.study_question = name
    st.pills(
        "Question",
        list(QUESTIONS),
        format_func=lambda name: QUESTIONS[name].title,
        key="study_question",
        on_change=_take_question,
        label_visibility="collapsed",
    )
    return chosen


def sidebar() -> tuple[Study, str | None]:
    """All settings; returns the last valid study and what is wrong with the present one."""
    state = st.session_state
    with st.sidebar:
        _grid_controls()
        _strategy_controls()
        _more_controls()
    try:
        state.study = _chosen()
    except Unfit as error:
        return state.study, str(error)
    return state.study, None


def _grid_controls() -> None:
    state = st.session_state
    st.subheader("What to vary")
    st.selectbox(
        "Task",
        list(TASKS),
        format_func=lambda name: TASKS[name].title,
        key="study_task",
        on_change=_take_task,
    )
    st.caption(TASKS[state.study_task].summary)
    possible = [
        name for name in VARIABLES if name != "spread" or TASKS[state.study_task].fixed is None
    ]
    st.selectbox(
        "Vary", possible, format_func=short_title, key="study_vary", on_change=_take_vary, args=("",)
    )
    _dose_controls("")
    others = [ALONE, *(name for name in possible if name != state.study_vary)]
    if state.study_and_vary not in others:
        state.study_and_vary = ALONE
    st.selectbox(
        "And",
        others,
        format_func=lambda name: "Nothing else" if name == ALONE else short_title(name),
        key="study_and_vary",
        on_change=_take_vary,
        args=("and_",),
        help="With a second thing to vary, every pair of doses is studied and shown as a map.",
    )
    if state.study_and_vary != ALONE:
        _dose_controls("and_")


def _dose_controls(which: str) -> None:
    """The doses of the first (which is empty) or the second variable."""
    name = st.session_state[f"study_{which}vary"]
    variable = VARIABLES[name]
    key = f"study_{which}doses"
    if variable.categorical:
        return
    label = f"{short_title(name, unit=True)}: doses"
    st.text_input(label, key=key, help="Numbers with commas between them, such as 29, 40, 60.")


def _strategy_controls() -> None:
    st.subheader("Strategies")
    st.pills(
        "Strategies",
        [name for name in STRATEGIES if name != BASELINE],
        format_func=lambda name: STRATEGIES[name].title,
        selection_mode="multi",
        key="study_strategies",
        label_visibility="collapsed",
    )
    st.caption("Each is compared with no mask, which is always among them.")
    with st.expander("What each one does"):
        for strategy in STRATEGIES.values():
            st.markdown(f"**{strategy.title}.** {strategy.summary}")
    st.slider(
        "Repeats",
        *_whole("repeats"),
        key="study_repeats",
        help="Each repeat has other data, weights and batch order. Two are the least that says "
        "anything; five tell small effects from luck.",
    )
    if "epochs" not in _varied():
        st.slider("Epochs", *_whole("epochs"), key="study_epochs")


def _more_controls() -> None:
    state = st.session_state
    task = TASKS[state.study_task]
    with st.expander("More settings"):
        if "side" not in _varied():
            st.segmented_control(
                "Side", ["post", "pre"], format_func=lambda side: dose_text("side", side),
                key="study_side", required=True, width="stretch",
            )  # fmt: skip
        for name, number in NUMBERS.items():
            decided = name in SIZES and (
                task.fixed is not None or ("length" in name and "spread" in _varied())
            )
            if name in (*ELSEWHERE, *_varied()) or decided:
                continue
            st.number_input(
                number.label,
                *number.limits,
                step=number.step if number.whole else float(number.step),
                format=None if number.whole else "%g",
                key=f"study_{name}",
                help=number.help,
            )
        if task.per_step:
            st.toggle(
                "Count invalid steps",
                key="study_count_invalid",
                help="Whether padded and missing steps count in the loss and the reported accuracy.",
            )


def _whole(name: str) -> tuple[int, int]:
    low, high = NUMBERS[name].limits
    return int(low), int(high)


def _varied() -> tuple[str, ...]:
    return st.session_state.study_vary, st.session_state.study_and_vary


def _widgets(study: Study) -> dict[str, Any]:
    values: dict[str, Any] = {
        f"study_{name}": getattr(study.base, name) for name in Experiment.__dataclass_fields__
    }
    values["study_strategies"] = [name for name in study.base.strategies if name != BASELINE]
    values["study_vary"], values["study_and_vary"] = study.vary, study.and_vary or ALONE
    values["study_doses"], values["study_and_doses"] = _text(study.doses), _text(study.and_doses)
    return values


def _text(doses: tuple[Dose, ...]) -> str:
    return ", ".join(each if isinstance(each, str) else f"{each:.10g}" for each in doses)


def _chosen() -> Study:
    state = st.session_state
    settings = {name: state[f"study_{name}"] for name in Experiment.__dataclass_fields__}
    settings["strategies"] = (BASELINE, *state.study_strategies)
    alone = state.study_and_vary == ALONE
    # What varies is no setting of its own: a padded length that nobody uses must fit all the same.
    base = _fitting(settings, _varied())
    return Study(
        base=base,
        vary=state.study_vary,
        doses=_doses("", base),
        and_vary=None if alone else state.study_and_vary,
        and_doses=() if alone else _doses("and_", base),
    )


def _fitting(settings: dict[str, Any], varied: tuple[str, ...]) -> Experiment:
    fixed = TASKS[settings["task"]].fixed
    longest = fixed.max_length if fixed else settings["max_length"]
    if "padded_length" in varied:
        settings = settings | {"padded_length": max(settings["padded_length"], longest)}
    return Experiment(**settings)


def _doses(which: str, base: Experiment) -> tuple[Dose, ...]:
    name = st.session_state[f"study_{which}vary"]
    if VARIABLES[name].categorical:
        return VARIABLES[name].doses(base)
    texts = [each for each in re.split(r"[,;\s]+", st.session_state[f"study_{which}doses"]) if each]
    return read_doses(name, texts, f"{which}doses")


def _take_question() -> None:
    name = st.session_state.study_question
    if name:
        st.session_state.study_complaints = ()
        choose(QUESTIONS[name].study)


def _take_vary(which: str) -> None:
    """What is newly varied starts with doses of its own."""
    state = st.session_state
    name = state[f"study_{which}vary"]
    if name != ALONE:
        state[f"study_{which}doses"] = _text(VARIABLES[name].doses(state.study.base))


def _take_task() -> None:
    """A new task has lengths of its own, and doses that go with them."""
    state = st.session_state
    study: Study = state.study
    fresh = Experiment(task=state.study_task)
    kept = {name: getattr(fresh, name) for name in (*SIZES, "padded_length")}
    base = replace(study.base, task=state.study_task, **kept)
    vary = "padded_length" if study.vary == "spread" and TASKS[base.task].fixed else study.vary
    usual = study.doses == VARIABLES[study.vary].doses(study.base) or vary != study.vary
    doses = VARIABLES[vary].doses(base) if usual else study.doses
    try:
        choose(replace(study, base=base, vary=vary, doses=doses))
    except Unfit:
        choose(Study(base=base, vary=vary, doses=VARIABLES[vary].doses(base)))
