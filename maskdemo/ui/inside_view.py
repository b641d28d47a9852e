"""Three views of the inside page: gates, strategies side by side, gradient."""

from __future__ import annotations

from math import ceil
from typing import Any

import streamlit as st

from maskdemo import charts
from maskdemo.charts.style import strategy_title
from maskdemo.inside.activations import QUANTITIES, first_difference
from maskdemo.inside.inspected_sequence import InspectedSequence, gradients_of_all
from maskdemo.ui import url
from maskdemo.ui.components import Click, chart, is_dark
from maskdemo.ui.inside_text import (
    GATES_CAPTION,
    GRADIENT_CAPTION,
    GRADIENT_MEANINGS,
    SYMBOLS,
    cell_equation,
    compare_caption,
    landing_sentence,
    share_in_mean,
    what_padding_did,
    what_step_did,
)
from maskdemo.ui.url_choices import GRADIENTS, SCOPES

#: With weights of their own, two strategies part where the probabilities of a label differ by more.
MIN_DIFFERENCE = 0.1


def gates_view(sequence: InspectedSequence) -> None:
    """Draw what the chosen step (or, if last real, padding) did, a unit's equations, gates by step."""
    strategy = url.choice("strategy")
    unit, step = url.choice("unit") - 1, url.choice("step")
    # The last real step is shown unless another is chosen: what came of it is what padding did.
    if step == int(sequence.batch.last_valid[0]) + 1:
        before, did = f"{what_padding_did(sequence, strategy)}\n\n", ""
    else:
        before, did = "", what_step_did(sequence, strategy, step=step)
    equation = cell_equation(sequence, strategy, unit=unit, step=step, did=did)
    # One element in either case: another number of them would leave the last step's beside the present.
    st.markdown(before + equation)
    if share := share_in_mean(sequence, strategy, step=step):
        st.markdown(share)
    activations = sequence.activations(strategy)
    looks: dict[str, Any] = {"strategy": strategy, "unit": unit, "step": step, "dark": is_dark()}
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure = charts.gate_heatmaps(sequence, activations, **looks)
        alt = "Gates, cell and hidden state of all units at every step"
        chart(figure, key="gates", alt=alt, on_click=_on_step)
    with right:
        figure = charts.unit_traces(sequence, activations, **looks)
        alt = "One unit's gates, cell and hidden state along the steps"
        chart(figure, key="unit", alt=alt, on_click=_on_step)
        st.caption(SYMBOLS)
    st.caption(GATES_CAPTION)


def _on_step(click: Click) -> None:
    """Choose the step nearest to a click in a chart, at least 1, in a callback."""
    url.choose("step", max(1, ceil(click.x - 0.5)))


def compare_view(sequence: InspectedSequence) -> None:
    """Draw the choices, a quantity under the first four strategies chosen, and where they part."""
    first, second, third = st.columns([5, 2, 2], gap="medium", vertical_alignment="bottom")
    with first:
        titles = {name: strategy_title(name) for name in sequence.strategies}
        chosen = url.several_of("compared", titles, list(titles)[:4], "Strategies")[:4]
    with second:
        quantities = {name: f"{title} {symbol}" for name, (symbol, title) in QUANTITIES.items()}
        quantity = url.dropdown("quantity", quantities, "states", "Quantity")
    with third:
        trained = {name: f"{title}'s for all" for name, title in titles.items()}
        help = (
            "With the weights of one strategy for all, the same network reads the same sequence, and "
            "only the handling of the padding differs."
        )
        trained = {"own": "Each strategy's own"} | trained
        weights = url.dropdown("weights", trained, "own", "Trained weights", help=help)
    own = weights == "own"
    activations = {
        name: sequence.activations(name, weights_of=None if own else weights) for name in chosen
    }
    compared = {
        name: each.probabilities[0] if own else each.states[0] for name, each in activations.items()
    }
    over = MIN_DIFFERENCE if own else 0.0
    parts = {
        name: first_difference(compared[chosen[0]], compared[name], over=over) for name in chosen[1:]
    }
    figure = charts.strategies_compared(
        sequence, activations, quantity=quantity, parts=parts, dark=is_dark()
    )
    chart(figure, key="compare", alt="The same sequence under several strategies")
    st.caption(compare_caption(sequence, chosen[0], weights=weights, over=over))
    if len(chosen) == 1:
        st.info("Choose two strategies or more to compare them. Up to four are shown.")


def gradient_view(sequence: InspectedSequence) -> None:
    """Draw the share of the gradient at real, padded and missing steps, for every strategy.

    The reader chooses the gradient with respect to inputs, states or weights, of this sequence or
    summed over the test set.
    """
    first, second = st.columns(2, gap="medium")
    with first:
        what = url.segments("gradient", GRADIENTS, "inputs", "Gradient with respect to")
    with second:
        scope = url.segments("scope", SCOPES, "all", "Summed over")
    if scope == "all":
        found = gradients_of_all(sequence)
        detail = sequence.test_set_title
    else:
        found, detail = sequence.gradients(), sequence.title
    landings = {name: each[what] for name, each in found.items()}
    st.markdown(landing_sentence(landings))
    figure = charts.gradient_by_step(
        landings, subject=GRADIENTS[what].lower(), detail=detail, dark=is_dark()
    )
    chart(figure, key="gradient", alt="Share of the gradient at every step, by strategy")
    st.caption(f"{GRADIENT_MEANINGS[what]} {GRADIENT_CAPTION}")
