"""Reports to hand on: one run, or one study, as a file that explains itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from maskdemo import charts
from maskdemo.charts.padded_batch import typical_row, unseen_batch
from maskdemo.charts.template import CONFIG, Figure
from maskdemo.data.sequences import repeat_seed
from maskdemo.evidence import (
    METHOD,
    RULES,
    between,
    headline,
    percent,
    points,
    strategy_result,
    verdicts,
)
from maskdemo.evidence.phrases import leak_text
from maskdemo.evidence.strategy_result import leak_meaning
from maskdemo.experiment import Experiment
from maskdemo.export import settings_text
from maskdemo.export.script_and_notebook import export_title, installed_versions
from maskdemo.results import precomputed
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES, Findings, summary
from maskdemo.study.variables import short_title, value_text
from maskdemo.templates import fill_template
from maskdemo.training.snapshot import Snapshot

#: Pixels of height that one printed page has room for, and how large figures are printed on it.
PAGE_HEIGHT, PRINTED = 960, 0.86
NO_NUMBER = "–"


@dataclass(frozen=True)
class ReportTable:
    """A table for `report.html`. rows: (strategy's colour or "", cells). note: the text below it."""

    head: tuple[str, ...]
    rows: list[tuple[str, tuple[str, ...]]]
    note: str


def run_report(snapshot: Snapshot, *, link: str) -> str:
    """Return a run, finished or not, as HTML. link: to its settings, mere text if it is not http(s)."""
    experiment = snapshot.experiment
    followed = typical_row(snapshot.probes, per_step=experiment.per_step)
    return _report_page(
        experiment,
        kind="Report of a run.",
        title=export_title(experiment),
        lead=settings_text.lead(experiment),
        notes=_notes(snapshot, snapshot.done),
        headline=headline(snapshot),
        verdicts=[(each.word, each.sentence) for each in verdicts(snapshot)],
        accuracies=_accuracy_table(snapshot),
        figures=[
            charts.padded_batch(
                unseen_batch(experiment),
                features=experiment.spec.feature_names,
                truncating=experiment.truncating,
                followed=followed,
            ),
            charts.learning_curves(snapshot),
            charts.final_accuracy(snapshot),
            charts.outputs_by_step(snapshot, probe=followed, epoch=experiment.epochs),
            charts.learning_curves(snapshot, metric="test_loss"),
            charts.learning_curves(snapshot, metric="loss"),
        ],
        method=METHOD,
        numbers=_last_epoch_table(snapshot),
        settings=settings_text.setting_rows(experiment),
        json=experiment.settings,
        link=link,
    )


def study_report(findings: Findings, *, link: str) -> str:
    """Return a study, finished or not, as HTML. link: as in `run_report`."""
    study = findings.study
    varied = [
        (
            "Varied",
            f"{short_title(name)}, in place of what stands below: "
            f"{', '.join(value_text(name, each) for each in values)}.",
        )
        for name, values in zip(study.varied, (study.values, study.and_values), strict=False)
    ]
    first, other = ([short_title(name) for name in study.varied] + [""])[:2]
    sentences = summary(findings) or ("Nothing can be said yet: too little has been trained.",)
    return _report_page(
        study.base,
        kind="Report of a study.",
        title=f"{first} and {other[0].lower()}{other[1:]}" if other else first,
        lead=f"{settings_text.lead(study.base)} {findings.done} of {findings.total} networks trained.",
        notes=[*_notes(findings, findings.done / findings.total), *findings.failures],
        headline=sentences[0],
        verdicts=[("", each) for each in sentences[1:]],
        accuracies=None,
        figures=[charts.response_map(findings, strategy=name) for name in study.base.strategies]
        if study.and_vary
        else [charts.response_curve(findings)],
        method=f"{METHOD} This study makes {findings.comparisons} comparisons.",
        numbers=_study_table(findings),
        settings=[*varied, *settings_text.setting_rows(study.base)],
        json=study.settings,
        link=link,
    )


def _report_page(
    experiment: Experiment, *, figures: Iterable[Figure], json: dict, link: str, **values: Any
) -> str:
    """Return `report.html`, filled. json: all settings, to be shown. values: more for the template."""
    return fill_template(
        Path(__file__).with_name("report.html"),
        figures=[_figure_values(each, number) for number, each in enumerate(figures, 1)],
        rules=RULES,
        strategies=[STRATEGIES[name] for name in experiment.strategies],
        seeds=[repeat_seed(experiment.seed, repeat) for repeat in range(experiment.repeats)],
        json=dumps(json, indent=2),
        own=experiment.is_own,
        link=link,
        can_be_followed=link.startswith(("http://", "https://")),
        versions=installed_versions(),
        plotly=Markup(get_plotlyjs()),
        **values,
    )


def _figure_values(figure: Figure, number: int) -> dict[str, object]:
    """Return html without plotly.js, its first line of title, and "fit", the scale (0 to 1) on paper.

    number: of the figure, from 1, in its id and its file's name.
    """
    name = f"figure-{number}"
    image = {"format": "svg", "filename": f"maskdemo-{name}"}
    html = figure.plotly().to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        config=CONFIG | {"responsive": True, "toImageButtonOptions": image},
    )
    return {
        "html": Markup(html),
        "title": figure.layout["title"]["text"].partition("<br>")[0],
        # Printed, a figure taller than a page would be cut.
        "fit": min(PRINTED, PAGE_HEIGHT / figure.height),
    }


