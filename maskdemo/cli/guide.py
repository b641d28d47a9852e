"""`guide` answers whether a setup of one's own needs a mask, from what was measured."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace, _SubParsersAction

from maskdemo.errors import InvalidSettings
from maskdemo.evidence import between, percent, points
from maskdemo.evidence.headline import mean_accuracy
from maskdemo.guide import QUESTIONS, Guidance, GuideResult, Setup, cases_of, guidance_for
from maskdemo.results import precomputed
from maskdemo.setting_kinds import Switch
from maskdemo.strategies import STRATEGIES


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo guide` to the subcommands, with an option for each of QUESTIONS and `--json`."""
    parser = commands.add_parser(
        "guide", help="say whether a setup of your own needs a mask, from what was measured"
    )
    for name, question in QUESTIONS.items():
        flag = f"--{name.replace('_', '-')}"
        title = question.title.replace("%", "%%")
        if isinstance(question, Switch):
            parser.add_argument(flag, action="store_true", help=title)
        else:
            parser.add_argument(flag, help=f"{title} ({question.allowed})")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(answer=_run_command)


def _run_command(args: Namespace) -> None:
    """Print the precomputed answer to the command's setup. Raises InvalidSettings without one."""
    chosen = {name: getattr(args, name) for name in QUESTIONS if getattr(args, name) is not None}
    setup = Setup(**chosen)
    answer = guidance_for(setup, precomputed.guide())
    if answer is None:
        what = "no task here is like it" if not cases_of(setup) else "run `maskdemo evidence` first"
        raise InvalidSettings(f"This setup was not measured: {what}.")
    print(json.dumps(_as_json(setup, answer), indent=2) if args.json else _as_text(answer))


def _as_json(setup: Setup, answer: Guidance) -> dict:
    """Return the answer as {"setup", "word", "sentence", "strategy", "cases"} for JSON."""
    return {
        "setup": setup.to_params(),
        "word": answer.word,
        "sentence": answer.sentence,
        "strategy": answer.strategy,
        "cases": [_case_as_json(each) for each in answer.results],
    }


def _case_as_json(result: GuideResult) -> dict:
    """Return {"task", "experiment", "word", "strategy", "difference", "accuracy", "chance"} of a case.

    As shares: difference [mean, low, high], and mean accuracy by strategy.
    """
    difference = result.verdict.difference
    return {
        "task": result.case.experiment.task,
        "experiment": result.case.experiment.to_params(),
        "word": result.word,
        "strategy": result.verdict.strategy,
        "difference": [difference.mean, difference.low, difference.high],
        "accuracy": {
            name: mean_accuracy(result.accuracies, name) for name in result.accuracies.by_repeat
        },
        "chance": result.accuracies.chance,
    }


def _as_text(answer: Guidance) -> str:
    """Return the guide's answer as lines of text, with accuracies and difference of every case."""
    lines = [f"{answer.sentence} {answer.exceptions}".strip()]
    for each in answer.results:
        lines.append(f"  {each.case.title:40} {each.word}")
        lines += [
            f"    {STRATEGIES[name].title:18} {percent(mean_accuracy(each.accuracies, name)):>6}"
            for name in each.accuracies.by_repeat
        ]
        difference = each.verdict.difference
        lines.append(
            f"    {STRATEGIES[each.verdict.strategy].title} against no mask: "
            f"{points(difference.mean)} points ({between(difference)})"
        )
    lines.append(f"What to use: {STRATEGIES[answer.strategy].title}.")
    return "\n".join(lines)
