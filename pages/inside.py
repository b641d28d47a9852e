"""Page 2: one sequence through the trained networks, gate by gate, and where the gradient goes."""

import streamlit as st

from maskdemo.results import precomputed
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import (
    address,
    choices,
    inside_view,
    job,
    navigation,
    padding_ablation,
    run_view,
    server,
)
from maskdemo.ui.inspected_sequence import InspectedSequence
from maskdemo.ui.polling import repeated

VIEWS = {
    "gates": ("Gate by gate", inside_view.gates),
    "compare": ("Side by side", inside_view.compare),
    "gradient": ("Gradient", inside_view.gradient),
    "padding": ("Add padding", padding_ablation.add_padding),
}
#: Seconds that each epoch stays while playing.
PACE = 0.6

navigation.require("inside")
state = st.session_state
experiment = address.chosen(address.RUN)[0]


def shown_now() -> Snapshot | None:
    """The finished run of these settings, else the session's own run, as far as it has networks."""
    newest = job.status("run").newest
    own = newest if newest is not None and newest.networks else None
    return server.find(experiment) or own


def epochs_of(found: Snapshot) -> list[int]:
    """The epochs of which networks were kept."""
    return [each.epoch for each in next(iter(found.networks.values()))]


def is_growing(found: Snapshot | None) -> bool:
    """Whether more networks to look into are still to come."""
    return job.is_going("run") and (found is None or found.done * found.experiment.repeats < 1)


def train() -> None:
    """Begin a run of what the address names by then."""
    server.start(address.chosen(address.RUN)[0])


st.title("Inside the LSTM", anchor=False)
if shown_now() is None:
    # Afterwards the first sentence says what is to be seen, and all gates fit on one screen.
    st.markdown(
        "Why does a mask change the result? Follow one unseen sequence through the trained networks."
    )
run_view.complaints(None)


def bar() -> None:
    """Where a run stands, and what to do where there is none of these settings."""
    job.refusal("run")
    if job.is_going("run"):
        with st.container(horizontal=True, vertical_alignment="center"):
            job.cancel_button("run")
            job.line("run", run_view.where, "")
        return
    if job.status("run").phase == "failed":
        job.line("run", run_view.where, "")
    found = shown_now()
    if found is not None and found.experiment == experiment:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        job.start_button("run", "Train", train)
        if found is not None:
            st.info("These networks belong to earlier settings. Train to look into the present ones.")
        else:
            st.info(run_view.training_layout(experiment))


def controls(found: Snapshot) -> None:
    """Which view, sequence, epoch and label; the view's own sliders besides."""
    with st.container(horizontal=True):
        choices.one_of(
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
        probe = choices.one_of(
            st.selectbox,
            "probe",
            range(1, len(found.probes.labels) + 1),
            1,
            label="Unseen sequence",
            format_func=run_view.probe_title,
        )
        st.caption(run_view.probe_words(found, probe - 1))
        choose_label(found)
        choose_epoch(found)
        if choices.held("view") == "gates":
            with place:
                inside_view.choose_strategy(inspected_now(found))
            inside_view.choose_unit_and_step(inspected_now(found))


def choose_label(found: Snapshot) -> None:
    """The label whose probability is followed: by default the true one."""
    per_step = found.experiment.per_step
    truth = 1 if per_step else int(found.probes.labels[choices.held("probe") - 1].max())
    choices.one_of(
        st.selectbox,
        "label",
        range(found.experiment.classes),
        truth,
        label="Label followed",
    )


def choose_epoch(found: Snapshot) -> None:
    """Which epoch's networks, and the button that goes through all of them."""
    epochs = epochs_of(found)
    if is_growing(found) or state.playing is not None:
        # Moved by the page and not by the viewer, so it is no control.
        choices.value("epoch", epochs, epochs[-1])
        st.caption("The epoch moves by itself: the charts say which one it is.")
    elif len(epochs) > 1:
        choices.one_of(st.select_slider, "epoch", epochs, epochs[-1], label="After epoch")
    else:
        choices.value("epoch", epochs, epochs[-1])
    playing = state.playing is not None
    st.button(
        "Pause" if playing else "Play",
        icon=":material/pause:" if playing else ":material/play_arrow:",
        on_click=on_pause if playing else on_play,
        args=() if playing else (epochs,),
        key="play",
        disabled=is_growing(found) or len(epochs) < 2,
        width="stretch",
        help="Move through the epochs of the run.",
    )


def on_play(epochs: list[int]) -> None:
    """Begin at the chosen epoch, or anew where that is the last one."""
    chosen = state.inside_epoch
    state.playing = chosen if chosen in epochs[:-1] else epochs[0]
    address.touched()


def on_pause() -> None:
    """Stay at the epoch that is shown."""
    choices.choose("epoch", state.playing)
    state.playing = None


def inspected_now(found: Snapshot) -> InspectedSequence:
    """The run as it is looked at now."""
    epochs = epochs_of(found)
    epoch = state.playing or choices.held("epoch")
    newest = epochs[-1] if is_growing(found) or epoch not in epochs else epoch
    return InspectedSequence(found, choices.held("probe") - 1, newest, choices.held("label"))


def charts() -> None:
    """The chosen view."""
    found = shown_now()
    if found is None:
        return
    if found.experiment != drawn_for:
        # The controls are another run's.
        st.rerun()
    VIEWS[choices.held("view")][1](inspected_now(found))
    if note := precomputed.note(found):
        st.caption(note)


def playing() -> None:
    """The charts, an epoch later each time; after the last one playing stops."""
    found = shown_now()
    if state.playing is None or found is None:
        state.playing = None
        st.rerun()
    charts()
    later = [each for each in epochs_of(found) if each > state.playing]
    state.playing = later[0] if later else None
    if not later:
        choices.choose("epoch", None)


state.setdefault("playing", None)
job.watched(bar, "run")
found = shown_now()
drawn_for = found.experiment if found else None
if found is not None:
    controls(found)
if state.playing is not None:
    repeated(playing, PACE, name="playing")
else:
    job.watched(charts, "run", only_results=True)
