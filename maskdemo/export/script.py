"""An experiment as one Python file in plain Keras that needs nothing of this project."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from maskdemo.evidence.phrases import counted
from maskdemo.experiment import Experiment
from maskdemo.export.program import imports, installed_versions, program
from maskdemo.templates import fill_template

WIDTH = 96


def script(experiment: Experiment) -> str:
    """Return the text of a .py file that trains this experiment with Keras and prints its accuracies.

    It imports numpy and keras only. A recorded data set is in it, at the end, so it works offline; a
    person's own is not: the script is given their file, and reads it with pandas.
    """
    text = fill_template(
        Path(__file__).with_name("script.jinja"),
        experiment=experiment,
        own=experiment.is_own,
        program=program(experiment),
        repeats=counted(experiment.repeats, "repeat"),
        versions=installed_versions(),
        imports=imports(experiment, "argparse"),
        filled=lambda text, indent="": fill(
            text, WIDTH, initial_indent=indent, subsequent_indent=indent
        ),
    )
    return text + "\n"
