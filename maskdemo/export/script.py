"""An experiment as one Python file in plain Keras that needs nothing of this project."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from maskdemo.evidence.phrases import counted
from maskdemo.experiment import Experiment
from maskdemo.export.program import (
    RECORDING,
    export_title,
    imports,
    installed_versions,
    link_parameters,
    packages,
    program,
)
from maskdemo.templates import fill_template

WIDTH = 96


def script(experiment: Experiment) -> str:
    """Return the text of a .py file that trains this experiment with Keras and prints its accuracies.

    It imports numpy and keras only. A recorded data set is in it, at the end, so it works offline; a
    person's own is not: the script is given their file, and reads it with pandas.
    """
    exported = program(experiment)
    text = fill_template(
        Path(__file__).with_name("script.jinja"),
        experiment=experiment,
        own=experiment.is_own,
        title=export_title(experiment),
        introduction="\n\n".join(fill(each, WIDTH) for each in exported.introduction),
        packages=packages(experiment),
        repeats=counted(experiment.repeats, "repeat"),
        versions=installed_versions(),
        link=link_parameters(experiment),
        imports=imports(experiment, "argparse"),
        parts=[each for each in exported.parts if each.title != RECORDING],
        recording=next((each.code for each in exported.parts if each.title == RECORDING), ""),
        comment=lambda text: fill(text, WIDTH, initial_indent="# ", subsequent_indent="# "),
    )
    return text + "\n"
