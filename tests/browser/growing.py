"""A page whose run grows by an epoch at every poll: what charts do, without waiting for training."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from maskdemo import charts
from maskdemo.charts.replay import replayed_epochs
from maskdemo.ui.components import Click, chart, drawing, repeat, replay
from tests.charts.samples import RUN, make_batch
from tests.samples import made_up

EPOCHS = 10
#: While there is this file, it grows no further than half: whoever has to hover meanwhile may be slow.
HOLD = Path(os.environ["MASKDEMO_STORE"], "hold")
LONGER = replace(RUN, epochs=EPOCHS, padded_length=24)


def clicked(click: Click) -> None:
    """Remember the step that was clicked, as a page would."""
    st.session_state.step = round(click.x)


st.set_page_config(layout="wide")
state = st.session_state
dark = st.context.theme.type == "dark"
st.button("Go", on_click=lambda: state.update(epoch=1))


def growing() -> bool:
    """Whether there is more to come."""
    return 0 < state.epoch < EPOCHS


def line() -> None:
    """Another part that looks again; at the end the whole page runs, as after a training."""
    if watched and not growing():
        st.rerun()
    st.caption("It grows." if watched else "It rests.")


def view() -> None:
    """Charts that grow, and when they are whole can be played again."""
    state.epoch += growing() and not (state.epoch == EPOCHS // 2 and HOLD.exists())
    now, finished = made_up(LONGER, done=(state.epoch,) * 3), state.epoch == EPOCHS
    st.text(f"Epoch {state.epoch}, step {state.get('step')}, rests at {state.get('rest')}")
    with st.container():
        if finished:
            replay(
                replayed_epochs(now),
                run=now.experiment.epochs,
                on_rest=lambda epoch: state.update(rest=epoch),
            )
    left, right = st.columns(2)
    with left:
        figure = charts.learning_curves(now, dark=dark)
        shown = drawing(figure, charts.curves_frames(now))
        chart(shown, key="curves", alt="Accuracy by epoch")
        chart(charts.padded_batch(make_batch(), dark=dark), key="batch", alt="The batch")
    with right:
        figure = charts.outputs_by_step(now, probe=0, epoch=max(1, state.epoch), dark=dark)
        frames = charts.outputs_frames(now, probe=0, dark=dark)
        shown = drawing(figure, frames if finished else None)
        chart(shown, key="outputs", alt="Output by step", on_click=clicked)


state.setdefault("epoch", 0)
watched = growing()
repeat(line, lambda: 0.2 if watched else None, key="poll_line")
repeat(view, lambda: 0.2 if watched else None, key="poll_view")
