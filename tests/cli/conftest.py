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
    """What commands would train is made up: a run that is printed as JSON trains for real."""

    def outcome(one: Experiment, repeat: int, **_: Any) -> Outcome:
        last = made_up(replace(one, repeats=repeat + 1)).curves[-1]
        reached = (last.test_accuracy[-1], last.test_valid_accuracy[-1], last.test_loss[-1])
        return Outcome(*reached, seconds=0.1, scored=last.scored)

    monkeypatch.setattr("maskdemo.training.run.train", lambda one, **_: iter([made_up(one)]))
    monkeypatch.setattr("maskdemo.training.run.train_once", outcome)


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.fuzz)], ids=["made up", "trained"])
def trains_or_not(request: pytest.FixtureRequest) -> None:
    """What would be trained is made up; at night it is trained, too."""
    if request.param:
        request.getfixturevalue("untrained")
