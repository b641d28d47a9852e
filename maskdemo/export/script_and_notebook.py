"""An experiment as a program in plain Keras that needs nothing of this project: script or notebook.

The code of both is `script_and_notebook.jinja`, what a script has around it (its head, its arguments)
`script_frame.jinja`; here are the values that the templates read, and the notebook's cells.
"""

from __future__ import annotations

import base64
import inspect
import io
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any
from urllib.parse import urlencode

import numpy as np

from maskdemo.data.batches import boundaries
from maskdemo.errors import quoted
from maskdemo.evidence.phrases import counted, listed, span
from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import reads_valid, strategy_lines
from maskdemo.results.digest import libraries
from maskdemo.scenarios import scenario_of
from maskdemo.strategies import STRATEGIES
from maskdemo.templates import fill_template
from maskdemo.titles import CUT_ENDS, SIDES
from maskdemo.uploads import numbers_and_dates, table_to_sequences
from maskdemo.uploads.task import OwnTask

#: Characters per line: of comments and of data; of a script's sentences.
WIDTH, TEXT_WIDTH = 100, 96
BACKEND = """\
os.environ["KERAS_BACKEND"] = "tensorflow"  # the initial weights are its random numbers

import keras"""
#: The functions that make sequences of a person's own table: the exported code is what ran here.
READING = (
    *(table_to_sequences.bare, table_to_sequences.without_blank_rows),
    *(numbers_and_dates.numbers_in, numbers_and_dates.times_in, numbers_and_dates.seconds_of),
    *(numbers_and_dates.values_in, table_to_sequences.features_of, table_to_sequences.steps_of),
    *(table_to_sequences.classes_of, table_to_sequences.split_by_seed, table_to_sequences.drawn),
    *(table_to_sequences.standardised, table_to_sequences.parts_of),
)
#: Those before them where it was an archive.
ARCHIVE = (
    *(table_to_sequences.arrays_by_name, table_to_sequences.without_last_of_one),
    table_to_sequences.long_table,
)


@dataclass(frozen=True)
class Part:
    """A piece of code with its heading, and a text of one line that explains it."""

    title: str
    text: str
    code: str


@dataclass(frozen=True)
class ExportedProgram:
    """A whole program; `show(compare(epochs, repeats))` runs it.

    introduction: paragraphs. packages: what to install beside Keras. link: its settings as parameters
    of the page's address, `?task=...`. recording: the data of a recorded task, None for other tasks.
    """

    title: str
    introduction: tuple[str, ...]
    packages: str
    link: str
    parts: tuple[Part, ...]
    recording: Part | None


def script(experiment: Experiment) -> str:
    """Return the text of a .py file that trains this experiment with Keras and prints its accuracies.

    It imports numpy and keras only. A recorded data set is in it, at the end, so it works offline; a
    person's own is not: the script is given their file, and reads it with pandas (and pyarrow).
    """
    text = fill_template(
        Path(__file__).with_name("script_frame.jinja"),
        experiment=experiment,
        own=experiment.is_own,
        program=exported_program(experiment),
        repeats=counted(experiment.repeats, "repeat"),
        versions=installed_versions(),
        imports=import_statements(experiment, "argparse"),
        wrapped=lambda text, indent="": fill(
            text, TEXT_WIDTH, initial_indent=indent, subsequent_indent=indent
        ),
    )
    return text + "\n"


