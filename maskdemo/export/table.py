"""Results as tables: a row for everything that was measured, for a spreadsheet or pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from maskdemo.evidence import BASELINE
from maskdemo.snapshot import Snapshot

if TYPE_CHECKING:
    from maskdemo.study import Findings

RUN_COLUMNS = (
    *("strategy", "repeat", "epoch", "loss", "accuracy"),
    *("test_loss", "test_accuracy", "test_valid_accuracy", "leak"),
)


def run_table(snapshot: Snapshot) -> pd.DataFrame:
    """A row for every epoch of every strategy and repeat; repeats and epochs count from 1.

    Accuracies are shares of 1, `test_valid_accuracy` on valid steps only. leak (0 to 1) is known
    after a repeat's last epoch and stands in all its rows.
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
    return pd.DataFrame(rows, columns=list(RUN_COLUMNS))


def study_table(findings: Findings) -> pd.DataFrame:
    """A row for every finished training of a study; a column for each thing that varies.

    Accuracies are shares of 1, `test_valid_accuracy` on valid steps only; `difference` is that less
    `no_mask`'s in the same cell and repeat, empty where that one is not there yet.
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
    columns = (
        *(*study.varied, "strategy", "repeat", "test_loss", "test_accuracy", "test_valid_accuracy"),
        *("difference", "seconds"),
    )
    return pd.DataFrame(rows, columns=list(columns))
