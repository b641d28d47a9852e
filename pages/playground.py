"""Page 1: lengths, padding and masking in; live training, side by side, out."""

import streamlit as st

from maskdemo import charts
from maskdemo.inputs import preview
from maskdemo.snapshot import Snapshot
from maskdemo.ui import address, choices, controls, job, live, navigation, server, show_code, take_away
from maskdemo.ui.chart import chart

navigation.require("playground")
controls.playground()
experiment, complaint = address.chosen(address.RUN)


def shown_now() -> Snapshot | None:
    """The run under way here, else a finished run of these very settings, else the last one here."""
    newest = job.status("run").newest
    return newest if job.is_going("run") else server.find(experiment) or newest


def train() -> None:
    """Begin a run of what the controls say by then."""
    server.start(address.chosen(address.RUN)[0])


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
live.complaints(complaint)

# The preview is drawn once a change, not at every tick of a run.
batch_chart = charts.padded_batch(preview(experiment), dark=live.is_dark())
if complaint is None:
    job.prepare(experiment)


def bar() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.is_going("run"):
            job.cancel_button("run")
        else:
            job.start_button("run", "Train", train, disabled=complaint is not None)
            take_away.run(shown_now(), experiment)
        job.line("run", live.where, "Cancelled. What was trained until then is shown.")
    job.refusal("run")


def results() -> None:
    snapshot = shown_now()
    if snapshot is not None:
        live.belongs(snapshot, experiment)
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
    probe_view(snapshot)
    more = st.expander(
        "Loss, training accuracy and every repeat", key="more", on_change=address.touched
    )
    if more.open:
        with more:
            live.details(snapshot, experiment)
    with st.expander("How the verdict is reached"):
        live.rules()


def probe_view(snapshot: Snapshot) -> None:
    st.subheader("What the network says after every step", anchor=False)
    first, second = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    with first:
        probe = choices.one_of(
            st.selectbox,
            "probe",
            range(1, len(snapshot.probes.labels) + 1),
            1,
            label="Unseen sequence",
            format_func=lambda number: live.probe_title(snapshot, number - 1),
        )
    epochs = snapshot.probes.epochs
    epoch = epochs[-1]
    with second:
        if job.is_going("run"):
            # The run moves it, so it is no control.
            st.caption(f"After epoch {epoch}, the newest.")
        elif len(epochs) > 1:
            epoch = choices.one_of(st.select_slider, "epoch", epochs, epoch, label="After epoch")
    figure = charts.outputs_by_step(snapshot, probe=probe - 1, epoch=epoch, dark=live.is_dark())
    chart(figure, key="outputs", alt="Output after every step, one panel a strategy")
    st.page_link(
        navigation.file_of("inside"),
        label="See every gate of these networks",
        icon=":material/search:",
        query_params=address.RUN.params(snapshot.experiment)
        | {"probe": str(probe), "epoch": str(epoch)},
    )


job.watched(bar, "run")
job.watched(results, "run", while_queued=False)