def notebook(experiment: Experiment) -> str:
    """Return the text of an .ipynb file (format 4), without outputs, that does what `script` does.

    The same settings give the same text.
    """
    # Whoever only shows a page does not wait for it.
    import nbformat.v4 as nb

    exported = exported_program(experiment)
    head = [
        f"# {exported.title}",
        *exported.introduction,
        f"It needs {exported.packages} and keras 3.12 or later. Written with {installed_versions()}. "
        f"The same settings on the page: put `{exported.link}` behind its address.",
    ]
    cells = [nb.new_markdown_cell("\n\n".join(head)), nb.new_code_cell(import_statements(experiment))]
    for part in filter(None, (*exported.parts, exported.recording)):
        hidden = {"jupyter": {"source_hidden": True}} if part is exported.recording else {}
        cells += [
            nb.new_markdown_cell(f"## {part.title}\n\n{part.text}"),
            nb.new_code_cell(part.code, metadata=hidden),
        ]
    path, about = (", path=path", " Name your file first.") if experiment.is_own else ("", "")
    run = f"table = compare(epochs={experiment.epochs}, repeats={experiment.repeats}{path})"
    if experiment.is_own:
        run = f'path = "data.csv"  # a file like the one on the page\n{run}'
    few = "Fewer epochs and one repeat are enough for a first try."
    cells += [
        nb.new_markdown_cell(f"## The run\n\n{few}{about}"),
        nb.new_code_cell(run),
        nb.new_code_cell("show(table)"),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb.writes(nb.new_notebook(cells=cells, metadata={"kernelspec": kernel}))


def exported_program(experiment: Experiment) -> ExportedProgram:
    """Return the program that trains and compares this experiment's strategies with Keras.

    Its data, initial weights and batch order are those of `maskdemo.training.run`.
    """
    text = fill_template(
        Path(__file__).with_name("script_and_notebook.jinja"), **_code_values(experiment)
    )
    introduction, *parts = re.split(r"^=== ", text, flags=re.M)
    recording = _part(parts.pop()) if _is_recorded(experiment) else None
    return ExportedProgram(
        title=export_title(experiment),
        introduction=tuple(introduction.split("\n")[:-2]),
        packages="numpy, pandas, pyarrow, tensorflow" if experiment.is_own else "numpy, tensorflow",
        link=f"?{urlencode(experiment.to_params())}",
        parts=tuple(map(_part, parts)),
        recording=recording,
    )


def _part(text: str) -> Part:
    """Return a part of the filled template: a line of title, lines of text, a blank line, code.

    The lines of text are joined, and no more than two blank lines in the code are kept.
    """
    about, _, code = text.partition("\n\n")
    title, *lines = about.split("\n")
    # What the template leaves out leaves blank lines.
    return Part(title, " ".join(lines), re.sub(r"\n{4,}", "\n\n\n", code.strip("\n")))


def _code_values(experiment: Experiment) -> dict[str, Any]:
    """Return all values that `script_and_notebook.jinja` reads, by name."""
    task, per_step, binary = experiment.spec, experiment.per_step, experiment.classes == 2
    some_read_valid = any(reads_valid(experiment, each) for each in experiment.strategies)
    classes = "outputs.argmax(axis=2)[:, :, None]" if per_step else "outputs.argmax(axis=1)"
    recorded = _is_recorded(experiment)
    functions, own = (task.draw, task.label), None
    if experiment.is_own:
        assert isinstance(experiment.own, OwnTask), "a task that was made of a file"
        own = _own_reading(experiment.own)
        npz = experiment.own.table.kind == "npz"
        functions = (*(ARCHIVE if npz else ()), *READING)
    return {
        "experiment": experiment,
        "task": task,
        "strategies": [STRATEGIES[each] for each in experiment.strategies],
        "lengths": span(experiment.min_length, experiment.max_length),
        "side": SIDES[experiment.side].phrase,
        "cut_end": CUT_ENDS[experiment.truncating].title.lower(),
        "fixed": experiment.batches == "fixed",
        "missing": experiment.missing_rate > 0,
        "per_step": per_step,
        "binary": binary,
        "answer": "(outputs > 0.5)" if binary else classes,
        "gates": 4 * experiment.units,
        "reads_valid": some_read_valid,
        "needs_valid": per_step or some_read_valid,
        "mask_channel": any(STRATEGIES[each].mask_channel for each in experiment.strategies),
        "own": own,
        "recorded": recorded,
        "recording": _recording_code(experiment) if recorded else "",
        "functions": () if recorded else functions,
        "source": lambda function: inspect.getsource(function).rstrip(),
        "strategy_lines": strategy_lines,
        "boundaries": boundaries,
        "repr": repr,
    }


def _own_reading(own: OwnTask) -> dict[str, object]:
    """Return how a person's own file is read, for the template.

    labels: a comment. read: an expression. steps, parts: dicts, arguments of `steps_of`, `parts_of`.
    """
    table, (steps, parts) = own.table, own.arguments
    arguments = [
        *([f"sep={table.separator!r}"] if table.separator != "," else []),
        *([f"skiprows={table.skipped}"] if table.skipped else []),
        *(['quotechar="\'"'] if table.quote == "'" else []),
        'dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True',
    ]
    read = {
        "npz": "long_table(arrays_by_name(np.load(path, allow_pickle=False)))",
        "parquet": "pq.read_table(path).to_pandas(ignore_metadata=True)",
    }.get(table.kind, f"pd.read_csv(path, {', '.join(arguments)})")
    numbers = ", ".join(f"{label} is {quoted(name)}" for label, name in enumerate(own.label_names))
    return {"labels": _comment(f"The labels: {numbers}."), "read": read, "steps": steps, "parts": parts}


def _recording_code(experiment: Experiment) -> str:
    """Return code that sets RECORDING, a packed .npz as base64 text, under a comment on its source."""
    task, stored = experiment.spec, {}
    assert task.recorded is not None
    for split, sequences in zip(("train", "test"), task.recorded(), strict=True):
        labels = sequences.labels if task.per_step else [label[:1] for label in sequences.labels]
        stored[f"{split}_lengths"] = np.array([len(values) for values in sequences.values])
        stored[f"{split}_values"] = np.concatenate(sequences.values)
        stored[f"{split}_labels"] = np.concatenate(labels)
    file = io.BytesIO()
    np.savez_compressed(file, **stored)
    text = base64.b64encode(file.getvalue()).decode("ascii")
    lines = "\n".join(text[start : start + WIDTH] for start in range(0, len(text), WIDTH))
    comment = _comment(f"{task.source} A NumPy archive, written as base64 text.")
    return f'{comment}\nRECORDING = """\n{lines}\n"""'


def _comment(text: str) -> str:
    """Return a text as a comment of Python, its lines wrapped at `WIDTH` characters."""
    return fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _is_recorded(experiment: Experiment) -> bool:
    """Whether the sequences are a recording of this package, neither drawn nor uploaded."""
    return experiment.spec.fixed is not None and not experiment.is_own


def import_statements(experiment: Experiment, *more: str) -> str:
    """Return the imports needed, TensorFlow set as Keras's backend. more: standard-library modules."""
    modules = ["os", *more, *(["base64", "io"] if _is_recorded(experiment) else [])]
    packages = ["import numpy as np"]
    if isinstance(experiment.own, OwnTask):
        modules += ["datetime", "re"]
        packages.append("import pandas as pd")
        if experiment.own.table.kind == "parquet":
            packages.append("import pyarrow.parquet as pq")
    standard = "\n".join(f"import {module}" for module in sorted(modules))
    return "\n\n".join([standard, "\n".join(packages), BACKEND])


def export_title(experiment: Experiment) -> str:
    """Return the experiment's title: the scenario's, else the task's."""
    scenario = scenario_of(experiment)
    return scenario.title if scenario else experiment.spec.title


def installed_versions() -> str:
    """Return the versions of Python and `LIBRARIES` here: `Python 3.11.7, ... and numpy 2.4.0`."""
    versions = [f"{name} {number}" for name, number in libraries().items()]
    return listed([f"Python {platform.python_version()}", *versions])
