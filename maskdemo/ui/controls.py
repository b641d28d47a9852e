"""The controls: URL and widgets in, a valid `Experiment` out.

The widgets' keys are the experiment's own names. The URL is read when a session begins or when it
was changed from outside, and written after every valid change, so it always names what is shown.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import streamlit as st

from maskdemo.experiment import NUMBERS, Experiment
from maskdemo.scenarios import OPENING, SCENARIOS, Scenario, scenario_of
from maskdemo.strategies import STRATEGIES
from maskdemo.tasks import TASKS

SETTINGS = tuple(each.name for each in fields(Experiment))
#: Further keys of the page's state that belong in its link.
VIEW = ("probe", "epoch")


def arrive() -> tuple[str, ...]:
    """Take the settings from the URL where it is new; returns a sentence for each bad part of it."""
    state = st.session_state
    params = st.query_params.to_dict()
    known = {key: text for key, text in params.items() if key in SETTINGS}
    if "experiment" not in state or (known and params not in state.get("written", ())):
        experiment, complaints = (
            Experiment.salvage(known) if known else (SCENARIOS[OPENING].experiment, ())
        )
        state.view = {
            key: int(params[key])
            for key in VIEW
            if params.get(key, "").isdecimal() and 0 < len(params[key]) < 4 and int(params[key])
        }
        state.complaints = complaints
        choose(experiment)
    for key, value in _widgets(state.experiment).items():
        # Widgets of other pages are forgotten; the experiment is not.
        state.setdefault(key, value)
    return state.complaints


def choose(experiment: Experiment) -> None:
    """Set every control to this experiment."""
    st.session_state.experiment = experiment
    for key, value in _widgets(experiment).items():
        st.session_state[key] = value


def share_in_url(experiment: Experiment, **view: Any) -> None:
    """Write the settings, and what of the view is given, into the URL."""
    write_link(experiment.to_params() | {key: str(value) for key, value in view.items()})


def write_link(params: dict[str, str]) -> None:
    """Make these the URL's parameters, and remember that this session wrote them."""
    if params != st.query_params.to_dict():
        st.query_params.from_dict(params)
    # A browser may lag behind: what was written a moment ago is no change from outside.
    st.session_state.written = (*st.session_state.get("written", ())[-20:], params)


def scenarios() -> Scenario | None:
    """The row of scenarios; returns the one whose settings are chosen, if any."""
    state = st.session_state
    chosen = scenario_of(state.experiment)
    name = chosen.name if chosen else None
    if "scenario" not in state or state.scenario != name:
        state.scenario = name
    st.pills(
        "Scenario",
        list(SCENARIOS),
        format_func=lambda name: SCENARIOS[name].title,
        key="scenario",
        on_change=_take_scenario,
        label_visibility="collapsed",
    )
    return chosen


def sidebar() -> tuple[Experiment, str | None]:
    """All settings; returns the last valid experiment and what is wrong with the present one."""
    state = st.session_state
    with st.sidebar:
        _data_controls()
        _padding_controls()
        _strategy_controls()
        _training_controls()
    try:
        state.experiment = Experiment(**_chosen())
    except ValueError as error:
        return state.experiment, str(error)
    return state.experiment, None


def _data_controls() -> None:
    st.subheader("Sequences")
    st.selectbox("Task", list(TASKS), format_func=lambda name: TASKS[name].title, key="task")
    task = TASKS[st.session_state.task]
    st.caption(task.summary)
    if task.fixed is None:
        st.slider("Lengths, in steps", *_whole("max_length"), key="lengths")
    st.slider(
        "Missing readings",
        0.0,
        0.9,
        step=0.05,
        format="percent",
        key="missing_rate",
        help="Share of readings inside the sequences that were never observed.",
    )


def _padding_controls() -> None:
    state = st.session_state
    st.subheader("Padding")
    fixed = TASKS[state.task].fixed
    longest = fixed.max_length if fixed else state.lengths[1]
    # Only where it must: a value written here goes back to the browser and stops a moving slider.
    if state.padded_length < longest:
        state.padded_length = longest
    st.slider(
        "Padded length, in steps",
        *_whole("padded_length"),
        key="padded_length",
        help=f"At least the longest sequence, here {longest} steps.",
    )
    st.segmented_control(
        "Side",
        ["post", "pre"],
        format_func=lambda side: {"post": "After the end", "pre": "In front"}[side],
        key="side",
        required=True,
        width="stretch",
    )
    left, right = st.columns(2)
    left.number_input(
        "Pad value", *NUMBERS["pad_value"].limits, step=1.0, key="pad_value",
        help="What is written at padded steps and missing readings.",
    )
    right.number_input(
        "Mask value", *NUMBERS["mask_value"].limits, step=1.0, key="mask_value",
        help="What the Masking layer takes for padding: a step where all features equal it.",
    )


def _strategy_controls() -> None:
    st.subheader("Strategies")
    st.pills(
        "Strategies",
        list(STRATEGIES),
        format_func=lambda name: STRATEGIES[name].title,
        selection_mode="multi",
        key="strategies",
        label_visibility="collapsed",
    )
    with st.expander("What each one does"):
        for strategy in STRATEGIES.values():
            st.markdown(f"**{strategy.title}.** {strategy.summary}")
    if TASKS[st.session_state.task].per_step:
        st.toggle(
            "Count invalid steps",
            key="count_invalid",
            help="Whether padded and missing steps count in the loss and the reported accuracy.",
        )


def _training_controls() -> None:
    with st.expander("Training"):
        st.slider("Units", *_whole("units"), key="units")
        st.slider("Epochs", *_whole("epochs"), key="epochs")
        st.slider("Repeats", *_whole("repeats"), key="repeats",
                  help="Each repeat has other data, weights and batch order.")
        if TASKS[st.session_state.task].fixed is None:
            st.number_input("Training sequences", *_whole("train_size"), key="train_size")
            st.number_input("Test sequences", *_whole("test_size"), key="test_size")
        st.number_input("Batch size", *_whole("batch_size"), key="batch_size")
        st.number_input(
            "Learning rate", *NUMBERS["learning_rate"].limits, step=0.001, format="%g",
            key="learning_rate", help="Adam's step size.",
        )
        st.number_input("Seed", *_whole("seed"), key="seed",
                        help="The same seed gives the same data, weights and curves.")


def _whole(name: str) -> tuple[int, int]:
    low, high = NUMBERS[name].limits
    return int(low), int(high)


def _widgets(experiment: Experiment) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(experiment, name) for name in SETTINGS}
    values["lengths"] = (values.pop("min_length"), values.pop("max_length"))
    values["strategies"] = list(experiment.strategies)
    return values


def _chosen() -> dict[str, Any]:
    state = st.session_state
    values = {name: state[name] for name in _widgets(state.experiment) if name != "lengths"}
    values["min_length"], values["max_length"] = state.lengths
    values["strategies"] = tuple(state.strategies)
    return values


def _take_scenario() -> None:
    name = st.session_state.scenario
    if name:
        st.session_state.complaints = ()
        choose(SCENARIOS[name].experiment)
