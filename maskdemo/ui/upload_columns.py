"""What the columns of somebody's table mean and how it is prepared: guessed, shown, changeable."""

from __future__ import annotations

from typing import Any

import streamlit as st

from maskdemo.ui import url
from maskdemo.ui.upload_draft import Draft
from maskdemo.uploads.columns import Columns, stems_of
from maskdemo.uploads.task import Preparation

STEP, SEQUENCE = "a step", "a sequence"


def meaning(draft: Draft) -> Columns:
    """The controls of what the columns mean, as guessed until somebody changes them."""
    guessed, stems = draft.guessed, stems_of(draft.table.frame)
    columns = [str(name) for name in draft.table.frame.columns]
    choose = [None, *columns]
    wide = bool(stems) and _either(draft, "row", "Each row is", bool(guessed.length)) == SEQUENCE
    found: dict[str, Any] = {}
    with st.grid(2, min_column_width=230):
        if wide:
            found["length"] = _column(draft, "length", "Length of a sequence", choose)
        else:
            found["id"] = _column(draft, "id", "Sequence that a row belongs to", choose)
            found["order"] = _column(draft, "order", "Order of the steps", choose, "As in the file")
        found["label"] = _column(draft, "label", "Label", choose) or ""
        if not wide:
            of = _either(draft, "per_step", "The label is of", not guessed.per_step)
            found["per_step"] = of == STEP
        found["group"] = _column(
            draft,
            "group",
            "Kept together",
            choose,
            "Nothing",
            help="Sequences of one person or machine are all for training or all for the test.",
        )
        drawn = "Nothing: drawn by the seed"
        found["split"] = _column(draft, "split", "Train or test", choose, drawn)
    taken = set(found.values())
    free = list(stems) if wide else [name for name in columns if name not in taken]
    return Columns(features=_features(draft, free), **found)


def preparation(draft: Draft, columns: Columns) -> Preparation:
    """The controls of how the sequences are prepared, together with those that were `offered`."""
    values = {name: st.session_state.get(_key(draft, name)) for name in draft.offered}
    values = {name: value for name, value in values.items() if value is not None}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values["standardise"] = st.toggle(
            "Standardise numbers",
            not draft.fine,
            help="To mean 0 and spread 1, as the training part has them.",
            **_kept(draft, "standardise"),
        )
        if columns.split is None or values.get("sample"):
            values["seed"] = _number("Seed of the split", 0, **_kept(draft, "seed"))
    return Preparation(**values)


def offered(draft: Draft) -> None:
    """What makes the sequences usable where they are too many or too long."""
    if "sample" in draft.offered:
        st.toggle("Draw as many sequences as are possible", **_kept(draft, "sample"))
    if "every" in draft.offered:
        _number("Take one step in", 1, **_kept(draft, "every"))


def _column(
    draft: Draft,
    role: str,
    label: str,
    options: list[str | None],
    nothing: str = "Choose a column",
    *,
    help: str | None = None,
) -> str | None:
    """The column of a role. nothing: what having none is called."""
    guessed = getattr(draft.guessed, role)
    return st.selectbox(
        label,
        options,
        options.index(guessed) if guessed in options else 0,
        format_func=lambda name: nothing if name is None else name,
        help=help,
        **_kept(draft, role),
    )


def _features(draft: Draft, names: list[str]) -> tuple[str, ...]:
    """Those chosen of the columns that mean nothing else."""
    session, key = st.session_state, _key(draft, "features")
    before = session.get(key, draft.guessed.features)
    chosen = [name for name in before if name in names]
    if chosen != list(before) or key not in session:
        session[key] = chosen
    label = "Features that the network reads"
    return tuple(st.multiselect(label, names, **_kept(draft, "features")))


def _either(draft: Draft, role: str, label: str, of_sequence: bool) -> str:
    guessed = SEQUENCE if of_sequence else STEP
    kept = _kept(draft, role)
    return st.segmented_control(label, [STEP, SEQUENCE], default=guessed, required=True, **kept)


def _number(label: str, low: int, **kept: Any) -> int:
    return int(url.number_box(label, low, 2**31 - 1, width=170, **kept))


def _kept(draft: Draft, role: str) -> dict[str, Any]:
    """Each file has controls of its own, which outlive the dialog."""
    return {"key": _key(draft, role), "persist_state": "session"}


def _key(draft: Draft, role: str) -> str:
    return f"own_{role}_{draft.number}"
