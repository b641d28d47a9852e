"""Reports to hand on: one run, or one study, as a file that explains itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from maskdemo import charts
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
from maskdemo.experiment import Experiment
from maskdemo.export import settings_text
from maskdemo.export.page import Content, ReportRow, ReportTable, render
from maskdemo.export.parts import export_title
from maskdemo.results import precomputed
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Curve, Snapshot
from maskdemo.training.unseen_batch import typical, unseen_batch

if TYPE_CHECKING:
    from maskdemo.charts.template import Figure
    from maskdemo.study import Cell, Findings, Study

NOTHING = "–"
LEAK = (
    "Leak: the largest change of any output probability when the same unseen sequences are given "
    "without their padding, over all repeats."
)


def run_report(snapshot: Snapshot, *, link: str) -> str:
    """A run as HTML. link: where the same settings can be opened; quoted, never trusted."""
    experiment = snapshot.experiment
    followed = typical(snapshot.probes, per_step=experiment.per_step)
    return render(
        Content(
            kind="Report of a run.",
            title=export_title(experiment),
            lead=settings_text.lead(experiment),
            notes=_provenance_notes(snapshot)
            if snapshot.finished
            else (_unfinished_note(snapshot.done),),
            headline=headline(snapshot),
            verdicts=tuple((each.word, each.sentence) for each in verdicts(snapshot)),
            accuracies=_accuracy_table(snapshot),
            figures=(
                charts.padded_batch(
                    unseen_batch(experiment),
                    features=experiment.spec.feature_names,
                    truncating=experiment.truncating,
                    followed=followed,
                ),
                charts.learning_curves(snapshot),
                charts.accuracy_by_strategy(snapshot),
                charts.outputs_by_step(snapshot, probe=followed, epoch=experiment.epochs),
                charts.learning_curves(snapshot, metric="test_loss"),
                charts.learning_curves(snapshot, metric="loss"),
            ),
            method=METHOD,
            rules=RULES,
            numbers=_curve_table(snapshot),
            seeds=_repeat_seeds(experiment),
            link=link,
            settings=settings_text.settings(experiment),
            strategies=_strategy_texts(experiment),
            json=_settings_json(experiment.settings),
            own=experiment.is_own,
        )
    )


def study_report(findings: Findings, *, link: str) -> str:
    """A study as HTML. link: where the same study can be opened; quoted, never trusted."""
    from maskdemo.study import summary
    from maskdemo.study.variables import short_title, value_text

    study = findings.study
    values = dict(zip(study.varied, (study.values, study.and_values), strict=False))
    first, other = ([short_title(name) for name in study.varied] + [""])[:2]
    sentences = summary(findings) or ("Nothing can be said yet: too little has been trained.",)
    unfinished = (_unfinished_note(findings.done / findings.total),)
    notes = _provenance_notes(findings) if findings.finished else unfinished
    return render(
        Content(
            kind="Report of a study.",
            title=f"{first} and {other[0].lower()}{other[1:]}" if other else first,
            lead=f"{settings_text.lead(study.base)} {findings.done} of {findings.total} networks "
            "trained.",
            notes=(*notes, *findings.failures),
            headline=sentences[0],
            verdicts=tuple(("", each) for each in sentences[1:]),
            figures=_study_figures(findings),
            method=f"{METHOD} This study makes {findings.comparisons} comparisons.",
            rules=RULES,
            numbers=_cell_table(findings),
            seeds=_repeat_seeds(study.base),
            link=link,
            settings=(
                *(
                    (
                        "Varied",
                        f"{short_title(name)}, in place of what stands below: "
                        f"{', '.join(value_text(name, each) for each in chosen)}.",
                    )
                    for name, chosen in values.items()
                ),
                *settings_text.settings(study.base),
            ),
            strategies=_strategy_texts(study.base),
            json=_settings_json(study.settings),
            own=study.base.is_own,
        )
    )


def _provenance_notes(result: Snapshot | Findings) -> tuple[str, ...]:
    note = precomputed.provenance_note(result)
    return (note,) if note else ()


def _accuracy_table(snapshot: Snapshot) -> ReportTable:
    experiment = snapshot.experiment
    head = ["Strategy", "Accuracy", "95% interval", "Lowest to highest"]
    levels = ["Chance", percent(snapshot.chance.valid), NOTHING, NOTHING]
    rows = [[STRATEGIES[name].title, *_reached(snapshot, name)] for name in experiment.strategies]
    note = "Accuracy on unseen sequences, mean of the repeats."
    if experiment.per_step:
        head.append("Reported")
        levels.append(percent(snapshot.chance.reported))
        note = (
            "Accuracy on valid steps of unseen sequences, mean of the repeats. Reported: with padding "
            "as it counts."
        )
    colours = [charts.colour(name) for name in experiment.strategies]
    return ReportTable(
        (*head, "Leak"),
        (
            *(ReportRow(tuple(cells), colour) for cells, colour in zip(rows, colours, strict=True)),
            ReportRow((*levels, NOTHING)),
        ),
        f"{note} Chance: always giving the commonest label of the same steps. {LEAK}",
    )


def _reached(snapshot: Snapshot, strategy: str) -> list[str]:
    """The cells of a strategy after its name."""
    result = strategy_result(snapshot, strategy)
    several = len(result.accuracies) > 1
    cells = [
        percent(result.accuracy.mean) if result.accuracy else NOTHING,
        between(result.accuracy, percent) if result.accuracy and several else NOTHING,
        f"{percent(min(result.accuracies))} to {percent(max(result.accuracies))}"
        if several
        else NOTHING,
    ]
    if snapshot.experiment.per_step:
        cells.append(NOTHING if result.reported_mean is None else percent(result.reported_mean))
    return [*cells, "not measured" if result.leak is None else result.leak_for_people]


def _curve_table(snapshot: Snapshot) -> ReportTable:
    per_step = snapshot.experiment.per_step
    head = (
        *("Strategy", "Repeat", "Epochs", "Training loss", "Training accuracy", "Test loss"),
        *("Test accuracy", *(("On valid steps",) if per_step else ())),
    )

    def cells(curve: Curve) -> tuple[str, ...]:
        valid = (f"{curve.test_valid_accuracy[-1]:.4f}",) if per_step else ()
        return (
            *(STRATEGIES[curve.strategy].title, str(curve.repeat + 1), str(len(curve.loss))),
            *(f"{curve.loss[-1]:.4f}", f"{curve.accuracy[-1]:.4f}", f"{curve.test_loss[-1]:.4f}"),
            *(f"{curve.test_accuracy[-1]:.4f}", *valid),
        )

    trained = (each for each in snapshot.curves if each.test_accuracy)
    rows = tuple(ReportRow(cells(each), charts.colour(each.strategy)) for each in trained)
    note = (
        "After the last epoch. Training numbers are running means over the epoch, as Model.fit reports "
        "them; accuracies are shares of 1."
    )
    return ReportTable(head, rows, note)


def _cell_table(findings: Findings) -> ReportTable:
    study, rows = findings.study, []
    for cell in study.cells:
        where = _cell_text(study, cell)
        for name in study.base.strategies:
            values = tuple(findings.accuracies(cell, name).values())
            each = " ".join(map(percent, values))
            mean = findings.mean(cell, name)
            reached = percent(mean.mean) if mean else NOTHING
            cells = (STRATEGIES[name].title, where, reached, each or NOTHING)
            rows.append(
                ReportRow((*cells, *_difference_and_verdict(findings, cell, name)), charts.colour(name))
            )
        level = percent(findings.chance(cell))
        rows.append(ReportRow(("Chance", where, level, NOTHING, NOTHING, NOTHING)))
    head = ("Strategy", "Dose", "Accuracy", "Each repeat", "Points against no mask", "Word")
    note = "Accuracy on unseen sequences, mean of the repeats; differences with their 95% interval."
    return ReportTable(head, tuple(rows), note)


def _difference_and_verdict(findings: Findings, cell: Cell, strategy: str) -> tuple[str, str]:
    verdict = findings.verdict(cell, strategy)
    if verdict is None:
        return NOTHING, NOTHING
    difference = verdict.difference
    return f"{points(difference.mean)} ({between(difference)})", verdict.word


def _cell_text(study: Study, cell: Cell) -> str:
    from maskdemo.study import VARIABLES

    pairs = zip(study.varied, cell, strict=True)
    return " and ".join(VARIABLES[name].say(value) for name, value in pairs)


def _study_figures(findings: Findings) -> tuple[Figure, ...]:
    if findings.study.and_vary is None:
        return (charts.response_curve(findings),)
    return tuple(
        charts.response_map(findings, strategy=name) for name in findings.study.base.strategies
    )


def _strategy_texts(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    chosen = (STRATEGIES[name] for name in experiment.strategies)
    return tuple((each.title, each.summary) for each in chosen)


def _repeat_seeds(experiment: Experiment) -> tuple[int, ...]:
    return tuple(repeat_seed(experiment.seed, repeat) for repeat in range(experiment.repeats))


def _unfinished_note(done: float) -> str:
    return f"Not finished: {done:.0%} of the training was done when this report was made."


def _settings_json(settings: dict) -> str:
    return json.dumps(settings, indent=2)
