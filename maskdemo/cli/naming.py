"""From the words of a command to an experiment: a name, and settings as in a link."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence

from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.tasks import TASKS


def add_settings(parser: ArgumentParser) -> None:
    """Let a command take a name and settings."""
    parser.add_argument("name", metavar="NAME", help="a scenario, or a task with default settings")
    parser.add_argument("--set", dest="settings", nargs="+", action="extend", default=[],
                        metavar="key=value", help="change settings, written as in a link")


def named_experiment(name: str, settings: Sequence[str]) -> Experiment:
    """The scenario or task of that name with these settings; ValueError with a sentence."""
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
