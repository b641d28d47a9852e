"""The page's URL: written from the controls, and read where something else changed it.

Every control calls `mark_changed`. The next run writes the URL from the controls, which is one step of
the browser's history. Where nothing was changed and the URL is not the one that was written last,
somebody followed a link or went Back or Forward: then the controls are set to it. The URL is also the
last settings that were valid, for as long as the controls hold others.

Beside the settings (see `maskdemo.ui.state`) the URL names choices of what to look at, such as a probe
or an epoch (see `maskdemo.ui.url_choices`), each held by its widget. A choice that shows its default
follows the default: the last epoch of one run is not that of the next. So the URL does not name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import streamlit as st

from maskdemo.errors import InvalidSettings, quoted
from maskdemo.ui import state
from maskdemo.ui.state import GUIDE, RUN, STUDY, PageSettings, T
from maskdemo.ui.url_choices import CHOICES, complaint, is_possible

#: The page of a URL that is yet to be read: no page has this name.
NOWHERE = "nowhere"
Params = dict[str, str]
#: Page -> the settings that its URL names; the URL of other pages has no parameters.
PAGE_SETTINGS: Mapping[str, PageSettings] = {
    "playground": RUN,
    "inside": RUN,
    "study": STUDY,
    "guide": GUIDE,
}
#: What others add to links, to count who follows them.
COUNTERS = re.compile(r"utm_\w+|\w*clid")


def mark_changed() -> None:
    """Have the next run write the URL, and drop complaints: callback of all controls in the URL."""
    st.session_state.moved = "changed"
    st.session_state.complaints = ()


#: Of a widget that the URL names: written when it changes, and kept while another page is drawn.
KEPT: dict[str, Any] = {"on_change": mark_changed, "persist_state": "session"}


def mark_touched() -> None:
    """Have the next run not read the browser's URL, which lags behind: in every other callback."""
    st.session_state.moved = st.session_state.get("moved") or "touched"


#: Of a widget that the URL does not name: kept while another page is drawn.
KEPT_ONLY: dict[str, Any] = {"on_change": mark_touched, "persist_state": "session"}


def read_again() -> None:
    """Have the next run set the controls to the URL again, as its uploaded task is there only now."""
    st.session_state.address = (NOWHERE, st.session_state.address[1])
    st.session_state.moved = ""


def synchronise(page: str) -> None:
    """Write the URL after `mark_changed`; without a mark, set controls to it if new: first in a run.

    Before, a new session's controls are initialised; a left page's mark and invalid settings go.
    """
    session = st.session_state
    if "address" not in session:
        state.initialise()
        session.page, session.address, session.moved = page, (NOWHERE, {}), ""
        session.complaints, session.defaults, session.settings = (), {}, {}
    if page != session.page:
        _leave(session.page)
        session.moved, session.page = "", page
    if not session.moved:
        _read_address(page)
    session.settings.pop(PAGE_SETTINGS.get(page), None)  # `current` reads the controls anew
    if session.moved:
        _write_address()
    session.followed = page


def write_if_changed() -> None:
    """Write the URL of valid settings if a control changed: called first in each fragment."""
    if moved := st.session_state.get("moved"):
        if moved == "changed":
            st.session_state.settings.pop(PAGE_SETTINGS.get(st.session_state.page), None)
        _write_address()


def current(settings: PageSettings[T]) -> tuple[T, str | None]:
    """Return `read_settings`, kept until `synchronise`, or `write_if_changed` after a change."""
    kept = st.session_state.settings
    if settings not in kept:
        value, error = read_settings(settings)
        kept[settings] = value, error, value.to_params()
    return kept[settings][:2]


def read_settings(settings: PageSettings[T]) -> tuple[T, str | None]:
    """Return the controls' settings and None; if invalid, those of the last URL and the error."""
    try:
        return settings.from_controls(), None
    except InvalidSettings as error:
        return settings.from_params(st.session_state.address[1])[0], str(error)


def params_of(page: str) -> Params:
    """Return a page's URL parameters: all settings, non-default choices; {} if it has no settings."""
    if page not in PAGE_SETTINGS:
        return {}
    settings, _ = current(PAGE_SETTINGS[page])
    return st.session_state.settings[PAGE_SETTINGS[page]][2] | _shown_choices(page, settings)


def _read_address(page: str) -> None:
    """Set controls, choices and complaints from the browser's URL unless written or read last."""
    session = st.session_state
    address = (page, st.query_params.to_dict())
    if address == session.address:
        return
    if page in PAGE_SETTINGS:
        settings, session.complaints = PAGE_SETTINGS[page].from_params(address[1])
        choices, complaints = _parse_choices(page, address[1], settings)
        session.complaints += complaints
        PAGE_SETTINGS[page].to_controls(settings)
        for name in CHOICES[page]:
            session.defaults.pop(key := _key(page, name), None)
            # A text until its widget is drawn, which knows its options.
            session[key] = choices.get(name)
    # Last: the browser may ask again meanwhile, which ends this run anywhere and begins another.
    session.address = address


def _parse_choices(
    page: str, params: Mapping[str, str], settings: Any
) -> tuple[Params, tuple[str, ...]]:
    """Return a URL's possible choices; a sentence per impossible or unknown one, but for `COUNTERS`."""
    known = (*PAGE_SETTINGS[page].params, *CHOICES[page])
    sentences = [
        f"There is no setting {quoted(name)}. It is left out."
        for name in params
        if name not in known and not COUNTERS.fullmatch(name)
    ]
    choices = {name: params[name] for name in CHOICES[page] if name in params}
    for name in [each for each in choices if not is_possible(each, choices[each], settings)]:
        sentences.append(complaint(name, choices.pop(name), settings))
    return choices, tuple(sentences)


