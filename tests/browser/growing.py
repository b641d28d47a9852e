"""A page whose run grows by an epoch at every poll: what charts do, without waiting for training."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from maskdemo import charts
from maskdemo.charts.replay import replayed_epochs
from maskdemo.ui import drawings
from maskdemo.ui.chart import chart, replay
from tests.charts.samples import make_batch, make_snapshot, until

EPOCHS = 20
WHOLE = make_snapshot(epochs=EPOCHS, done=(EPOCHS,) * 3, steps=24)


def clicked(x: float) -> None:
    """Remember the step that was clicked, as a page would."""
    st.session_state.step = round(x)


st.set_page_config(layout="wide")
state = st.session_state
dark = st.context.theme.type == "dark"
st.button("Go", on_click=lambda: state.update(epoch=1))


@st.fragment(run_every=0.2 if 0 < state.get("epoch", 0) < EPOCHS else None)
def view() -> None:
    """Charts that grow, and when they are whole can be played again."""
    state.polls = state.get("polls", 0) + 1
    if 0 < state.setdefault("epoch", 0) < EPOCHS:
        state.epoch += 1
        if state.epoch == EPOCHS:
            st.rerun()
    now, finished = until(WHOLE, state.epoch), state.epoch == EPOCHS
    st.text(f"Epoch {state.epoch}, step {state.get('step')}, rests at {state.get('rest')}")
    st.text(f"Drawn {state.polls} times")
    with st.container():
        if finished:
            replay(
                replayed_epochs(now),
                key="replay",
                group="run",
                run=now.experiment.epochs,
                on_rest=lambda epoch: state.update(rest=epoch),
            )
    left, right = st.columns(2)
    with left:
        figure = charts.learning_curves(now, dark=dark)
        shown = drawings.drawing(figure, charts.curves_frames(now))
        chart(shown, key="curves", alt="Accuracy by epoch", replay="run")
        chart(charts.padded_batch(make_batch(), dark=dark), key="batch", alt="The batch")
    with right:
        figure = charts.outputs_by_step(now, probe=0, epoch=max(1, state.epoch), dark=dark)
        frames = charts.outputs_frames(now, probe=0, dark=dark)
        shown = drawings.drawing(figure, frames if finished else None)
        chart(shown, key="outputs", alt="Output by step", replay="run", on_click=clicked)


view()
