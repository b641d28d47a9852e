"""Test claims: train what they need, ask Keras, and stream what is known so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from maskdemo.article.claims import CLAIMS, TIMED, Claim
from maskdemo.article.measured import Evidence, measure
from maskdemo.child import stream
from maskdemo.experiment import Experiment
from maskdemo.snapshot import Snapshot


@dataclass(frozen=True)
class Progress:
    """What a test has found so far, what it is doing, and the share (0 to 1) that is done."""

    found: Evidence = field(default_factory=Evidence)
    doing: str = ""
    done: float = 0.0


def experiments_of(claims: Sequence[Claim], known: Evidence) -> tuple[Experiment, ...]:
    """What is still to be trained for these claims, each once."""
    wanted = dict.fromkeys(each for claim in claims for each in claim.experiments)
    return tuple(each for each in wanted if each not in known.runs)


def checks_of(claims: Sequence[Claim], known: Evidence) -> tuple[str, ...]:
    """What Keras is still to be asked for these claims."""
    wanted = dict.fromkeys(each for claim in claims for each in claim.checks)
    return tuple(each for each in wanted if each not in known.checks)


def train(
    experiments: Sequence[Experiment], run: Callable[[Experiment], Iterator[Snapshot]]
) -> Iterator[Progress]:
    """Run the experiments one after another; yields after every epoch."""
    total, before = sum(each.work for each in experiments), 0.0
    found = Evidence()
    for number, experiment in enumerate(experiments, start=1):
        doing = f"Training, experiment {number} of {len(experiments)}."
        yield Progress(found, doing, before / total)
        for snapshot in run(experiment):
            if snapshot.finished:
                found |= Evidence(runs={experiment: measure(snapshot)})
            yield Progress(found, doing, (before + snapshot.done * experiment.work) / total)
        before += experiment.work
    yield Progress(found, "Trained.", 1.0)


def ask_keras(checks: Sequence[str]) -> Iterator[Progress]:
    """Make the checks in a process of their own. Raises `maskdemo.child.ChildFailed`."""
    found = Evidence()
    asked = {"checks": list(checks), "timed": [each.to_json() for each in TIMED]}
    yield Progress(found, "Starting a process and loading Keras.")
    for message in stream("maskdemo.article.keras_checks", asked):
        if "check" in message:
            found |= Evidence(checks={message.pop("check"): message})
        yield Progress(found, "Asking Keras.", len(found.checks) / len(checks))
    yield Progress(found, "Keras has answered.", 1.0)


def table(evidence: Evidence) -> pd.DataFrame:
    """A row a measured number, and one for each claim that is not tested yet."""
    rows = []
    for claim in CLAIMS.values():
        finding = claim.finding(evidence)
        row = {
            "claim": claim.text,
            "place": claim.place,
            "verdict": finding.words if finding else "Not tested",
            "outcome": finding.sentence if finding else "",
        }
        if finding is None:
            rows.append(row)
            continue
        for each in finding.tried:
            held = {True: "yes", False: "no", None: "undecided"}[each.holds]
            case = {"case": each.trial.title, "held": held}
            for number in each.numbers:
                measured = {
                    "measured": number.what,
                    "value": number.value,
                    "low": number.low,
                    "high": number.high,
                    "unit": number.unit,
                    "spread": f"{number.spread}, {number.of}".strip(", "),
                    "experiment": each.trial.experiment.to_json(),
                }
                rows.append(row | case | measured)
    return pd.DataFrame(rows)
