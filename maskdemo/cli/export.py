"""`export NAME --to KIND FILE` writes a script, a notebook, a report or a table."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from maskdemo.cli.naming import add_settings, named_experiment
from maskdemo.cli.run import finished_run
from maskdemo.experiment import Experiment

#: Where `make run` starts the app.
ADDRESS = "http://localhost:8501/"


def add_to(commands) -> None:
    """Add the command to the parser's."""
    export = commands.add_parser(
        "export",
        help="write a Keras script, a notebook, a report or a table",
        description="Report and table train first; script and notebook train when they are run.",
    )
    add_settings(export)
    export.add_argument("--to", dest="kind", required=True, choices=KINDS, help="what to write")
    export.add_argument("file", metavar="FILE", type=Path, help="where; an old file is replaced")
    export.set_defaults(answer=_export)


def _export(given: Namespace) -> None:
    experiment = named_experiment(given)
    # Known before minutes of training rather than after them.
    there = given.file if given.file.exists() else given.file.absolute().parent
    if given.file.is_dir() or not os.access(there, os.W_OK):
        raise ValueError(f"{given.file} cannot be written. Name a file in a folder that is there.")
    text = KINDS[given.kind](experiment)
    try:
        given.file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ValueError(f"{given.file} cannot be written: {error.strerror}.") from None
    print(f"Written to {given.file}.")


def _script(experiment: Experiment) -> str:
    from maskdemo.export.script import script

    return script(experiment)


def _notebook(experiment: Experiment) -> str:
    from maskdemo.export.notebook import notebook

    return notebook(experiment)


def _report(experiment: Experiment) -> str:
    from maskdemo.export.report import run_report

    link = f"{ADDRESS}?{urlencode(experiment.to_params())}"
    return run_report(finished_run(experiment), link=link)


def _table(experiment: Experiment) -> str:
    from maskdemo.export.table import run_table

    return run_table(finished_run(experiment)).to_csv(index=False)


KINDS: dict[str, Callable[[Experiment], str]] = {
    "script": _script,
    "notebook": _notebook,
    "report": _report,
    "table": _table,
}
