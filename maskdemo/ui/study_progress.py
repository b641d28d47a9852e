"""A session's study at the workers: start, look, cancel, and what the store has without them."""

from __future__ import annotations

import os

import numpy as np
import streamlit as st

from maskdemo.cores import cores
from maskdemo.results import precomputed
from maskdemo.server import StudyRun
from maskdemo.study import Findings, Study, Training, run_study
from maskdemo.ui import job, server


def start(study: Study) -> None:
    """Queue this session's study. Raises `maskdemo.server.QueueFull` with a sentence."""
    job.submit(StudyRun(study))


def known(study: Study) -> Findings:
    """The findings of the session's last study, if it was this one; else without training.

    These are what the store has, or what was computed in advance where that is more.
    """
    newest = job.status("studyrun").newest
    if newest is not None and newest.study == study:
        return newest
    session = st.session_state
    if "study_known" not in session or session.study_known.study != study:
        stream = run_study(study, store=server.store())
        stored = next(stream)
        stream.close()
        published = precomputed.study(study) or stored
        more = len(published.outcomes) > len(stored.outcomes)
        session.study_known = published if more else stored
    return session.study_known


def cluster() -> str | None:
    """The address of the Dask cluster that computes here, if one does."""
    return os.environ.get("MASKDEMO_DASK") or None


def where() -> str:
    """Where studies are computed, as a sentence."""
    address = cluster()
    if address:
        return f"Computed on the Dask cluster at {address}."
    count = cores()
    return f"Computed on this server, {count} core{'s' * (count > 1)}."


def seconds_left(findings: Findings) -> float | None:
    """How long the rest takes; None before anything is known of it.

    Here, from what trainings took and not from the time gone by: that has compiling in it, which the
    first training of each shape waits for and no later one. A quarter of all trainings were faster.
    How many run at once on a cluster only the time gone by can say.
    """
    rest = [each for each in findings.study.trainings() if each not in findings.outcomes]
    computed = len(findings.outcomes) - findings.reused
    if cluster():
        return findings.seconds / computed * len(rest) if computed else None
    if not findings.outcomes:
        return None
    pace = np.quantile([each.seconds / _work(at) for at, each in findings.outcomes.items()], 0.25)
    return float(pace * sum(map(_work, rest)) / cores())


def _work(training: Training) -> float:
    return training.experiment.work
