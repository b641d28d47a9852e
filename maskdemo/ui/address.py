"""The address bar: written from the controls, and taken where something else changed it.

Every control calls `changed`. The next run writes the address from the controls, which
is one step of the browser's history. Where nothing was changed and the address is not the one that was
written last, somebody followed a link or went Back or Forward: then the controls are set to it. The
address is also the last settings that were valid, for as long as the controls hold others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from maskdemo.data.tasks import OWN
from maskdemo.errors import InvalidSettings
from maskdemo.experiment import Experiment
from maskdemo.study import Study
from maskdemo.ui import session

T = TypeVar("T", Experiment, Study)
#: The page of an address that is yet to be taken: no page has this name.
NOWHERE = "nowhere"
Params = dict[str, str]


@dataclass(frozen=True)
class Kind(Generic[T]):
    """Settings of one kind: those of a link that names none, from the controls, and back to them."""

    usual: Callable[[], T]
    chosen: Callable[[], T]
    show: Callable[[T], None]
    parse_leniently: Callable[[Mapping[str, str]], tuple[T, tuple[str, ...]]]
    names: tuple[str, ...]

    def params(self, given: T) -> Params:
        """The link's parameters; none for what is shown without any."""
        return {} if given == self.usual() else given.to_params()

    def read(self, params: Mapping[str, str]) -> tuple[T, tuple[str, ...]]:
        """What a link says, and a sentence for each part of it that cannot be used."""
        known = {name: params[name] for name in self.names if name in params}
        if known.get("task", "").startswith(OWN):
            # Whatever else a link says there, nobody is shown the sequences of somebody else.
            own = session.own_task()
            known["task"] = OWN if own is None else own.name
        return self.parse_leniently(known) if known else (self.usual(), ())


RUN: Kind[Experiment] = Kind(
    session.opening,
    session.experiment,
    session.show,
    Experiment.parse_leniently,
    tuple(session.DEFAULTS),
)
STUDY: Kind[Study] = Kind(
    session.first_study,
    session.study,
    session.show_study,
    Study.parse_leniently,
    (*session.DEFAULTS, "vary", "doses", "and_vary", "and_doses"),
)
#: Page -> the settings that its address names; other pages have an address without parameters.
KINDS: Mapping[str, Kind] = {"playground": RUN, "inside": RUN, "study": STUDY}
#: Page -> the choices of what to look at that its address names besides (see `maskdemo.ui.choices`).
CHOICES: Mapping[str, tuple[str, ...]] = {
    "playground": ("probe", "epoch"),
    "inside": (
        *("view", "probe", "epoch", "label", "strategy", "unit", "step", "compared", "quantity"),
        *("weights", "gradient", "scope", "added", "added_side", "added_value"),
    ),
    "study": ("shown", "at"),
}


def changed() -> None:
    """The callback of every control that the address names."""
    st.session_state.moved = "changed"
    st.session_state.complaints = ()


def touched() -> None:
    """The callback of everything else: an address that comes with it lags behind and says nothing."""
    st.session_state.moved = st.session_state.get("moved") or "touched"


def again() -> None:
    """Take the address once more: what it names was not there, or is not there any longer."""
    st.session_state.address = (NOWHERE, st.session_state.address[1])
    st.session_state.moved = ""


def follow(page: str) -> None:
    """To be called first on every run of the app, before any control is drawn."""
    state = st.session_state
    if "address" not in state:
        session.prepare()
        state.page, state.address, state.moved = page, (NOWHERE, {}), ""
        state.complaints, state.defaults = (), {}
    if session.give_up_own():
        again()
    if page != state.page:
        _leave(state.page)
        state.moved, state.page = "", page
    if state.moved:
        write()
        return
    address = (page, st.query_params.to_dict())
    if address == state.address:
        return
    if page in KINDS:
        given, state.complaints = KINDS[page].read(address[1])
        KINDS[page].show(given)
        _take_choices(page, address[1])
    # Last: the browser may ask again meanwhile, which ends this run anywhere and begins another.
    state.address = address


def write() -> None:
    """Write the address if something was changed: also to be called first in every fragment."""
    state = st.session_state
    moved, state.moved = state.get("moved", ""), ""
    if moved != "changed" or (state.page in KINDS and chosen(KINDS[state.page])[1]):
        return
    params = link(state.page)
    if params != st.query_params.to_dict():
        st.query_params.from_dict(params)
    state.address = (state.page, params)


def link(page: str) -> Params:
    """The parameters of a page's address for what its controls say."""
    if page not in KINDS:
        return {}
    return KINDS[page].params(chosen(KINDS[page])[0]) | _choices(page)


def chosen(kind: Kind[T]) -> tuple[T, str | None]:
    """The last valid settings, and what is wrong with those of the controls, if anything."""
    try:
        return kind.chosen(), None
    except InvalidSettings as error:
        return kind.read(st.session_state.address[1])[0], str(error)


def _leave(page: str) -> None:
    """Settings that could not be used do not outlive the page that said so."""
    if page in KINDS and chosen(KINDS[page])[1]:
        KINDS[page].show(KINDS[page].read(st.session_state.address[1])[0])


def key_of(page: str, name: str) -> str:
    """The key of a page's choice."""
    return f"{page}_{name}"


def _take_choices(page: str, params: Mapping[str, str]) -> None:
    state = st.session_state
    for name in CHOICES[page]:
        key = key_of(page, name)
        state.defaults.pop(key, None)
        # A text until its widget is drawn, which knows what it may be.
        state[key] = params.get(name)


def _choices(page: str) -> Params:
    """The choices that differ from their defaults."""
    state, found = st.session_state, {}
    for name in CHOICES[page]:
        value = state.get(key := key_of(page, name))
        if value is not None and value != state.defaults.get(key):
            found[name] = ".".join(value) if isinstance(value, list) else str(value)
    return found
