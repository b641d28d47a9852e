"""What lives as long as the server: the workers, finished results, and who is looking.

Everything here is shared by all sessions and bounded; see `maskdemo.jobs` and `maskdemo.results`.
"""

from __future__ import annotations

import gc
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

# TensorFlow imports these two as well, in another thread, and of two threads that import a package at
# once one may meet it half made: here they are there before that thread starts.
import pandas  # noqa: F401
import scipy.special  # noqa: F401
import streamlit as st

from maskdemo.experiment import Experiment
from maskdemo.jobs import Jobs
from maskdemo.memory import keep_heap_small
from maskdemo.results import Results
from maskdemo.snapshot import Snapshot
from maskdemo.study.store import Store

_LOADING = threading.Lock()


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs[Any]:
    """The workers of this server, for runs and studies; their first work is to load TensorFlow."""
    keep_heap_small()
    started: Jobs[Any] = Jobs()
    started.prepare("server", load_tensorflow)
    return started


@st.cache_resource(show_spinner=False)
def keras_jobs() -> Jobs[Any]:
    """One worker for all that runs in a child process: each child holds a TensorFlow of its own."""
    return Jobs(workers=1, capacity=16)


@st.cache_resource(show_spinner=False)
def results() -> Results:
    """Finished runs of all viewers."""
    return Results()


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """Finished trainings of studies, on disk: shared by all viewers, kept through restarts."""
    return Store()


def viewer() -> str:
    """The session's name at the workers; called on every run, which also says it is still here."""
    if "viewer" not in st.session_state:
        st.session_state.viewer = uuid.uuid4().hex
    name = st.session_state.viewer
    _presence(name)
    for workers, job in _jobs_of(name):
        workers.returned(job)
    return name


def start(experiment: Experiment) -> None:
    """Queue this session's run. Raises `maskdemo.jobs.QueueFull` with a sentence."""
    jobs().submit(viewer(), partial(_run_and_keep, experiment, results()))


def runner() -> Callable[[Experiment], Iterator[Snapshot]]:
    """For a job of several runs: gives the finished run if it is here, else runs and keeps it."""
    return partial(_find_or_run, kept=results())


def compile_ahead(experiment: Experiment) -> None:
    """Compile what this experiment would need, if a worker is idle."""
    jobs().prepare(viewer(), partial(_compile_ahead, experiment))


def _left(name: str) -> None:
    for workers, job in _jobs_of(name):
        workers.left(job)


@st.cache_resource(scope="session", show_spinner=False, on_release=_left)
def _presence(name: str) -> str:
    # Streamlit drops a session's resources when its connection closes: a closed tab, or a blip.
    return name


def _jobs_of(name: str) -> Iterator[tuple[Jobs[Any], str]]:
    """Whatever a viewer may have under way: the playground's run by their name, the rest beside it."""
    yield jobs(), name
    yield jobs(), f"{name}:study"
    yield jobs(), f"{name}:claims"
    for kind in ("costs", "example", "claims"):
        yield keras_jobs(), f"{name}:{kind}"


def _find_or_run(experiment: Experiment, kept: Results) -> Iterator[Snapshot]:
    found = kept.find(experiment)
    return iter([found]) if found is not None else _run_and_keep(experiment, kept)


def _run_and_keep(experiment: Experiment, kept: Results):
    load_tensorflow()
    from maskdemo.training import train

    for snapshot in train(experiment):
        kept.keep(snapshot)
        yield snapshot


def _compile_ahead(experiment: Experiment) -> None:
    load_tensorflow()
    from maskdemo.training import compile_ahead as compile_now

    compile_now(experiment)


def load_tensorflow() -> None:
    """Import it, once and in a way that suits a server; other threads wait."""
    # One thread at a time: two that import TensorFlow at once deadlock over its circular imports.
    with _LOADING:
        if "maskdemo.training" in sys.modules:
            return
        import keras

        # Streamlit calls this after every run of every page. It collects all garbage with the lock
        # of the interpreter held and drops TensorFlow's kernel caches under whoever is training,
        # which made an epoch ten times slower; the engine keeps nothing in a Keras session.
        keras.backend.clear_session = lambda *args, **kwargs: None
        import maskdemo.training  # noqa: F401

        # TensorFlow's half a million objects never become garbage: spare collections the walk.
        gc.collect()
        gc.freeze()
