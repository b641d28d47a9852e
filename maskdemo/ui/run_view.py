"""A run on the pages, during and after training: where it stands, its charts and details."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import streamlit as st

from maskdemo.data.inputs import chance, padding_share
from maskdemo.data.padding import Batch
from maskdemo.errors import escape_markdown
from maskdemo.evidence.phrases import counted, listed, percent, time_taken
from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import strategy_lines
from maskdemo.export.settings_text import difference
from maskdemo.strategies import STRATEGIES
from maskdemo.study import Study
from maskdemo.training.snapshot import Probes, Snapshot
from maskdemo.training.unseen_batch import typical, unseen_batch
from maskdemo.ui import job, padding_handle, url
from maskdemo.ui.chart import (
    Click,
    accuracy_by_strategy,
    chart,
    is_dark,
    learning_curves,
    outputs_by_step,
    padded_batch,
)

#: Exactly what is counted in the seconds of an epoch.
EPOCH_TOOK = (
    "Training alone, as measured in this run: the mean over epochs and repeats, without each first "
    "epoch, which may wait for a compiler. Several networks train at once, so compare the strategies "
    "with each other."
)
#: Stands in the empty axes until somebody trains.
NOTHING_TRAINED = "Nothing is trained with these settings yet.<br>Press Train to watch it learn."
#: The charts that a replay moves together.
GROUP = "run"


def origin(
    kind: str,
    result: Experiment | Study,
    wanted: Experiment | Study,
    *,
    back: Callable[[], None],
) -> None:
    """What the result of other settings differs in, and the way back to these.

    kind: of the job that makes such a result: its own button is the way to the present settings. back:
    sets the controls to the result's settings.
    """
    active = job.is_active(kind)
    under_way = active and job.status(kind).newest is not None
    start = "The results under way are for" if under_way else "Result for"

    def go_back() -> None:
        back()
        url.mark_changed()

    # By this key the page's style dims what is below.
    key = "under_way" if active else "of_other_settings"
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.markdown(
            f":material/history: {escape_markdown(difference(result, wanted, start))}", width="content"
        )
        st.button("Back to the settings of the result", on_click=go_back, key=f"{kind}_back")


def probe_title(number: int) -> str:
    """A probe (from 1) in a list: the same in every run, for by its words the browser holds it."""
    return f"Sequence {number}"


def probe_description(snapshot: Snapshot, at: int) -> str:
    """What kind of sequence a probe (from 0) is."""
    steps = counted(int((~snapshot.probes.padded[at]).sum()), "step")
    if snapshot.experiment.per_step:
        return f"{steps}, a label at each."
    label = snapshot.experiment.spec.label_name(int(snapshot.probes.labels[at].max()))
    return f"{steps}, true label {escape_markdown(label)}."


def usual_probe(sequences: Batch | Probes, experiment: Experiment) -> int:
    """The probe (from 1) that is followed until somebody chooses one."""
    return typical(sequences, per_step=experiment.per_step) + 1


def batch(experiment: Experiment, followed: int) -> None:
    """The probes as the LSTM receives them, each sequence a row; a click on a row follows it."""
    figure = padded_batch(experiment, followed=followed, dark=is_dark())
    alt = f"The padded batch: each row an unseen sequence, sequence {followed + 1} is marked"
    chart(figure, key="preview", alt=alt, on_click=_on_row)


def _on_row(click: Click) -> None:
    url.choose("probe", max(1, ceil(click.y - 0.5)))


def curves(snapshot: Snapshot | None, experiment: Experiment, *, metric: str) -> None:
    """Accuracy or loss by epoch; before a run, the empty axes it will fill."""
    shown = snapshot or _nothing_yet(experiment)
    looks = {} if snapshot or job.is_active("run") else {"waiting": NOTHING_TRAINED}
    figure = learning_curves(shown, metric=metric, dark=is_dark(), **looks)
    alt = "Accuracy or loss by epoch, one line a strategy"
    chart(figure, key=f"curves_{metric}", alt=alt, replay=GROUP)


def outputs(snapshot: Snapshot, probe: int, on_click: Callable[[Click], object]) -> None:
    """What the networks say after every step of a probe (from 0), and the handle on its padding."""
    chart(
        outputs_by_step(snapshot, probe=probe, dark=is_dark()),
        key="outputs",
        alt="Output after every step, one panel a strategy",
        replay=GROUP,
        on_click=on_click,
        on_tap="Open inside",
        handle=padding_handle.handle(snapshot, probe),
    )


def details(snapshot: Snapshot, experiment: Experiment) -> None:
    """Loss and training accuracy by epoch, every repeat as a point, and what an epoch took."""
    first, second = st.columns(2, gap="medium")
    with first:
        curves(snapshot, experiment, metric="test_loss")
        curves(snapshot, experiment, metric="loss")
    with second:
        figure = accuracy_by_strategy(snapshot, dark=is_dark())
        chart(figure, key="by_strategy", alt="Accuracy by strategy, every repeat a point")
        curves(snapshot, experiment, metric="accuracy")
    if took := epoch_took(snapshot):
        st.markdown(took, help=EPOCH_TOOK)


def epoch_took(snapshot: Snapshot) -> str:
    """What an epoch of each strategy took in this very run; empty before anything is measured."""
    times = [
        f"{time_taken(seconds)} ({STRATEGIES[name].title})"
        for name in snapshot.experiment.strategies
        if (seconds := snapshot.epoch_seconds(name)) is not None
    ]
    share = percent(padding_share(snapshot.experiment), 0)
    return f"An epoch took {listed(times)}; {share} of its steps are padding." if times else ""


def code(experiment: Experiment) -> None:
    """The Keras lines that each strategy stands for, as in the exported script: a tab per strategy."""
    box = st.expander("Show the code", icon=":material/code:", key="code", on_change=url.mark_touched)
    if not box.open:
        return
    with box:
        st.caption(
            "What each strategy is in Keras. *Take away* has the whole program: data, training, scores."
        )
        names = experiment.strategies
        for tab, name in zip(st.tabs([STRATEGIES[each].title for each in names]), names, strict=True):
            tab.code(strategy_lines(experiment, name), language="python")


def _nothing_yet(experiment: Experiment) -> Snapshot:
    sample = unseen_batch(experiment)
    nothing = Probes(sample.values, sample.valid, sample.padded, sample.labels, outputs={})
    return Snapshot(experiment, (), nothing, chance(experiment), False, 0.0, 0.0)
