"""The playground below its controls: what is asked, the buttons, the answer and the charts."""

from __future__ import annotations

from functools import partial

import streamlit as st

from maskdemo import article
from maskdemo.charts.replay import replayed_epochs
from maskdemo.evidence import headline, over_all
from maskdemo.experiment import Experiment
from maskdemo.inside.flips import turn
from maskdemo.results import precomputed
from maskdemo.scenarios import SCENARIOS, Scenario, scenario_of
from maskdemo.training.snapshot import Snapshot
from maskdemo.training.unseen_batch import unseen_batch
from maskdemo.ui import (
    controls,
    job,
    navigation,
    run_view,
    server,
    state,
    strategy_table,
    take_away,
    url,
)
from maskdemo.ui.chart import Click, replay
from maskdemo.ui.inspected_sequence import InspectedSequence

#: The kind of a scenario's mark -> the beginning of a badge: its colour and icon.
BADGES = {
    "strong": "red-badge[:material/priority_high",
    "some": "orange-badge[:material/add",
    "none": "gray-badge[:material/remove",
    "open": "gray-badge[:material/question_mark",
    "nothing": "gray-badge[:material/block",
}
CANCELLED = "Cancelled. What was trained until then is shown."


def snapshot_of(experiment: Experiment) -> Snapshot | None:
    """The run to show: the session's own if active or of these settings, else a finished run.

    Where there is none of these settings, what was shown last stays.
    """
    newest: Snapshot | None = job.status("run").newest
    if newest is not None and (job.is_active("run") or newest.experiment == experiment):
        return newest
    last = st.session_state.get("shown_run")
    if (found := server.find(experiment)) or last is None:
        return found or newest
    return newest if newest and newest.experiment == last else server.find(last) or newest


def introduction(experiment: Experiment) -> None:
    """The question, the row of scenarios, and what to look for in the chosen scenario."""
    # Within another page there is room for the answer, and that page says what it is about.
    embedded = st.context.is_embedded
    if not embedded:
        st.markdown(
            f"Must padding be hidden from an LSTM? {over_all(precomputed.needs().values())} "
            "[Do I need a mask?](guide)"
        )
    scenario, snapshot = scenario_of(experiment), snapshot_of(experiment)
    _scenarios(scenario)
    if snapshot is not None and snapshot.experiment != experiment:
        back = partial(state.show_experiment, snapshot.experiment)
        run_view.origin("run", snapshot.experiment, experiment, back=back)
    elif not embedded:
        invitation = "" if snapshot else " Train to see what they do."
        own = f":material/tune: Your own settings.{invitation}"
        with st.container(key="asks"):
            st.markdown(_asks(scenario) if scenario else own)


def _scenarios(chosen: Scenario | None) -> None:
    """Draw the row of scenarios, each with the mark of what its run says."""
    marks = precomputed.marks()
    titles = {name: each.title for name, each in SCENARIOS.items()}
    # The pages' style shows a badge's icon, and leaves its word to who does not see it.
    in_row = {
        name: f":{BADGES[each.kind]}: {each.words}] {titles[name]}" for name, each in marks.items()
    }
    in_list = {name: f"{titles[name]}: {each.words}" for name, each in marks.items()}
    controls.presets(
        "Scenario",
        "scenario",
        titles | in_list,
        titles | in_row,
        chosen and chosen.name,
        lambda name: state.show_experiment(SCENARIOS[name].experiment),
    )


def _asks(scenario: Scenario) -> str:
    """What to look for, with the name of the article where it is about that."""
    named = f" (The article: [{article.TITLE}](article))" if "article" in scenario.look_for else ""
    return f":material/visibility: {scenario.look_for}{named}"


def bar(experiment: Experiment, *, disabled: bool) -> None:
    """Train or cancel, take away, and where the run stands. disabled: the settings are invalid."""
    snapshot, status = snapshot_of(experiment), job.status("run")
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        if status.active:
            job.cancel_button("run")
        else:
            job.start_button("run", "Train", job.train, disabled=disabled)
            take_away.run(snapshot, experiment)
            if snapshot is not None:
                _replay(snapshot)
        job.run_line(CANCELLED if snapshot is status.newest else "")
    job.refusal("run")
    if len(experiment.strategies) == 1:
        st.caption(":material/info: One strategy alone: there is nothing to compare it with.")


