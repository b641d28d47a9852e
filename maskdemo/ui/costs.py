"""What each strategy costs, measured on this server: a section of the study page."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import pandas as pd
import streamlit as st

from maskdemo import costs
from maskdemo.charts.costs import cost_by_length
from maskdemo.costs import CostTable
from maskdemo.experiment import Experiment
from maskdemo.server import QueueFull
from maskdemo.ui import server
from maskdemo.ui.chart import chart
from maskdemo.ui.live import is_dark


def section(experiment: Experiment) -> None:
    """Heading, button, and the figures as they come, for the settings of the page."""
    name = f"{server.viewer()}:costs"
    st.subheader("What each strategy costs", anchor=False)
    st.markdown(
        "How long one epoch takes on this server: here, for each strategy, and with Keras's "
        "`Model.fit` on an LSTM without a mask and with a Masking layer. It takes a minute or two."
    )
    going = _going(name)

    @st.fragment(run_every=0.5 if going else None)
    def view() -> None:
        if going != _going(name):
            # Only a run of the whole page starts or stops the polling.
            st.rerun()
        _view(name, experiment)

    view()


def _going(name: str) -> bool:
    return server.keras_jobs().status(name).phase in ("queued", "running")


def _view(name: str, experiment: Experiment) -> None:
    status = server.keras_jobs().status(name)
    table: CostTable | None = status.newest
    with st.container(horizontal=True, vertical_alignment="center"):
        if _going(name):
            stop = server.keras_jobs().cancel
            st.button("Stop measuring", icon=":material/stop:", on_click=stop, args=[name])
        else:
            st.button("Measure here", icon=":material/timer:", on_click=_start, args=[name, experiment])
        if status.phase == "queued":
            st.progress(0.0, text=f"Waiting for a measurement to end: number {status.position}.")
        elif status.phase == "running" and table is not None:
            st.progress(table.done, text=table.doing)
        elif status.phase == "failed":
            st.error(status.error)
        elif status.phase == "cancelled":
            st.info("Stopped. What was measured until then is shown.")
    if refused := st.session_state.get("costs_refused"):
        st.warning(refused)
    if not _going(name) and (table is None or not table.seconds):
        return
    if table is None:
        lengths = costs.some_lengths(experiment)
        table = CostTable(costs.measured(experiment), lengths, MappingProxyType({}))
    elif table.experiment != costs.measured(experiment):
        st.info("These times belong to earlier settings. Measure again for the present ones.")
    if not _going(name):  # while times come in, nothing may move
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
            f"{length} steps": costs.time_text(seconds)
            for length in sorted(table.lengths)
            if (seconds := table.seconds.get((way, length))) is not None
        }
        for way in table.ways
    ]
    columns = ["An epoch", *(f"{length} steps" for length in sorted(table.lengths))]
    return pd.DataFrame(rows, columns=columns).fillna("")


def _start(name: str, experiment: Experiment) -> None:
    st.session_state.costs_refused = None
    try:
        server.keras_jobs().submit(name, partial(costs.measure, experiment))
    except QueueFull as full:
        st.session_state.costs_refused = str(full)
