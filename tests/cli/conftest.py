"""What tests of the command line share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from maskdemo.experiment import Experiment
from maskdemo.training.snapshot import Outcome
from tests.samples import made_up


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands would train is made up: a run and a study, printed as JSON, train for real."""

    def outcome(one: Experiment, repeat: int, **_: Any) -> Outcome:
        last = made_up(replace(one, repeats=repeat + 1)).curves[-1]
        reached = (last.test_accuracy[-1], last.test_valid_accuracy[-1], last.test_loss[-1])
        return Outcome(*reached, seconds=0.1, scored=last.scored)

    monkeypatch.setattr("maskdemo.training.run.train", lambda one, **_: iter([made_up(one)]))
    monkeypatch.setattr("maskdemo.training.run.train_once", outcome)
