"""What each strategy costs, measured on this server: a section of the study page."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from maskdemo.charts.costs import cost_by_length
from maskdemo.experiment import Experiment
from maskdemo.server import Costs
from maskdemo.study import costs
from maskdemo.study.costs import CostTable
from maskdemo.ui import job, server
from maskdemo.ui.chart import chart
from maskdemo.ui.theme import is_dark


def section(experiment: Experiment) -> None:
    """Heading, button, and the figures as they come, for the settings of the page."""
    st.header("What each strategy costs", anchor=False)
    st.markdown(
        "How long one epoch takes on this server: here, for each strategy, and with Keras's "
        "`Model.fit` on an LSTM without a mask and with a Masking layer. It takes a minute or two."
    )
    job.watched(partial(_view, experiment), "costs")


def _view(experiment: Experiment) -> None:
    going = job.is_going("costs")
    table: CostTable | None = job.status("costs").newest
    with st.container(horizontal=True, vertical_alignment="center"):
        if going:
            job.cancel_button("costs", "Stop measuring")
        else:
            job.start_button("costs", "Measure here", partial(_start, experiment), main=False)
        job.line("costs", _where, "Stopped. What was measured until then is shown.")
    job.refusal("costs")
    if not going and (table is None or not table.seconds):
        return
    if table is None:
        table = costs.empty(experiment)
    elif table.experiment != costs.measured(experiment):
        st.info("These times belong to earlier settings. Measure again for the present ones.")
    if not going:  # while times come in, nothing may move
        _conclusion(table)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = cost_by_length(table, dark=is_dark())
        chart(figure, key="costs", alt="Time of one epoch against padded length")
    with right:
        st.dataframe(times(table), hide_index=True, width="stretch")
        st.caption(
            f"The fastest of {costs.ROUNDS * costs.EPOCHS_A_TURN} epochs each, training only, one "
            "network at a time, in turns, in a process that gives both the same threads. *Here* is "
            "this app's engine; that it also trains strategies side by side is not counted, nor are "
            "building and compiling for either."
        )


def _conclusion(table: CostTable) -> None:
    for sentence in costs.summary(table):
        st.markdown(sentence)


def times(table: CostTable) -> pd.DataFrame:
    """A row for each way to train, a column for each padded length."""
    rows = [
        {"An epoch": way.title}
        | {
            f"{length} steps": costs.time_text(table.seconds[way, length])
            if (way, length) in table.seconds
            else ""
            for length in sorted(table.lengths)
        }
        for way in table.ways
    ]
    return pd.DataFrame(rows)


def _where(table: CostTable | None) -> tuple[float, str]:
    return (0.0, "Preparing.") if table is None else (table.done, table.doing)


def _start(experiment: Experiment) -> None:
    server.submit(Costs(experiment))
