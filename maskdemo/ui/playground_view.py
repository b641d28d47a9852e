"""The playground below its controls: what is asked, the buttons, the answer and the charts."""

from __future__ import annotations

from functools import lru_cache, partial
from math import ceil

import streamlit as st

from maskdemo import article, charts
from maskdemo.charts.padded_batch import typical_row, unseen_batch
from maskdemo.data.inputs import chance, data_settings, padding_share
from maskdemo.evidence import headline, over_all
from maskdemo.evidence.phrases import listed, percent, time_taken
from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import strategy_lines
from maskdemo.results import precomputed
from maskdemo.scenarios import SCENARIOS, Scenario, scenario_of
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Probes, Snapshot
from maskdemo.ui import (
    controls,
    live_job,
    run_view,
    state,
    strategy_table,
    take_away,
    url,
)
from maskdemo.ui.components import SHARED, Click, Drawing, chart, drawing, drawing_of_run, is_dark

#: What a scenario's run says of masking -> the beginning of a badge: its colour and icon.
BADGES = {
    "required": "red-badge[:material/priority_high",
    "helps": "orange-badge[:material/add",
    "not needed": "gray-badge[:material/remove",
    "hurts": "red-badge[:material/trending_down",
    "undecided": "gray-badge[:material/question_mark",
    "nothing learned": "gray-badge[:material/block",
}
#: Exactly what is counted in the seconds of an epoch.
EPOCH_TOOK = (
    "Training alone, as measured in this run: the mean over epochs and repeats, without each first "
    "epoch, which may wait for a compiler. Several networks train at once, so compare the strategies "
    "with each other."
)
#: Stands in the empty axes until somebody trains.
NOTHING_TRAINED = "Nothing is trained with these settings yet.<br>Press Train to watch it learn."
CANCELLED = "Cancelled. What was trained until then is shown."
#: The sentence over all scenarios, made once for their words.
_over_all_scenarios = lru_cache(over_all)


def run_to_show(experiment: Experiment) -> Snapshot | None:
    """Return the session's own run if active or of these settings, else the finished run of these.

    Without either, the run that `results` drew last, else the session's own; None without any.
    """
    newest: Snapshot | None = live_job.status("run").newest
    if newest is not None and (live_job.is_active("run") or newest.experiment == experiment):
        return newest
    last = st.session_state.get("shown_run")
    if (found := live_job.find(experiment)) or last is None:
        return found or newest
    return newest if newest and newest.experiment == last else live_job.find(last) or newest


def introduction(experiment: Experiment) -> None:
    """Draw the answer over all scenarios, their names, and what to look for in the chosen one.

    If the run shown is of other settings, draw instead of the latter how they differ.
    """
    # Within another page there is room for the answer, and that page says what it is about.
    embedded = st.context.is_embedded
    if not embedded:
        answer = _over_all_scenarios(tuple(each.need for each in precomputed.marks().values()))
        st.markdown(f"Must padding be hidden from an LSTM? {answer} [Do I need a mask?](guide)")
    scenario, snapshot = scenario_of(experiment), run_to_show(experiment)
    _scenarios(scenario)
    if snapshot is not None and snapshot.experiment != experiment:
        run_view.settings_of_result("run", snapshot.experiment, experiment, state.show_experiment)
    elif not embedded:
        invitation = "" if snapshot else " Train to see what they do."
        asks = f":material/tune: Your own settings.{invitation}"
        if scenario:
            asks = f":material/visibility: {scenario.look_for}"
            if "article" in scenario.look_for:
                asks += f" (The article: [{article.TITLE}](article))"
        with st.container(key="asks"):
            st.markdown(asks)


