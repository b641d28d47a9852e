"""The view in which padding is added after training, and one watches it leak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from maskdemo import charts
from maskdemo.data.padding import unpad
from maskdemo.data.sequences import Sequences
from maskdemo.experiment import NUMBERS
from maskdemo.inside.activations import activations_of
from maskdemo.inside.leak import MAX_ADDED, compared_steps, leak, padded_by
from maskdemo.strategies import STRATEGIES
from maskdemo.titles import SIDES
from maskdemo.training.snapshot import Probes
from maskdemo.ui import url
from maskdemo.ui.chart import chart, is_dark
from maskdemo.ui.inspected_sequence import InspectedSequence, sweeps, unseen


def add_padding(sequence: InspectedSequence) -> None:
    """Padding that training never saw: which outputs move."""
    experiment = sequence.experiment
    first, second, third = st.columns([2, 1, 1], gap="medium", vertical_alignment="bottom")
    with first:
        count = url.number(
            st.slider,
            "added",
            0,
            MAX_ADDED,
            100,
            label="Padded steps added",
            help="The sequence without any padding, then with this many padded steps.",
        )
    with second:
        side = url.one_of(
            st.segmented_control,
            "added_side",
            SIDES,
            experiment.side,
            label="Side of the added padding",
            format_func=lambda side: SIDES[side].title,
            required=True,
            width="stretch",
        )
    with third:
        value = url.number(
            url.number_box,
            "added_value",
            *NUMBERS["pad_value"].limits,
            experiment.pad_value,
            label="Value written there",
            step=1.0,
        )
    test = unseen(experiment)
    left, right = st.columns(2, gap="medium")
    with left:
        _outputs_with_padding(sequence, count, side, value)
        st.caption(_meaning(sequence, test))
    with right:
        found = sweeps(experiment, sequence.epoch, side, value, sequence.networks)
        figure = charts.change_by_padding(
            found, cursor=count, detail=sequence.test_set_title, dark=is_dark()
        )
        chart(figure, key="change", alt="Change of the outputs against padded steps added")
        figure = charts.accuracy_by_padding(
            found,
            cursor=count,
            chance=next(iter(found.values())).chance,
            detail=sequence.test_set_title,
            dark=is_dark(),
        )
        chart(figure, key="added_accuracy", alt="Accuracy against padded steps added")


def _outputs_with_padding(sequence: InspectedSequence, count: int, side: str, value: float) -> None:
    bare = unpad(sequence.batch)
    missing = sequence.experiment.pad_value
    batch = padded_by(bare, count, side=side, value=value, missing=missing)
    alone = padded_by(bare, 0, side=side, value=value, missing=missing)
    said, change, read_out = {}, {}, {}
    for name in sequence.strategies:
        given, without = sequence.arrays(name, batch), sequence.arrays(name, alone)
        said[name] = activations_of(sequence.networks[name], given).probabilities
        bare_said = activations_of(sequence.networks[name], without).probabilities
        change[name] = leak(
            said[name][compared_steps(sequence.experiment, batch, given)],
            bare_said[compared_steps(sequence.experiment, alone, without)],
        )
        read_out[name] = given.read_out
    shown = Probes(
        batch.values,
        batch.valid,
        batch.padded,
        batch.labels,
        outputs={name: each[None] for name, each in said.items()},
        read_out=read_out,
        epochs=(1,),
    )
    steps = f"{count} padded step{'s' * (count != 1)}"
    figure = charts.outputs_by_step(
        replace(sequence.snapshot, probes=shown),
        probe=0,
        epoch=1,
        label=sequence.label,
        title=f"Output with {steps} added",
        detail=f"{sequence.title}, probability of label {sequence.label}",
        dark=is_dark(),
    )
    chart(figure, key="added_outputs", alt="Output after every step with the added padding")
    st.markdown(f"With {steps} added, the output for this sequence moves: {_moves(change)}.")


def _moves(change: Mapping[str, float]) -> str:
    return ", ".join(
        f"**{STRATEGIES[name].title}** {'by exactly 0' if each == 0 else f'by {each * 100:.2g} points'}"
        for name, each in change.items()
    )


def _meaning(sequence: InspectedSequence, test: Sequences) -> str:
    experiment = sequence.experiment
    lengths = [len(each) for each in test.values]
    low, high = (experiment.padded_length - each for each in (max(lengths), min(lengths)))
    amount = f"{low} to {high}" if low != high else str(low)
    where = "at any real step" if experiment.per_step else "where it is read out"
    return (
        f"Change: the largest difference of any probability, {where}, from the same sequence without "
        f"padding. In training these sequences had {amount} padded steps "
        f"{SIDES[experiment.side].phrase}, written as {experiment.pad_value:g}. A network whose "
        "state is held is exactly flat."
    )
