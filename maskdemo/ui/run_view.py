"""What a page shows of a run: which settings it is of, one sequence's outputs, and the epochs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import streamlit as st

from maskdemo import charts
from maskdemo.charts.replay import replayed_epochs
from maskdemo.errors import escape_markdown
from maskdemo.evidence.phrases import counted
from maskdemo.experiment import Experiment
from maskdemo.export.settings_text import difference_sentence
from maskdemo.inside.flips import lead_change
from maskdemo.inside.inspected_sequence import InspectedSequence, true_label
from maskdemo.study import Study
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import live_job, navigation, padding_handle, url
from maskdemo.ui.components import Click, chart, drawing_of_run, is_dark, replay

Settings = TypeVar("Settings", Experiment, Study)


def settings_of_result(
    kind: str, result: Settings, wanted: Settings, show: Callable[[Settings], None]
) -> None:
    """Draw how a result's settings differ from the wanted, other ones, and a button back to them.

    kind: of the job that makes such a result, perhaps still under way. show: sets the controls to the
    result's settings; then the URL is written.
    """
    under_way = live_job.is_active(kind) and live_job.status(kind).newest is not None
    start = "The results under way are for" if under_way else "Result for"

    def go_back() -> None:
        show(result)
        url.mark_changed()

    # By this key the page's style dims what is below.
    key = "under_way" if under_way else "of_other_settings"
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.markdown(
            f":material/history: {escape_markdown(difference_sentence(result, wanted, start))}",
            width="content",
        )
        st.button("Back to the settings of the result", on_click=go_back, key=f"{kind}_back")


def probe_titles(snapshot: Snapshot) -> dict[int, str]:
    """Return probe number (from 1) -> its title, "Sequence 1" and so on."""
    return {number: f"Sequence {number}" for number in range(1, len(snapshot.probes.labels) + 1)}


def probe_description(snapshot: Snapshot, probe: int) -> str:
    """Return a sentence: a probe's (from 0) steps without padding, and true label if it has one."""
    steps = counted(int((~snapshot.probes.padded[probe]).sum()), "step")
    if snapshot.experiment.per_step:
        return f"{steps}, a label at each."
    label = snapshot.experiment.spec.label_name(int(snapshot.probes.labels[probe].max()))
    return f"{steps}, true label {escape_markdown(label)}."


def outputs(snapshot: Snapshot, usual: int) -> None:
    """Draw the choice of a probe, its outputs after every step, and the handle on its padding.

    usual: the probe (from 1) until another is chosen. After a click, goes to the inside page.
    """
    above = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="followed"):
        titles = probe_titles(snapshot)
        probe = url.dropdown("probe", titles, usual, "Unseen sequence", label_visibility="collapsed")
        st.caption(probe_description(snapshot, probe - 1))
        params = snapshot.experiment.to_params() | url.choices_shown("probe", "epoch")
        navigation.link("inside", "See every gate of these networks", params)
    looks = {"probe": probe - 1, "dark": is_dark()}
    frames = partial(charts.outputs_frames, snapshot, **looks)
    newest = max(snapshot.probes.epochs, default=1)
    drawn = drawing_of_run(
        charts.outputs_by_step, snapshot, frames, epoch=newest, pullable=True, **looks
    )
    with above:
        chart(
            drawn,
            key="outputs",
            alt="Output after every step, one panel a strategy",
            on_click=partial(_on_output_clicked, snapshot.experiment, probe),
            on_tap="Open inside",
            handle=padding_handle.handle(snapshot, probe - 1),
        )
        if params := st.session_state.pop("look_inside", None):
            st.switch_page(navigation.file_of("inside"), query_params=params)


def _on_output_clicked(experiment: Experiment, probe: int, click: Click) -> None:
    """Set `look_inside`: settings, probe (from 1), chosen epoch, strategy, nearest step and unit.

    The unit is that of `lead_change`; none without networks.
    """
    strategy = experiment.strategies[click.panel]
    params = experiment.to_params() | url.choices_shown("epoch")
    params |= {"probe": str(probe), "strategy": strategy}
    step = min(max(1, round(click.x)), experiment.padded_length)
    params["step"] = str(step)
    # Found again: a session keeps its callbacks, and megabytes with them if they held the run.
    newest: Snapshot | None = live_job.status("run").newest
    snapshot = newest if newest and newest.experiment == experiment else live_job.find(experiment)
    if snapshot and (kept := snapshot.networks.get(strategy)):
        network = next((each for each in kept if str(each.epoch) == params.get("epoch")), kept[-1])
        label = true_label(snapshot, probe - 1)
        sequence = InspectedSequence(snapshot, probe - 1, network.epoch, label)
        turned = lead_change(network, sequence.activations(strategy), step=step - 1, label=label)
        params["unit"] = str(turned.unit + 1)
    st.session_state.look_inside = params


def scrubber(snapshot: Snapshot) -> None:
    """Draw the slider that replays a run's charts, once finished; rerun the page when it comes to rest.

    Another run than before begins at its newest epoch, unless a link names the epoch.
    """
    epochs = replayed_epochs(snapshot) if snapshot.finished else ()
    if not epochs:
        return
    # Where the replay of another run rested is nothing to this one, unless a link says so.
    session = st.session_state
    # Its settings alone: an experiment may hold somebody's own sequences.
    shown = snapshot.experiment.to_json()
    before, session.replayed = session.get("replayed"), shown
    if before not in (None, shown) and not isinstance(session.get("playground_epoch"), str):
        session.playground_epoch = None
        url.mark_changed()
        url.write_if_changed()
    epoch = url.settled("epoch", epochs, epochs[-1])
    # What moved the scrubber from outside, such as Back, makes it a new one.
    moved = None if epoch == st.session_state.get("rested") else epoch
    run = (snapshot.experiment, snapshot.seconds, moved)
    replay(epochs, run=run, epoch=epoch, on_rest=_on_rest)
    if st.session_state.pop("came_to_rest", False):
        # The links elsewhere on the page lead to this epoch.
        st.rerun()


def _on_rest(epoch: int) -> None:
    """Choose the epoch at which the slider came to rest, for the URL too, in a callback.

    `scrubber` learns that its own slider chose it, so that it stays, and draws the page once more.
    """
    st.session_state.rested = st.session_state.playground_epoch = epoch
    st.session_state.came_to_rest = True
    url.mark_changed()
