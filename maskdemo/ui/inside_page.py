"""The inside page around its views: which run, sequence, label and epoch, and which view of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from maskdemo.charts.padded_batch import typical_row
from maskdemo.errors import escape_markdown
from maskdemo.evidence.phrases import counted
from maskdemo.experiment import Experiment
from maskdemo.export.settings_text import difference_sentence
from maskdemo.inside.inspected_sequence import InspectedSequence, true_label
from maskdemo.results import precomputed
from maskdemo.server import Run
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import components, inside_view, live_job, run_view, url
from maskdemo.ui.url_choices import VIEWS

DRAW_VIEW = {
    "gates": inside_view.gates_view,
    "compare": inside_view.compare_view,
    "gradient": inside_view.gradient_view,
}
#: Seconds that each epoch stays while the page plays them.
EPOCH_S = 0.6

session = st.session_state


def run_with_networks(experiment: Experiment) -> Snapshot | None:
    """Return the finished run of these settings; else the session's, of any, if it has networks."""
    newest = live_job.status("run").newest
    own = newest if newest is not None and newest.networks else None
    return live_job.find(experiment) or own


def _epochs(snapshot: Snapshot) -> list[int]:
    """Return the epochs of which networks were kept, ascending."""
    return [each.epoch for each in next(iter(snapshot.networks.values()))]


def _is_growing(snapshot: Snapshot | None) -> bool:
    """Whether a run is active and, with a snapshot, in its first repeat, whose networks are kept."""
    return live_job.is_active("run") and (
        snapshot is None or snapshot.done * snapshot.experiment.repeats < 1
    )


def button_bar(experiment: Experiment) -> None:
    """Draw Cancel and progress of an active run; else, if these settings have no networks, Train.

    Beside Train stands `not_trained_yet`, or how the settings of the networks shown differ.
    """
    live_job.refusal("run")
    if live_job.is_active("run"):
        with st.container(horizontal=True, vertical_alignment="center"):
            live_job.cancel_button("run")
            live_job.run_progress_line()
        return
    if live_job.status("run").phase == "failed":
        live_job.run_progress_line()
    snapshot = run_with_networks(experiment)
    if snapshot is not None and snapshot.experiment == experiment:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        live_job.start_button("run", "Train", live_job.submit_run)
        if snapshot is None:
            st.info(not_trained_yet(experiment))
        else:
            text = difference_sentence(snapshot.experiment, experiment, "These networks are for")
            st.info(escape_markdown(text))


def not_trained_yet(experiment: Experiment) -> str:
    """Return sentences: no networks are there; how many a run would train, in how long if known."""
    networks = counted(len(experiment.strategies) * experiment.repeats, "network")
    seconds = live_job.server().queue.seconds_for(Run(experiment))
    takes = "; how long that takes cannot be told yet"
    if seconds is not None:
        takes = f", in about {live_job.duration(seconds)}"
    return (
        "There are no trained networks of these settings to look into yet. "
        f"Training makes {networks}, of {counted(experiment.epochs, 'epoch')} each{takes}."
    )


def _controls(snapshot: Snapshot) -> None:
    """Draw the choices of view, sequence, label and epoch; for the gates, strategy, unit and step."""
    with st.container(horizontal=True):
        url.segments("view", VIEWS, "gates", "View", hidden=True)
        place = st.container()
    with st.expander("Sequence and step") if st.context.is_embedded else st.sidebar:
        usual = typical_row(snapshot.probes, per_step=snapshot.experiment.per_step) + 1
        probe = url.dropdown("probe", run_view.probe_titles(snapshot), usual, "Unseen sequence")
        st.caption(run_view.probe_description(snapshot, probe - 1))
        spec = snapshot.experiment.spec
        names = {label: spec.label_name(label) for label in range(snapshot.experiment.classes)}
        url.dropdown("label", names, true_label(snapshot, probe - 1), "Label followed")
        _choose_epoch(snapshot)
        if url.choice("view") == "gates":
            sequence = _sequence(snapshot)
            titles = {name: STRATEGIES[name].title for name in sequence.strategies}
            with place:
                url.segments("strategy", titles, sequence.strategies[0], "Strategy", hidden=True)
            _choose_unit_and_step(sequence)


