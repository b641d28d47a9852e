"""`export NAME --to KIND FILE` writes a script, a notebook, a report or a table."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from urllib.parse import urlencode

from maskdemo.cli.experiment_arguments import add_settings, named_experiment
from maskdemo.cli.files import must_be_writable, write
from maskdemo.cli.run import finished_run
from maskdemo.experiment import Experiment

#: Where `make run` starts the app.
ADDRESS = "http://localhost:8501/"
KINDS = ("script", "notebook", "report", "table")


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


def _export(args: Namespace) -> None:
    experiment = named_experiment(args)
    must_be_writable(args.file)
    write(args.file, _file_text(args.kind, experiment))


def _file_text(kind: str, experiment: Experiment) -> str:
    """Return the text of a script, notebook, report or, else, CSV table.

    A report or a table trains the experiment first. Modules are imported where they are needed, so that
    a script is there at once.
    """
    if kind == "script":
        from maskdemo.export.script import script

        return script(experiment)
    if kind == "notebook":
        from maskdemo.export.notebook import notebook

        return notebook(experiment)
    if kind == "report":
        from maskdemo.export.report import run_report

        link = f"{ADDRESS}?{urlencode(experiment.to_params())}"
        return run_report(finished_run(experiment), link=link)
    from maskdemo.export.table import run_table

    return run_table(finished_run(experiment)).to_csv(index=False)
