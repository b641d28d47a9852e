"""The command line: `python -m maskdemo scenarios` and `python -m maskdemo run NAME`.

`run` takes a scenario's name or a task's, and any setting with `--set key=value`, written as in a
link's parameters. Results go to standard output, progress and complaints to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isinf

from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.snapshot import Snapshot
from maskdemo.strategies import STRATEGIES
from maskdemo.tasks import TASKS
from maskdemo.verdict import interval, verdicts


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 2 after a complaint."""
    parser = argparse.ArgumentParser(
        prog="python -m maskdemo",
        description="Train small LSTMs that treat padding differently, and compare.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("scenarios", help="list the named experiments")
    run = commands.add_parser("run", help="train one experiment and print what came out")
    run.add_argument("name", metavar="NAME", help="a scenario, or a task with default settings")
    run.add_argument("--set", dest="settings", nargs="+", action="extend", default=[],
                     metavar="key=value", help="change settings, written as in a link")
    run.add_argument("--json", action="store_true", help="print everything as JSON")
    given = parser.parse_args(argv)
    if given.command == "scenarios":
        for each in SCENARIOS.values():
            print(f"{each.name:20} {each.title}\n{'':20} {each.look_for}")
        return 0
    try:
        experiment = _experiment(given.name, given.settings)
        snapshot = _train(experiment)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(_as_json(snapshot), indent=2, allow_nan=False))
    else:
        print(_as_text(snapshot))
    return 0


def _experiment(name: str, settings: Sequence[str]) -> Experiment:
    if name in SCENARIOS:
        start = SCENARIOS[name].experiment.to_params()
    elif name in TASKS:
        start = {"task": name}
    else:
        known = ", ".join([*SCENARIOS, *TASKS])
        raise ValueError(f"There is no scenario or task '{name}'. Known are: {known}.")
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or key not in Experiment.__dataclass_fields__:
            raise ValueError(f"'{setting}' is not a setting: write key=value, such as epochs=10.")
        start[key] = value
    return Experiment.from_params(start)


def _train(experiment: Experiment) -> Snapshot:
    from tqdm import tqdm

    snapshot = None
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}") as bar:
        for snapshot in experiment.run():
            bar.update(100 * snapshot.done - bar.n)
    assert snapshot is not None
    return snapshot


def _as_json(snapshot: Snapshot) -> dict:
    return {
        "experiment": asdict(snapshot.experiment),
        "curves": [asdict(curve) for curve in snapshot.curves],
        "chance": snapshot.chance,
        "verdicts": [_finite(asdict(each)) for each in verdicts(snapshot)],
        "seconds": snapshot.seconds,
    }


def _finite(values: dict) -> dict:
    # JSON has no infinity: an interval that a single repeat cannot give is null.
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
