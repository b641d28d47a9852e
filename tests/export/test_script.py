"""What people take away as Keras code: it stands alone, and prints the app's accuracies.

The exported scripts run in clean processes that cannot import this project. Data, weights and models
are compared number by number as well, because a short training can come out right by luck.
"""

from __future__ import annotations

import ast
import base64
import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from maskdemo.data.inputs import chance, inputs
from maskdemo.data.sequences import repeat_seed
from maskdemo.data.tasks import TASKS
from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import reads_valid, strategy_lines
from maskdemo.export.script_and_notebook import notebook, script
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import STRATEGIES, arrays
from maskdemo.training.loss_and_adam import new_train_state
from maskdemo.training.run import train
from tests.oracles import recurrence
from tests.samples import ALL, exported_code, small

#: As many as show that the second epoch has the second batch order.
EPOCHS = 2
#: Every scenario as the app offers it, and what no scenario has. Enough test sequences that a wrong
#: input or a wrong step shows in the accuracy.
MORE: dict = {"train_size": 200, "test_size": 500}
SAME: dict = {"pad_value": -1.0, "mask_value": -1.0, "missing_rate": 0.3}
CASES: dict[str, Experiment] = {
    **{name: scenario.experiment for name, scenario in SCENARIOS.items()},
    "every strategy": small(
        **(MORE | SAME | {"pad_value": 0.5, "mask_value": 0.5}),
        **{"task": "majority_bit", "strategies": ALL, "side": "pre"},
    ),
    "valid steps count": small(
        **(MORE | SAME | {"task": "running_sign", "count_invalid": False}),
        **{"strategies": ("no_mask", "masking_layer", "mask_feature"), "truncating": "post"},
        **{"min_length": 1, "max_length": 16, "padded_length": 12},
    ),
    "like lengths": small(
        task="running_sign", strategies=("no_mask", "held_state"), batches="bucketed", **MORE
    ),
    "a mean, in front": small(
        **(MORE | {"task": "last_sign", "batches": "longest", "read_out": "mean", "side": "pre"}),
        strategies=("masking_layer", "last_valid_step", "forward_fill"),
    ),
    "every step counts": small(
        task="running_sign", strategies=("masking_layer", "zeroed_state"), **MORE
    ),
}
#: Those that are trained, in Keras and in the app: recorded data, and every strategy, kind of label and
#: of loss on data that are made; the other scenarios differ in numbers only. Keras traces each strategy
#: for seconds: "every strategy" has all of them, elsewhere with a mask and without will do.
TRAINED: dict[str, Experiment] = {
    name: replace(CASES[name], epochs=EPOCHS, repeats=1, strategies=strategies)
    for name, strategies in {
        "real_speech": ("last_valid_step", "masking_layer"),
        "every strategy": ALL,
        "valid steps count": ("masking_layer", "mask_feature"),
        "every step counts": ("masking_layer", "zeroed_state"),
        "like lengths": ("no_mask", "held_state"),
        "a mean, in front": ("masking_layer", "last_valid_step", "forward_fill"),
    }.items()
}
#: The one that `make test` trains has a label at each step, a loss over some of them, and models with
#: one input and with two; `make fuzz` trains the others. Each line of a strategy is tried without a
#: training below.
ALWAYS = ("valid steps count",)
ALONE = small(task="first_sign", strategies=("held_state",), repeats=2, test_size=100)
NOTEBOOK = small(task="sum_sign", strategies=("mask_feature",), test_size=100)

#: Neither the working folder nor PYTHONPATH is searched for modules.
CLEAN = (sys.executable, "-I")
#: Runs scripts one after the other, as each would run alone, so that TensorFlow is loaded once.
RUNNER = f"""
import sys
for path in sys.argv[1:]:
    sys.argv = [path, "--epochs", "{EPOCHS}", "--repeats", "1"]
    exec(compile(open(path).read(), path, "exec"), {{"__name__": "__main__"}})
    print("ran", path, flush=True)
"""


