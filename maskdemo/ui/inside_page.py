"""The inside page around its views: which run, sequence, epoch and label, and playing the epochs."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from maskdemo.errors import escape_markdown
from maskdemo.experiment import Experiment
from maskdemo.export.settings_text import difference
from maskdemo.results import precomputed
from maskdemo.server import Run
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import inside_view, job, navigation, run_view, server, url
from maskdemo.ui.inspected_sequence import InspectedSequence

VIEWS = {
    "gates": ("Gate by gate", inside_view.gates),
    "compare": ("Side by side", inside_view.compare),
    "gradient": ("Gradient", inside_view.gradient),
}
#: Seconds that each epoch stays while the page plays them.
EPOCH_S = 0.6

session = st.session_state


def snapshot_of(experiment: Experiment) -> Snapshot | None:
    """The finished run of these settings, else the session's own run if it has networks."""
    newest = job.status("run").newest
    own = newest if newest is not None and newest.networks else None
    return server.find(experiment) or own


def _epochs(snapshot: Snapshot) -> list[int]:
    """The epochs of which networks were kept."""
    return [each.epoch for each in next(iter(snapshot.networks.values()))]


def _is_growing(snapshot: Snapshot | None) -> bool:
    """Whether more networks to look into are still to come."""
    return job.is_active("run") and (
        snapshot is None or snapshot.done * snapshot.experiment.repeats < 1
    )


def _train() -> None:
    """Start a run of the controls' present settings."""
    job.submit(Run(url.read(url.RUN)[0]))


def bar(experiment: Experiment) -> None:
    """Where a run stands, and what to do where there is none of these settings."""
    job.refusal("run")
    if job.is_active("run"):
        with st.container(horizontal=True, vertical_alignment="center"):
            job.cancel_button("run")
            job.line(job.status("run"), run_view.progress, "")
        return
    if job.status("run").phase == "failed":
        job.line(job.status("run"), run_view.progress, "")
    snapshot = snapshot_of(experiment)
    if snapshot is not None and snapshot.experiment == experiment:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        job.start_button("run", "Train", _train)
        if snapshot is not None:
            said = difference(snapshot.experiment, experiment, "These networks are for")
            st.info(escape_markdown(said))
        else:
            st.info(run_view.not_trained_yet(experiment))


def _controls(snapshot: Snapshot) -> None:
    """Which view, sequence, epoch and label; the view's own sliders besides."""
    with st.container(horizontal=True):
        url.one_of(
            st.segmented_control,
            "view",
            VIEWS,
            "gates",
            label="View",
            format_func=lambda name: VIEWS[name][0],
            required=True,
            label_visibility="collapsed",
        )
        place = st.container()
    with st.sidebar:
        probe = url.one_of(
            st.selectbox,
            "probe",
            range(1, len(snapshot.probes.labels) + 1),
            run_view.usual_probe(snapshot.probes, snapshot.experiment),
            label="Unseen sequence",
            format_func=run_view.probe_title,
        )
        st.caption(run_view.probe_description(snapshot, probe - 1))
        _choose_label(snapshot)
        _choose_epoch(snapshot)
        if url.choice("view") == "gates":
            with place:
                _choose_strategy(_sequence(snapshot))
            _choose_unit_and_step(_sequence(snapshot))


def _choose_label(snapshot: Snapshot) -> None:
    """The label whose probability is followed: by default the true one."""
    per_step = snapshot.experiment.per_step
    truth = 1 if per_step else int(snapshot.probes.labels[url.choice("probe") - 1].max())
    url.one_of(
        st.selectbox,
        "label",
        range(snapshot.experiment.classes),
        truth,
        label="Label followed",
        format_func=snapshot.experiment.spec.label_name,
    )


def _choose_epoch(snapshot: Snapshot) -> None:
    """Which epoch's networks, and the button that goes through all of them."""
    epochs = _epochs(snapshot)
    if _is_growing(snapshot) or session.playing is not None:
        # Moved by the page and not by the viewer, so it is no control.
        url.undrawn("epoch", epochs, epochs[-1])
        st.caption("The epoch moves by itself: the charts say which one it is.")
    elif len(epochs) > 1:
        url.one_of(st.select_slider, "epoch", epochs, epochs[-1], label="After epoch")
    else:
        url.undrawn("epoch", epochs, epochs[-1])
    playing = session.playing is not None
    st.button(
        "Pause" if playing else "Play",
        icon=":material/pause:" if playing else ":material/play_arrow:",
        on_click=_on_pause if playing else _on_play,
        args=() if playing else (epochs,),
        key="play",
        disabled=_is_growing(snapshot) or len(epochs) < 2,
        width="stretch",
        help="Move through the epochs of the run.",
    )


