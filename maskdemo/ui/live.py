"""The live view: what the newest snapshot says, redrawn while a run goes on."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from maskdemo import charts
from maskdemo.experiment import Experiment
from maskdemo.jobs import Status
from maskdemo.snapshot import Probes, Snapshot
from maskdemo.strategies import STRATEGIES
from maskdemo.verdict import BASELINE, Verdict, final_accuracies, headline, interval, verdicts

BADGES = {
    "required": "blue",
    "helps": "green",
    "hurts": "red",
    "no measurable difference": "gray",
    "undecided": "gray",
}
RULES = """
Each strategy is compared with *No mask* in the same repeat: same data, same initial weights, same
batch order. The mean difference in accuracy on unseen sequences has a 95% interval (Student's t).

- **No measurable difference**: the interval contains zero.
- **Hurts**, **helps**: the whole interval is below or above zero.
- **Required**: it helps, and without any handling less than half as much is learned above chance.
- **Undecided**: there is only one repeat.
"""


def is_dark() -> bool:
    """Whether the viewer's theme is dark."""
    return st.context.theme.type == "dark"


def plain(text: str) -> str:
    """The text as it stands, where Streamlit would read Markdown: links quote whatever they held."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!<>|~$:])", r"\\\1", text)


def plot(figure, *, key: str, alt: str) -> None:
    """A figure as `maskdemo.charts` made it, without Streamlit's own chart theme."""
    st.plotly_chart(figure, key=key, alt=alt, theme=None, config={"displaylogo": False})


def progress(status: Status[Snapshot]) -> None:
    """One line on where the run stands."""
    if status.phase == "queued":
        st.progress(0.0, text=f"Waiting for a free worker: number {status.position} in the queue.")
    elif status.phase == "running" and status.newest is None:
        st.progress(0.0, text="Preparing. The first run of a new shape takes a few seconds.")
    elif status.phase == "running":
        assert status.newest is not None
        st.progress(status.newest.done, text=_where(status.newest))
    elif status.phase == "failed":
        st.error(status.error)
    elif status.phase == "cancelled":
        st.info("Cancelled. What was trained until then is shown.")


def curves(snapshot: Snapshot | None, experiment: Experiment, *, metric: str) -> None:
    """Accuracy or loss by epoch; before a run, the empty axes it will fill."""
    shown = snapshot or _nothing_yet(experiment)
    figure = charts.learning_curves(shown, metric=metric, dark=is_dark())
    plot(figure, key=f"curves_{metric}", alt="Accuracy or loss by epoch, one line a strategy")


def verdict_lines(snapshot: Snapshot) -> None:
    """What may be said, each sentence with its word."""
    others = [name for name in snapshot.experiment.strategies if name != BASELINE]
    if BASELINE not in snapshot.experiment.strategies:
        st.caption("Choose *No mask* as well: verdicts compare with it.")
        return
    found = {each.strategy: each for each in verdicts(snapshot)}
    with st.container(gap="xsmall"):
        st.subheader(headline(snapshot) or "The verdict needs two repeats.", anchor=False)
        # A line for each from the beginning, so that nothing below moves when verdicts come in.
        for name in others:
            st.markdown(_verdict_line(name, found.get(name)))


def _verdict_line(name: str, verdict: Verdict | None) -> str:
    if verdict is None:
        return f":gray-badge[Not yet] {STRATEGIES[name].title}: the first repeat is under way."
    word = verdict.word[0].upper() + verdict.word[1:]
    return f":{BADGES[verdict.word]}-badge[{word}] {verdict.sentence}"


def cards(snapshot: Snapshot) -> None:
    """One card a strategy: accuracy, its spread over the repeats, and the leak."""
    names = snapshot.experiment.strategies
    with st.grid(min(len(names), 4)):
        for name in names:
            _card(snapshot, name)


def _card(snapshot: Snapshot, name: str) -> None:
    mine = [curve for curve in snapshot.curves if curve.strategy == name]
    last = [curve.test_valid_accuracy[-1] for curve in mine if curve.test_valid_accuracy]
    ended = list(final_accuracies(snapshot, name).values()) or last[:1]
    with st.container(border=True, gap="xsmall"):
        shade = charts.colour(name, dark=is_dark())
        st.html(
            f'<span style="color:{shade};font-size:1.1em">&#9632;</span> '
            f"<b>{STRATEGIES[name].title}</b>"
        )
        mean = interval(ended)[0] if ended else float("nan")
        st.metric(
            "Accuracy on unseen sequences" if not snapshot.experiment.per_step
            else "Accuracy on real steps",
            f"{mean:.1%}",
        )
        lines = [f"{min(ended):.1%} to {max(ended):.1%} in {len(ended)} repeats"
                 if len(ended) > 1 else "One repeat so far"]
        if snapshot.experiment.per_step and mine and mine[0].test_accuracy:
            reported = [c.test_accuracy[-1] for c in mine if c.test_accuracy][: max(len(ended), 1)]
            lines.append(f"Reported, padding and all: {sum(reported) / len(reported):.1%}")
        leaks = [curve.leak for curve in mine if curve.leak is not None]
        lines.append(
            f"Leak: {_points(max(leaks))}" if leaks else "Leak: measured after the last epoch"
        )
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
        plot(figure, key="by_strategy", alt="Accuracy by strategy, every repeat a point")
        curves(snapshot, experiment, metric="accuracy")


def take_away(snapshot: Snapshot | None) -> None:
    """The link to these settings, and the results as a table."""
    with st.popover("Share", icon=":material/link:"):
        st.markdown("This link opens the same settings: same data, same weights, same curves.")
        query = urlencode(st.query_params.to_dict())
        st.code(f"{st.context.url}?{query}", language=None, wrap_lines=True)
    if snapshot is not None:
        st.download_button(
            "Table",
            table(snapshot).to_csv(index=False),
            "maskdemo.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def table(snapshot: Snapshot) -> pd.DataFrame:
    """Every epoch of every strategy and repeat, one row each."""
    rows = []
    for curve in snapshot.curves:
        for epoch in range(len(curve.test_accuracy)):
            rows.append(
                {
                    "strategy": curve.strategy,
                    "repeat": curve.repeat + 1,
                    "epoch": epoch + 1,
                    "loss": curve.loss[epoch],
                    "accuracy": curve.accuracy[epoch],
                    "test_loss": curve.test_loss[epoch],
                    "test_accuracy": curve.test_accuracy[epoch],
                    "test_valid_accuracy": curve.test_valid_accuracy[epoch],
                    "leak": curve.leak,
                }
            )
    return pd.DataFrame(rows)


def _nothing_yet(experiment: Experiment) -> Snapshot:
    batch = experiment.preview(1)
    nothing = Probes(batch.values, batch.valid, batch.padded, batch.labels, outputs={})
    return Snapshot(experiment, (), nothing, experiment.chance(), False, 0.0, 0.0)


def _points(leak: float) -> str:
    return "none, exactly 0" if leak == 0 else f"{leak * 100:.2g} points"


def _where(snapshot: Snapshot) -> str:
    newest = snapshot.curves[-1]
    whole = snapshot.experiment
    left = snapshot.seconds / snapshot.done * (1 - snapshot.done)
    return (
        f"Repeat {newest.repeat + 1} of {whole.repeats}, epoch {len(newest.loss)} of "
        f"{whole.epochs}, about {max(1, round(left))} s left."
    )