class Running:
    """A clean process that runs the scripts of some cases; what each printed, as soon as it has run."""

    def __init__(self, cases: list[str], folder: Path) -> None:
        self.complaints = folder / f"{cases[0]}.log"
        with self.complaints.open("w") as log:
            self.process = subprocess.Popen(
                [*CLEAN, "-c", RUNNER, *(f"{name}.py" for name in cases)],
                cwd=folder,
                text=True,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.printed: dict[str, str] = {}

    def output(self, name: str) -> str:
        assert self.process.stdout is not None
        lines: list[str] = []
        while name not in self.printed:
            line = self.process.stdout.readline()
            assert line, self.complaints.read_text()
            if ran := re.fullmatch(r"ran (.+)\.py\n", line):
                self.printed[ran[1]] = "".join(lines)
                lines = []
            lines.append(line)
        return self.printed[name]


def table(said: str) -> dict[str, list[float]]:
    """The rows of the printed table: title -> accuracies, the mean last if there is one."""
    lines = said.partition("Accuracy on unseen sequences")[2].splitlines()[1:]
    assert lines, said
    return {
        re.split(r"  +", line)[0]: [float(each) for each in re.findall(r"\d\.\d{4}", line)]
        for line in lines
    }


def expected(experiment: Experiment) -> dict[str, list[float]]:
    """The same table out of the app's own run."""
    final = list(train(experiment))[-1]
    rows: dict[str, list[float]] = {}
    for curve in final.curves:
        title = STRATEGIES[curve.strategy].title
        both = experiment.per_step and experiment.count_invalid
        kinds = {f"{title}, all steps": curve.test_accuracy} if both else {}
        kinds[f"{title}, valid steps" if both else title] = curve.test_valid_accuracy
        for row, accuracies in kinds.items():
            rows.setdefault(row, []).append(accuracies[-1])
    if experiment.repeats > 1:
        rows = {row: [*each, float(np.mean(each))] for row, each in rows.items()}
    guess = chance(experiment)
    if experiment.per_step and experiment.count_invalid:
        return rows | {"Chance, all steps": [guess.reported], "Chance, valid steps": [guess.valid]}
    return rows | {"Chance (commonest label)": [guess.valid]}


def assert_agrees(said: str, ours: dict[str, list[float]], experiment: Experiment) -> None:
    printed = table(said)
    assert list(printed) == list(ours)
    # Keras and the engine round differently, so an answer that is as good as undecided may fall on
    # either side: one test sequence, or one step in a thousand. And half of the last digit printed.
    bound = (1e-3 if experiment.per_step else 1 / experiment.test_size) + 5e-5
    for title, accuracies in ours.items():
        assert printed[title] == pytest.approx(accuracies, abs=bound), title


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("taken")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Running]]:
    """The process that runs the script of a case, while this process trains the same in the app.

    Cases of `ALWAYS` share one process, the others another; each starts with the first case asked for.
    """
    started: dict[bool, Running] = {}

    def start(always: bool) -> Running:
        folder = tmp_path_factory.mktemp("trained")
        cases = [name for name in TRAINED if (name in ALWAYS) == always]
        for name in cases:
            # The options of the command line say how much is trained: the script itself has more.
            more = replace(TRAINED[name], epochs=CASES[name].epochs, repeats=CASES[name].repeats)
            (folder / f"{name}.py").write_text(script(more), encoding="utf-8")
        return Running(cases, folder)

    def process_of(name: str) -> Running:
        always = name in ALWAYS
        if always not in started:
            started[always] = start(always)
        return started[always]

    yield process_of
    for each in started.values():
        each.process.kill()
        each.process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.fuzz) for name in TRAINED]
)
def test_the_script_prints_the_accuracies_of_the_app(running, name):
    experiment, process = TRAINED[name], running(name)
    ours = expected(experiment)
    assert_agrees(process.output(name), ours, experiment)


@pytest.mark.slow
@pytest.mark.fuzz
def test_a_script_run_as_a_person_would(folder):
    (folder / "alone.py").write_text(script(ALONE), encoding="utf-8")
    ran = subprocess.run([*CLEAN, "alone.py"], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert_agrees(ran.stdout, expected(ALONE), ALONE)


@pytest.mark.slow
@pytest.mark.fuzz
def test_a_notebook_that_is_run(folder):
    written = nbformat.reads(notebook(NOTEBOOK), as_version=4)
    nbformat.validate(written)
    done = NotebookClient(
        written, timeout=280, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    said = "".join(
        output["text"]
        for cell in done.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.get("name") == "stdout"
    )
    assert_agrees(said, expected(NOTEBOOK), NOTEBOOK)


@pytest.mark.parametrize("name", [*CASES, "alone"])
def test_a_script_stands_alone(name, folder):
    experiment = CASES.get(name, ALONE)
    text = script(experiment)
    assert text == script(experiment)
    imported = {
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"argparse", "base64", "io", "os", "numpy", "keras"}
    assert "maskdemo" not in text
    prose = [line for line in text.splitlines() if "task=" not in line]
    assert max(map(len, prose)) <= 104


def test_scripts_pass_the_default_rules_of_ruff(folder):
    for name, experiment in CASES.items():
        (folder / f"{name}.py").write_text(script(experiment), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", CASES)
def test_script_and_notebook_hold_the_lines_that_the_app_shows(name):
    experiment = CASES[name]
    cells = [cell.source for cell in nbformat.reads(notebook(experiment), as_version=4).cells]
    for strategy in experiment.strategies:
        lines = strategy_lines(experiment, strategy)
        assert f"\n\n\n{lines}\n\n\n" in script(experiment)
        assert lines in cells


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"missing_rate": 0.4, "pad_value": 0.1, "side": "pre"},
    ],
)
@pytest.mark.parametrize("task", TASKS)
def test_the_same_sequences(task, settings):
    experiment = Experiment(
        task=task,
        min_length=3,
        max_length=11,
        padded_length=32,
        train_size=60,
        test_size=40,
        seed=4,
        strategies=("held_state",),
        **settings,
    )
    space: dict = {"np": np, "keras": keras, "base64": base64, "io": io}
    exec(exported_code(experiment, "The sequences", "Padding", "The recording"), space)
    ours = inputs(experiment, 1)
    for theirs, batch, sequences in zip(
        space["dataset"](repeat_seed(experiment.seed, 1)),
        (ours.train, ours.test),
        (ours.data.train, ours.data.test),
        strict=True,
    ):
        made = space["padded"](*theirs)
        assert made["values"].dtype == np.float32
        np.testing.assert_array_equal(made["values"], batch.values)
        np.testing.assert_array_equal(made["valid"], batch.valid)
        labels = batch.labels if experiment.per_step else [each[0] for each in sequences.labels]
        np.testing.assert_array_equal(np.reshape(made["labels"], np.shape(labels)), labels)


