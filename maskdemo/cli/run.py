"""`scenarios` lists the named experiments; `run NAME` trains one and prints what came out."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from math import isinf

from maskdemo.cli.naming import add_settings, named_experiment
from maskdemo.evidence.former import interval, verdicts
from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.snapshot import Snapshot
from maskdemo.strategies import STRATEGIES


def add_to(commands) -> None:
    """Add both commands to the parser's."""
    listing = commands.add_parser("scenarios", help="list the named experiments")
    listing.set_defaults(answer=_list)
    run = commands.add_parser("run", help="train one experiment and print what came out")
    add_settings(run)
    run.add_argument("--json", action="store_true", help="print everything as JSON")
    run.set_defaults(answer=_run)


def finished_run(experiment: Experiment) -> Snapshot:
    """Train to the end, with a progress bar on standard error."""
    from tqdm import tqdm

    from maskdemo.training import train

    snapshot = None
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}") as bar:
        for snapshot in train(experiment):
            bar.update(100 * snapshot.done - bar.n)
    assert snapshot is not None
    return snapshot


def _list(given: Namespace) -> None:
    for each in SCENARIOS.values():
        print(f"{each.name:20} {each.title}\n{'':20} {each.look_for}")


def _run(given: Namespace) -> None:
    snapshot = finished_run(named_experiment(given))
    if given.json:
        print(json.dumps(_as_json(snapshot), indent=2, allow_nan=False))
    else:
        print(_as_text(snapshot))


def _as_json(snapshot: Snapshot) -> dict:
    return {
        "experiment": asdict(snapshot.experiment),
        "curves": [asdict(curve) for curve in snapshot.curves],
        "chance": snapshot.chance,
        "verdicts": [finite(asdict(each)) for each in verdicts(snapshot)],
        "seconds": snapshot.seconds,
    }


def finite(values: dict) -> dict:
    """The same with null for infinity, which JSON lacks: an interval that one repeat cannot give."""
    infinite = (key for key, value in values.items() if isinstance(value, float) and isinf(value))
    return values | dict.fromkeys(infinite)


def _as_text(snapshot: Snapshot) -> str:
    lines = ["Accuracy on unseen sequences, one column a repeat:"]
    for name in snapshot.experiment.strategies:
        mine = [curve for curve in snapshot.curves if curve.strategy == name]
        reported = [curve.test_accuracy[-1] for curve in mine]
        leak = max(curve.leak or 0.0 for curve in mine)
        mean, low, high = interval(reported)
        spread = f"{low:.3f} to {high:.3f}" if len(mine) > 1 else "one repeat"
        each = " ".join(f"{value:.3f}" for value in reported)
        lines.append(
            f"  {STRATEGIES[name].title:18} {each}   mean {mean:.3f} ({spread})   leak {leak:.3g}"
        )
        if snapshot.experiment.per_step:
            valid = " ".join(f"{curve.test_valid_accuracy[-1]:.3f}" for curve in mine)
            lines.append(f"  {'':18} {valid}   on valid steps only")
    lines.append(f"  {'Chance':18} {snapshot.chance:.3f}")
    lines += [each.sentence for each in verdicts(snapshot)]
    lines.append(f"{snapshot.seconds:.1f} seconds.")
    return "\n".join(lines)
