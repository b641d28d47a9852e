"""A session's study at the worker: start it, where it is computed, and what is there without it."""

from __future__ import annotations

import os

import streamlit as st

from maskdemo.cores import cores
from maskdemo.results import precomputed
from maskdemo.server import StudyRun
from maskdemo.study import Findings, Study, run_study
from maskdemo.ui import job, server


def start(study: Study) -> None:
    """Queue this session's study. Raises `QueueFull` with a sentence."""
    job.submit(StudyRun(study))


def findings_of(study: Study) -> Findings:
    """The findings to show: of the study under way, else of this one as far as they are there."""
    newest = job.status("studyrun").newest
    if newest is not None and (job.is_active("studyrun") or newest.study == study):
        return newest
    if (findings := st.session_state.get("study_stored")) is None or findings.study != study:
        findings = st.session_state.study_stored = _stored(study)
    return findings


def _stored(study: Study) -> Findings:
    """The findings that the store has, or those computed in advance where they are more."""
    stream = run_study(study, store=server.store())
    stored = next(stream)
    stream.close()
    published = precomputed.study(study) or stored
    return published if len(published.outcomes) > len(stored.outcomes) else stored


def where() -> str:
    """Where studies are computed, as a sentence."""
    if address := os.environ.get("MASKDEMO_DASK"):
        return f"Computed on the Dask cluster at {address}."
    count = cores()
    return f"Computed on this server, {count} core{'s' * (count > 1)}."
