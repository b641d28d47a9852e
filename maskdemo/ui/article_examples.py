"""The article's examples on the page: programs, what they did, and what can be learned instead."""

from __future__ import annotations

from functools import partial

import streamlit as st

from maskdemo import charts
from maskdemo.article import program_run as outcomes
from maskdemo.article.examples import ArticleExample, Program, program_diff
from maskdemo.article.program_run import ProgramRun
from maskdemo.errors import escape_markdown
from maskdemo.evidence.phrases import listed
from maskdemo.results import precomputed
from maskdemo.scenarios import SCENARIOS
from maskdemo.server import Run, Status
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import (
    job,
    navigation,
    run_view,
    server,
    strategy_table,
    take_away,
    url,
)
from maskdemo.ui.chart import chart, is_dark

session = st.session_state

NOT_RUN = "Not run with this version of the app: `make evidence` runs it."


def section(example: ArticleExample) -> None:
    """One example and what happened when it was run as written; opened, its programs, mended too."""
    with st.container(border=True, gap="xsmall", key=f"box_{example.number}"):
        st.markdown(f"**Example {example.number}. {example.title}.** {example.aim}")
        _happened(example.programs[0])
        box = st.expander(
            "The program, mended step by step",
            key=f"example_{example.number}",
            on_change=url.mark_touched,
        )
        if box.open:
            with box:
                _programs(example)


def _happened(program: Program) -> None:
    """How the program as the article has it ended when it was run."""
    outcome = precomputed.programs().get(program.name)
    if outcome is None:
        st.caption(NOT_RUN)
    elif outcome.failure is not None:
        st.markdown(f":red[:material/error:] {escape_markdown(outcomes.outcome_sentence(outcome))}")
    else:
        st.markdown(
            f":gray[:material/check_circle:] {escape_markdown(outcomes.outcome_sentence(outcome))}"
        )


def _programs(example: ArticleExample) -> None:
    program = _choice(example)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _code(example, program)
    with right:
        outcome = precomputed.programs().get(program.name)
        if outcome is None:
            st.caption(NOT_RUN)
        else:
            _recorded(outcome)
        _to_take_away(program)
    _learnable(example)


def _choice(example: ArticleExample) -> Program:
    programs = {each.name: each for each in example.programs}
    name = st.segmented_control(
        f"Program of example {example.number}",
        list(programs),
        format_func=lambda name: programs[name].title,
        default=example.programs[0].name,
        key=f"program_{example.number}",
        required=True,
        on_change=url.mark_touched,
        persist_state="session",
        label_visibility="collapsed",
    )
    return programs[name]


def _code(example: ArticleExample, program: Program) -> None:
    at = example.programs.index(program)
    st.markdown(program.reason)
    if not at:
        _listing(program.text)
        return
    changed, changes, whole = st.tabs(
        ["What changed", "All changes so far", "The program"], key=f"tabs_{program.name}"
    )
    with changed:
        _listing(program_diff(example.programs[at - 1], program), "diff")
    with changes:
        _listing(program_diff(example.programs[0], program), "diff")
    with whole:
        _listing(program.text)


def _listing(text: str, language: str = "python") -> None:
    st.code(text, language, line_numbers=language == "python")


def _recorded(outcome: ProgramRun) -> None:
    """What happened when the program was run, with what, and when."""
    if outcome.failure is None:
        st.success(outcomes.outcome_sentence(outcome), icon=":material/check_circle:")
    else:
        st.error(outcomes.outcome_sentence(outcome), icon=":material/error:")
        if outcome.failure.source:
            st.code(outcome.failure.source, wrap_lines=True)
        error = f"{outcome.failure.kind}: {outcome.failure.message}"
        st.code(error, language=None, wrap_lines=True)
    if outcome.points:
        figure = charts.fit_history(
            [each.accuracy for each in outcome.points],
            [each.loss for each in outcome.points],
            epochs=outcome.epochs,
            batches=outcome.batches,
            dark=is_dark(),
        )
        chart(figure, key=f"fitting_{outcome.program}", alt="Accuracy and loss by batch")
    st.markdown("\n".join(f"- {sentence}" for sentence in outcomes.outcome_findings(outcome)))
    if outcome.output.strip():
        with st.expander("What it printed"):
            st.code(outcome.output, language=None)
    versions = listed(f"{name} {version}" for name, version in outcome.versions.items())
    source = precomputed.provenance(f"program {outcome.program}")
    st.caption(f"Run on {source.date} with {versions}." if source else f"Run with {versions}.")


def _to_take_away(program: Program) -> None:
    """The program as a file, and the command that runs it."""
    st.download_button(
        "Program",
        program.text,
        program.file_name,
        "text/x-python",
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{program.name}",
    )
    st.code(f"pip install tensorflow\npython {program.file_name}", "bash")


def _learnable(example: ArticleExample) -> None:
    st.markdown(f"**On a task that can be learned.** {example.question}")
    here = session.get("training") == example.scenario
    job.watch(partial(_experiment, example.scenario), "run", alone=True, poll=here)


def _train(scenario: str) -> None:
    session.training = scenario
    job.submit(Run(SCENARIOS[scenario].experiment))


def _experiment(scenario: str) -> None:
    experiment = SCENARIOS[scenario].experiment
    status: Status[Snapshot] = job.status("run")
    training, mine = job.is_active("run"), session.get("training") == scenario
    newest = status.newest if status.newest and status.newest.experiment == experiment else None
    snapshot = newest if training and mine else server.find(experiment) or newest
    with st.container(horizontal=True, vertical_alignment="center"):
        if training and mine:
            job.cancel_button("run", name=f"_{scenario}")
        else:
            job.start_button(
                "run",
                "Train",
                partial(_train, scenario),
                main=False,
                name=f"_{scenario}",
                disabled=training,
                help="Another experiment is training." if training else None,
            )
        navigation.to_playground(experiment)
        with st.popover("Take away", icon=":material/download:", key=f"take_{scenario}"):
            st.markdown("**To run without this app**")
            take_away.code(experiment, key=scenario)
        if mine:
            job.line(job.status("run"), run_view.progress, run_view.CANCELLED)
    if mine:
        job.refusal("run")
    if snapshot is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        strategy_table.table(snapshot)
    with right:
        figure = charts.accuracy_by_strategy(snapshot, dark=is_dark())
        chart(figure, key=f"by_strategy_{scenario}", alt="Accuracy by strategy, a point a repeat")