def _notes(result: Snapshot | Findings, done: float) -> list[str]:
    """Return [a sentence]: how far an unfinished result is, or when it was precomputed; else [].

    done: the share of the training, 0 to 1.
    """
    unfinished = f"Not finished: {done:.0%} of the training was done when this report was made."
    note = precomputed.provenance_note(result) if result.finished else unfinished
    return [note] if note else []


def _accuracy_table(snapshot: Snapshot) -> ReportTable:
    """Return the table of accuracies and leaks: a row for each strategy, then chance."""
    per_step = snapshot.experiment.per_step
    reported = ("Reported",) if per_step else ()
    head = ("Strategy", "Accuracy", "95% interval", "Lowest to highest", *reported, "Leak")
    rows = [
        (charts.colour(name), (STRATEGIES[name].title, *_accuracy_cells(snapshot, name)))
        for name in snapshot.experiment.strategies
    ]
    levels = (percent(snapshot.chance.reported),) if per_step else ()
    chance = ("Chance", percent(snapshot.chance.valid), NO_NUMBER, NO_NUMBER, *levels, NO_NUMBER)
    where = "valid steps of unseen sequences" if per_step else "unseen sequences"
    counts = " Reported: with padding as it counts." if per_step else ""
    note = (
        f"Accuracy on {where}, mean of the repeats.{counts} Chance: always giving the commonest label "
        f"of the same steps. {leak_meaning(snapshot.experiment)} The largest of all repeats."
    )
    return ReportTable(head, [*rows, ("", chance)], note)


def _accuracy_cells(snapshot: Snapshot, strategy: str) -> tuple[str, ...]:
    """Return mean, interval, range, reported if per_step, and leak as text; "–" or "not measured"."""
    result = strategy_result(snapshot, strategy)
    cells = (percent(result.accuracy.mean) if result.accuracy else NO_NUMBER, NO_NUMBER, NO_NUMBER)
    if result.accuracy and len(result.accuracies) > 1:
        low, high = min(result.accuracies), max(result.accuracies)
        cells = (*cells[:1], between(result.accuracy, percent), f"{percent(low)} to {percent(high)}")
    if snapshot.experiment.per_step:
        cells += (NO_NUMBER if result.reported_mean is None else percent(result.reported_mean),)
    return (*cells, "not measured" if result.leak is None else leak_text(result.leak))


def _last_epoch_table(snapshot: Snapshot) -> ReportTable:
    """Return the table of the last epoch so far of each strategy and repeat; no row without one."""
    head = ["Strategy", "Repeat", "Epochs", "Training loss", "Training accuracy", "Test loss"]
    head += ["Test accuracy", *(["On valid steps"] if snapshot.experiment.per_step else [])]
    rows: list[tuple[str, tuple[str, ...]]] = []
    for curve in (each for each in snapshot.curves if each.test_accuracy):
        metrics = [curve.loss, curve.accuracy, curve.test_loss, curve.test_accuracy]
        if snapshot.experiment.per_step:
            metrics.append(curve.test_valid_accuracy)
        counts = (str(curve.repeat + 1), str(len(curve.loss)))
        cells = (STRATEGIES[curve.strategy].title, *counts, *(f"{each[-1]:.4f}" for each in metrics))
        rows.append((charts.colour(curve.strategy), cells))
    note = (
        "After the last epoch. Training numbers are running means over the epoch, as Model.fit reports "
        "them; accuracies are shares of 1."
    )
    return ReportTable(tuple(head), rows, note)


def _study_table(findings: Findings) -> ReportTable:
    """Return the table of a study: in each cell of the grid a row for each strategy and for chance."""
    study, rows = findings.study, []
    for cell in study.cells:
        pairs = zip(study.varied, cell, strict=True)
        where = " and ".join(VARIABLES[name].in_sentence(value) for name, value in pairs)
        for name in study.base.strategies:
            each = " ".join(map(percent, findings.accuracies(cell, name).values()))
            mean, verdict = findings.mean(cell, name), findings.verdict(cell, name)
            cells = (STRATEGIES[name].title, where, percent(mean.mean) if mean else NO_NUMBER)
            against = (NO_NUMBER, NO_NUMBER)
            if verdict is not None:
                difference = verdict.difference
                against = (f"{points(difference.mean)} ({between(difference)})", verdict.word)
            rows.append((charts.colour(name), (*cells, each or NO_NUMBER, *against)))
        level = percent(findings.chance(cell))
        rows.append(("", ("Chance", where, level, NO_NUMBER, NO_NUMBER, NO_NUMBER)))
    head = ("Strategy", "Value", "Accuracy", "Each repeat", "Points against no mask", "Word")
    note = "Accuracy on unseen sequences, mean of the repeats; differences with their 95% interval."
    return ReportTable(head, rows, note)
