"""The command line: the same runs without a browser, and a sentence for whatever it cannot do."""

import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from maskdemo.data.tasks import TASKS
from maskdemo.evidence import headline, verdicts
from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.scenarios import OPENING, SCENARIOS, scenario_of
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES
from maskdemo.training.run import train
from tests.cli.command import said
from tests.samples import SMALL, made_up

ROOT = Path(__file__).resolve().parents[2]
TINY = [
    f"{name}={'.'.join(value) if isinstance(value, tuple) else value}"
    for name, value in SMALL.items()
    if name != "task"
]


def strict(text: str) -> dict:
    """As every other language reads JSON: no NaN, no Infinity."""

    def refuse(constant: str):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_every_scenario_is_listed_in_a_process_of_its_own():
    run = subprocess.run(
        [sys.executable, "-m", "maskdemo", "scenarios"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0 and run.stderr == ""
    for scenario in SCENARIOS.values():
        assert re.search(rf"^{scenario.name} +{re.escape(scenario.title)}$", run.stdout, re.M)
        assert scenario.look_for in run.stdout


def test_scenarios_are_named_experiments():
    assert OPENING in SCENARIOS
    assert len({each.experiment for each in SCENARIOS.values()}) == len(SCENARIOS)
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario_of(Experiment.from_params(scenario.experiment.to_params())) is scenario
        assert "no_mask" in scenario.experiment.strategies
    assert scenario_of(Experiment(task="sum_sign", seed=99)) is None


def test_a_run_as_json_is_the_run(capsys):
    code, out, _ = said(capsys, "run", "sum_sign", "--set", *TINY, "repeats=2", "--json")
    assert code == 0
    given = strict(out)
    experiment = Experiment(**{**SMALL, "repeats": 2})
    assert Experiment.from_json(json.dumps(given["experiment"])) == experiment
    final = list(train(experiment))[-1]
    assert len(given["curves"]) == len(final.curves) == 4
    for mine, theirs in zip(given["curves"], final.curves, strict=True):
        for name in ("strategy", "repeat", "leak"):
            assert mine[name] == getattr(theirs, name)
        for name in ("loss", "accuracy", "test_loss", "test_accuracy", "test_valid_accuracy"):
            assert mine[name] == list(getattr(theirs, name))
    assert given["chance"] == asdict(final.chance)
    assert given["seconds"] > 0
    assert [each["sentence"] for each in given["verdicts"]] == [
        each.sentence for each in verdicts(final)
    ]


def test_a_run_as_text_says_everything(untrained, capsys):
    code, out, err = said(capsys, "run", "running_sign", "--set", *TINY, "repeats=2")
    assert code == 0
    final = made_up(Experiment(**{**SMALL, "task": "running_sign", "repeats": 2}))
    for name in ("no_mask", "held_state"):
        mine = [curve for curve in final.curves if curve.strategy == name]
        reported = " ".join(f"{curve.test_accuracy[-1]:.1%}" for curve in mine)
        valid = " ".join(f"{curve.test_valid_accuracy[-1]:.1%}" for curve in mine)
        assert re.search(rf"{STRATEGIES[name].title} +{re.escape(valid)} +mean", out)
        assert re.search(rf"^ +{re.escape(reported)} +as reported$", out, re.M)
    assert re.search(r"Held state .* leak 0$", out, re.M)
    leak = max(curve.leak or 0.0 for curve in final.curves)
    assert re.search(rf"No mask .* leak {leak:.3g}$", out, re.M)
    levels = (final.chance.valid, final.chance.reported)
    assert levels[0] != levels[1] and all(f"{each:.1%}" in out for each in levels)
    assert headline(final) in out
    assert all(each.sentence in out for each in verdicts(final))
    assert re.search(r"^\d+\.\d seconds\.$", out, re.M)
    assert "100%" in err, "the progress bar goes to standard error"


def test_settings_change_a_scenario(untrained, capsys):
    less = [
        "epochs=1",
        "repeats=1",
        "train_size=40",
        "test_size=24",
        "units=4",
        "--set",
        "batch_size=16",
    ]
    code, out, _ = said(capsys, "run", "real_zeros", "--set", *less, "--json")
    run = strict(out)
    assert code == 0 and {each["word"] for each in run["verdicts"]} == {"undecided"}
    given = run["experiment"]
    assert (given["task"], given["padded_length"], given["epochs"]) == ("last_bit", 20, 1)


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["nonsense"], r"There is no scenario or task 'nonsense'\. (?!.*random_labels.*random_labels)"),
        (["own"], r"own is your own sequences: name their file with --data\.$"),
        (["sum_sign", "--set", "units=many"], "Units must be a whole number"),
        (["sum_sign", "--set", "units=0"], "Units must be from 1 to 128"),
        (["sum_sign", "--set", "units=" + "9" * 400], "Units must be"),
        (["sum_sign", "--set", "unit=3"], r"There is no setting 'unit'\. The nearest is units\."),
        (["sum_sign", "--set", "units"], "'units' is not a setting"),
        (["sum_sign", "--dry-run"], "--dry-run is about a file"),
        (["sum_sign", "--split-seed", "3"], "--split-seed is about a file"),
        (["sum_sign", "--label-per-step", "no"], "--label-per-step is about a file"),
        (["two\nlines"], "There is no scenario or task 'two lines'"),
        (
            ["sum_sign", "--set", "two\nlines=3"],
            "There is no setting 'two lines'. The command settings lists",
        ),
        (["sum_sign", "--set", "=3"], "'=3' is not a setting"),
        (["sum_sign", "--set", "min_length=20"], r"shortest length \(20\)"),
        (["sum_sign", "--set", "strategies="], "strategy"),
        (["sum_sign", "--set", "strategies=mask"], "There is no strategy 'mask'"),
        (["sum_sign", "--set", "task=none"], "Task must be one of .* Written: japanese_vowels, "),
        (["real_speech", "--set", "side=left"], r"Side must be one of .*\. Written: post, pre\.$"),
    ],
    ids=lambda each: " ".join(each)[:40] if isinstance(each, list) else "",
)
def test_what_cannot_be_run_is_a_sentence(capsys, argv, complaint):
    code, out, err = said(capsys, "run", *argv)
    assert code == 2 and out == ""
    assert re.search(complaint, err)
    assert err.strip().endswith(".") and err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("argv", [[], ["sing"], ["run"], ["run", "sum_sign", "--sett", "x"]], ids=str)
