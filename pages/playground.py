"""Page 1: lengths, padding and masking in; live training, side by side, out."""

import streamlit as st

from maskdemo import charts
from maskdemo.inputs import preview
from maskdemo.server import QueueFull, Status
from maskdemo.snapshot import Snapshot
from maskdemo.ui import controls, live, navigation, server, show_code, take_away
from maskdemo.ui.chart import chart

navigation.require()
state = st.session_state
complaints = controls.arrive()
experiment, complaint = controls.sidebar()


def status_now() -> Status[Snapshot]:
    return server.status("run")


def shown_now(status: Status[Snapshot]) -> Snapshot | None:
    """The run under way or last finished here, else a finished run of these very settings."""
    found = server.find(experiment)
    if status.phase in ("queued", "running"):
        return status.newest
    return found or status.newest


def on_train() -> None:
    try:
        server.start(state.experiment)
        state.refused = None
    except QueueFull as full:
        state.refused = str(full)


def on_cancel() -> None:
    server.cancel("run")


st.title("Is masking required for LSTMs?", anchor=False)
st.markdown(
    "Sequences of different lengths are padded to one length. Choose how, train small LSTMs that "
    "treat the padding differently, and see what the mask changed."
)
scenario = controls.scenarios()
st.markdown(
    f":material/visibility: {scenario.look_for}"
    if scenario
    else ":material/tune: Your own settings. Train to see what they do."
)
for sentence in complaints:
    st.warning(f"Part of the link could not be used. {live.plain(sentence)}")
if complaint:
    st.error(live.plain(complaint))

# The preview is drawn once a change, not at every tick of a run.
sample = preview(experiment)
batch_chart = charts.padded_batch(sample, dark=live.is_dark())

controls.share_in_url(experiment, **state.get("looked_at", {}))
live_now = status_now().phase in ("queued", "running")
if not live_now and complaint is None and state.get("compiled_for") != experiment:
    state.compiled_for = experiment
    server.compile_ahead(experiment)


@st.fragment(run_every=0.5 if live_now else None)
def run_view() -> None:
    status = status_now()
    going = status.phase in ("queued", "running")
    if live_now != going:
        # Only a run of the whole page starts or stops the polling.
        st.rerun()
    snapshot = shown_now(status)

    with st.container(horizontal=True, vertical_alignment="center"):
        if going:
            st.button("Cancel", icon=":material/stop:", on_click=on_cancel, key="cancel")
        else:
            st.button(
                "Train",
                type="primary",
                icon=":material/play_arrow:",
                on_click=on_train,
                key="train",
                disabled=complaint is not None,
            )
            take_away.run(snapshot, experiment, state.get("looked_at", {}))
        live.progress(status)
    if state.get("refused"):
        st.warning(state.refused)
    if snapshot is not None and snapshot.experiment != experiment and not going:
        st.info("These results belong to earlier settings. Train to see the present ones.")
    if snapshot is not None:
        live.verdict_lines(snapshot)

    left, right = st.columns(2, gap="medium")
    with left:
        chart(batch_chart, key="preview", alt="The padded batch: each row a sequence")
    with right:
        live.curves(snapshot, experiment, metric="test_accuracy")
    if snapshot is not None:
        live.cards(snapshot)
    show_code.expander(snapshot.experiment if snapshot else experiment)
    if snapshot is None:
        return
    probe_view(snapshot, going)
    # Even where they are the usual ones: on that page others may be chosen.
    looked_at = {"probe": str(state.probe)}
    if not state.get("followed"):
        looked_at["epoch"] = str(state.epoch)
    st.page_link(
        "pages/inside.py",
        label="See every gate of these networks",
        icon=":material/search:",
        query_params=experiment.to_params() | looked_at,
    )
    more = st.expander("Loss, training accuracy and every repeat", key="more", on_change="rerun")
    if more.open:
        with more:
            live.details(snapshot, experiment)
    with st.expander("How the verdict is reached"):
        live.rules()


def probe_view(snapshot: Snapshot, going: bool) -> None:
    probes, run = snapshot.probes, snapshot.experiment
    reached = probes.epochs[-1] if probes.epochs else 0
    st.subheader("What the network says after every step", anchor=False)
    first, second = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    _take_view_from_link(run.epochs if reached == run.epochs else None)
    if state.setdefault("probe", 1) > len(probes.labels):
        state.probe = 1
    with first:
        st.selectbox(
            "Unseen sequence",
            range(1, len(probes.labels) + 1),
            format_func=lambda number: _probe_title(snapshot, number - 1),
            key="probe",
        )
    with second:
        # A slider that follows the run has no key and is not moved by hand: what the browser echoes
        # of a value set a moment ago would pass for a choice.
        if going and st.toggle("Follow the newest epoch", value=True, key="follow"):
            state.epoch, state.followed = reached, True
            if run.epochs > 1:
                st.slider("After epoch", 1, run.epochs, reached, disabled=True)
        else:
            if state.pop("followed", False) or state.get("epoch", reached + 1) > reached:
                state.epoch = reached
            if run.epochs > 1:
                st.slider("After epoch", 1, run.epochs, key="epoch")
    figure = charts.outputs_by_step(
        snapshot, probe=state.probe - 1, epoch=min(state.epoch, reached), dark=live.is_dark()
    )
    chart(figure, key="outputs", alt="Output after every step, one panel a strategy")
    now, usual = {"probe": state.probe, "epoch": state.epoch}, {"probe": 1, "epoch": reached}
    state.looked_at = {key: now[key] for key in now if now[key] != usual[key]}
    controls.share_in_url(experiment, **state.looked_at)


def _take_view_from_link(epochs: int | None) -> None:
    """Once: the probe, and when all epochs are there the epoch, that a link asks for."""
    if "probe" in state.view:
        state.probe = state.view.pop("probe")
    if "epoch" in state.view and epochs is not None:
        state.epoch = min(state.view.pop("epoch"), epochs)


def _probe_title(snapshot: Snapshot, at: int) -> str:
    probes = snapshot.probes
    length = int((~probes.padded[at]).sum())
    if snapshot.experiment.per_step:
        return f"{at + 1}: {length} steps"
    return f"{at + 1}: {length} steps, label {probes.labels[at].max()}"


run_view()
