"""How the strategies of a run stand: a table with a row for each, and what is behind its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import streamlit as st

from maskdemo import charts
from maskdemo.evidence import (
    BASELINE,
    METHOD,
    RULES,
    Verdict,
    mask_effect,
    percent,
    points,
    strategy_result,
    verdicts,
)
from maskdemo.evidence.phrases import capital, counted, leak_text
from maskdemo.evidence.strategy_result import leak_meaning
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui.components import is_dark

#: What asks the same of a model of one's own.
ASKED_OF_YOURS = (
    " The [audit](audit) asks the same of your own model, as `{side}_padding`, and as "
    "`alone_as_in_a_batch` whether sequences of one length change each other."
)


def table(snapshot: Snapshot, note: str = "") -> None:
    """Draw a row per strategy: accuracy (mean, range), word against no mask, leak; `note` below."""
    experiment = snapshot.experiment
    names, meaning = experiment.strategies, leak_meaning(experiment)
    found = {each.strategy: each for each in verdicts(snapshot)}
    judged = [found.get(name) for name in names]
    rows = [
        _strategy_row(snapshot, *row) for row in zip(names, judged, word_cells(judged), strict=True)
    ]
    st.html(table_html(["Strategy", "Accuracy", "Against no mask", term_html("Leak", meaning)], rows))
    yours = "" if experiment.batches == "fixed" else ASKED_OF_YOURS.format(side=experiment.side)
    st.caption(f"{_caption(snapshot)} {note}{yours}", help=meaning)


def table_html(heads: Sequence[str], rows: Iterable[str], *, kind: str = "") -> str:
    """Return the table of heads and rows, all HTML. kind: a further CSS class."""
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join(rows)
    return (
        f'<table class="standings {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def row_html(heading: str, cells: Iterable[str]) -> str:
    """Return a row of the table from its heading and its other cells, all HTML."""
    others = "".join(f"<td>{each}</td>" for each in cells)
    return f'<tr><th scope="row">{heading}</th>{others}</tr>'


def term_html(text: str, meaning: str, *, focusable: bool = True) -> str:
    """Return HTML of a text whose meaning shows when hovered, focused or tapped; escapes both."""
    tip = escape(capital(meaning), quote=True)
    stop = 'tabindex="0"' if focusable else ""
    return f'<span class="term" {stop} data-tip="{tip}" aria-description="{tip}">{escape(text)}</span>'


def word_cells(judged: Iterable[Verdict | None]) -> list[str]:
    """Return each verdict's word as HTML with its rule, "" for None; a word's first is focusable."""
    cells, seen = [], set()
    for each in judged:
        if each is None:
            cells.append("")
            continue
        so_far = ", so far" if each.so_far else ""
        rule = term_html(capital(each.word), RULES[each.word], focusable=each.word not in seen)
        cells.append(f"<b>{rule}{so_far}</b>")
        seen.add(each.word)
    return cells


def title_html(strategy: str) -> str:
    """Return a strategy's title behind a square of its colour, as HTML."""
    shade = charts.colour(strategy, dark=is_dark())
    return f'<span style="color:{shade}">&#9632;</span> <b>{escape(STRATEGIES[strategy].title)}</b>'


def _strategy_row(snapshot: Snapshot, name: str, verdict: Verdict | None, word: str) -> str:
    """Return a strategy's row as HTML. verdict: None before it is known. word: its word as HTML.

    After the mean accuracy stand lowest and highest, or with a label at each step `reported_mean`.
    """
    result = strategy_result(snapshot, name)
    ended = result.accuracies
    spread = f"{percent(min(ended))} to {percent(max(ended))}" if len(ended) > 1 else ""
    if snapshot.experiment.per_step and result.reported_mean is not None:
        spread = f"on real steps, reported {percent(result.reported_mean)}"
    accuracy = percent(result.accuracy.mean) if result.accuracy else "–"
    cells = [
        f"<b>{accuracy}</b> <small>{spread}</small>",
        _difference_html(name, verdict, word),
        "not yet" if result.leak is None else escape(leak_text(result.leak)),
    ]
    note = mask_effect(snapshot.experiment, name).note
    does = (
        f'<small class="{"note" if note else "does"}">{escape(note or STRATEGIES[name].does)}</small>'
    )
    return row_html(f"{title_html(name)} {does}", cells)


def _difference_html(name: str, verdict: Verdict | None, word: str) -> str:
    """Return word and points as HTML. verdict: None gives "" for the baseline, else "Not yet"."""
    if verdict is None:
        return "" if name == BASELINE else "<b>Not yet</b>"
    return f"{word} <small>{points(verdict.difference.mean)}</small>"


def _caption(snapshot: Snapshot) -> str:
    """Return sentences: of how many repeats, on what, the accuracies are means; chance; leak."""
    experiment = snapshot.experiment
    ended = max(len(strategy_result(snapshot, name).accuracies) for name in experiment.strategies)
    repeats = f"Mean of {counted(ended, 'repeat')}" if ended > 1 else "One repeat"
    chance = percent(snapshot.chance.valid)
    if experiment.per_step:
        reported = percent(snapshot.chance.reported)
        where = f"{repeats} on real steps of unseen sequences. "
        levels = f"{chance}, or {reported} with padding counted" if reported != chance else chance
    else:
        where = f"{repeats} on unseen sequences{', lowest to highest' if ended > 1 else ''}. "
        levels = chance
    alone = "the padding" if experiment.batches == "fixed" else "its neighbours in the batch"
    return (
        f"{where}Chance, {levels}: always the commonest label. "
        f"Leak: how far an output moves without {alone}."
    )


def sentences(snapshot: Snapshot) -> None:
    """Draw each verdict's word and sentence, the method, and the rule of each word."""
    for each in verdicts(snapshot):
        so_far = ", so far" if each.so_far else ""
        st.markdown(f"**{capital(each.word)}{so_far}.** {each.sentence}")
    st.markdown(f"{METHOD}\n\n{rules_text()}")


def rules_text() -> str:
    """Return the rule of each word, as a list in Markdown."""
    return "\n".join(f"- **{capital(word)}**: {rule}" for word, rule in RULES.items())