@pytest.mark.parametrize("option", ["--epochs", "--repeats"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_too_few_is_a_sentence(monkeypatch, capsys, option, value):
    monkeypatch.setattr(sys, "argv", ["script.py", option, value])
    with pytest.raises(SystemExit) as leaving:
        exec(script(ALONE), {"__name__": "__main__", "__doc__": "Title."})
    said = capsys.readouterr().err
    assert leaving.value.code == 2
    assert re.search(rf"error: argument {option}: .*{re.escape(value)}", said)


@pytest.mark.parametrize("task", TASKS)
def test_nothing_in_a_script_is_defined_twice(task):
    everything = Experiment(task=task, strategies=ALL, missing_rate=0.2)
    names = [each.name for each in ast.parse(script(everything)).body if hasattr(each, "name")]
    assert len(names) == len(set(names))


def test_the_same_initial_weights():
    experiment = small(strategies=ALL)
    space: dict = {"np": np, "keras": keras}
    exec(exported_code(experiment, "Initial weights"), space)
    seed = repeat_seed(experiment.seed, 0)
    ours = new_train_state(features=4, units=experiment.units, outputs=1, seed=seed).weights
    for theirs, mine in zip(space["initial_weights"](seed), ours, strict=True):
        np.testing.assert_array_equal(theirs, mine)


@pytest.mark.parametrize(
    "settings",
    [
        {"task": "last_bit", "side": "pre", "missing_rate": 0.4},
        {"task": "last_bit", "side": "pre", "missing_rate": 0.4, "read_out": "mean"},
        {"task": "running_sign", "side": "pre", "missing_rate": 0.4},
        # The same lines with other numbers.
        pytest.param(
            {
                "task": "last_sign",
                "missing_rate": 0.4,
                "pad_value": 2.0,
                "mask_value": 2.0,
                "read_out": "mean",
            },
            marks=pytest.mark.fuzz,
        ),
        pytest.param(
            {"task": "running_sign", "side": "post", "count_invalid": False}, marks=pytest.mark.fuzz
        ),
    ],
)
@pytest.mark.parametrize("strategy", ALL)
def test_the_lines_are_the_strategy(strategy, settings):
    """With any weights, against the recurrence in float64: every answer of every sequence."""
    experiment = small(**settings, test_size=16)
    batch = inputs(experiment).test
    space: dict = {"keras": keras}
    exec(strategy_lines(experiment, strategy), space)
    model = space[strategy]()
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=each.shape).astype(np.float32) for each in model.weights]
    model.set_weights(weights)
    assert ("valid" in [each.name for each in model.inputs]) == reads_valid(experiment, strategy)
    read = [getattr(batch, each.name) for each in model.inputs]
    answers = np.asarray(model(read if len(read) > 1 else read[0]))[..., 0]
    given = arrays(
        strategy,
        batch,
        mask_value=experiment.mask_value,
        per_step=experiment.per_step,
        count_invalid=True,
        average=experiment.averages,
    )
    if strategy != "mask_feature":
        weights[0] = np.concatenate([weights[0], np.zeros((1, weights[0].shape[1]))])
    ours = recurrence.said(weights, given)[..., 1]
    if not experiment.per_step:
        ours = ours[given.weights == 1]
    np.testing.assert_allclose(answers, ours, atol=2e-5)


def test_a_cell_of_ours_can_be_saved(tmp_path):
    space: dict = {"keras": keras}
    exec(strategy_lines(small(), "zeroed_state"), space)
    model = space["zeroed_state"]()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for saved, kept in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(saved, kept)
