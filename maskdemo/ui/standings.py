"""How the strategies of a run stand: a table with a row for each, and what is behind its words."""

from __future__ import annotations

from html import escape

import streamlit as st

from maskdemo import charts
from maskdemo.evidence import BASELINE, METHOD, RULES, Verdict, percent, points, standing, verdicts
from maskdemo.evidence.words import capital, counted
from maskdemo.snapshot import Snapshot
from maskdemo.strategies import STRATEGIES
from maskdemo.ui.theme import is_dark

LEAK = (
    "Leak: the largest change of any output probability when the same unseen sequences are given "
    "without their padding."
)
CELL = "padding:.3rem .5rem .3rem 0;vertical-align:top;line-height:1.3"
SMALL = "font-size:.8rem;opacity:.8"


def table(snapshot: Snapshot, note: str = "") -> None:
    """Accuracy, its spread over the repeats, the difference to no mask in a word, and the leak."""
    found = {each.strategy: each for each in verdicts(snapshot)}
    heads = ["Strategy", "Accuracy", "Against no mask", "Leak"]
    rows = [_row(snapshot, name, found.get(name)) for name in snapshot.experiment.strategies]
    head = "".join(
        f'<th scope="col" style="{CELL};text-align:left;font-weight:600;{SMALL}">{each}</th>'
        for each in heads
    )
    st.html(
        f'<table class="standings" style="width:100%;border-collapse:collapse">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    st.caption(f"{_about(snapshot)} {note}", help=LEAK)


def _row(snapshot: Snapshot, name: str, verdict: Verdict | None) -> str:
    stands = standing(snapshot, name)
    ended = stands.accuracies
    spread = f"{percent(min(ended))} to {percent(max(ended))}" if len(ended) > 1 else ""
    if snapshot.experiment.per_step and stands.reported_mean is not None:
        spread = f"reported {percent(stands.reported_mean)}"
    swatch = f'<span style="color:{charts.colour(name, dark=is_dark())}">&#9632;</span>'
    accuracy = percent(stands.accuracy.mean) if stands.accuracy else "–"
    word, apart = _against(name, verdict)
    cells = [
        f"{swatch} <b>{escape(STRATEGIES[name].title)}</b>",
        f'<b>{accuracy}</b> <span style="{SMALL}">{spread}</span>',
        f'<b>{word}</b> <span style="{SMALL}">{apart}</span>',
        "not yet" if stands.leak is None else escape(stands.leak_words),
    ]
    first, *rest = cells
    heading = f'<th scope="row" style="{CELL};text-align:left;font-weight:400">{first}</th>'
    others = "".join(f'<td style="{CELL}">{each}</td>' for each in rest)
    return f'<tr style="border-top:1px solid rgba(128,128,128,.3)">{heading}{others}</tr>'


def _against(name: str, verdict: Verdict | None) -> tuple[str, str]:
    if name == BASELINE:
        return "", ""
    if verdict is None:
        return "Not yet", ""
    word = f"{verdict.word}, so far" if verdict.so_far else verdict.word
    return capital(word), points(verdict.difference.mean)


def _about(snapshot: Snapshot) -> str:
    experiment = snapshot.experiment
    ended = max(len(standing(snapshot, name).accuracies) for name in experiment.strategies)
    repeats = counted(ended, "repeat")
    chance = percent(snapshot.chance.valid)
    if experiment.per_step:
        reported = percent(snapshot.chance.reported)
        return f"Unseen sequences, real steps: mean of {repeats}. Chance {chance}, reported {reported}."
    return f"Unseen sequences, mean of {repeats}, lowest to highest. Chance: {chance}."


def sentences(snapshot: Snapshot) -> None:
    """What may be said of each strategy, and how its word is decided."""
    for each in verdicts(snapshot):
        word = f"{each.word}, so far" if each.so_far else each.word
        st.markdown(f"**{capital(word)}.** {each.sentence}")
    words = (f"- **{capital(word)}**: {rule}" for word, rule in RULES.items())
    st.markdown("\n".join([METHOD, "", *words]))
