"""What is known before anybody trains: what this server has computed first, then what was shipped."""

from __future__ import annotations

import streamlit as st

from maskdemo.experiment import Experiment
from maskdemo.results import precomputed
from maskdemo.study import Findings, Study
from maskdemo.study import run as run_study
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import server


def run(experiment: Experiment) -> Snapshot | None:
    """A finished run of these settings."""
    return server.find(experiment) or precomputed.run(experiment)


def study(wanted: Study) -> Findings:
    """What the store has of a study, or what was shipped where that is more."""
    state = st.session_state
    if "study_known" not in state or state.study_known.study != wanted:
        stream = run_study(wanted, store=server.store())
        stored = next(stream)
        stream.close()
        published = precomputed.study(wanted) or stored
        more = len(published.outcomes) > len(stored.outcomes)
        state.study_known = published if more else stored
    return state.study_known


def note(result: Snapshot | Findings | None) -> str:
    """A quiet line on a result that was computed in advance: when, and with what; else nothing."""
    return (precomputed.words_of(result) if result is not None else None) or ""
