"""The article's examples on the page: programs to read and to run, and what can be learned instead."""

from __future__ import annotations

from functools import partial

import streamlit as st

from maskdemo import charts, jobs
from maskdemo.article import outcome as outcomes
from maskdemo.article.examples import Example, Program, difference
from maskdemo.article.outcome import Outcome
from maskdemo.scenarios import SCENARIOS
from maskdemo.server import QueueFull, Status
from maskdemo.snapshot import Snapshot
from maskdemo.ui import links, live, server, take_away
from maskdemo.ui.chart import chart

#: Longer programs scroll in a box of so many pixels, so that what they did stays beside them.
MOST_LINES, MOST_HEIGHT = 34, 640

state = st.session_state


def section(example: Example) -> None:
    """One example: its programs to read and to run, then the same question where it has an answer."""
    with st.container(border=True):
        st.subheader(f"Example {example.number}. {example.title}", anchor=False)
        st.markdown(f"**What it sets out to show.** {example.aim}")
        program = _choice(example)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _code(example, program)
        with right:
            going = _status().phase in ("queued", "running")
            here = going and state.get("running") in {each.name for each in example.programs}
            # Only the example whose program runs has something to poll for.
            st.fragment(_run, run_every=0.5 if here else None)(program, going)
        _learnable(example)


