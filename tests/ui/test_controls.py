"""The settings of both pages in a session's controls, without a page: shown, read and changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
import streamlit as st

from maskdemo.data.tasks import TASKS
from maskdemo.errors import InvalidSettings
from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES, default_study
from maskdemo.study.questions import QUESTIONS
from maskdemo.ui import state
from tests.samples import small
from tests.ui.app import Session

SHOWN = {
    **{name: scenario.experiment for name, scenario in SCENARIOS.items()},
    "one label": small(side="pre", pad_value=-9.5, mask_value=2.0, missing_rate=0.25, seed=12),
    "a label a step": small(task="running_sign", count_invalid=False, strategies=tuple(STRATEGIES)),
    "one length for all": small(min_length=8, max_length=8, padded_length=8),
    "recorded": Experiment(task="japanese_vowels", padded_length=33, repeats=5, learning_rate=0.01),
}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The state of a new session, which has uploaded nothing."""
    session = Session()
    monkeypatch.setattr(st, "session_state", session)
    monkeypatch.setattr(state, "own_task", lambda: None)
    state.initialise()
    return session


@pytest.mark.parametrize("experiment", SHOWN.values(), ids=SHOWN)
def test_controls_that_are_set_to_an_experiment_hold_it(session, experiment):
    state.show_experiment(experiment)
    assert state.read_experiment() == experiment
    assert state.RUN.from_params(experiment.to_params()) == (experiment, ())


@pytest.mark.parametrize("name", QUESTIONS)
def test_controls_that_are_set_to_a_question_hold_its_study(session, name):
    study = QUESTIONS[name].study
    state.show_study(study)
    assert state.read_study() == study
    assert state.STUDY.from_params(study.to_params()) == (study, ())


@pytest.mark.parametrize("task", TASKS)
def test_every_task_can_be_chosen_and_studied(session, task):
    state.show_experiment(small())
    state.choose_task(task)
    assert state.read_experiment().task == task
    state.choose_task(task, state.STUDY_PREFIX)
    study = state.read_study()
    assert study.base.task == task
    assert study.values == VARIABLES["padded_length"].usual_values(study.base)
    assert study.base.max_length in study.values


def test_recorded_data_and_back_keeps_sizes_and_lengths(session):
    sizes = {"train_size": 992, "test_size": 200, "min_length": 3, "max_length": 9}
    state.show_experiment(small(task="last_sign", **sizes))
    state.choose_task("japanese_vowels")
    assert state.read_experiment().padded_length == 29, "lifted to the longest utterance"
    state.choose_task("last_sign")
    back = state.read_experiment()
    assert {name: getattr(back, name) for name in sizes} == sizes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("29, fifty", "'fifty' is no value of padded length: write numbers."),
        ("", "Choose at least two values of padded length."),
        ("40", "Choose at least two values of padded length."),
        ("40, 1e9", "Padded length must be from 1 to 200"),
        ("40, nan", "'nan' is no value"),
        ("40, \x1b[2J", r"'\x1b[2J' is no value"),
        ("30.5, 40", "whole number"),
        (", ".join(map(str, range(30, 60))), "at most 12 values"),
    ],
)
def test_bad_values_of_a_study_get_a_sentence(session, text, said):
    session.study_doses = text
    with pytest.raises(InvalidSettings, match=re.escape(said)):
        state.read_study()
    session.study_doses = "60 30;45"
    assert state.read_study().values == (30, 45, 60)


@pytest.mark.parametrize(
    ("mangled", "complaints"),
    [
        ({"units": "many"}, ["Units must be a whole number"]),
        ({"units": "9" * 400}, ["Units must be"]),
        ({"units": "0"}, ["Units must be from 1 to 128"]),
        ({"side": "left", "pad_value": "nan"}, ["Side must be one of", "Pad value must be a number"]),
        ({"padded_length": "0"}, ["Padded length must be from 1 to 200"]),
        ({"strategies": ""}, ["There is no strategy"]),
        ({"count_invalid": "maybe"}, ["Count invalid steps must be yes or no"]),
        ({"task": "sum"}, ["Task must be one of"]),
    ],
    ids=str,
)
def test_a_mangled_link_gives_sentences_and_is_used_as_far_as_it_goes(mangled, complaints):
    used, said = state.RUN.from_params(small().to_params() | mangled)
    for complaint in complaints:
        assert any(complaint in sentence and sentence.endswith(".") for sentence in said), said
    assert used.seed == small().seed
    if "task" not in mangled:
        assert (used.task, used.units) == ("sum_sign", small().units if "units" not in mangled else 32)


@pytest.mark.parametrize(
    "params",
    [
        {"vary": "colour"},
        {"vary": "padded_length", "doses": "29_many"},
        {"doses": "0_4", "task": "japanese_vowels"},
        {"vary": "spread", "task": "japanese_vowels"},
        {"vary": "side", "and_vary": "side"},
        {"repeats": "1000", "doses": "30_60"},
        {"task": "nothing", "doses": "<b>"},
        {"epochs": "200", "units": "128", "padded_length": "200", "repeats": "20"},
    ],
)
def test_a_mangled_link_of_a_study_is_used_as_far_as_it_goes(session, params):
    used, said = state.STUDY.from_params(params)
    assert said and all(sentence.endswith(".") for sentence in said)
    state.show_study(used)
    assert state.read_study() == used


def test_parameters_of_others_are_ignored():
    params = small().to_params() | {"utm_source": "mail", "Units": "3"}
    assert state.RUN.from_params(params) == (small(), ())


def test_a_link_without_settings_is_the_opening_page():
    assert state.RUN.from_params({"probe": "3"}) == (state.OPENING_EXPERIMENT, ())
    assert state.STUDY.from_params({}) == (default_study(), ())
