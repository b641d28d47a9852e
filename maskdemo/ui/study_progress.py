"""A session's study at the worker: start it, add repeats, and what is there without it."""

from __future__ import annotations

import os
from dataclasses import replace

import streamlit as st

from maskdemo.evidence.phrases import counted
from maskdemo.experiment import NUMBERS
from maskdemo.machine import cores
from maskdemo.results import precomputed
from maskdemo.server import StudyRun
from maskdemo.study import VARIABLES, Findings, Study, detectable_effect, run_study
from maskdemo.study.questions import QUESTIONS
from maskdemo.ui import live_job, state, url


def start_study(study: Study) -> None:
    """Queue this session's study. Raises `QueueFull` with a sentence.

    If it has added repeats, its precomputed trainings are first put into the store, to be used.
    """
    published = precomputed.study(replace(study, more=())) if study.more else None
    for training, outcome in published.outcomes.items() if published else ():
        if live_job.store().find(training.experiment, training.repeat) is None:
            live_job.store().keep(training.experiment, training.repeat, outcome)
    live_job.submit(StudyRun(study))


def findings_to_show(study: Study) -> Findings:
    """Return findings: of any study under way, else of this study as far as it is done.

    Without outcomes of this study, the findings shown last stay, if any.
    """
    newest = live_job.status("studyrun").newest
    if newest is not None and (live_job.is_active("studyrun") or newest.study == study):
        return newest
    if (findings := st.session_state.get("study_stored")) is None or findings.study != study:
        findings = st.session_state.study_stored = _stored_findings(study)
    return findings if findings.outcomes else st.session_state.get("shown_findings", findings)


def _stored_findings(study: Study) -> Findings:
    """Return the findings of the stored trainings, or precomputed ones with more outcomes."""
    stream = run_study(study, store=live_job.store())
    stored = next(stream)
    stream.close()
    published = precomputed.study(study) or stored
    return published if len(published.outcomes) > len(stored.outcomes) else stored


def where_computed() -> str:
    """Return a sentence: the address of the Dask cluster, or how many cores of this server compute."""
    if address := os.environ.get("MASKDEMO_DASK"):
        return f"Computed on the Dask cluster at {address}."
    count = cores()
    return f"Computed on this server, {count} core{'s' * (count > 1)}."


def detectable_effect_sentence(study: Study) -> str:
    """Return the text `detectable_effect` from what precomputed questions on the study's task found."""
    of_task = (each.study for each in QUESTIONS.values() if each.study.base.task == study.base.task)
    measured = [found for each in of_task if (found := precomputed.study(each))]
    return detectable_effect(study, measured)


def add_repeats_button(findings: Findings, more: Study) -> None:
    """Draw the button that sets the controls to `more`, the study with repeats added, and starts it.

    findings: of the study without them, whose undecided values the button names.
    """
    cells = findings.repeats_to_decide()
    trainings = len(more.trainings()) - len(findings.study.trainings())
    where = f"in {counted(len(cells), 'cell')}"
    if more.and_vary is None:
        where = VARIABLES[more.vary].at(*(value for (value,) in cells))
    each = ", ".join(f"{count} repeats {more.where(cell)}" for cell, count in cells.items())

    def add() -> None:
        state.show_study(more)
        url.mark_changed()
        start_study(more)

    st.button(
        f"Add repeats {where}",
        icon=":material/play_arrow:",
        on_click=live_job.start,
        args=("studyrun", add),
        key="studyrun_start_more",
        help=f"{counted(trainings, 'training')}: about {each} might decide, with the scatter as it is. "
        f"At other undecided values {int(NUMBERS['repeats'].high)} might not.",
    )