def _scenarios(chosen: Scenario | None) -> None:
    """Draw the scenarios, each with what its precomputed run says; a click sets the controls."""
    marks = precomputed.marks()
    titles = {name: each.title for name, each in SCENARIOS.items()}
    # The pages' style shows a badge's icon, and leaves its word to who does not see it.
    in_row = {
        name: f":{BADGES[each.need]}: {each.answer}] {titles[name]}" for name, each in marks.items()
    }
    in_list = {name: f"{titles[name]}: {each.answer}" for name, each in marks.items()}
    controls.presets(
        "Scenario",
        "scenario",
        titles | in_list,
        titles | in_row,
        chosen.name if chosen else None,
        lambda name: state.show_experiment(SCENARIOS[name].experiment),
    )


def button_bar(experiment: Experiment, *, disabled: bool) -> None:
    """Draw Cancel, or Train, downloads and replay; progress; refusal. disabled: invalid settings."""
    snapshot, status = run_to_show(experiment), live_job.status("run")
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        if status.active:
            live_job.cancel_button("run")
        else:
            live_job.start_button("run", "Train", live_job.submit_run, disabled=disabled)
            download = partial(take_away.run_files, snapshot, experiment)
            controls.on_demand(download, st.popover, "Take away", "take_away", ":material/download:")
            if snapshot is not None:
                run_view.scrubber(snapshot)
        live_job.run_progress_line(CANCELLED if snapshot is status.newest else "")
    live_job.refusal("run")
    if len(experiment.strategies) == 1:
        st.caption(":material/info: One strategy alone: there is nothing to compare it with.")


def results(experiment: Experiment) -> None:
    """Draw answer, table, curves, outputs, batch, code, details; if no run, batch, empty axes, code.

    The batch is of `experiment`, all else of `run_to_show`, whose settings the session keeps as those
    shown last. Embedded in another page, no batch, code, details.
    """
    snapshot = run_to_show(experiment)
    shown = snapshot.experiment if snapshot else experiment
    probes = snapshot.probes if snapshot else unseen_batch(experiment)
    usual = typical_row(probes, per_step=shown.per_step) + 1
    # The URL counts sequences from 1.
    numbers = range(1, len(probes.labels) + 1)
    followed = url.settled("probe", numbers, usual) - 1
    if snapshot is None:
        left, right = st.columns(2, gap="medium")
        with left:
            batch(experiment, followed)
        with right:
            curves(_empty_snapshot(experiment), metric="test_accuracy")
        _show_code(experiment)
        return
    st.session_state.shown_run = snapshot.experiment
    note = precomputed.provenance_note(snapshot)
    # What is trained here keeps room for the longest answer; what is precomputed has its own already.
    with st.container(key="answer" if note else "answer_watched"):
        st.header(headline(snapshot), anchor=False)
        if experiment.per_step:
            _count_switch(experiment.count_invalid)
    embedded = st.context.is_embedded
    # In one column, or in two where the pages' style finds room for them.
    with st.container(key="run"):
        if not embedded:
            strategy_table.table(snapshot, note)
        curves(snapshot, metric="test_accuracy")
        with st.container(key="outputs"):
            run_view.outputs(snapshot, usual)
        if embedded:
            strategy_table.table(snapshot, note)
            return
        # Of the controls, not of the run: what the next training would receive.
        batch(experiment, followed)
    _show_code(snapshot.experiment)
    more = "Loss, training accuracy, every repeat, and what an epoch took"
    controls.on_demand(partial(details, snapshot), st.expander, more, "more")
    with st.expander("How the verdict is reached"):
        strategy_table.sentences(snapshot)


def _count_switch(counted: bool) -> None:
    """Draw the button that switches `count_invalid`. counted: whether padded steps count now."""
    label = "Count only real steps" if counted else "Count padded steps, too"
    if st.button(label, icon=":material/rule:", key="count_switch", on_click=_on_count_switch):
        # The controls stand outside of this part of the page.
        st.rerun()


def _on_count_switch() -> None:
    """Switch the control `count_invalid`, and `mark_changed`: a callback."""
    st.session_state.count_invalid = not st.session_state.count_invalid
    url.mark_changed()


