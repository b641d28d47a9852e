"""The parts of the exported program, in order: what the script and the notebook are both made of."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlencode

from maskdemo.evidence.phrases import listed
from maskdemo.experiment import Experiment
from maskdemo.export.data_code import (
    data_code,
    is_recorded,
    needs_valid,
    padding_code,
    recording_code,
)
from maskdemo.export.keras_code import strategy_lines
from maskdemo.export.own_code import own_imports
from maskdemo.export.training_code import (
    comparison_code,
    models_code,
    training_code,
    weights_code,
)
from maskdemo.scenarios import scenario_of
from maskdemo.strategies import STRATEGIES
from maskdemo.titles import CUT_ENDS, SIDES

BACKEND = """\
os.environ["KERAS_BACKEND"] = "tensorflow"  # the initial weights are its random numbers

import keras"""


@dataclass(frozen=True)
class Part:
    """A piece of code with its heading and, in plain sentences, what it does.

    hidden: whether nobody needs to see the code.
    """

    title: str
    text: str
    code: str
    hidden: bool = False


def export_title(experiment: Experiment) -> str:
    """Return the title of an exported experiment: the scenario's, else the task's."""
    scenario = scenario_of(experiment)
    return scenario.title if scenario else experiment.spec.title


def introduction(experiment: Experiment) -> tuple[str, ...]:
    """Return paragraphs: what is compared, how, and how closely it agrees with the page."""
    low, high = experiment.min_length, experiment.max_length
    lengths = f"{low}" if low == high else f"{low} to {high}"
    missing = (
        f" About {experiment.missing_rate:.0%} of the readings are missing and written as "
        f"{experiment.pad_value:g} too."
        if experiment.missing_rate
        else ""
    )
    mean = " The answer is read from the mean of the states." if experiment.averages else ""
    titles = ", ".join(STRATEGIES[each].title.lower() for each in experiment.strategies)
    return (
        "Small LSTMs that treat padding differently, compared in plain Keras.",
        f"The task. {experiment.spec.summary} Sequences of {lengths} steps are padded "
        f"{SIDES[experiment.side].phrase} to {experiment.padded_length} steps with "
        f"{experiment.pad_value:g}{_batches_text(experiment)}.{_cut_text(experiment)}{missing}",
        f"The strategies: {titles}.{mean} In one repeat all get the same sequences, the same initial "
        "weights and the same batch order.",
        "These are the data, the weights and the batches of the run on the page, so the first epochs "
        "agree with it to rounding. Training can magnify rounding: where a network reads long "
        "padding, a change in the seventh digit of its initial weights can decide whether it learns "
        "at all. So single accuracies of a long run may differ from the page's, and from machine to "
        "machine; compare the means of several repeats.",
    )


def link_parameters(experiment: Experiment) -> str:
    """Return these settings as parameters of the page's address: `?task=...`."""
    return f"?{urlencode(experiment.to_params())}"


def installed_versions() -> str:
    """Return the installed versions: `Python 3.11.7, keras 3.13.2 and numpy 2.4.0`."""
    packages = [f"Python {platform.python_version()}"]
    for name in ("keras", "tensorflow", "numpy"):
        number = _installed_version(name) or _installed_version(f"{name}-cpu")
        if number:
            packages.append(f"{name} {number}")
    return listed(packages)


def packages(experiment: Experiment) -> str:
    """Return the packages to install beside Keras: `numpy, tensorflow`."""
    reading = ["pandas", "pyarrow"] if experiment.is_own else []
    return ", ".join(["numpy", *reading, "tensorflow"])


def imports(experiment: Experiment, *more: str) -> str:
    """Return the import statements. more: modules of the standard library."""
    modules = ["os", *more, *(["base64", "io"] if is_recorded(experiment) else [])]
    packages = ["import numpy as np"]
    if experiment.is_own:
        standard, tables = own_imports(experiment)
        modules += standard
        packages += tables
    lines = "\n".join(f"import {module}" for module in sorted(modules))
    others = "\n".join(packages)
    return f"{lines}\n\n{others}\n\n{BACKEND}"


def parts(experiment: Experiment) -> tuple[Part, ...]:
    """Return the parts with all functions of the program; `show(compare(epochs, repeats))` runs it."""
    strategies = tuple(
        Part(STRATEGIES[each].title, STRATEGIES[each].summary, strategy_lines(experiment, each))
        for each in experiment.strategies
    )
    data = Part("The sequences", _data_text(experiment), data_code(experiment))
    padding = Part("Padding", _padding_text(experiment), padding_code(experiment))
    training = (
        Part("The models", "Each by the title of its strategy.", models_code(experiment)),
        Part(
            "Initial weights",
            "Drawn as Keras would draw them, but once for all models of a repeat.",
            weights_code(experiment),
        ),
        Part("Training and scoring", _training_text(experiment), training_code(experiment)),
        Part(
            "The comparison",
            "Repeats differ by seed: in their sequences, their weights and their batch order.",
            comparison_code(experiment),
        ),
    )
    if not is_recorded(experiment):
        return (data, padding, *strategies, *training)
    text = recording_code(experiment)
    recording = Part("The recording", "The data set, as text.", text, hidden=True)
    return (data, padding, *strategies, *training, recording)


def _data_text(experiment: Experiment) -> str:
    if is_recorded(experiment):
        about = "The recording stands at the end, so nothing is downloaded."
    elif experiment.is_own:
        about = "Read from a file like the one that was given, by pandas, and split as there."
    else:
        about = "Drawn from a seed, training and test set each from a random stream of its own."
    if experiment.missing_rate:
        about += " Which readings are missing is drawn apart, so the values stay the same."
    return about


def _padding_text(experiment: Experiment) -> str:
    about = "Sequences of many lengths become one padded batch."
    about += _cut_text(experiment)
    if needs_valid(experiment):
        about += " In `valid`, as in a Keras mask, True means: use this step."
    if experiment.per_step:
        about += " Labels of padded steps are 0."
    return about


def _batches_text(experiment: Experiment) -> str:
    return "" if experiment.batches == "fixed" else ", in each batch as far as its longest"


def _cut_text(experiment: Experiment) -> str:
    """A sentence after a space on where long sequences are cut; empty where none is."""
    where = CUT_ENDS[experiment.truncating].title.lower()
    return f" Longer ones are cut {where}." if experiment.truncates else ""


def _training_text(experiment: Experiment) -> str:
    about = "One call of fit an epoch, on data that is already in that epoch's order."
    if experiment.batches != "fixed":
        about = "Each batch is cut to its longest sequence, in training and for the test."
    if experiment.per_step and experiment.count_invalid:
        about += " Padding counts in the loss, and both accuracies are reported."
    elif experiment.per_step:
        about += " Only valid steps count: the loss is the mean over the valid steps of a batch."
    return about


def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