def _choose_epoch(snapshot: Snapshot) -> None:
    """Draw the epoch's slider, or a caption while it plays or grows; Play or Pause unless it grows."""
    epochs, playing = _epochs(snapshot), session.playing is not None
    if _is_growing(snapshot) or playing:
        url.settled("epoch", epochs, epochs[-1])
        st.caption("The epoch moves by itself: the charts say which one it is.")
    else:
        _slider("epoch", "After epoch", epochs, epochs[-1])
    if len(epochs) > 1 and not _is_growing(snapshot):
        st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            on_click=_on_pause if playing else partial(_on_play, epochs),
            key="play",
            width="stretch",
            help="Move through the epochs of the run.",
        )


def _on_play(epochs: list[int]) -> None:
    """Play the epochs after the chosen one, or all if that is the last, by `playing`: a callback."""
    chosen = session.inside_epoch
    session.playing = chosen if chosen in epochs[:-1] else 0
    url.mark_touched()


def _on_pause() -> None:
    """Stop playing, and choose the epoch that is shown, in a callback."""
    url.choose("epoch", session.playing)
    session.playing = None


def _slider(name: str, label: str, options: Sequence[int], default: int) -> None:
    """Draw the slider of a choice; with a single option, draw nothing but have it `settled`."""
    if len(options) > 1:
        url.one_of(st.select_slider, name, options, default, label=label)
    else:
        url.settled(name, options, default)


def _sequence(snapshot: Snapshot) -> InspectedSequence:
    """Return the chosen sequence at the epoch that plays or is chosen; the newest while training."""
    epochs, epoch = _epochs(snapshot), session.playing or url.choice("epoch")
    if _is_growing(snapshot) or epoch not in epochs:
        epoch = epochs[-1]
    return InspectedSequence(snapshot, url.choice("probe") - 1, epoch, url.choice("label"))


def _main_unit(sequence: InspectedSequence, strategy: str) -> int:
    """Return the unit (from 0) of largest |`read` * weight of `label`| at `read_out`, newest epoch."""
    network = sequence.snapshot.networks[strategy][-1]
    read_out = sequence.arrays(strategy).read_out[0]
    column = min(sequence.label, network.readout.shape[1] - 1)
    states = sequence.newest_activations(strategy).read[0, read_out]
    return int(np.abs(states * network.readout[:, column]).argmax())


def _choose_unit_and_step(sequence: InspectedSequence) -> None:
    """Draw sliders over all units and steps, from 1: by default `_main_unit` and the last real step."""
    strategy = url.choice("strategy")
    steps, units = sequence.activations(strategy).states.shape[1:]
    last = int(sequence.batch.last_valid[0]) + 1
    _slider("unit", "Unit", range(1, units + 1), _main_unit(sequence, strategy) + 1)
    _slider("step", "Step", range(1, steps + 1), last)


def _charts(experiment: Experiment, drawn_for: Experiment | None) -> None:
    """Draw a run's chosen view, if any; rerun the page if the run's settings are not `drawn_for`."""
    snapshot = run_with_networks(experiment)
    if snapshot is None:
        return
    if snapshot.experiment != drawn_for:
        # The controls are those of another run.
        st.rerun()
    DRAW_VIEW[url.choice("view")](_sequence(snapshot))
    if note := precomputed.provenance_note(snapshot):
        st.caption(note)


def _play(experiment: Experiment, drawn_for: Experiment | None) -> None:
    """Draw the next kept epoch's charts; after the last, stop playing and run the page anew."""
    snapshot, shown = run_with_networks(experiment), session.playing
    later = (
        [each for each in _epochs(snapshot) if each > shown] if snapshot and shown is not None else []
    )
    session.playing = later[0] if later else None
    if not later:
        if shown is not None:
            url.choose("epoch", None)
        st.rerun()
    _charts(experiment, drawn_for)


def view(experiment: Experiment) -> None:
    """Draw controls and view of a run, if any; the view again and again while one trains or plays."""
    session.setdefault("playing", None)
    snapshot = run_with_networks(experiment)
    if _is_growing(snapshot):
        session.playing = None
    if snapshot is not None:
        _controls(snapshot)
    drawn_for = snapshot.experiment if snapshot else None
    if session.playing is None:
        live_job.watch(partial(_charts, experiment, drawn_for), "run", only_results=True)
    else:
        components.repeat(partial(_play, experiment, drawn_for), lambda: EPOCH_S, key="poll_playing")