def _choice(example: Example) -> Program:
    programs = {each.name: each for each in example.programs}
    name = st.segmented_control(
        f"Program of example {example.number}",
        list(programs),
        format_func=lambda name: programs[name].title,
        default=example.programs[0].name,
        key=f"program_{example.number}",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    return programs[name]


def _code(example: Example, program: Program) -> None:
    at = example.programs.index(program)
    st.markdown(program.reason)
    if not at:
        _listing(program.text)
        return
    changed, changes, whole = st.tabs(
        ["What changed", "All changes so far", "The program"], key=f"tabs_{program.name}"
    )
    with changed:
        _listing(difference(example.programs[at - 1], program), "diff")
    with changes:
        _listing(difference(example.programs[0], program), "diff")
    with whole:
        _listing(program.text)


def _listing(text: str, language: str = "python") -> None:
    long = len(text.splitlines()) > MOST_LINES
    height = MOST_HEIGHT if long else "content"
    st.code(text, language, line_numbers=language == "python", height=height)


def _status() -> jobs.Status[Outcome]:
    return server.keras_jobs().status(_job())


def _job() -> str:
    return f"{server.viewer()}:example"


def _ran() -> dict[str, Outcome]:
    """What this session has run, by program."""
    return state.setdefault("outcomes", {})


def _on_run(program: Program) -> None:
    try:
        server.keras_jobs().submit(_job(), partial(outcomes.run, program))
        state.running, state.refusal = program.name, {}
        _ran().pop(program.name, None)
    except QueueFull as full:
        state.refusal = {program.name: str(full)}


def _refusal(name: str) -> None:
    sentence = state.get("refusal", {}).get(name)
    if sentence:
        st.warning(sentence)


def _on_cancel() -> None:
    server.keras_jobs().cancel(_job())


def _run(program: Program, was_going: bool) -> None:
    status = _status()
    going = status.phase in ("queued", "running")
    if status.newest is not None:
        _ran()[status.newest.program] = status.newest
    if going != was_going:
        # Only a run of the whole page starts or stops the polling.
        st.rerun()
    mine = state.get("running") == program.name
    with st.container(horizontal=True, vertical_alignment="center"):
        if going and mine:
            st.button(
                "Cancel", icon=":material/stop:", on_click=_on_cancel, key=f"stop_{program.name}"
            )
        else:
            st.button(
                "Run it",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_on_run,
                args=(program,),
                key=f"run_{program.name}",
                disabled=going,
                help="Another program is running." if going else None,
            )
        st.download_button(
            "Program",
            program.text,
            program.file_name,
            "text/x-python",
            icon=":material/download:",
            on_click="ignore",
            key=f"download_{program.name}",
        )
    _refusal(program.name)
    if mine and status.phase == "queued":
        st.info(f"Waiting: number {status.position} in the queue. One program runs at a time here.")
    elif mine and status.phase == "failed":
        st.error(live.plain(status.error or ""))
    elif program.name in _ran():
        _show(_ran()[program.name], cancelled=mine and status.phase == "cancelled")


def _show(outcome: Outcome, *, cancelled: bool) -> None:
    if cancelled and not outcome.finished:
        st.info("Cancelled. What happened until then is shown.")
    elif outcome.failure is not None:
        st.error(outcomes.headline(outcome), icon=":material/error:")
    elif outcome.finished:
        st.success(outcomes.headline(outcome), icon=":material/check_circle:")
    else:
        st.info(outcomes.headline(outcome), icon=":material/hourglass_top:")
    if outcome.failure is not None:
        if outcome.failure.source:
            st.code(outcome.failure.source, wrap_lines=True)
        error = f"{outcome.failure.kind}: {outcome.failure.message}"
        st.code(error, language=None, wrap_lines=True)
    if outcome.points:
        figure = charts.fitting(
            [each.accuracy for each in outcome.points],
            [each.loss for each in outcome.points],
            epochs=outcome.epochs,
            batches=outcome.batches,
            dark=live.is_dark(),
        )
        chart(figure, key=f"fitting_{outcome.program}", alt="Accuracy and loss by batch")
    st.markdown("\n".join(f"- {sentence}" for sentence in outcomes.findings(outcome)))
    if outcome.output.strip():
        with st.expander("What it printed"):
            st.code(outcome.output, language=None)
    if outcome.versions:
        st.caption(", ".join(f"{name} {version}" for name, version in outcome.versions.items()))


def _learnable(example: Example) -> None:
    st.markdown(f"**On a task that can be learned.** {example.question}")
    training = server.status("run").phase in ("queued", "running")
    here = training and state.get("training") == example.scenario
    st.fragment(_experiment, run_every=0.5 if here else None)(example.scenario, training)


def _on_train(scenario: str) -> None:
    try:
        server.start(SCENARIOS[scenario].experiment)
        state.training, state.refusal = scenario, {}
    except QueueFull as full:
        state.refusal = {scenario: str(full)}


def _on_stop() -> None:
    server.cancel("run")


def _experiment(scenario: str, was_training: bool) -> None:
    experiment = SCENARIOS[scenario].experiment
    status: Status[Snapshot] = server.status("run")
    training = status.phase in ("queued", "running")
    if training != was_training:
        st.rerun()
    mine = state.get("training") == scenario
    newest = status.newest if status.newest and status.newest.experiment == experiment else None
    snapshot = newest if training and mine else server.find(experiment) or newest
    with st.container(horizontal=True, vertical_alignment="center"):
        if training and mine:
            st.button("Cancel", icon=":material/stop:", on_click=_on_stop, key=f"stop_{scenario}")
            live.progress(status)
        else:
            st.button(
                "Train",
                icon=":material/play_arrow:",
                on_click=_on_train,
                args=(scenario,),
                key=f"train_{scenario}",
                disabled=training,
                help="Another experiment is training." if training else None,
            )
        links.to_playground(experiment)
        with st.popover("Take away", icon=":material/download:", key=f"take_{scenario}"):
            st.markdown("**To run without this app**")
            take_away.code(experiment, key=scenario)
    _refusal(scenario)
    if mine and status.phase in ("failed", "cancelled"):
        live.progress(status)
    if snapshot is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        live.verdict_lines(snapshot)
    with right:
        figure = charts.accuracy_by_strategy(snapshot, dark=live.is_dark())
        chart(figure, key=f"by_strategy_{scenario}", alt="Accuracy by strategy, a point a repeat")
