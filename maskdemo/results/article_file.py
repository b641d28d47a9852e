"""What the article's claims are judged by and what its programs did, as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from maskdemo.article.measured import Measured, Measurements
from maskdemo.article.outcome import Failure, Point, ProgramRun, Received
from maskdemo.evidence import Accuracies
from maskdemo.experiment import Experiment


def write_claims(known: Measurements) -> dict[str, Any]:
    """Runs as pairs of an experiment and its numbers; the checks as Keras answered them."""
    return {
        "runs": [[each.to_json(), asdict(numbers)] for each, numbers in known.runs.items()],
        "checks": known.checks,
    }


def read_claims(said: Mapping[str, Any]) -> Measurements:
    """The inverse of `write_claims`. Raises ValueError, KeyError or TypeError for anything else."""
    return Measurements(
        runs={Experiment.from_json(text): _measured(numbers) for text, numbers in said["runs"]},
        checks=said["checks"],
    )


def write_programs(runs: Mapping[str, ProgramRun]) -> dict[str, Any]:
    """By name, all that is known of each run."""
    return {name: asdict(each) for name, each in runs.items()}


def read_programs(said: Mapping[str, Any]) -> dict[str, ProgramRun]:
    """The inverse of `write_programs`. Raises ValueError, KeyError or TypeError for anything else."""
    return {name: _program_run(known) for name, known in said.items()}


def _measured(numbers: Mapping[str, Any]) -> Measured:
    known = numbers["accuracies"]
    by_repeat = {
        strategy: {int(repeat): accuracy for repeat, accuracy in each.items()}
        for strategy, each in known["by_repeat"].items()
    }
    accuracies = Accuracies(**known | {"by_repeat": by_repeat})
    return Measured(**_tuples(numbers) | {"accuracies": accuracies})


def _program_run(known: dict[str, Any]) -> ProgramRun:
    rebuilt = {
        "points": tuple(Point(**each) for each in known["points"]),
        "received": tuple(Received(**each) for each in known["received"]),
        "failure": Failure(**known["failure"]) if known["failure"] else None,
    }
    return ProgramRun(**known | rebuilt)


def _tuples(value: Any) -> Any:
    """JSON has lists where the numbers of a run are tuples."""
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(value) if isinstance(value, list) else value
