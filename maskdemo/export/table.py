"""Results as tables: a row for everything that was measured, for a spreadsheet or pandas."""

from __future__ import annotations

import pandas as pd

from maskdemo.article.claims import CLAIMS
from maskdemo.article.measurements import Measurements
from maskdemo.evidence import BASELINE
from maskdemo.study import Findings
from maskdemo.training.snapshot import Snapshot

ANSWERS = {True: "yes", False: "no", None: "undecided"}


def run_table(snapshot: Snapshot) -> pd.DataFrame:
    """Return a row for every trained epoch of every strategy and repeat; both count from 1.

    loss and accuracy: of the training. Accuracies are shares of 1, `test_valid_accuracy` on valid steps
    only. leak (0 to 1) is known after a repeat's last epoch and then stands in all its rows.
    """
    rows = (
        (
            *(curve.strategy, curve.repeat + 1, epoch + 1),
            *(curve.loss[epoch], curve.accuracy[epoch], curve.test_loss[epoch]),
            *(curve.test_accuracy[epoch], curve.test_valid_accuracy[epoch], curve.leak),
        )
        for curve in snapshot.curves
        for epoch in range(len(curve.test_accuracy))
    )
    columns = "strategy repeat epoch loss accuracy test_loss test_accuracy test_valid_accuracy leak"
    return pd.DataFrame(rows, columns=columns.split())


def study_table(findings: Findings) -> pd.DataFrame:
    """Return a row for every finished training of a study, its values in a column for each variable.

    Accuracies are shares of 1, `test_valid_accuracy` on valid steps only; `difference` is that less
    `no_mask`'s in the same cell and repeat (0 for itself), empty where that one is not there yet.
    `seconds`: of the training.
    """
    study = findings.study
    rows = []
    for cell in study.cells:
        base = findings.accuracies(cell, BASELINE)
        for name in study.base.strategies:
            for repeat, accuracy in findings.accuracies(cell, name).items():
                outcome = findings.outcomes[study.training(cell, name, repeat)]
                difference = accuracy - base[repeat] if repeat in base else None
                rows.append(
                    (
                        *(*cell, name, repeat + 1, outcome.loss, outcome.accuracy, accuracy),
                        *(difference, outcome.seconds),
                    )
                )
    measured = "strategy repeat test_loss test_accuracy test_valid_accuracy difference seconds"
    return pd.DataFrame(rows, columns=[*study.varied, *measured.split()])


def claims_table(measurements: Measurements) -> pd.DataFrame:
    """Return a row for every number that a claim is judged by, and one for a claim not measured.

    With the number's interval, its case and experiment (JSON), and the claim's place and verdict.
    """
    rows: list[dict] = []
    for claim in CLAIMS.values():
        judgement = claim.judgement(measurements)
        row = {"claim": claim.text, "place": claim.place}
        if judgement is None:
            rows.append(row | {"verdict": "not measured", "outcome": ""})
            continue
        row |= {"verdict": judgement.counts, "outcome": judgement.sentence}
        for result in judgement.results:
            case = {"case": result.case.title, "held": ANSWERS[result.held]}
            for number in result.numbers:
                measured = {
                    "measured": number.name,
                    "value": number.value,
                    "low": number.low,
                    "high": number.high,
                    "unit": number.unit,
                    "spread": f"{number.spread}, {number.of}".strip(", "),
                    "experiment": result.case.experiment.to_json(),
                }
                rows.append(row | case | measured)
    return pd.DataFrame(rows)