def batch(experiment: Experiment, followed: int) -> None:
    """Draw the padded batch; a click follows another probe. followed: the marked probe, from 0."""
    figure = batch_drawing(experiment, followed=followed, dark=is_dark())
    alt = f"The padded batch: each row an unseen sequence, sequence {followed + 1} is marked"
    chart(figure, key="preview", alt=alt, on_click=_on_row)


def batch_drawing(experiment: Experiment, *, followed: int, dark: bool) -> Drawing:
    """Return the drawing of `charts.padded_batch` of the probes, made once for equal `data_settings`.

    followed: the marked probe, from 0.
    """
    return SHARED.get(
        ("batch", data_settings(experiment), followed, dark),
        lambda: drawing(
            charts.padded_batch(
                unseen_batch(experiment),
                features=experiment.spec.feature_names,
                truncating=experiment.truncating,
                followed=followed,
                dark=dark,
            )
        ),
    )


def _on_row(click: Click) -> None:
    """Follow the probe (from 1) whose row was clicked in the padded batch, in a callback."""
    # Row n reaches from n - 0.5 to n + 0.5.
    url.choose("probe", max(1, ceil(click.y - 0.5)))


def curves(snapshot: Snapshot, *, metric: str) -> None:
    """Draw a metric of `charts.learning_curves` by epoch; without an epoch, empty axes with a text."""
    looks = {"metric": metric, "dark": is_dark()}
    if not snapshot.curves and not live_job.is_active("run"):
        looks["waiting"] = NOTHING_TRAINED
    frames = partial(charts.curves_frames, snapshot)
    figure = drawing_of_run(charts.learning_curves, snapshot, frames, **looks)
    chart(figure, key=f"curves_{metric}", alt="Accuracy or loss by epoch, one line a strategy")


def details(snapshot: Snapshot) -> None:
    """Draw losses and training accuracy by epoch, each repeat's accuracy, and what an epoch took."""
    first, second = st.columns(2, gap="medium")
    with first:
        curves(snapshot, metric="test_loss")
        curves(snapshot, metric="loss")
    with second:
        figure = drawing_of_run(charts.final_accuracy, snapshot, dark=is_dark())
        chart(figure, key="by_strategy", alt="Accuracy by strategy, every repeat a point")
        curves(snapshot, metric="accuracy")
    st.markdown(epoch_took(snapshot), help=EPOCH_TOOK)


def epoch_took(snapshot: Snapshot) -> str:
    """Return a sentence: an epoch's seconds by strategy, if timed, and the share of padded steps."""
    times = [
        f"{time_taken(seconds)} ({STRATEGIES[name].title})"
        for name in snapshot.experiment.strategies
        if (seconds := snapshot.epoch_seconds(name)) is not None
    ]
    share = percent(padding_share(snapshot.experiment), 0)
    if not times:  # the first epoch, in which programs may be compiled, is not timed
        return f"{share} of an epoch's steps are padding."
    return f"An epoch took {listed(times)}; {share} of its steps are padding."


def _show_code(experiment: Experiment) -> None:
    """Draw an expander; while it is open, `strategy_code`."""
    draw = partial(strategy_code, experiment)
    controls.on_demand(draw, st.expander, "Show the code", "code", ":material/code:")


def strategy_code(experiment: Experiment) -> None:
    """Draw the Keras lines that each strategy stands for, as in the exported script, in tabs."""
    st.caption(
        "What each strategy is in Keras. *Take away* has the whole program: data, training, scores."
    )
    names = experiment.strategies
    for tab, name in zip(st.tabs([STRATEGIES[each].title for each in names]), names, strict=True):
        tab.code(strategy_lines(experiment, name), language="python")


def _empty_snapshot(experiment: Experiment) -> Snapshot:
    """Return a snapshot of an experiment's probes without any epoch, for empty axes."""
    sample = unseen_batch(experiment)
    nothing = Probes(
        sample.values, sample.valid, sample.padded, sample.labels, outputs={}, there=sample.there
    )
    return Snapshot(experiment, (), nothing, chance(experiment), False, 0.0, 0.0)
