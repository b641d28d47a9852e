"""The article page: each claim with its cases, each example with what its programs did."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from maskdemo.article import program_run
from maskdemo.article.claim_rules import RULES
from maskdemo.article.claims import CLAIMS, Claim
from maskdemo.article.examples import ArticleExample, Program, program_diff
from maskdemo.article.judgement import CaseResult, Judgement
from maskdemo.article.measurements import Measurements
from maskdemo.article.program_run import ProgramRun
from maskdemo.errors import escape_markdown
from maskdemo.evidence.phrases import capital, listed
from maskdemo.export.table import claims_table
from maskdemo.results import precomputed
from maskdemo.scenarios import SCENARIOS
from maskdemo.ui import controls, live_job, navigation, strategy_table, take_away, url

#: Verdict of a claim -> the colour of its badge, and how the sentence over all claims names it.
VERDICTS = {
    "held": ("green", "held"),
    "held in some cases": ("orange", "held in some cases and not in others"),
    "not held": ("red", "did not hold"),
    "undecided": ("gray", "could not be decided"),
}
CASES = {True: ":green-badge[Held]", False: ":red-badge[Did not hold]", None: ":gray-badge[Undecided]"}
NOT_RUN = "Not run with this version of the app: `make evidence` runs it."


def draw_claims() -> None:
    """Draw how many claims held, the table to download, a box per claim, and how cases are decided."""
    measurements = precomputed.claims() or Measurements()
    judgements = {name: claim.judgement(measurements) for name, claim in CLAIMS.items()}
    st.header(_claims_sentence([each for each in judgements.values() if each]), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        take_away.file_button(
            "Table",
            "maskdemo-claims.csv",
            lambda: claims_table(measurements).to_csv(index=False),
            key="claims_table",
            disabled=not any(judgements.values()),
        )
        source = precomputed.provenance("claims")
        how = "`make evidence` measures them all, which takes minutes."
        st.caption(source.sentence if source else how)
    with st.container(gap="xxsmall", key="claims"):
        for name, claim in CLAIMS.items():
            _claim(claim, judgements[name])
    with st.expander("How a case is decided"):
        st.markdown(RULES)


def _claims_sentence(judgements: Sequence[Judgement]) -> str:
    """Return a sentence: of the measured claims, how many have each verdict; or that none is."""
    words = [each.word for each in judgements]
    if not words:
        return "None is measured yet."
    counts = [f"{words.count(word)} {text}" for word, (_, text) in VERDICTS.items() if word in words]
    return f"Of {len(words)} claims, {listed(counts)}."


def _claim(claim: Claim, judgement: Judgement | None) -> None:
    """Draw a box: verdict ("Not measured" for None), claim, count of cases; while open, `_cases`."""
    if judgement:
        label = f":{VERDICTS[judgement.word][0]}-badge[{capital(judgement.title)}] {claim.text}"
        label += f" :gray[{judgement.counts}]"
    else:
        label = f":gray-badge[Not measured] {claim.text}"
    controls.on_demand(partial(_cases, claim, judgement), st.expander, label, f"claim_{claim.name}")


def _cases(claim: Claim, judgement: Judgement | None) -> None:
    """Draw where a claim stands, what is measured, the judgement; per case its link and numbers."""
    st.caption(f"{claim.place}. {claim.measures}")
    if judgement:
        st.markdown(judgement.sentence)
    cases = claim.cases
    results: Sequence[CaseResult | None] = judgement.results if judgement else [None] * len(cases)
    st.caption("Open in the playground, to train it there:")
    for case, result in zip(cases, results, strict=True):
        left, right = st.columns([2, 3], gap=None)
        with left:
            navigation.playground_link(case.experiment, label=case.title)
        if result is not None:
            lines = (f"{each.name}: {each.text}" for each in result.numbers)
            right.caption(f"{CASES[result.held]} " + "  \n".join(lines))


def draw_example(example: ArticleExample) -> None:
    """Draw an example and the outcome of its first, unmended program; while open, `_programs`."""
    with st.container(border=True, gap="xsmall", key=f"box_{example.number}"):
        st.markdown(f"**Example {example.number}. {example.title}.** {example.aim}")
        outcome = precomputed.programs().get(example.programs[0].name)
        if outcome is None:
            st.caption(NOT_RUN)
        else:
            icon = (
                "gray[:material/check_circle:]" if outcome.failure is None else "red[:material/error:]"
            )
            st.markdown(f":{icon} {escape_markdown(program_run.outcome_sentence(outcome))}")
        label, key = "The program, mended step by step", f"example_{example.number}"
        controls.on_demand(partial(_programs, example), st.expander, label, key)


def _programs(example: ArticleExample) -> None:
    """Draw the choice of a program, text, outcome, download; then its scenario's link, code, table."""
    programs = {each.name: each for each in example.programs}
    name = st.segmented_control(
        f"Program of example {example.number}",
        list(programs),
        format_func=lambda name: programs[name].title,
        default=example.programs[0].name,
        key=f"program_{example.number}",
        required=True,
        **url.KEPT_ONLY,
        label_visibility="collapsed",
    )
    program = programs[name]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _code(example, program)
    with right:
        outcome = precomputed.programs().get(program.name)
        if outcome is None:
            st.caption(NOT_RUN)
        else:
            _outcome(outcome)
        take_away.file_button(
            "Program", program.file_name, program.text, key=f"download_{program.name}"
        )
        st.code(f"pip install tensorflow\npython {program.file_name}", "bash")
    st.markdown(f"**On a task that can be learned.** {example.question}")
    experiment = SCENARIOS[example.scenario].experiment
    with st.container(horizontal=True, vertical_alignment="center"):
        navigation.playground_link(experiment, "Train it in the playground")
        take_away.code_buttons(experiment, key=example.scenario)
    if snapshot := live_job.find(experiment):
        strategy_table.table(snapshot)


def _code(example: ArticleExample, program: Program) -> None:
    """Draw a program's reason and text, from the second program on in the last of three tabs.

    The first tab is its diff from the program before, the second that from the first program.
    """
    at = example.programs.index(program)
    st.markdown(program.reason)
    if not at:
        st.code(program.text, "python", line_numbers=True)
        return
    changed, changes, whole = st.tabs(
        ["What changed", "All changes so far", "The program"], key=f"tabs_{program.name}"
    )
    changed.code(program_diff(example.programs[at - 1], program), "diff")
    changes.code(program_diff(example.programs[0], program), "diff")
    whole.code(program.text, "python", line_numbers=True)


def _outcome(outcome: ProgramRun) -> None:
    """Draw a run's success or error, `outcome_findings`, what it printed, its day and libraries."""
    if outcome.failure is None:
        st.success(program_run.outcome_sentence(outcome), icon=":material/check_circle:")
    else:
        st.error(program_run.outcome_sentence(outcome), icon=":material/error:")
        if outcome.failure.source:
            st.code(outcome.failure.source, wrap_lines=True)
        error = f"{outcome.failure.kind}: {outcome.failure.message}"
        st.code(error, language=None, wrap_lines=True)
    st.markdown("\n".join(f"- {sentence}" for sentence in program_run.outcome_findings(outcome)))
    if outcome.output.strip():
        with st.expander("What it printed"):
            st.code(outcome.output, language=None)
    versions = listed(f"{name} {version}" for name, version in outcome.versions.items())
    source = precomputed.provenance(f"program {outcome.program}")
    st.caption(f"Run on {source.date} with {versions}." if source else f"Run with {versions}.")
