"""The few Keras lines that each strategy stands for, as the exported script has them."""

from __future__ import annotations

import streamlit as st

from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import strategy_lines
from maskdemo.strategies import STRATEGIES
from maskdemo.ui import address


def expander(experiment: Experiment) -> None:
    """A closed box with a tab a strategy."""
    box = st.expander("Show the code", icon=":material/code:", key="code", on_change=address.touched)
    if not box.open:
        return
    with box:
        st.caption(
            "What each strategy is in Keras. *Take away* has the whole program: data, training, scores."
        )
        names = experiment.strategies
        for tab, name in zip(st.tabs([STRATEGIES[each].title for each in names]), names, strict=True):
            tab.code(strategy_lines(experiment, name), language="python")
