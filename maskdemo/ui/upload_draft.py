"""A file that a viewer is looking at, what its columns are for and how it is prepared; its controls.

A `Draft` lives in the session's state and nowhere else; its bytes are counted with all sessions'.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from maskdemo.errors import InvalidTable
from maskdemo.experiment import MAX_PADDED_LENGTH
from maskdemo.machine import give_back_memory
from maskdemo.ui import live_job, url
from maskdemo.uploads.columns import Columns, read_columns
from maskdemo.uploads.guess_roles import guess_roles
from maskdemo.uploads.limits import UPLOADS
from maskdemo.uploads.reading import Table, read_table
from maskdemo.uploads.roles import Guess, Preparation, Roles, unused_columns
from maskdemo.uploads.task import OwnTask, task_of

#: One file at a time is unpacked, which takes several times the memory of what comes of it.
_UNPACKING = threading.Lock()
STEP, SEQUENCE = "a step", "a sequence"
#: How a role is called where a column's use is told.
USES = {"id": "sequence", "order": "order", "label": "label", "group": "kept together",
        "split": "train or test", "features": "feature"}  # fmt: skip


@dataclass
class Draft:
    """A table, what its columns hold, and the task last made of it.

    number: tells the session's files apart. given: role -> the person's choice of columns; all else
    is guessed, anew after each. offered: "sample" or "steps N", as the errors so far offered them.
    made: from which roles, prepared how, and the task or error of these.
    """

    number: int
    name: str
    table: Table
    columns: Columns
    given: dict[str, Any] = field(default_factory=dict)
    offered: set[str] = field(default_factory=set)
    made: tuple[Any, Preparation, OwnTask | InvalidTable] | None = None

    def guess(self) -> Guess:
        """Return the roles, guessed but for `given`. Raises `InvalidTable` for a wide table."""
        return guess_roles(self.table, self.columns, self.given)

    def correct(self, role: str, value: Any) -> None:
        """Keep a person's choice for a role in `given`; drop other roles' choices that share a column.

        Of chosen features only the shared columns are dropped, to () at last. None shares nothing.
        """
        taken = set(value) if isinstance(value, tuple) else {value}
        for other, said in list(self.given.items()):
            if other == "features":
                self.given[other] = tuple(each for each in said if each not in taken)
            elif taken & (set(said) if isinstance(said, tuple) else {said}) - {None}:
                del self.given[other]
        self.given[role] = value

    def task(self, guessed: Guess, preparation: Preparation) -> OwnTask | InvalidTable:
        """Return the task of these roles, or the error, or that memory is full; the last is kept."""
        if self.made is None or self.made[:2] != (guessed.roles, preparation):
            self.made = None  # never two at once
            self.made = guessed.roles, preparation, self._new_task(guessed, preparation)
        made = self.made[2]
        if isinstance(made, OwnTask):
            try:
                UPLOADS.hold(made, made.nbytes, live_job.viewer())
            except InvalidTable as full:
                self.made = None
                return full.with_traceback(None)
        return made

    def _new_task(self, guessed: Guess, preparation: Preparation) -> OwnTask | InvalidTable:
        """Return the task or the error; a control that the error asks for is added to `offered`."""
        try:
            with _UNPACKING:
                return task_of(self.table, self.columns, guessed, preparation)
        except InvalidTable as unusable:
            if unusable.offer.startswith("steps") or unusable.offer == "sample":
                self.offered.add(unusable.offer)
            # Its traceback would hold the table.
            return unusable.with_traceback(None)


def open_draft(number: int, name: str, content: bytes) -> Draft | InvalidTable:
    """Return the draft of a file, or the error if unreadable, wide, or memory is full."""
    try:
        with _UNPACKING:
            try:
                table = read_table(name, content)
                columns = read_columns(table)
            finally:
                give_back_memory()
        draft = Draft(number, name, table, columns)
        draft.guess()
        values = sum(each.values.nbytes for each in columns.values())
        texts = int(table.frame.memory_usage(deep=True).sum())
        UPLOADS.hold(table, texts + values, live_job.viewer())
        return draft
    except InvalidTable as unusable:
        return unusable.with_traceback(None)


def role_controls(draft: Draft) -> Guess:
    """Draw the columns' roles to change; return them as of now, guessed but for `draft.given`."""
    guessed = draft.guess()
    found, names = guessed.roles, list(draft.columns)

    def choose_two(role: str, label: str, value: tuple[str, ...], nothing: str) -> None:
        """Draw the choice of up to two columns for a role. nothing: the text without any."""
        kept = _role_options(draft, role, list(value))
        st.multiselect(label, names, max_selections=2, placeholder=nothing, **kept)

    def choose_one(
        role: str, label: str, value: str | None, nothing: str, help: str | None = None
    ) -> None:
        """Draw the choice of a column for a role, or of none. nothing: the text for none."""
        kept = _role_options(draft, role, value)
        shown = {None: nothing} | {name: name for name in names}
        st.selectbox(label, list(shown), format_func=shown.__getitem__, help=help, **kept)

    with st.grid(2, min_column_width=230):
        choose_two("id", "Sequence that a row belongs to", found.id, "Choose one or two columns")
        order = "Choose" if found.order is None else "As in the file"
        choose_two("order", "Order of the steps", found.order or (), order)
        choose_one("label", "Label", found.label, "Choose a column")
        kept = _role_options(draft, "per_step", STEP if found.per_step else SEQUENCE)
        st.segmented_control("The label is of", [STEP, SEQUENCE], required=True, **kept)
        help = "Sequences of one person or machine are all for training or all for the test."
        choose_one("group", "Kept together", found.group, "Nothing", help)
        choose_one("split", "Train or test", found.split, "Nothing: drawn by the seed")
    if found.order is None:
        st.button(
            "The rows are in order in the file",
            key=_key(draft.number, "in_order"),
            on_click=_correct_role,
            args=(draft.number, "order", ()),
        )
    taken = {name for role, name in found.used() if role != "features"}
    free = [name for name in names if name not in taken]
    kept = _role_options(draft, "features", [each for each in found.features if each in free])
    st.multiselect("Features that the network reads", free, **kept)
    return guessed


