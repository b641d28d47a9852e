"""Tables: every number that was measured, each where it belongs."""

import io
from typing import Any

import pandas as pd
import pytest

from maskdemo.data.inputs import Chance
from maskdemo.export.table import run_table, study_table
from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Curve, Outcome, Snapshot
from tests.samples import small


def curve(strategy: str, repeat: int, epochs: int, leak: float | None) -> Curve:
    """Numbers that name their own place."""
    base = 100 * repeat + (10 if strategy == "held_state" else 0)
    columns = [tuple(base + epoch + column / 10 for epoch in range(epochs)) for column in range(5)]
    return Curve(strategy, repeat, *columns, leak=leak)


def snapshot(*curves: Curve) -> Snapshot:
    nothing: Any = None
    return Snapshot(small(epochs=3, repeats=2), curves, nothing, Chance(0.5, 0.5), False, 1.0, 0.7)


def test_a_run_has_a_row_for_every_epoch_as_far_as_it_got():
    table = run_table(
        snapshot(
            curve("no_mask", 0, 3, 0.25),
            curve("held_state", 0, 3, 0.0),
            curve("no_mask", 1, 2, None),
            curve("held_state", 1, 0, None),
        )
    )
    # Through text and back, as a spreadsheet gets it.
    table = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    places = list(zip(table.strategy, table.repeat, table.epoch, strict=True))
    assert places == [
        *(("no_mask", 1, epoch) for epoch in (1, 2, 3)),
        *(("held_state", 1, epoch) for epoch in (1, 2, 3)),
        *(("no_mask", 2, epoch) for epoch in (1, 2)),
    ]
    measured = ["loss", "accuracy", "test_loss", "test_accuracy", "test_valid_accuracy"]
    for row in table.itertuples():
        base = 100 * (row.repeat - 1) + (10 if row.strategy == "held_state" else 0) + row.epoch - 1
        found = [getattr(row, name) for name in measured]
        assert found == pytest.approx([base + column / 10 for column in range(5)])
    assert table.leak[:3].tolist() == [0.25] * 3 and table.leak[3:6].tolist() == [0.0] * 3
    assert table.leak[6:].isna().all()


def test_a_run_without_an_epoch_has_the_columns_all_the_same():
    empty = run_table(snapshot())
    full = run_table(snapshot(curve("no_mask", 0, 1, 0.0)))
    assert len(empty) == 0 and list(empty.columns) == list(full.columns)


def test_a_study_has_a_row_for_every_training_and_pairs_repeats():
    study = Study(
        base=small(repeats=2),
        vary="padded_length",
        values=(16, 20),
        and_vary="pad_value",
        and_values=(0.0, 1.0),
    )
    outcomes = {}
    for at, training in enumerate(study.trainings()):
        cell, strategy, repeat = study.coordinates(training)
        if (cell, strategy, repeat) != ((20, 1.0), "no_mask", 1):
            outcomes[training] = Outcome(0.001 * at, 0.5 + 0.01 * at, 3.0 + at, float(at), 24)
    table = study_table(Findings(study, outcomes))
    assert len(table) == len(outcomes) == 2 * 2 * 2 * 2 - 1
    assert list(table.columns[:2]) == ["padded_length", "pad_value"]
    for row in table.itertuples():
        cell = (row.padded_length, row.pad_value)
        outcome = outcomes[study.training(cell, row.strategy, row.repeat - 1)]
        assert row.test_accuracy == outcome.accuracy
        assert row.test_valid_accuracy == outcome.valid_accuracy
        assert (row.test_loss, row.seconds) == (outcome.loss, outcome.seconds)
        base = outcomes.get(study.training(cell, "no_mask", row.repeat - 1))
        if base is None:
            assert pd.isna(row.difference)
        else:
            assert row.difference == pytest.approx(outcome.valid_accuracy - base.valid_accuracy)
    assert table.difference.isna().sum() == 1
