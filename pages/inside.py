"""Page 2: one sequence through the trained networks, gate by gate, and where the gradient goes."""

import time

import streamlit as st

from maskdemo.server import QueueFull, Status
from maskdemo.snapshot import Snapshot
from maskdemo.ui import added, controls, inside, live, navigation, server
from maskdemo.ui.choices import Choices
from maskdemo.ui.look import Look

NAMES = (
    *("view", "probe", "epoch", "label", "strategy", "unit", "step", "compared", "quantity"),
    *("weights", "gradient", "scope", "added", "added_side", "added_value"),
)
VIEWS = {
    "gates": ("Gate by gate", inside.gates),
    "compare": ("Side by side", inside.compare),
    "gradient": ("Gradient", inside.gradient),
    "padding": ("Add padding", added.add_padding),
}
#: Seconds that each epoch stays while playing.
PACE = 0.6

navigation.require()
state = st.session_state
choices = Choices("inside", NAMES)
choices.arrive()
complaints = controls.arrive()
experiment = state.experiment


def status_now() -> Status[Snapshot]:
    return server.status("run")


def is_going(status: Status[Snapshot]) -> bool:
    return status.phase in ("queued", "running")


def shown_now(status: Status[Snapshot]) -> Snapshot | None:
    """The finished run of these settings, else the session's own run, as far as it has networks."""
    newest = status.newest
    own = newest if newest is not None and newest.networks else None
    return server.find(experiment) or own


def is_growing(status: Status[Snapshot]) -> bool:
    """Whether more networks to look into are still to come."""
    found = shown_now(status)
    return is_going(status) and (found is None or found.done * found.experiment.repeats < 1)


def on_train() -> None:
    try:
        server.start(experiment)
        state.refused = None
    except QueueFull as full:
        state.refused = str(full)


def on_cancel() -> None:
    server.cancel("run")


def on_play() -> None:
    state.playing = not state.get("playing")
    state.ticked = 0.0


def stop_playing() -> None:
    state.playing = False


st.title("Inside the LSTM", anchor=False)
st.markdown(
    "Why does a mask change the result? Follow one unseen sequence through the trained networks: "
    "every gate at every step, where the gradient goes, and what more padding does."
)
for sentence in complaints:
    st.warning(f"Part of the link could not be used. {live.plain(sentence)}")

status = status_now()
if shown_now(status) is None and status.phase == "idle" and not state.get("refused"):
    on_train()
    status = status_now()
going, growing = is_going(status), is_growing(status)


@st.fragment(run_every=0.5 if going else None)
def progress() -> None:
    status = status_now()
    if is_going(status) != going:
        st.rerun()
    if state.get("refused"):
        st.warning(state.refused)
    if going:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Cancel", icon=":material/stop:", on_click=on_cancel, key="inside_cancel")
            live.progress(status)
        return
    if status.phase == "failed":
        live.progress(status)
    found = shown_now(status)
    if found is not None and found.experiment == experiment:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Train",
            type="primary",
            icon=":material/play_arrow:",
            on_click=on_train,
            key="inside_train",
        )
        if found is not None:
            st.info("These networks belong to earlier settings. Train to look into the present ones.")
        else:
            st.info("There is no trained network to look into yet.")


@st.fragment(run_every=PACE if state.get("playing") else 1.0 if growing else None)
def views() -> None:
    status = status_now()
    was_playing = bool(state.get("playing"))
    if is_growing(status) != growing or was_playing != state.get("polled_playing", False):
        state.polled_playing = was_playing
        st.rerun()
    found = shown_now(status)
    if found is None:
        return
    look = controls_row(found)
    view = choices.one_of(
        st.segmented_control,
        "view",
        VIEWS,
        "gates",
        label="View",
        format_func=lambda name: VIEWS[name][0],
        required=True,
        label_visibility="collapsed",
    )
    VIEWS[view][1](look, choices)
    controls.share_in_url(found.experiment, **choices.texts)


def controls_row(found: Snapshot) -> Look:
    """Which sequence, which epoch, which label."""
    epochs = [each.epoch for each in next(iter(found.networks.values()))]
    first, second, third, fourth = st.columns([3, 4, 1.4, 2], gap="medium", vertical_alignment="bottom")
    probes = range(1, len(found.probes.labels) + 1)
    with first:
        probe = choices.one_of(
            st.selectbox,
            "probe",
            probes,
            1,
            label="Unseen sequence",
            format_func=lambda number: probe_title(found, number - 1),
        )
    epoch = choices.value("epoch", epochs, epochs[-1])
    if state.get("playing"):
        epoch = next_epoch(epochs, epoch)
    moving = state.get("playing") or growing
    with second:
        if moving and len(epochs) > 1:
            # Moved by the page and not by the viewer, so it takes no answer.
            state.inside_passing = epoch
            st.select_slider("After epoch", epochs, key="inside_passing", disabled=True)
        elif len(epochs) > 1:
            epoch = choices.one_of(st.select_slider, "epoch", epochs, epochs[-1], label="After epoch")
    with third:
        playing = state.get("playing", False)
        st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            on_click=on_play,
            key="inside_play",
            disabled=growing or len(epochs) < 2,
            width="stretch",
            help="Move through the epochs of the run.",
        )
    labels = found.probes.labels[probe - 1]
    truth = 1 if found.experiment.per_step else int(labels.max())
    with fourth:
        label = choices.one_of(
            st.selectbox,
            "label",
            range(found.experiment.classes),
            truth,
            label="Label followed",
            format_func=lambda each: (
                f"{each} (true)" if each == truth and not found.experiment.per_step else str(each)
            ),
        )
    return Look(found, probe - 1, epoch, label)


def next_epoch(epochs: list[int], epoch: int) -> int:
    """The epoch to show while playing; at the end playing stops, and starting there begins anew."""
    now = time.monotonic()
    if state.ticked == 0.0 and epoch == epochs[-1]:
        following = epochs[0]
    elif now - state.ticked >= 0.8 * PACE:
        following = epochs[min(epochs.index(epoch) + 1, len(epochs) - 1)]
    else:
        return epoch
    if following == epochs[-1]:
        stop_playing()
    state.ticked = now
    choices.texts["epoch"] = str(following)
    return following


def probe_title(found: Snapshot, at: int) -> str:
    probes = found.probes
    length = int((~probes.padded[at]).sum())
    if found.experiment.per_step:
        return f"{at + 1}: {length} steps"
    return f"{at + 1}: {length} steps, label {probes.labels[at].max()}"


progress()
views()
