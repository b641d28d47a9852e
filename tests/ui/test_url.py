"""The URL that a page remembers, and the settings that are read from its controls."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from maskdemo.errors import InvalidSettings
from maskdemo.experiment import Experiment
from maskdemo.ui import state, url
from tests.ui.app import Session, fine, opened


def test_a_url_that_is_read_again_still_holds_the_last_valid_settings(monkeypatch: pytest.MonkeyPatch):
    session: Any = Session(address=("playground", {"epochs": "7"}), moved="changed", page="playground")
    session.settings = {}
    monkeypatch.setattr(st, "session_state", session)

    def invalid():
        raise InvalidSettings("No.")

    shown = []
    settings = state.PageSettings(
        state.OPENING_EXPERIMENT, invalid, shown.append, state.RUN.parse, state.RUN.params
    )
    monkeypatch.setitem(url.PAGE_SETTINGS, "playground", settings)
    url.read_again()
    assert session.address != ("playground", {"epochs": "7"}), "or it would not be read"
    assert url.read_settings(settings)[0].epochs == 7
    url._leave("playground")
    assert shown[0].epochs == 7


def test_a_run_of_the_page_builds_its_experiment_once(monkeypatch: pytest.MonkeyPatch):
    built = []
    page = opened()

    def read_experiment() -> Experiment:
        built.append(1)
        return state.read_experiment()

    settings = state.PageSettings(
        state.RUN.default, read_experiment, state.RUN.to_controls, state.RUN.parse, state.RUN.params
    )
    monkeypatch.setattr(state, "RUN", settings)
    monkeypatch.setattr(url, "RUN", settings)
    monkeypatch.setattr(
        url, "PAGE_SETTINGS", {**url.PAGE_SETTINGS, "playground": settings, "inside": settings}
    )
    fine(page.slider(key="padded_length").set_value(60).run())
    assert built == [1]
