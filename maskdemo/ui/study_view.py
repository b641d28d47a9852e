"""The study page below its controls: the question, the buttons, the answer, charts and numbers."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from maskdemo import charts
from maskdemo.errors import escape_markdown
from maskdemo.evidence import BASELINE, METHOD, Verdict, between, percent, points
from maskdemo.results import precomputed
from maskdemo.server import Status
from maskdemo.strategies import STRATEGIES
from maskdemo.study import Findings, Study, summary
from maskdemo.study.questions import QUESTIONS, question_of
from maskdemo.study.variables import short_title, value_text
from maskdemo.ui import (
    controls,
    live_job,
    navigation,
    run_view,
    state,
    strategy_table,
    study_progress,
    take_away,
    url,
)
from maskdemo.ui.components import chart, is_dark
from maskdemo.ui.study_progress import findings_to_show

STATISTICS = """
Each training is one network: one strategy, at one value, in one repeat. {method} This study makes
{comparisons} comparisons.

{rules}

The band or bar of an accuracy is its own 95% interval; a single repeat has none. For a task with a
label at each step, the accuracy is that on real steps: what padding adds is no skill.{recorded}
"""
#: With more strategies than this, their words stand below the chart and not beside it.
MAX_BESIDE = 4
RECORDED = """ Recorded speech has one set of sequences: its repeats differ in weights and batch order,
so they speak of other trainings on this data, not of other speakers."""


def _on_start() -> None:
    """Start the study of the controls' last valid settings, in a callback."""
    study_progress.start_study(url.read_settings(url.STUDY)[0])


def introduction(study: Study) -> None:
    """Draw the questions, and the chosen question's text or how the study of shown findings differs."""
    question, findings = question_of(study), findings_to_show(study)
    titles = {name: each.title for name, each in QUESTIONS.items()}
    controls.presets(
        "Question",
        "study_question",
        titles,
        titles,
        question.name if question else None,
        lambda name: state.show_study(QUESTIONS[name].study),
    )
    if findings.study != study:
        run_view.settings_of_result("studyrun", findings.study, study, state.show_study)
    else:
        invitation = "" if findings.outcomes else " Run it to see what comes out."
        own = f":material/tune: Your own study.{invitation}"
        with st.container(key="asks"):
            st.markdown(f":material/visibility: {question.asks}" if question else own)


def button_bar(study: Study, *, disabled: bool) -> None:
    """Draw Cancel, or Run, downloads, more repeats; progress; refusal. disabled: invalid settings."""
    shown, status = findings_to_show(study), live_job.status("studyrun")
    # What is shown of other settings is not where this study stands, unless it is what is under way.
    of_others = shown.study != study and not (status.active and status.newest is not None)
    findings = Findings(study, {}) if of_others else shown
    with st.container(horizontal=True, vertical_alignment="center", key="study_bar"):
        if status.active:
            live_job.cancel_button("studyrun")
        else:
            live_job.start_button("studyrun", "Run study", _on_start, disabled=disabled)
            download = partial(take_away.study_files, shown, study)
            controls.on_demand(download, st.popover, "Take away", "take_away", ":material/download:")
            if findings.finished and (more := findings.extended()):
                study_progress.add_repeats_button(findings, more)
        study_progress_line(status, findings, precomputed.provenance_note(findings))
    live_job.refusal("studyrun")


def results(study: Study) -> None:
    """Draw failures, answer, charts, numbers and methods of `findings_to_show`, kept as shown last."""
    findings = findings_to_show(study)
    if findings.outcomes:
        st.session_state.shown_findings = findings
    if count := len(findings.failures):
        more = f" So did {count - 1} more." if count > 1 else ""
        st.warning(escape_markdown(f"{findings.failures[0]}{more}"))
    sentences = summary(findings)
    with st.container(key="study_answer"):
        st.header(sentences[0] if sentences else _no_answer_yet(findings), anchor=False)
    response_charts(findings)
    with st.expander("All numbers"):
        number_table(findings)
    with st.expander("How the words are reached"):
        recorded = RECORDED if findings.study.base.task == "japanese_vowels" else ""
        st.markdown(
            STATISTICS.format(
                method=METHOD,
                comparisons=findings.comparisons,
                rules=strategy_table.rules_text(),
                recorded=recorded,
            )
        )


def verdict_table(findings: Findings) -> None:
    """Draw verdicts, a row per value, if only one thing varies; then `summary` without its headline."""
    study = findings.study
    others = findings.others
    if study.and_vary is None and others:
        verdicts = [findings.verdict((value,), name) for value in study.values for name in others]
        cells = list(map(_verdict_cell, verdicts, strategy_table.word_cells(verdicts)))
        rows = (
            strategy_table.row_html(
                escape(value_text(study.vary, value)), cells[at * len(others) : (at + 1) * len(others)]
            )
            for at, value in enumerate(study.values)
        )
        heads = (short_title(study.vary), *(STRATEGIES[name].title for name in others))
        st.html(strategy_table.table_html(heads, rows, kind="study"))
    st.caption(escape_markdown(" ".join(summary(findings)[1:])))


