"""Page 1: lengths, padding and masking in; live training, side by side, out."""

import streamlit as st

from maskdemo.charts.replay import replayed_epochs
from maskdemo.evidence import headline
from maskdemo.results import precomputed
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import (
    address,
    choices,
    controls,
    job,
    navigation,
    presets,
    run_view,
    server,
    show_code,
    strategy_table,
    take_away,
)
from maskdemo.ui.chart import replay

navigation.require("playground")
controls.playground()
experiment, complaint = address.chosen(address.RUN)


def shown_now() -> Snapshot | None:
    """What was trained here, above all of these settings; else what is known of them."""
    newest: Snapshot | None = job.status("run").newest
    if newest is not None and (job.is_going("run") or newest.experiment == experiment):
        return newest
    return server.find(experiment) or newest


def train() -> None:
    """Begin a run of what the controls say by then."""
    server.start(address.chosen(address.RUN)[0])


st.title("Is masking required for LSTMs?", anchor=False)
# Within another page there is room for the answer, and that page says what it is about.
embedded = st.context.is_embedded
if not embedded:
    st.markdown(
        "An LSTM reads sequences that were filled up to one length. Must that filling, the padding, be "
        "hidden from it?"
    )
scenario = presets.scenarios()
if not embedded:
    st.markdown(
        f":material/visibility: {scenario.look_for}"
        if scenario
        else f":material/tune: Your own settings.{'' if shown_now() else ' Train to see what they do.'}"
    )
run_view.complaints(complaint)
if complaint is None:
    job.prepare(experiment)


def bar() -> None:
    """Train or cancel, take away, and where the run stands."""
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        if job.is_going("run"):
            job.cancel_button("run")
        else:
            job.start_button("run", "Train", train, disabled=complaint is not None)
            take_away.run(shown_now(), experiment)
            if (snapshot := shown_now()) is not None:
                played_again(snapshot)
        job.line("run", run_view.where, "Cancelled. What was trained until then is shown.")
    job.refusal("run")


def results() -> None:
    """The answer, the curves and what the networks say; before any run, what they will be given."""
    snapshot = shown_now()
    if snapshot is None:
        left, right = st.columns(2, gap="medium")
        with left:
            run_view.batch(experiment)
        with right:
            run_view.curves(None, experiment, metric="test_accuracy")
        show_code.expander(experiment)
        return
    run_view.belongs(snapshot, experiment)
    note = precomputed.note(snapshot)
    # What is trained here keeps room for the longest answer; what was shipped has its own already.
    with st.container(key="answer" if note else "answer_watched"):
        st.header(headline(snapshot), anchor=False)
    if embedded:
        in_short(snapshot)
        return
    left, right = st.container(key="beside").columns([2, 1], gap="medium")
    with left:
        strategy_table.table(snapshot, note)
        curves, batch = st.container(key="pair").columns([3, 2])
        with curves:
            run_view.curves(snapshot, experiment, metric="test_accuracy")
        with batch:
            run_view.batch(experiment)
    with right:
        looked_into(snapshot)
    st.page_link(
        navigation.file_of("inside"),
        label="See every gate of these networks",
        icon=":material/search:",
        query_params=address.RUN.params(snapshot.experiment) | choices.shown("probe", "epoch"),
    )
    show_code.expander(snapshot.experiment)
    more = st.expander(
        "Loss, training accuracy, every repeat, and what an epoch took",
        key="more",
        on_change=address.touched,
    )
    if more.open:
        with more:
            run_view.details(snapshot, experiment)
    with st.expander("How the verdict is reached"):
        strategy_table.sentences(snapshot)


def in_short(snapshot: Snapshot) -> None:
    """What an embedded page has room for, and the way to everything else."""
    left, right = st.columns(2, gap="medium")
    with left:
        run_view.curves(snapshot, snapshot.experiment, metric="test_accuracy")
    with right:
        run_view.outputs(snapshot, 0)
    strategy_table.table(snapshot, precomputed.note(snapshot))


def looked_into(snapshot: Snapshot) -> None:
    """What the networks say after every step of one sequence."""
    numbers = range(1, len(snapshot.probes.labels) + 1)
    chart = st.container()
    probe = choices.one_of(
        st.selectbox, "probe", numbers, 1, label="Unseen sequence", format_func=run_view.probe_title
    )
    st.caption(run_view.probe_words(snapshot, probe - 1))
    with chart:
        run_view.outputs(snapshot, probe - 1)


def played_again(snapshot: Snapshot) -> None:
    """Moves the curves and the outputs through the epochs of a finished run."""
    epochs = replayed_epochs(snapshot)
    if not epochs:
        return
    epoch = choices.value("epoch", epochs, epochs[-1])
    # What moved the scrubber from outside, such as Back, makes it a new one.
    moved = None if epoch == st.session_state.get("rested") else epoch
    run = (snapshot.experiment, snapshot.seconds, moved)
    replay(epochs, key="replay", group=run_view.GROUP, run=run, epoch=epoch, on_rest=on_rest)
    if st.session_state.pop("came_to_rest", False):
        # The links elsewhere on the page lead to this epoch.
        st.rerun()


def on_rest(epoch: int) -> None:
    st.session_state.rested = st.session_state.playground_epoch = epoch
    st.session_state.came_to_rest = True
    address.changed()


job.watched(bar, "run")
job.watched(results, "run", only_results=True)
