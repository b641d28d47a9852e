"""Settings of the playground and of the study: in the session's controls, and in a page's URL.

A setting lives in its control and nowhere else: its key is the setting's own name, behind `study_` for
the study, and Streamlit keeps its value while another page, or another task, does not draw it. When the
URL is read and written is decided in `maskdemo.ui.url`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from maskdemo.data.tasks import OWN, TASKS, Task
from maskdemo.errors import InvalidSettings
from maskdemo.evidence import BASELINE
from maskdemo.experiment import DEFAULTS, SETTINGS, Experiment
from maskdemo.guide import QUESTIONS as GUIDE_QUESTIONS
from maskdemo.guide import Setup
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.study import VARIABLES, Study, Value
from maskdemo.study.questions import OPENING as OPENING_QUESTION
from maskdemo.study.questions import QUESTIONS
from maskdemo.study.variables import read_values
from maskdemo.uploads.limits import nearest_padded_length

#: Before the keys of the study's controls.
STUDY_PREFIX = "study_"
#: Before the keys of the guide's controls.
GUIDE_PREFIX = "guide_"
T = TypeVar("T", Experiment, Study, Setup)
#: The value of the second variable's control where only one thing is varied.
NOTHING_ELSE = "nothing else"
#: The two settings that one control holds.
LENGTHS = ("min_length", "max_length")
#: The experiment of the playground and the study of the study page where a link names no setting.
OPENING_EXPERIMENT = SCENARIOS[OPENING].experiment
OPENING_STUDY = QUESTIONS[OPENING_QUESTION].study


def own_task() -> Task | None:
    """Return the task of this session's uploaded table; None without. It is kept nowhere else."""
    return st.session_state.get("own_task")


def tasks() -> Mapping[str, Task]:
    """Return the tasks that this session can choose, by name: the shipped tasks, and its own."""
    own = own_task()
    return TASKS if own is None else {**TASKS, OWN: own}


def chosen_task(prefix: str = "") -> Task:
    """Return the chosen task. prefix, here and below: empty for the playground, else `STUDY_PREFIX`."""
    return tasks()[st.session_state[f"{prefix}task"]]


def choose_task(name: str, prefix: str = "") -> None:
    """Choose a task in place of the viewer, and `adapt_to_task`, in a callback."""
    st.session_state[f"{prefix}task"] = name
    adapt_to_task(prefix)


def adapt_to_task(prefix: str = "") -> None:
    """Call `fit_padded_length` for a new task: in a study from the default length, not the present one.

    A study also drops added repeats, and takes `default_values`. A recorded task has no "spread" to
    vary: the padded length, or as the second nothing, replaces it.
    """
    if not prefix:
        fit_padded_length()
        return
    session = st.session_state
    if is_recorded(STUDY_PREFIX):
        for which, other in (("vary", "padded_length"), ("and_vary", NOTHING_ELSE)):
            if session[f"study_{which}"] == "spread":
                session[f"study_{which}"] = other
        if session.study_vary == session.study_and_vary:
            session.study_and_vary = NOTHING_ELSE
    session.study_more = ()
    session.study_padded_length = DEFAULTS["padded_length"]
    fit_padded_length(STUDY_PREFIX)
    for which, name in zip(("", "and_"), varied(), strict=False):
        session[f"study_{which}doses"] = default_values(name)


def is_recorded(prefix: str = "") -> bool:
    """Return whether the chosen task is recorded or uploaded, so that it fixes sizes and lengths."""
    return bool(chosen_task(prefix).dictated)


def initialise() -> None:
    """Set every control to the opening scenario, study and setup: called once in a session."""
    for prefix, experiment in (("", OPENING_EXPERIMENT), (STUDY_PREFIX, OPENING_STUDY.base)):
        for name in ("train_size", "test_size"):
            st.session_state[prefix + name] = DEFAULTS[name]
        st.session_state[f"{prefix}lengths"] = DEFAULTS["min_length"], DEFAULTS["max_length"]
        show_experiment(experiment, prefix)
    show_study(OPENING_STUDY)
    show_setup(Setup())


def show_setup(setup: Setup) -> None:
    """Set the guide's controls to a setup."""
    for name in GUIDE_QUESTIONS:
        st.session_state[GUIDE_PREFIX + name] = getattr(setup, name)


def read_setup() -> Setup:
    """Return the setup of the guide's controls."""
    return Setup(**{name: st.session_state[GUIDE_PREFIX + name] for name in GUIDE_QUESTIONS})


def show_experiment(experiment: Experiment, prefix: str = "") -> None:
    """Set the controls to an experiment; a setting that recorded data decides keeps its value."""
    session, dictated = st.session_state, experiment.spec.dictated
    for name in SETTINGS:
        if name not in LENGTHS and name not in dictated:
            session[prefix + name] = getattr(experiment, name)
    if not dictated:
        session[f"{prefix}lengths"] = experiment.min_length, experiment.max_length
    session[f"{prefix}strategies"] = [
        name for name in experiment.strategies if not (prefix and name == BASELINE)
    ]