def _verdict_cell(verdict: Verdict | None, word: str) -> str:
    """Return the HTML of a verdict's cell: word (in HTML), whole points, its `note`; "…" for None."""
    if verdict is None:
        return "…"
    note = f'<small class="note">{escape(verdict.note)}</small>' if verdict.note else ""
    return f"{word} <small>{points(verdict.difference.mean, 0)}</small>{note}"


def study_progress_line(status: Status[Findings], findings: Findings, note: str = "") -> None:
    """Draw progress, or how many trainings are done or to run, and where. note: if precomputed."""
    share = findings.done / findings.total
    kept = f", {findings.reused} of them from the store" if findings.reused else ""
    there = f"{findings.done} of {findings.total} trainings{kept}"
    if status.phase in ("queued", "running", "failed"):
        soon = live_job.time_left(status) or ", preparing the first"
        live_job.progress_line(status, share, f"{there}{soon}.")
    elif note:
        st.caption(f"{findings.total} trainings. {note}")
    elif findings.finished and findings.reused == findings.total:
        st.caption(f"All {findings.total} trainings were in the store, so nothing was trained anew.")
    elif findings.finished:
        st.caption(f"{there}. {study_progress.where_computed()}")
    elif findings.done:
        st.info(f"{there}. Run the study to add the rest.")
    else:
        can_show = study_progress.detectable_effect_sentence(findings.study)
        st.caption(f"{findings.total} trainings to run. {can_show} {study_progress.where_computed()}")


def response_charts(findings: Findings) -> None:
    """Draw the response curve, and `verdict_table`.

    With two variables, two maps (accuracy without a mask, a chosen strategy's difference) stand before
    the curve, which is that at a chosen value of the second: at first both choices are the first.
    """
    study = findings.study
    if study.and_vary is None:
        few = len(study.base.strategies) <= MAX_BESIDE
        place = st.container(key="beside")
        left, right = place.columns([3, 2], gap="medium") if few else (place, place)
        with left:
            figure = charts.response_curve(findings, dark=is_dark())
            chart(figure, key="response_curve", alt="Accuracy by value, and the difference to no mask")
        with right:
            verdict_table(findings)
        return
    others = findings.others
    shown = others[0] if others else BASELINE
    if len(others) > 1:
        titles = {name: STRATEGIES[name].title for name in others}
        shown = url.segments("shown", titles, others[0], "Strategy on the map")
    left, right = st.columns(2, gap="medium")
    with left:
        figure = charts.response_map(findings, strategy=BASELINE, dark=is_dark())
        chart(figure, key="map_without", alt="Accuracy without a mask by both values")
    with right:
        if shown != BASELINE:
            figure = charts.response_map(findings, strategy=shown, dark=is_dark())
            chart(figure, key="map", alt="Difference to no mask by both values")
    values = {str(value): value for value in study.and_values}
    titles = {text: value_text(study.and_vary, value) for text, value in values.items()}
    label = f"Curves at: {short_title(study.and_vary, unit=True).lower()}"
    at = url.segments("at", titles, next(iter(values)), label)
    figure = charts.response_curve(findings, second=values[at], dark=is_dark())
    chart(figure, key="response_curve", alt="Accuracy by value, and the difference to no mask")

    verdict_table(findings)


def number_table(findings: Findings) -> None:
    """Draw accuracy, difference, intervals, word: a row per trained value (or pair) and strategy."""
    study, rows = findings.study, []
    for cell in study.cells:
        pairs = zip(study.varied, cell, strict=True)
        values = {short_title(name, unit=True): value_text(name, value) for name, value in pairs}
        for strategy in study.base.strategies:
            mean, verdict = findings.mean(cell, strategy), findings.verdict(cell, strategy)
            if mean is None:
                continue
            row = {
                "Strategy": STRATEGIES[strategy].title,
                "Accuracy": percent(mean.mean),
                "95% interval": between(mean, percent),
                "Difference": points(verdict.difference.mean) if verdict else "",
                "Its interval": between(verdict.difference) if verdict else "",
                "Word": verdict.word if verdict else "",
                "Repeats": mean.count,
            }
            rows.append(values | row)
    if rows:
        st.dataframe(rows, hide_index=True, height="content")
    st.caption(
        "Accuracy on unseen sequences. Differences to no mask are in points; their intervals hold "
        "together with 95%."
    )


def open_in_playground(study: Study) -> None:
    """Draw the choice of a value (or pair), and a link to its experiment in the playground."""
    pairs = {cell: zip(study.varied, cell, strict=True) for cell in study.cells}
    titles = {
        cell: ", ".join(f"{short_title(name)}: {value_text(name, value)}" for name, value in each)
        for cell, each in pairs.items()
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = "Open one value in the playground"
        cell = url.dropdown("open", titles, study.cells[-1], label, width=440)
        navigation.playground_link(study.experiment(cell), "Open it, with every step and gate")


def _no_answer_yet(findings: Findings) -> str:
    """Return a sentence: an answer needs a run of the study, or so many repeats."""
    if not findings.outcomes:
        return "Run the study for an answer."
    return f"An answer needs {findings.needed} repeats of every strategy at a value."
