"""Page 2: one sequence through the trained networks, gate by gate, and where the gradient goes."""

import streamlit as st

from maskdemo.snapshot import Snapshot
from maskdemo.ui import added, address, choices, inside, job, live, navigation, server
from maskdemo.ui.look import Look

VIEWS = {
    "gates": ("Gate by gate", inside.gates),
    "compare": ("Side by side", inside.compare),
    "gradient": ("Gradient", inside.gradient),
    "padding": ("Add padding", added.add_padding),
}
#: Seconds that each epoch stays while playing.
PACE = 0.6

navigation.require("inside")
state = st.session_state
was_playing = state.setdefault("playing", None) is not None
experiment = address.chosen(address.RUN)[0]


def shown_now() -> Snapshot | None:
    """The finished run of these settings, else the session's own run, as far as it has networks."""
    newest = job.status("run").newest
    own = newest if newest is not None and newest.networks else None
    return server.find(experiment) or own


def is_growing(found: Snapshot | None) -> bool:
    """Whether more networks to look into are still to come."""
    return job.is_going("run") and (found is None or found.done * found.experiment.repeats < 1)


def train() -> None:
    """Begin a run of what the address names by then."""
    server.start(address.chosen(address.RUN)[0])


st.title("Inside the LSTM", anchor=False)
st.markdown(
    "Why does a mask change the result? Follow one unseen sequence through the trained networks: "
    "every gate at every step, where the gradient goes, and what more padding does."
)
live.complaints(None)

if shown_now() is None and job.status("run").phase == "idle":
    job.start("run", train)


def bar() -> None:
    job.refusal("run")
    if job.is_going("run"):
        with st.container(horizontal=True, vertical_alignment="center"):
            job.cancel_button("run")
            job.line("run", live.where, "")
        return
    if job.status("run").phase == "failed":
        job.line("run", live.where, "")
    found = shown_now()
    if found is not None and found.experiment == experiment:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        job.start_button("run", "Train", train)
        if found is not None:
            st.info("These networks belong to earlier settings. Train to look into the present ones.")
        else:
            st.info("There is no trained network to look into yet.")


def views() -> None:
    if (state.playing is not None) != was_playing:
        # Only a run of the whole page starts or stops the playing.
        st.rerun()
    found = shown_now()
    if found is None:
        return
    look = what_to_look_at(found)
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
    VIEWS[view][1](look)


def what_to_look_at(found: Snapshot) -> Look:
    """Which sequence, which epoch, which label."""
    epochs = [each.epoch for each in next(iter(found.networks.values()))]
    first, second, third, fourth = st.columns([3, 4, 1.4, 2], gap="medium", vertical_alignment="bottom")
    with first:
        probe = choices.one_of(
            st.selectbox,
            "probe",
            range(1, len(found.probes.labels) + 1),
            1,
            label="Unseen sequence",
            format_func=lambda number: live.probe_title(found, number - 1),
        )
    epoch = epochs[-1]
    with second:
        if state.playing in epochs:
            epoch = state.playing
        if state.playing or is_growing(found):
            # Moved by the page and not by the viewer, so it is no control.
            st.caption(f"After epoch {epoch} of {found.experiment.epochs}.")
        elif len(epochs) > 1:
            epoch = choices.one_of(st.select_slider, "epoch", epochs, epoch, label="After epoch")
    with third:
        play_button(epochs, epoch, disabled=is_growing(found) or len(epochs) < 2)
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


def play_button(epochs: list[int], epoch: int, *, disabled: bool) -> None:
    playing = state.playing is not None
    st.button(
        "Pause" if playing else "Play",
        icon=":material/pause:" if playing else ":material/play_arrow:",
        on_click=on_pause if playing else on_play,
        args=(epochs, epoch),
        key="play",
        disabled=disabled,
        width="stretch",
        help="Move through the epochs of the run.",
    )


def on_play(epochs: list[int], epoch: int) -> None:
    state.playing = epochs[0] if epoch == epochs[-1] else epoch
    address.touched()


def on_pause(epochs: list[int], epoch: int) -> None:
    state.playing, state.inside_epoch = None, epoch
    address.changed()


def play_on() -> None:
    """The next epoch; after the last one playing stops."""
    found = shown_now()
    epochs = [] if found is None else [each.epoch for each in next(iter(found.networks.values()))]
    later = [each for each in epochs if each > state.playing]
    state.playing = later[0] if later else None
    if not later:
        state.inside_epoch = None
        address.changed()



@st.fragment(run_every=PACE)
def playing() -> None:
    address.write()
    views()
    if state.playing is not None:
        play_on()


job.watched(bar, "run")
if was_playing:
    playing()
else:
    job.watched(views, "run", while_queued=False)
