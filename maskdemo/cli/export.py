"""`export NAME --to KIND FILE` writes a script, a notebook, a report or a table; `figure` one chart.

A chart is a page of its own that holds all it needs, so it opens anywhere, without a network; the
camera in its menu saves it as a picture. Not a picture at once: Plotly draws in a browser, and the
package that would drive one from here (Kaleido) brings none, so it would have to be downloaded first.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from urllib.parse import urlencode

from maskdemo import charts
from maskdemo.charts.padded_batch import typical_row, unseen_batch
from maskdemo.charts.template import CONFIG, Figure, inks
from maskdemo.cli.experiment_arguments import add_settings, named_experiment
from maskdemo.cli.run import finished_run
from maskdemo.experiment import Experiment

#: Where `make run` starts the app.
ADDRESS = "http://localhost:8501/"
KINDS = ("script", "notebook", "report", "table")
#: By the name of the function in `maskdemo.charts` that draws it.
FIGURES = ("padded_batch", "learning_curves", "final_accuracy", "outputs_by_step")
PICTURES = {".svg", ".png"}


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo export` and `figure` and their options to the subcommands."""
    export = commands.add_parser(
        "export",
        help="write a Keras script, a notebook, a report or a table",
        description="Report and table train first; script and notebook train when they are run.",
    )
    add_settings(export)
    export.add_argument("--to", dest="kind", required=True, choices=KINDS, help="what to write")
    export.add_argument("file", metavar="FILE", type=Path, help="where; an old file is replaced")
    export.set_defaults(answer=_export)
    figure = commands.add_parser(
        "figure",
        help="draw one chart into an HTML file",
        description="All but the padded batch train first.",
    )
    add_settings(figure)
    figure.add_argument("kind", metavar="KIND", choices=FIGURES, help=", ".join(FIGURES))
    figure.add_argument("file", metavar="FILE", type=Path, help="an .html file; an old one is replaced")
    figure.add_argument("--dark", action="store_true", help="for a dark page")
    figure.set_defaults(answer=_figure)


def _export(args: Namespace) -> None:
    """Write the command's script, notebook, report or table of results to its file."""
    experiment = named_experiment(args)
    must_be_writable(args.file)
    write_file(args.file, _file_text(args.kind, experiment))


def _figure(args: Namespace) -> None:
    """Write the command's chart as an HTML page. Raises ValueError for a file that is no .html."""
    suffix = args.file.suffix.lower()
    if suffix in PICTURES:
        raise ValueError(
            f"A chart is drawn by a browser, not from here: write {args.file.stem}.html, open it and "
            f"save it as {suffix[1:].upper()} with the camera in its menu."
        )
    if suffix != ".html":
        raise ValueError(f"{args.file} is no .html file.")
    experiment = named_experiment(args)
    must_be_writable(args.file)
    write_file(args.file, _chart_page(_chart(args.kind, experiment, dark=args.dark), dark=args.dark))


def _file_text(kind: str, experiment: Experiment) -> str:
    """Return the text of a file of a kind in `KINDS`; a report or a table, as CSV, trains first.

    Modules are imported where they are needed, so that a script is there at once.
    """
    if kind in ("script", "notebook"):
        from maskdemo.export.script_and_notebook import notebook, script

        return script(experiment) if kind == "script" else notebook(experiment)
    if kind == "report":
        from maskdemo.export.report import run_report

        link = f"{ADDRESS}?{urlencode(experiment.to_params())}"
        return run_report(finished_run(experiment), link=link)
    from maskdemo.export.table import run_table

    return run_table(finished_run(experiment)).to_csv(index=False)


def _chart(kind: str, experiment: Experiment, *, dark: bool) -> Figure:
    """Return the chart of a kind in `FIGURES`; all but the padded batch train first."""
    if kind == "padded_batch":
        names, cut = experiment.spec.feature_names, experiment.truncating
        return charts.padded_batch(unseen_batch(experiment), features=names, truncating=cut, dark=dark)
    run = finished_run(experiment)
    if kind == "outputs_by_step":
        probe = typical_row(run.probes, per_step=experiment.per_step)
        return charts.outputs_by_step(run, probe=probe, epoch=experiment.epochs, dark=dark)
    return getattr(charts, kind)(run, dark=dark)


def _chart_page(figure: Figure, *, dark: bool) -> str:
    """Return an HTML page with this chart alone, Plotly's whole code included."""
    shown = figure.plotly()
    shown.update_layout(paper_bgcolor=inks(dark).page)
    config = CONFIG | {"toImageButtonOptions": {"format": "svg"}}
    return str(shown.to_html(config=config, include_plotlyjs=True, validate=False))


def must_be_writable(file: Path) -> None:
    """Raise ValueError if the file cannot be written, without writing: asked before long work."""
    there = file if file.exists() else file.absolute().parent
    if file.is_dir() or not os.access(there, os.W_OK):
        raise ValueError(f"{file} cannot be written. Name a file in a folder that is there.")


def write_file(file: Path, text: str) -> None:
    """Write the text to the file and say so on standard output. Raises ValueError if that fails."""
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ValueError(f"{file} cannot be written: {error.strerror}.") from None
    print(f"Written to {file}.")
