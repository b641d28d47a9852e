"""Settings of the playground and of the study, as the session's controls hold them.

A setting lives in its control and nowhere else: its key is the setting's own name, behind `study_` for
the study, and Streamlit keeps its value while another page, or another task, does not draw it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import streamlit as st

from maskdemo.data.tasks import OWN, TASKS, Task, find_task
from maskdemo.errors import InvalidSettings
from maskdemo.evidence import BASELINE
from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.study import VARIABLES, Study, Value
from maskdemo.study.questions import OPENING as FIRST
from maskdemo.study.questions import QUESTIONS
from maskdemo.study.variables import read_values
from maskdemo.ui import server
from maskdemo.uploads.limits import padded_length

STUDY = "study_"
#: What the second variable is called where nothing else is varied.
ALONE = "nothing else"
#: The two settings that one control holds.
LENGTHS = ("min_length", "max_length")
DEFAULTS: Mapping[str, Any] = {each.name: each.default for each in fields(Experiment)}


def opening() -> Experiment:
    """What the playground shows where a link names no setting."""
    return SCENARIOS[OPENING].experiment


def first_study() -> Study:
    """What the study page shows where a link names no setting."""
    return QUESTIONS[FIRST].study


def own_task() -> Task | None:
    """The task in the file that this session has brought, if it has."""
    own = server.registry().find(server.viewer())
    return None if own is None else own.task


def tasks() -> Mapping[str, Task]:
    """What there is to learn in this session: the shipped tasks, and its own."""
    own = own_task()
    return TASKS if own is None else {**TASKS, own.name: own}


def task_of(prefix: str = "") -> Task:
    """The chosen task."""
    return find_task(st.session_state[f"{prefix}task"])


def choose_task(name: str, prefix: str = "") -> None:
    """Choose a task in place of the viewer, in a callback."""
    st.session_state[f"{prefix}task"] = name
    take_task(prefix)


def take_task(prefix: str = "") -> None:
    """A new task has lengths of its own, and in a study values that go with them."""
    if not prefix:
        fit()
        return
    state = st.session_state
    if is_fixed(STUDY):
        for which, other in (("vary", "padded_length"), ("and_vary", ALONE)):
            if state[f"study_{which}"] == "spread":
                state[f"study_{which}"] = other
    state.study_padded_length = DEFAULTS["padded_length"]
    fit(STUDY)
    for which, name in zip(("", "and_"), varied(), strict=False):
        state[f"study_{which}doses"] = usual_values(name)


def give_up_own() -> bool:
    """Choose a shipped task where one's own is here no longer; whether that was so."""
    gone = [
        prefix
        for prefix in ("", STUDY)
        if (name := st.session_state[f"{prefix}task"]).startswith(OWN) and name not in tasks()
    ]
    for prefix in gone:
        choose_task(DEFAULTS["task"], prefix)
    return bool(gone)


def is_fixed(prefix: str = "") -> bool:
    """Whether the chosen task is recorded data, with sizes and lengths of its own."""
    return bool(_dictated(prefix))


def _dictated(prefix: str) -> Mapping[str, int]:
    return task_of(prefix).dictated


def prepare() -> None:
    """Give every control of a new session its value."""
    for prefix, experiment in (("", opening()), (STUDY, first_study().base)):
        for name in ("train_size", "test_size"):
            st.session_state[prefix + name] = DEFAULTS[name]
        st.session_state[f"{prefix}lengths"] = DEFAULTS["min_length"], DEFAULTS["max_length"]
        show(experiment, prefix)
    show_study(first_study())


def show(experiment: Experiment, prefix: str = "") -> None:
    """Set the controls to it. What recorded data dictates is left as it was, for the next task."""
    state, dictated = st.session_state, experiment.spec.dictated
    for name in SETTINGS:
        if name not in LENGTHS and name not in dictated:
            state[prefix + name] = getattr(experiment, name)
    if not dictated:
        state[f"{prefix}lengths"] = experiment.min_length, experiment.max_length
    state[f"{prefix}strategies"] = [
        name for name in experiment.strategies if not (prefix and name == BASELINE)
    ]


def experiment(prefix: str = "") -> Experiment:
    """What the controls say. Raises `InvalidSettings` with a sentence where that cannot be."""
    return Experiment(**_values(prefix))


def _values(prefix: str) -> dict[str, Any]:
    state = st.session_state
    values = {name: state[prefix + name] for name in SETTINGS if name not in LENGTHS}
    values |= dict(zip(LENGTHS, state[f"{prefix}lengths"], strict=True))
    chosen = state[f"{prefix}strategies"]
    return values | {"strategies": (BASELINE, *chosen) if prefix else tuple(chosen)}


def longest(prefix: str = "") -> int:
    """Steps of the longest sequence, which a padded length must reach."""
    own = st.session_state[f"{prefix}lengths"][1]
    return _dictated(prefix).get("max_length", own)


def fit(prefix: str = "") -> None:
    """Lift the padded length to the longest sequence, and lower it to what there is room for."""
    state, key, task = st.session_state, f"{prefix}padded_length", task_of(prefix)
    wanted = max(state[key], longest(prefix))
    fitting = padded_length(task, wanted) if task.fixed else wanted
    # Only what differs: a value that is set stops a slider that is moving.
    if state[key] != fitting:
        state[key] = fitting


def varied() -> tuple[str, ...]:
    """What the study's controls vary."""
    state = st.session_state
    return tuple(name for name in (state.study_vary, state.study_and_vary) if name != ALONE)


def show_study(study: Study) -> None:
    """Set the study's controls to it."""
    state = st.session_state
    show(study.base, STUDY)
    state.study_vary, state.study_and_vary = study.vary, study.and_vary or ALONE
    state.study_doses, state.study_and_doses = written(study.values), written(study.and_values)


def study() -> Study:
    """What the study's controls say. Raises `InvalidSettings` with a sentence where that cannot be."""
    values, names = _values(STUDY), varied()
    if "padded_length" in names:
        # What varies is no setting of its own: a padded length that nobody uses must fit all the same.
        values["padded_length"] = max(values["padded_length"], longest(STUDY))
    base = Experiment(**values)
    second = len(names) > 1
    return Study(
        base=base,
        vary=names[0],
        values=_read_values("study_doses", names[0], base),
        and_vary=names[1] if second else None,
        and_values=_read_values("study_and_doses", names[1], base) if second else (),
    )


def written(values: tuple[Value, ...]) -> str:
    """Values as their text box holds them."""
    return ", ".join(each if isinstance(each, str) else f"{each:.10g}" for each in values)


def _read_values(key: str, name: str, base: Experiment) -> tuple[Value, ...]:
    if VARIABLES[name].categorical:
        return VARIABLES[name].usual_values(base)
    texts = [each for each in re.split(r"[,;\s]+", st.session_state[key]) if each]
    return read_values(name, texts, key.removeprefix(STUDY))


def usual_values(name: str) -> str:
    """Values worth trying of one variable, for the study's present settings."""
    try:
        return written(VARIABLES[name].usual_values(Experiment(**_values(STUDY))))
    except InvalidSettings:
        return written(VARIABLES[name].usual_values(first_study().base))
