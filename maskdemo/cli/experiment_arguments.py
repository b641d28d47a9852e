"""The arguments that name an experiment: a scenario or task, and settings written as in a link."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping

from maskdemo.cli.data import add_data, with_own_sequences
from maskdemo.data.tasks import OWN, TASKS
from maskdemo.experiment import GROUPS, SETTINGS, Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.settings import Setting, Titled
from maskdemo.strategies import STRATEGIES

#: What one's own sequences take the place of: short ones, so that no padded length is too small.
NO_SEQUENCES = {"task": "last_sign", "min_length": "1", "max_length": "1"}


def add_settings(parser: ArgumentParser, **more: Mapping[str, Titled]) -> None:
    """Let a command take a name and settings; `more` are tables that its help lists as well."""
    parser.add_argument("name", metavar="NAME",
                        help="a scenario, a task with default settings, or own")  # fmt: skip
    parser.add_argument("--set", dest="settings", nargs="+", action="extend", default=[],
                        metavar="key=value", help="change settings, written as in a link")  # fmt: skip
    for group in GROUPS:
        options = parser.add_argument_group(group)
        for name, setting in SETTINGS.items():
            if setting.group == group:
                options.add_argument(f"--{name.replace('_', '-')}", help=_help_text(setting))
    add_data(parser)
    tables = {"scenarios": SCENARIOS, "tasks": TASKS, "strategies": STRATEGIES, **more}
    parser.epilog = "\n\n".join(_table_text(title, table) for title, table in tables.items())
    parser.formatter_class = RawDescriptionHelpFormatter


def named_experiment(args: Namespace) -> Experiment:
    """The command's scenario or task with its settings; ValueError with a sentence."""
    if args.name in SCENARIOS:
        start = SCENARIOS[args.name].experiment.to_params()
    elif args.name in TASKS:
        start = {"task": args.name}
    elif args.name == OWN:
        start = {"task": OWN}
    else:
        names = ", ".join([*SCENARIOS, *TASKS])
        raise ValueError(f"There is no scenario or task '{args.name}'. Known are: {names}.")
    settings = _settings_of(args)
    wanted = {**start, **settings}
    if args.data is None:
        return Experiment.from_params(wanted)
    like = Experiment.from_params(wanted | NO_SEQUENCES)
    return with_own_sequences(args, like, fit_padded_length="padded_length" not in settings)


def _settings_of(args: Namespace) -> dict[str, str]:
    settings = {}
    for text in args.settings:
        name, equals, value = text.partition("=")
        if not equals or name not in SETTINGS:
            raise ValueError(f"'{text}' is not a setting: write key=value, such as epochs=10.")
        settings[name] = value
    options = {name: getattr(args, name) for name in SETTINGS}
    return settings | {name: value for name, value in options.items() if value is not None}


def _help_text(setting: Setting) -> str:
    # The names to choose among stand below, with their titles.
    allowed = "" if setting.allowed.count(",") > 1 else f" ({setting.allowed})"
    return f"{setting.help[:-1]}{allowed}".replace("%", "%%")


def _table_text(title: str, table: Mapping[str, Titled]) -> str:
    return "\n".join([f"{title}:", *(f"  {name:20} {each.title}" for name, each in table.items())])