def open_default() -> None:
    """Set the page's settings, not its choices, to their defaults, and write the URL: in a callback."""
    settings = PAGE_SETTINGS[st.session_state.page]
    settings.to_controls(settings.default)
    mark_changed()


def _write_address() -> None:
    """Write the URL of valid settings if a control that it names was changed; always drop the mark."""
    session = st.session_state
    moved, session.moved = session.moved, ""
    page = session.page
    if moved != "changed" or (page in PAGE_SETTINGS and current(PAGE_SETTINGS[page])[1]):
        return
    params = params_of(page)
    if params != st.query_params.to_dict():
        st.query_params.from_dict(params)
    session.address = (page, params)


def _leave(page: str) -> None:
    """Set the controls of a page that is left to the last valid settings if its own are invalid."""
    if page in PAGE_SETTINGS:
        settings, complaint = read_settings(PAGE_SETTINGS[page])
        if complaint:
            PAGE_SETTINGS[page].to_controls(settings)
            st.session_state.settings.pop(PAGE_SETTINGS[page], None)


def _shown_choices(page: str, settings: Any) -> Params:
    """Return as texts a page's choices that differ from their defaults and that the settings allow."""
    session, params = st.session_state, {}
    for name in CHOICES[page]:
        value = session.get(key := _key(page, name))
        if value is not None and value != session.defaults.get(key):
            params[name] = ".".join(value) if isinstance(value, list) else str(value)
    return {name: text for name, text in params.items() if is_possible(name, text, settings)}


def settled(name: str, options: Iterable[Any], default: Any) -> Any:
    """Set a choice to the default unless it holds an option; return its value. Draws nothing."""
    by_text = {str(each): each for each in options}
    return st.session_state[_settle(name, default, lambda value: by_text.get(str(value)))]


def one_of(widget: Callable, name: str, options: Collection[Any], default: Any, **looks: Any) -> Any:
    """Draw a widget of one choice; return its value. options: option -> title, or without titles."""
    settled(name, options, default)
    if isinstance(options, Mapping):
        looks["format_func"] = options.__getitem__
    return widget(options=list(options), key=_key(st.session_state.page, name), **KEPT, **looks)


def segments(
    name: str, titles: Mapping[Any, str], default: Any, label: str, *, hidden: bool = False
) -> Any:
    """Draw a choice whose options are all seen at once, and return its value. hidden: the label is."""
    looks = {"label": label, "label_visibility": "collapsed" if hidden else "visible"}
    return one_of(st.segmented_control, name, titles, default, required=True, **looks)


def dropdown(name: str, titles: Mapping[Any, str], default: Any, label: str, **looks: Any) -> Any:
    """Draw a choice in a select box, and return its value. titles: by option. looks: of the box."""
    return one_of(st.selectbox, name, titles, default, label=label, **looks)


def several_of(name: str, titles: Mapping[str, str], default: list[str], label: str) -> list[str]:
    """Draw pills, reset to the default where none is chosen; return the chosen in the titles' order."""

    def parse(value: Any) -> list[str] | None:
        names = value.split(".") if isinstance(value, str) else value
        return [each for each in titles if each in names] or None

    key = _settle(name, default, parse)
    looks: dict[str, Any] = {"format_func": titles.__getitem__, "wrap": True, **KEPT}
    chosen = st.pills(label, list(titles), key=key, selection_mode="multi", **looks)
    return [each for each in titles if each in chosen] or default


def number_box(label: str, min_value: float, max_value: float, *, key: str, **settings: Any) -> Any:
    """Draw a number input, at first `min_value`; emptied it shows its last again. Return its number.

    settings: of the input; `KEPT` among them where the URL names it.
    """
    # Streamlit 1.67 sets an emptied box to the default.
    value = st.session_state.get(key, min_value)
    return st.number_input(label, min_value, max_value, value, key=key, **settings)


def choice(name: str) -> Any:
    """Return the value of a choice of this page that was drawn before."""
    return st.session_state[_key(st.session_state.page, name)]


def choose(name: str, option: Any) -> None:
    """Set a choice of this page, such as by a click in a chart, and write the URL: in a callback."""
    st.session_state[_key(st.session_state.page, name)] = option
    mark_changed()


def choices_shown(*names: str) -> Params:
    """Return name -> text of these choices of this page, defaults too, for links to other pages."""
    session = st.session_state
    values = {name: session.get(_key(session.page, name)) for name in names}
    return {name: str(value) for name, value in values.items() if value is not None}


def _key(page: str, name: str) -> str:
    """Return the session's key of the widget of a page's choice."""
    return f"{page}_{name}"


def _settle(name: str, default: Any, parse: Callable[[Any], Any]) -> str:
    """Set the widget to its value, parsed, if that is not None, else to the default; return its key.

    A value equal to the last default was not chosen, and follows the default.
    """
    session = st.session_state
    key, defaults = _key(session.page, name), session.defaults
    held = session.get(key)
    chosen = None if held is None or (key in defaults and held == defaults[key]) else parse(held)
    value = default if chosen is None else chosen
    # Only where it differs: a value that is set goes to the browser and stops a slider that is moving.
    if held != value or type(held) is not type(value):
        session[key] = value
    defaults[key] = default
    return key