def read_experiment(prefix: str = "") -> Experiment:
    """Return the controls' experiment, of a study with the baseline. Raises `InvalidSettings`."""
    session = st.session_state
    values: dict[str, Any] = {name: session[prefix + name] for name in SETTINGS if name not in LENGTHS}
    values |= dict(zip(LENGTHS, session[f"{prefix}lengths"], strict=True))
    chosen = session[f"{prefix}strategies"]
    values["strategies"] = (BASELINE, *chosen) if prefix else tuple(chosen)
    return Experiment(**values, own=own_task())


def fit_padded_length(prefix: str = "") -> None:
    """Raise the padded length to the longest sequence; cut a fixed task's to what fits, not below."""
    session, key, task = st.session_state, f"{prefix}padded_length", chosen_task(prefix)
    longest = task.dictated.get("max_length", session[f"{prefix}lengths"][1])
    wanted = max(session[key], longest)
    fitting = nearest_padded_length(task, wanted) if task.fixed else wanted
    # Only where it differs: setting a value stops a slider that is moving.
    if session[key] != fitting:
        session[key] = fitting


def varied() -> tuple[str, ...]:
    """Return the names of the one or two variables of the study's controls."""
    chosen = (st.session_state.study_vary, st.session_state.study_and_vary)
    return tuple(name for name in chosen if name != NOTHING_ELSE)


def show_study(study: Study) -> None:
    """Set the study's controls to a study."""
    session = st.session_state
    show_experiment(study.base, STUDY_PREFIX)
    session.study_more = study.more
    session.study_vary, session.study_and_vary = study.vary, study.and_vary or NOTHING_ELSE
    session.study_doses = values_text(study.values)
    session.study_and_doses = values_text(study.and_values)


def read_study() -> Study:
    """Return the study of the controls. Raises `InvalidSettings` with a sentence."""
    names = varied()
    base, second = read_experiment(STUDY_PREFIX), len(names) > 1
    return Study(
        base=base,
        vary=names[0],
        values=_read_values("study_doses", names[0], base),
        and_vary=names[1] if second else None,
        and_values=_read_values("study_and_doses", names[1], base) if second else (),
        more=st.session_state.study_more,
    )


def values_text(values: tuple[Value, ...]) -> str:
    """Return values joined by ", ", as in their box; numbers to 10 significant digits."""
    return ", ".join(each if isinstance(each, str) else f"{each:.10g}" for each in values)


def _read_values(key: str, name: str, base: Experiment) -> tuple[Value, ...]:
    """Return all values in the order typed in a key's box, apart by commas, semicolons or spaces.

    name: the variable; a categorical one has all its usual values. Raises `InvalidSettings`.
    """
    if VARIABLES[name].categorical:
        return VARIABLES[name].usual_values(base)
    texts = [each for each in re.split(r"[,;\s]+", st.session_state[key]) if each]
    return read_values(name, texts, key.removeprefix(STUDY_PREFIX))


def default_values(name: str) -> str:
    """Return the usual values of a variable with the study's present settings, as text of its box.

    With invalid settings these are the values for the opening study.
    """
    try:
        return values_text(VARIABLES[name].usual_values(read_experiment(STUDY_PREFIX)))
    except InvalidSettings:
        return values_text(VARIABLES[name].usual_values(OPENING_STUDY.base))


@dataclass(frozen=True)
class PageSettings(Generic[T]):
    """The settings of a page, an experiment, study or setup: in its controls and in its URL.

    default: those of a URL without parameters. parse: settings and a sentence for each invalid part.
    params: the names of the URL's parameters.
    """

    default: T
    from_controls: Callable[[], T]
    to_controls: Callable[[T], None]
    parse: Callable[[Mapping[str, str], Task | None], tuple[T, tuple[str, ...]]]
    params: tuple[str, ...]

    def from_params(self, params: Mapping[str, str]) -> tuple[T, tuple[str, ...]]:
        """Return settings, and a sentence for each invalid one; names outside `params` are ignored."""
        used = {name: params[name] for name in self.params if name in params}
        return self.parse(used, own_task()) if used else (self.default, ())


#: The settings of the playground and of the inside page.
RUN: PageSettings[Experiment] = PageSettings(
    OPENING_EXPERIMENT, read_experiment, show_experiment, Experiment.parse_leniently, tuple(DEFAULTS)
)
STUDY: PageSettings[Study] = PageSettings(
    OPENING_STUDY,
    read_study,
    show_study,
    Study.parse_leniently,
    (*DEFAULTS, "vary", "doses", "and_vary", "and_doses", "more"),
)
GUIDE: PageSettings[Setup] = PageSettings(
    Setup(),
    read_setup,
    show_setup,
    lambda params, _: Setup.parse_leniently(params),
    tuple(GUIDE_QUESTIONS),
)
