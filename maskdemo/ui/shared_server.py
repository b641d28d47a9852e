"""The server of all viewers, as the pages reach it, and the session's name there."""

from __future__ import annotations

import uuid

import streamlit as st

from maskdemo.experiment import Experiment
from maskdemo.machine import keep_little_freed_memory
from maskdemo.results.trainings import TrainingStore
from maskdemo.server import Server
from maskdemo.training.snapshot import Snapshot

#: Seconds that a session which has come back in time may need until its first script run.
RETURN_S = 5.0


def grace() -> float:
    """Return the seconds for which a session's results and jobs outlive its connection.

    By Streamlit's own setting, for which it keeps the session itself.
    """
    return st.get_option("server.disconnectedSessionTTL") + RETURN_S


@st.cache_resource(show_spinner=False)
def server() -> Server:
    """Return the queue, worker and results of all viewers; the first call starts the worker."""
    keep_little_freed_memory()
    return Server(grace=grace())


@st.cache_resource(show_spinner=False)
def store() -> TrainingStore:
    """Return the finished trainings of studies, on disk: of all viewers, kept through restarts."""
    return TrainingStore()


def viewer() -> str:
    """Return the session's random name at the server, and tell the queue of a new connection."""
    if "viewer" not in st.session_state:
        st.session_state.viewer = uuid.uuid4().hex
    return _presence(st.session_state.viewer)


def find(experiment: Experiment) -> Snapshot | None:
    """Return an experiment's finished run, trained for any viewer or precomputed; None without."""
    return server().find(experiment)


def _left(name: str) -> None:
    """Tell the queue that a session has left, or lost its connection."""
    server().queue.left(name)


@st.cache_resource(scope="session", show_spinner=False, on_release=_left)
def _presence(name: str) -> str:
    """Return the session's name, and tell the queue that the session is there, once a connection."""
    # Streamlit drops a session's resources when its connection closes (a closed tab, or a blip), so
    # this is called again when the session is back.
    server().queue.returned(name)
    return name
