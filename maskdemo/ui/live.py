"""The live view: what the newest snapshot says, redrawn while a run goes on."""

from __future__ import annotations

import re

import streamlit as st

from maskdemo import charts
from maskdemo.evidence import (
    BASELINE,
    METHOD,
    RULES,
    Verdict,
    headline,
    percent,
    standing,
    verdicts,
)
from maskdemo.evidence.words import capital, counted
from maskdemo.experiment import Experiment
from maskdemo.inputs import chance, preview
from maskdemo.snapshot import Probes, Snapshot
from maskdemo.strategies import STRATEGIES
from maskdemo.ui.chart import chart

BADGES = {
    "required": "blue",
    "helps": "green",
    "hurts": "red",
    "the same": "gray",
    "undecided": "gray",
}


def is_dark() -> bool:
    """Whether the viewer's theme is dark."""
    return st.context.theme.type == "dark"


def plain(text: str) -> str:
    """The text as it stands, where Streamlit would read Markdown: links quote whatever they held."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!<>|~$:])", r"\\\1", text)


def complaints(complaint: str | None) -> None:
    """What of the link could not be used, and what is wrong with the controls."""
    for sentence in st.session_state.complaints:
        st.warning(f"Part of the link could not be used. {plain(sentence)}")
    if complaint:
        st.error(plain(complaint))


def belongs(snapshot: Snapshot, experiment: Experiment) -> None:
    """Whose results are shown, where they are not those of the present settings."""
    if snapshot.experiment == experiment:
        return
    if snapshot.finished:
        st.info("These results belong to earlier settings. Train to see the present ones.")
    else:
        st.info("This run has earlier settings; the padded batch shows the present ones.")


def where(snapshot: Snapshot | None) -> tuple[float, str]:
    """How much of a run is done (0 to 1), and where it stands."""
    if snapshot is None:
        return 0.0, "Preparing. The first run of a new shape takes a few seconds."
    return snapshot.done, _where(snapshot)


def probe_title(snapshot: Snapshot, at: int) -> str:
    """A probe (from 0) in a list to choose from."""
    probes = snapshot.probes
    length = int((~probes.padded[at]).sum())
    if snapshot.experiment.per_step:
        return f"{at + 1}: {length} steps"
    return f"{at + 1}: {length} steps, label {probes.labels[at].max()}"


def curves(snapshot: Snapshot | None, experiment: Experiment, *, metric: str) -> None:
    """Accuracy or loss by epoch; before a run, the empty axes it will fill."""
    shown = snapshot or _nothing_yet(experiment)
    figure = charts.learning_curves(shown, metric=metric, dark=is_dark())
    chart(figure, key=f"curves_{metric}", alt="Accuracy or loss by epoch, one line a strategy")


def verdict_lines(snapshot: Snapshot) -> None:
    """What may be said, each sentence with its word."""
    others = [name for name in snapshot.experiment.strategies if name != BASELINE]
    if BASELINE not in snapshot.experiment.strategies:
        st.caption("Choose *No mask* as well: verdicts compare with it.")
        return
    found = {each.strategy: each for each in verdicts(snapshot)}
    with st.container(gap="xsmall"):
        st.subheader(headline(snapshot), anchor=False)
        # A line for each from the beginning, so that nothing below moves when verdicts come in.
        for name in others:
            st.markdown(_verdict_line(name, found.get(name)))


def _verdict_line(name: str, verdict: Verdict | None) -> str:
    if verdict is None:
        return f":gray-badge[Not yet] {STRATEGIES[name].title}: the first repeat is under way."
    word = f"{verdict.word}, so far" if verdict.so_far else verdict.word
    return f":{BADGES[verdict.word]}-badge[{capital(word)}] {verdict.sentence}"


def cards(snapshot: Snapshot) -> None:
    """One card a strategy: accuracy, its spread over the repeats, and the leak."""
    names = snapshot.experiment.strategies
    with st.grid(min(len(names), 4)):
        for name in names:
            _card(snapshot, name)


def _card(snapshot: Snapshot, name: str) -> None:
    stands, per_step = standing(snapshot, name), snapshot.experiment.per_step
    ended = stands.accuracies
    with st.container(border=True, gap="xsmall"):
        shade = charts.colour(name, dark=is_dark())
        st.html(
            f'<span style="color:{shade};font-size:1.1em">&#9632;</span> '
            f"<b>{STRATEGIES[name].title}</b>"
        )
        st.metric(
            "Accuracy on real steps" if per_step else "Accuracy on unseen sequences",
            percent(stands.accuracy.mean) if stands.accuracy else "–",
        )
        lines = [f"{percent(min(ended))} to {percent(max(ended))} in {counted(len(ended), 'repeat')}"
                 if len(ended) > 1 else "One repeat so far"]
        if per_step and stands.reported_mean is not None:
            level = percent(snapshot.chance.reported)
            lines.append(
                f"Reported, padding and all: {percent(stands.reported_mean)} (chance {level})"
            )
        lines.append(f"Leak: {stands.leak_words}")
        st.caption(
            "  \n".join(lines),
            help="Leak: the largest change of any output probability when the same unseen sequences "
            "are given without their padding.",
        )


def details(snapshot: Snapshot, experiment: Experiment) -> None:
    """Loss and training accuracy by epoch, and every repeat as a point."""
    first, second = st.columns(2, gap="medium")
    with first:
        curves(snapshot, experiment, metric="test_loss")
        curves(snapshot, experiment, metric="loss")
    with second:
        figure = charts.accuracy_by_strategy(snapshot, dark=is_dark())
        chart(figure, key="by_strategy", alt="Accuracy by strategy, every repeat a point")
        curves(snapshot, experiment, metric="accuracy")


def rules() -> None:
    """How the verdict is reached."""
    words = (f"- **{capital(word)}**: {rule}" for word, rule in RULES.items())
    st.markdown("\n".join([METHOD, "", *words]))


def _nothing_yet(experiment: Experiment) -> Snapshot:
    batch = preview(experiment, 1)
    nothing = Probes(batch.values, batch.valid, batch.padded, batch.labels, outputs={})
    return Snapshot(experiment, (), nothing, chance(experiment), False, 0.0, 0.0)


def _where(snapshot: Snapshot) -> str:
    newest, whole = snapshot.curves[-1], snapshot.experiment
    left = _seconds_left(snapshot)
    return (
        f"Repeat {newest.repeat + 1} of {whole.repeats}, epoch {len(newest.loss)} of {whole.epochs}"
        + ("." if left is None else f", about {max(1, round(left))} s left.")
    )


def _seconds_left(snapshot: Snapshot) -> float | None:
    """Judged from what came after the first epoch that was seen: before it, programs are compiled."""
    now = (snapshot.done, snapshot.seconds)
    run, began = st.session_state.get("first_seen", (None, now))
    if run != snapshot.experiment or now < began:
        st.session_state.first_seen = (snapshot.experiment, now)
        return None
    done, seconds = now[0] - began[0], now[1] - began[1]
    return seconds / done * (1 - snapshot.done) if done > 0 else None