def column_lines(draft: Draft, guess: Guess) -> pd.DataFrame:
    """Return a row per column: name, use or why none, kind, example (40 characters), blank cells."""
    used = {name: USES[role] for role, name in reversed(guess.roles.used())}
    reasons = dict(unused_columns(draft.columns, guess))
    return pd.DataFrame(
        [
            {
                "Column": name,
                "Used as": used.get(name) or f"not used: {reasons[name]}",
                "Taken for": each.summary,
                "Example": each.example[:40],
                "Blank": each.blanks,
            }
            for name, each in draft.columns.items()
        ]
    )


def preparation_controls(draft: Draft, found: Roles) -> Preparation:
    """Draw what to keep, if `draft.offered`, scaling, and a drawn split's seed; return the choices."""

    def free(name: str) -> dict[str, Any]:
        """Return the options of a control whose value is kept while the dialog is closed."""
        return {"key": _key(draft.number, name), "persist_state": "session"}

    values: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if steps := next((each for each in draft.offered if each.startswith("steps ")), None):
            every = int(steps.removeprefix("steps "))
            ways: dict[str, dict[str, int]] = {
                f"The first {MAX_PADDED_LENGTH}": {"first": MAX_PADDED_LENGTH},
                f"The last {MAX_PADDED_LENGTH}": {"last": MAX_PADDED_LENGTH},
                f"One step in {every}": {"every": every},
            }
            chosen = st.selectbox(
                "Steps of each sequence", list(ways), None, placeholder="Choose", **free("steps")
            )
            values |= ways.get(chosen or "", {})
        if "sample" in draft.offered:
            values["sample"] = st.toggle("Draw as many sequences as are possible", **free("sample"))
        values["standardise"] = st.selectbox(
            "Numbers to mean 0 and spread 1",
            [None, True, False],
            format_func=lambda each: {None: "Where it is needed", True: "Yes", False: "No"}[each],
            help="As the training part has them. Numbers from -3 to 3 need no scaling.",
            width=210,
            **free("standardise"),
        )
        if found.split is None or values.get("sample"):
            box = url.number_box("Seed of the split", 0, 2**31 - 1, width=170, **free("seed"))
            values["seed"] = int(box)
    return Preparation(**values)


def _role_options(draft: Draft, role: str, value: Any) -> dict[str, Any]:
    """Set a role's control to a value, and return the key and callback of that control."""
    key = _key(draft.number, role)
    # Only where it differs: a value that is set closes an open list.
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return {"key": key, "on_change": _on_role, "args": (draft.number, role)}


def _on_role(number: int, role: str) -> None:
    """Take the value of a role's changed control, in a callback. number: of the draft."""
    value = st.session_state[_key(number, role)]
    if role == "per_step":
        value = value == STEP
    _correct_role(number, role, tuple(value) if isinstance(value, list) else value)


def _correct_role(number: int, role: str, value: Any) -> None:
    """Take a person's choice for a role, in a callback; nothing if `number` is of an earlier draft."""
    draft: Draft | None = st.session_state.get("own_draft")
    if draft is not None and draft.number == number:
        draft.correct(role, value)


def _key(number: int, role: str) -> str:
    """Return the key of a draft's control of a role, or of a part of the preparation."""
    return f"own_{role}_{number}"
