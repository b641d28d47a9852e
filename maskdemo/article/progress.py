"""What is still to be measured for the claims, and what was, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from maskdemo.article.claims import CLAIMS, Claim
from maskdemo.article.measured import Measurements
from maskdemo.experiment import Experiment

ANSWERS = {True: "yes", False: "no", None: "undecided"}


@dataclass(frozen=True)
class Progress:
    """What a test has found so far, what it is doing, and the share (0 to 1) that is done."""

    found: Measurements = field(default_factory=Measurements)
    doing: str = ""
    done: float = 0.0


def experiments_of(claims: Sequence[Claim], known: Measurements) -> tuple[Experiment, ...]:
    """What is still to be trained for these claims, each once."""
    wanted = dict.fromkeys(each for claim in claims for each in claim.experiments)
    return tuple(each for each in wanted if each not in known.runs)


def checks_of(claims: Sequence[Claim], known: Measurements) -> tuple[str, ...]:
    """What Keras is still to be asked for these claims."""
    wanted = dict.fromkeys(each for claim in claims for each in claim.checks)
    return tuple(each for each in wanted if each not in known.checks)


def table(known: Measurements) -> pd.DataFrame:
    """A row a measured number, and one for each claim that is not tested yet."""
    rows = []
    for claim in CLAIMS.values():
        judgement = claim.judgement(known)
        row = {"claim": claim.text, "place": claim.place}
        if judgement is None:
            rows.append(row | {"verdict": "not tested", "outcome": ""})
            continue
        row |= {"verdict": judgement.counts, "outcome": judgement.sentence}
        for result in judgement.results:
            case = {"case": result.case.title, "held": ANSWERS[result.held]}
            for number in result.numbers:
                measured = {
                    "measured": number.what,
                    "value": number.value,
                    "low": number.low,
                    "high": number.high,
                    "unit": number.unit,
                    "spread": f"{number.spread}, {number.of}".strip(", "),
                    "experiment": result.case.experiment.to_json(),
                }
                rows.append(row | case | measured)
    return pd.DataFrame(rows)
