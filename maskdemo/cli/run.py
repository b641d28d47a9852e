"""`scenarios` lists the named experiments; `run NAME` trains one and prints what came out."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace, _SubParsersAction
from dataclasses import asdict
from math import isinf

from maskdemo.cli.experiment_arguments import add_settings, named_experiment
from maskdemo.evidence import between, headline, percent, strategy_result, verdicts
from maskdemo.evidence.mask_effect import truncation_sentence
from maskdemo.experiment import Experiment
from maskdemo.loading import load_tensorflow
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Snapshot


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo scenarios` and `run` and their options to the subcommands."""
    listing = commands.add_parser("scenarios", help="list the named experiments")
    listing.set_defaults(answer=_print_scenarios)
    run = commands.add_parser("run", help="train one experiment and print what came out")
    add_settings(run)
    run.add_argument("--json", action="store_true", help="print everything as JSON")
    run.set_defaults(answer=_run_command)


def finished_run(experiment: Experiment) -> Snapshot:
    """Train an experiment to its end, with a bar on standard error, and return the last snapshot."""
    from tqdm import tqdm

    load_tensorflow()
    from maskdemo.training.run import train

    snapshot = None
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}") as bar:
        for snapshot in train(experiment, interval_s=0.1):
            bar.update(100 * snapshot.done - bar.n)
    assert snapshot is not None
    return snapshot


def _print_scenarios(args: Namespace) -> None:
    """Print name, title and what to look for of every scenario."""
    for each in SCENARIOS.values():
        print(f"{each.name:20} {each.title}\n{'':20} {each.look_for}")


def _run_command(args: Namespace) -> None:
    """Train the command's experiment and print the results, as text or JSON."""
    snapshot = finished_run(named_experiment(args))
    if args.json:
        print(json.dumps(_as_json(snapshot), indent=2, allow_nan=False))
    else:
        print(_as_text(snapshot))


def _as_json(snapshot: Snapshot) -> dict:
    """Return {"experiment", "curves", "chance", "headline", "verdicts", "seconds"}, ready for JSON."""
    return {
        "experiment": snapshot.experiment.settings,
        "curves": [asdict(curve) for curve in snapshot.curves],
        "chance": asdict(snapshot.chance),
        "headline": headline(snapshot),
        "verdicts": [infinity_as_null(asdict(each)) for each in verdicts(snapshot)],
        "seconds": snapshot.seconds,
    }


def infinity_as_null(values: dict) -> dict:
    """Return a copy with None for ±infinity, in nested dictionaries too but not in lists, for JSON."""
    return {
        key: infinity_as_null(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and isinf(value)
        else value
        for key, value in values.items()
    }


def _as_text(snapshot: Snapshot) -> str:
    """Return a finished run as lines of text: headline, accuracies, leaks, chance and verdicts."""
    per_step = snapshot.experiment.per_step
    where_text = "on valid steps of unseen sequences" if per_step else "on unseen sequences"
    lines = [headline(snapshot)]
    if snapshot.experiment.truncates:
        lines.append(truncation_sentence(snapshot.experiment))
    lines.append(f"Accuracy {where_text}, one column a repeat:")
    for name in snapshot.experiment.strategies:
        result = strategy_result(snapshot, name)
        assert result.accuracy is not None
        title = STRATEGIES[name].title
        limits = between(result.accuracy, percent)
        lines.append(
            f"  {title:18} {' '.join(map(percent, result.accuracies))}   mean "
            f"{percent(result.accuracy.mean)} ({limits})   leak {result.leak or 0.0:.3g}"
        )
        if per_step:
            lines.append(f"  {'':18} {' '.join(map(percent, result.reported))}   as reported")
    lines.append(f"  {'Chance':18} {percent(snapshot.chance.valid)}")
    if per_step:
        reported = percent(snapshot.chance.reported)
        lines.append(f"  {'':18} {reported}   as reported")
    lines += [each.sentence for each in verdicts(snapshot)]
    lines.append(f"{snapshot.seconds:.1f} seconds.")
    return "\n".join(lines)
