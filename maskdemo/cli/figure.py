"""`figure NAME KIND FILE` draws one chart of an experiment into a page of its own.

A page holds the chart and all that it needs, so it opens anywhere, without a network; the camera in its
menu saves it as a picture. Not a picture at once: Plotly draws in a browser, and the package that would
drive one from here (Kaleido) brings none, so it would have to be downloaded first.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from maskdemo.cli.experiment_arguments import add_settings, named_experiment
from maskdemo.cli.files import must_be_writable, write
from maskdemo.cli.run import finished_run
from maskdemo.experiment import Experiment
from maskdemo.training.unseen_batch import typical, unseen_batch

if TYPE_CHECKING:
    from maskdemo.charts.template import Figure

PICTURES = {".svg", ".png"}


def add_to(commands) -> None:
    """Add the command to the parser's."""
    figure = commands.add_parser(
        "figure",
        help="draw one chart into an HTML file",
        description="All but the padded batch train first.",
    )
    add_settings(figure)
    figure.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    figure.add_argument("file", metavar="FILE", type=Path, help="an .html file; an old one is replaced")
    figure.add_argument("--dark", action="store_true", help="for a dark page")
    figure.set_defaults(answer=_figure)


def _figure(args: Namespace) -> None:
    suffix = args.file.suffix.lower()
    if suffix != ".html":
        raise ValueError(_refusal(args.file, suffix))
    experiment = named_experiment(args)
    must_be_writable(args.file)
    write(args.file, page(KINDS[args.kind](experiment, args.dark), dark=args.dark))


def _refusal(file: Path, suffix: str) -> str:
    if suffix not in PICTURES:
        return f"{file} is no .html file."
    return (
        f"A chart is drawn by a browser, not from here: write {file.stem}.html, open it and save it as "
        f"{suffix[1:].upper()} with the camera in its menu."
    )


def page(figure: Figure, *, dark: bool) -> str:
    """A page with this chart alone and the library that draws it."""
    from maskdemo.charts.template import CONFIG

    shown = figure.plotly()
    shown.update_layout(paper_bgcolor="#11161c" if dark else "#ffffff")
    config = CONFIG | {"toImageButtonOptions": {"format": "svg"}}
    return str(shown.to_html(config=config, include_plotlyjs=True, validate=False))


def _padded_batch(experiment: Experiment, dark: bool) -> Figure:
    from maskdemo import charts

    batch = unseen_batch(experiment)
    names = experiment.spec.feature_names
    return charts.padded_batch(batch, features=names, truncating=experiment.truncating, dark=dark)


def _learning_curves(experiment: Experiment, dark: bool) -> Figure:
    from maskdemo import charts

    return charts.learning_curves(finished_run(experiment), dark=dark)


def _accuracy_by_strategy(experiment: Experiment, dark: bool) -> Figure:
    from maskdemo import charts

    return charts.accuracy_by_strategy(finished_run(experiment), dark=dark)


def _outputs_by_step(experiment: Experiment, dark: bool) -> Figure:
    from maskdemo import charts

    run = finished_run(experiment)
    return charts.outputs_by_step(
        run, probe=typical(run.probes, per_step=experiment.per_step), epoch=experiment.epochs, dark=dark
    )


#: By the name of the function in `maskdemo.charts` that draws it.
KINDS: dict[str, Callable[[Experiment, bool], Figure]] = {
    "padded_batch": _padded_batch,
    "learning_curves": _learning_curves,
    "accuracy_by_strategy": _accuracy_by_strategy,
    "outputs_by_step": _outputs_by_step,
}
