"""An experiment's settings in words, for people who never saw the controls."""

from __future__ import annotations

from maskdemo.data.tasks import OWN
from maskdemo.evidence.phrases import counted
from maskdemo.experiment import Experiment
from maskdemo.scenarios import scenario_of
from maskdemo.titles import SIDES


def file_name(experiment: Experiment) -> str:
    """Return the name of the experiment's files, without an ending: `maskdemo-real_speech`."""
    scenario = scenario_of(experiment)
    task = OWN if experiment.is_own else experiment.task
    return f"maskdemo-{scenario.name if scenario else task}"


def lead(experiment: Experiment) -> str:
    """Return one or two sentences on the question: the scenario's, else the task's."""
    scenario = scenario_of(experiment)
    return scenario.look_for if scenario else experiment.spec.summary


def settings(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    """Return (name, sentence) for every setting that matters in this experiment."""
    task = experiment.spec
    lengths = _range_text(experiment.min_length, experiment.max_length)
    features = "one feature" if task.features == 1 else f"{task.features} features"
    rows = [
        ("Task", f"{task.title}{'' if task.title.endswith('?') else '.'} {task.summary}"),
        (
            "Sequences",
            f"{experiment.train_size} to train on, {experiment.test_size} unseen; {lengths} steps of "
            f"{features}, {experiment.classes} labels.",
        ),
        ("Padding", _padding_text(experiment)),
        ("Missing readings", _missing_text(experiment)),
    ]
    if "masking_layer" in experiment.strategies:
        rows.append(
            (
                "Mask value",
                f"{experiment.mask_value:g}: the Masking layer takes a step for padding where all "
                "features equal it.",
            )
        )
    if experiment.per_step:
        do = "" if experiment.count_invalid else "do not "
        rows.append(("Invalid steps", f"They {do}count in the loss and in the reported accuracy."))
    other = "weights and batch order" if task.fixed else "data, weights and batch order"
    epochs = counted(experiment.epochs, "epoch")
    repeats = "1" if experiment.repeats == 1 else f"{experiment.repeats}, each with other {other}"
    return (
        *rows,
        ("Network", f"One LSTM of {experiment.units} units and a dense read-out."),
        (
            "Training",
            f"{epochs} in batches of {experiment.batch_size}, by Adam with learning rate "
            f"{experiment.learning_rate:g}.",
        ),
        ("Repeats", f"{repeats}."),
    )


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _padding_text(experiment: Experiment) -> str:
    if experiment.min_length == experiment.padded_length:
        return "None: every sequence is as long as the others."
    where = SIDES[experiment.side].title
    return f"{where}, to {experiment.padded_length} steps, written as {experiment.pad_value:g}."


def _missing_text(experiment: Experiment) -> str:
    if experiment.missing_rate == 0:
        return "None."
    return (
        f"{experiment.missing_rate:.0%} of the readings inside the sequences, written as "
        f"{experiment.pad_value:g}."
    )