def results(experiment: Experiment) -> None:
    """The answer, the curves and the outputs; before any run, the padded batch and empty axes."""
    snapshot = snapshot_of(experiment)
    probes = snapshot.probes if snapshot else unseen_batch(experiment)
    usual = run_view.usual_probe(probes, snapshot.experiment if snapshot else experiment)
    numbers = range(1, len(probes.labels) + 1)
    followed = url.undrawn("probe", numbers, usual) - 1
    if snapshot is None:
        left, right = st.columns(2, gap="medium")
        with left:
            run_view.batch(experiment, followed)
        with right:
            run_view.curves(None, experiment, metric="test_accuracy")
        run_view.code(experiment)
        return
    st.session_state.shown_run = snapshot.experiment
    note = precomputed.provenance_note(snapshot)
    # What is trained here keeps room for the longest answer; what was shipped has its own already.
    with st.container(key="answer" if note else "answer_watched"):
        st.header(headline(snapshot), anchor=False)
        if experiment.per_step:
            _count_switch(experiment.count_invalid)
    embedded = st.context.is_embedded
    # In one column, or in two where the pages' style finds room for them.
    with st.container(key="run"):
        if not embedded:
            strategy_table.table(snapshot, note)
        run_view.curves(snapshot, experiment, metric="test_accuracy")
        with st.container(key="outputs"):
            _probe_outputs(snapshot, numbers, usual)
        if embedded:
            strategy_table.table(snapshot, note)
            return
        run_view.batch(experiment, followed)
    run_view.code(snapshot.experiment)
    more = st.expander(
        "Loss, training accuracy, every repeat, and what an epoch took",
        key="more",
        on_change=url.mark_touched,
    )
    if more.open:
        with more:
            run_view.details(snapshot, experiment)
    with st.expander("How the verdict is reached"):
        strategy_table.sentences(snapshot)


def _count_switch(counted: bool) -> None:
    """The button that lets padded steps count or not. counted: whether they count now."""
    label = "Count only real steps" if counted else "Count padded steps, too"
    if st.button(label, icon=":material/rule:", key="count_switch", on_click=_on_count_switch):
        # The controls stand outside of this part of the page.
        st.rerun()


def _on_count_switch() -> None:
    st.session_state.count_invalid = not st.session_state.count_invalid
    url.mark_changed()


def _probe_outputs(snapshot: Snapshot, numbers: range, usual: int) -> None:
    """What the networks say after every step of one sequence of these numbers."""
    chart = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="followed"):
        probe = url.one_of(
            st.selectbox,
            "probe",
            numbers,
            usual,
            label="Unseen sequence",
            format_func=run_view.probe_title,
            label_visibility="collapsed",
        )
        st.caption(run_view.probe_description(snapshot, probe - 1))
        st.page_link(
            navigation.file_of("inside"),
            label="See every gate of these networks",
            icon=":material/search:",
            query_params=snapshot.experiment.to_params() | url.choices_shown("probe", "epoch"),
        )
    with chart:
        run_view.outputs(snapshot, probe - 1, partial(_on_step, snapshot, probe))
        if params := st.session_state.pop("look_inside", None):
            st.switch_page(navigation.file_of("inside"), query_params=params)


def _on_step(snapshot: Snapshot, probe: int, click: Click) -> None:
    """Remember to open the inside page at the step of the probe (from 1) that was clicked."""
    strategy = snapshot.experiment.strategies[click.panel]
    steps = snapshot.probes.valid.shape[1]
    params = snapshot.experiment.to_params() | url.choices_shown("epoch")
    params |= {"probe": str(probe), "strategy": strategy}
    step = min(max(1, round(click.x)), steps)
    params["step"] = str(step)
    if kept := snapshot.networks.get(strategy):
        network = next((each for each in kept if str(each.epoch) == params.get("epoch")), kept[-1])
        label = 1 if snapshot.experiment.per_step else int(snapshot.probes.labels[probe - 1].max())
        sequence = InspectedSequence(snapshot, probe - 1, network.epoch, label)
        turned = turn(network, sequence.activations(strategy), step=step - 1, label=label)
        params["unit"] = str(turned.unit + 1)
    st.session_state.look_inside = params


def _replay(snapshot: Snapshot) -> None:
    """Moves the curves and the outputs through the epochs of a finished run."""
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
        url.write()
    epoch = url.undrawn("epoch", epochs, epochs[-1])
    # What moved the scrubber from outside, such as Back, makes it a new one.
    moved = None if epoch == st.session_state.get("rested") else epoch
    run = (snapshot.experiment, snapshot.seconds, moved)
    replay(epochs, key="replay", group=run_view.GROUP, run=run, epoch=epoch, on_rest=_on_rest)
    if st.session_state.pop("came_to_rest", False):
        # The links elsewhere on the page lead to this epoch.
        st.rerun()


def _on_rest(epoch: int) -> None:
    st.session_state.rested = st.session_state.playground_epoch = epoch
    st.session_state.came_to_rest = True
    url.mark_changed()
