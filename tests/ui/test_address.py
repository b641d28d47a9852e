"""The address that a page remembers."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from maskdemo.errors import InvalidSettings
from maskdemo.ui import address, session


class State(dict):
    """A session's state: a key is an attribute too."""

    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__


def test_what_is_taken_once_more_is_still_the_last_that_was_valid(monkeypatch: pytest.MonkeyPatch):
    state: Any = State(address=("playground", {"epochs": "7"}), moved="changed", page="playground")
    monkeypatch.setattr(st, "session_state", state)

    def unfit():
        raise InvalidSettings("No.")

    shown = []
    kind = address.Kind(
        session.opening, unfit, shown.append, address.RUN.parse_leniently, address.RUN.names
    )
    monkeypatch.setitem(address.KINDS, "playground", kind)
    address.again()
    assert state.address != ("playground", {"epochs": "7"}), "or it would not be taken"
    assert address.chosen(kind)[0].epochs == 7
    address._leave("playground")
    assert shown[0].epochs == 7