def _on_play(epochs: list[int]) -> None:
    """Begin at the chosen epoch, or anew where that is the last one."""
    chosen = session.inside_epoch
    session.playing = chosen if chosen in epochs[:-1] else epochs[0]
    url.mark_touched()


def _on_pause() -> None:
    """Stay at the epoch that is shown."""
    url.choose("epoch", session.playing)
    session.playing = None


def _sequence(snapshot: Snapshot) -> InspectedSequence:
    """The run as it is looked at now."""
    epochs = _epochs(snapshot)
    epoch = session.playing or url.choice("epoch")
    newest = epochs[-1] if _is_growing(snapshot) or epoch not in epochs else epoch
    return InspectedSequence(snapshot, url.choice("probe") - 1, newest, url.choice("label"))


def _telling_unit(sequence: InspectedSequence, strategy: str) -> int:
    """The unit that adds most to the followed output where it is read out."""
    network = sequence.snapshot.networks[strategy][-1]
    read_out = sequence.arrays(strategy).read_out[0]
    column = min(sequence.label, network.readout.shape[1] - 1)
    return int(
        np.abs(
            sequence.last_activations(strategy).read[0, read_out] * network.readout[:, column]
        ).argmax()
    )


def _choose_unit_and_step(sequence: InspectedSequence) -> None:
    """The two sliders of `gates`; a click in a chart chooses a step too."""
    strategy = url.choice("strategy")
    steps, units = sequence.activations(strategy).states.shape[1:]
    last = int(sequence.batch.last_valid[0]) + 1
    for name, label, most, usual in (
        ("unit", "Unit", units, _telling_unit(sequence, strategy) + 1),
        ("step", "Step", steps, last),
    ):
        if most > 1:
            url.one_of(st.select_slider, name, range(1, most + 1), usual, label=label)
        else:
            url.undrawn(name, [1], 1)


def _choose_strategy(sequence: InspectedSequence) -> None:
    """The strategy whose gates are shown."""
    url.one_of(
        st.segmented_control,
        "strategy",
        sequence.strategies,
        sequence.strategies[0],
        label="Strategy",
        format_func=lambda name: STRATEGIES[name].title,
        required=True,
        label_visibility="collapsed",
    )


def _charts(experiment: Experiment, drawn_for: Experiment | None) -> None:
    """Draw the chosen view. drawn_for: the experiment whose controls are on the page."""
    snapshot = snapshot_of(experiment)
    if snapshot is None:
        return
    if snapshot.experiment != drawn_for:
        # The controls are those of another run.
        st.rerun()
    VIEWS[url.choice("view")][1](_sequence(snapshot))
    if note := precomputed.provenance_note(snapshot):
        st.caption(note)


def _play(experiment: Experiment, drawn_for: Experiment | None) -> None:
    """The charts, an epoch later each time; after the last one playing stops."""
    snapshot = snapshot_of(experiment)
    if session.playing is None or snapshot is None:
        session.playing = None
        st.rerun()
    _charts(experiment, drawn_for)
    later = [each for each in _epochs(snapshot) if each > session.playing]
    session.playing = later[0] if later else None
    if not later:
        url.choose("epoch", None)


def _moved_view(experiment: Experiment) -> None:
    """Where a link to the former view *Add padding* finds it now."""
    if st.query_params.get("view") != "padding":
        return
    names = ("added", "added_side")
    added = {name: st.query_params[name] for name in names if name in st.query_params}
    st.info("Padding is now added on the playground, by pulling its edge.")
    st.page_link(
        navigation.file_of("playground"),
        label="Pull the padding of these networks",
        icon=":material/tune:",
        query_params=experiment.to_params() | added,
    )


def view(experiment: Experiment) -> None:
    """Draw the controls and the chosen view: while a run trains, or plays, again and again."""
    session.setdefault("playing", None)
    _moved_view(experiment)
    snapshot = snapshot_of(experiment)
    if snapshot is not None:
        _controls(snapshot)
    drawn_for = snapshot.experiment if snapshot else None
    if session.playing is not None:
        job.repeat(partial(_play, experiment, drawn_for), EPOCH_S, name="playing")
    else:
        job.watch(partial(_charts, experiment, drawn_for), "run", only_results=True)