def test_a_wrong_command_shows_the_usage(capsys, argv):
    code, out, err = said(capsys, *argv)
    assert code == 2 and out == ""
    assert err.startswith("usage: python -m maskdemo") and "Traceback" not in err


@pytest.mark.parametrize("command", ["run", "study", "export"])
def test_help_names_every_setting_task_strategy_and_variable(capsys, command):
    code, out, _ = said(capsys, command, "--help")
    assert code == 0
    for setting in SETTINGS.values():
        assert f"--{setting.name.replace('_', '-')} {setting.name.upper()}" in out
        assert setting.help.split()[0] in out
    tables = [SCENARIOS, TASKS, STRATEGIES, *([VARIABLES] if command == "study" else [])]
    for table in tables:
        for name, each in table.items():
            assert re.search(rf"^  {name} +{re.escape(each.title)}$", out, re.M)


def test_every_setting_is_an_option_of_its_own(untrained, capsys):
    options = []
    for pair in TINY:
        name, _, value = pair.partition("=")
        options += [f"--{name.replace('_', '-')}", value]
    code, out, _ = said(capsys, "run", "sum_sign", *options, "--pad-value", "-1", "--json")
    assert code == 0
    wanted = Experiment(**{**SMALL, "pad_value": -1.0})
    assert Experiment.from_json(json.dumps(strict(out)["experiment"])) == wanted


def test_an_option_is_read_as_a_link_is(capsys):
    commas = ["--strategies", "no_mask,held_state", "--count-invalid", "maybe"]
    code, _, err = said(capsys, "run", "sum_sign", *commas)
    assert code == 2 and err == "Count invalid steps must be yes or no, not 'maybe'.\n"
    code, _, err = said(capsys, "run", "sum_sign", "--units", "many")
    assert code == 2 and err == "Units must be a whole number, not 'many'.\n"
