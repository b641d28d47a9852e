"""A new task, strategy or setting is one entry: everything else finds it there."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from maskdemo import charts
from maskdemo.charts.style import STYLES, Style
from maskdemo.cli import main
from maskdemo.data.inputs import arrays_of, chance, inputs
from maskdemo.data.sequences import Sequences, repeat_seed
from maskdemo.data.tasks import TASKS, Fixed, Task, four_normal_features
from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.export.keras_code import LAYERS, reads_valid, strategy_lines
from maskdemo.export.script_and_notebook import script
from maskdemo.results.digest import SOURCES, digest_of
from maskdemo.setting_kinds import Choice
from maskdemo.strategies import STRATEGIES, Strategy
from maskdemo.training.run import train
from tests.browser.server import NO_TENSORFLOW
from tests.oracles import recurrence
from tests.results.test_digest import TRAINED, taken
from tests.samples import exported_code, small

PACKAGE = Path(__file__).resolve().parents[1] / "maskdemo"


def count_of_positives(values: np.ndarray, rng: np.random.Generator) -> int:
    """How many values of the first feature are positive: none or one, two, or more."""
    return int(np.clip((values[:, 0] > 0).sum() - 1, 0, 2))


COUNT = Task(
    "count",
    "Count the positives",
    "How many values of the first feature are positive?",
    features=4,
    classes=3,
    draw=four_normal_features,
    label=count_of_positives,
)
FLAGGED = replace(
    STRATEGIES["mask_feature"],
    name="flagged",
    title="Flagged and gathered",
    summary="The mask as a feature, and the answer after the last valid step.",
    reads_last_valid=True,
)


def help_of(capsys) -> str:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    return capsys.readouterr().out


def offered(name: str) -> dict[str, str]:
    setting = SETTINGS[name]
    assert isinstance(setting, Choice)
    return {each: option.title for each, option in setting.options.items()}


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setitem(TASKS, COUNT.name, COUNT)
    return COUNT


@pytest.fixture
def flagged(monkeypatch: pytest.MonkeyPatch) -> Strategy:
    monkeypatch.setitem(STRATEGIES, FLAGGED.name, FLAGGED)
    monkeypatch.setitem(STYLES, FLAGGED.name, Style(("#123456", "#abcdef"), "hexagon", "solid"))
    monkeypatch.setitem(LAYERS, FLAGGED.name, LAYERS["mask_feature"])
    return FLAGGED


def test_a_task_is_one_entry(count, capsys):
    assert offered("task")["count"] == count.title
    assert count.title in help_of(capsys)
    one = small(task="count")
    assert Experiment.from_params(one.to_params()) == one
    final = list(train(one))[-1]
    assert final.probes.outputs["no_mask"].shape[-1] == 3
    assert chance(one).valid > 1 / 3
    space: dict = {"np": np, "keras": keras}
    exec(exported_code(one, "The sequences", "Padding"), space)
    for theirs, ours in zip(
        space["dataset"](repeat_seed(one.seed, 0)), (inputs(one).train, inputs(one).test), strict=True
    ):
        made = space["padded"](*theirs)
        np.testing.assert_array_equal(made["values"], ours.values)
        np.testing.assert_array_equal(made["labels"], ours.labels.max(axis=1))
    assert "def count_of_positives(" in script(one)


def recorded_sums() -> tuple[Sequences, Sequences]:
    """A recording with a label at each step: 20 sequences to learn from, 16 for the test."""
    rng = np.random.default_rng(3)
    parts = []
    for count in (20, 16):
        values = [rng.normal(size=(rng.integers(2, 9), 2)).astype(np.float32) for _ in range(count)]
        labels = [(each[:, 0].cumsum() > 0).astype(np.int32) for each in values]
        observed = [np.ones(len(each), bool) for each in values]
        parts.append(Sequences(tuple(values), tuple(observed), tuple(labels)))
    return parts[0], parts[1]


def test_a_recording_is_one_entry(monkeypatch):
    fixed = Fixed(train_size=20, test_size=16, min_length=2, max_length=8)
    monkeypatch.setitem(TASKS, "sums", Task(
        "sums", "Recorded sums", "Whose sum is positive?", features=2, per_step=True, fixed=fixed,
        recorded=recorded_sums, source="A random generator.",
    ))  # fmt: skip
    one = small(task="sums")
    assert (one.train_size, one.max_length) == (20, 8)
    space: dict = {"np": np, "keras": keras, "base64": base64, "io": io}
    exec(exported_code(one, "The sequences", "Padding", "The recording"), space)
    for theirs, ours in zip(space["dataset"](0), (inputs(one).train, inputs(one).test), strict=True):
        made = space["padded"](*theirs)
        np.testing.assert_array_equal(made["values"], ours.values)
        np.testing.assert_array_equal(made["labels"][:, :, 0], ours.labels)
    assert "# A random generator." in script(one)


TASK = '_task("count", features=4, classes=3, draw=four_normal_features, label=sign_of_first),'
STRATEGY = '_strategy("flagged", _mask_feature, reads_valid=True, reads_last_valid=True),'
LOOK = '"flagged": Style(("#123456", "#abcdef"), "hexagon", "solid"),'


@pytest.mark.parametrize(
    ("file", "entry", "before", "gone"),
    [
        ("titles.py", '"count": TaskText("Count", "How many?"),', '"first_sign"', set()),
        ("charts/style.py", LOOK, '"no_mask"', set()),
        ("export/keras_code.py", '"flagged": LayerCode("values"),', '"no_mask"', set()),
        ("data/tasks.py", TASK, '_task("first_sign"', TRAINED),
        ("strategies.py", STRATEGY, '_strategy("no_mask"', TRAINED),
    ],
)
def test_an_entry_that_computes_takes_what_was_trained_and_no_other(
    file, entry, before, gone, tmp_path
):
    assert taken(file, before, f"{entry}\n{before}", tmp_path) == gone


def test_a_strategy_is_one_entry(flagged, capsys):
    assert offered("strategies")["flagged"] == flagged.title
    assert flagged.title in help_of(capsys)
    one = small(strategies=("no_mask", "flagged"), side="post")
    final = list(train(one))[-1]
    assert [curve.strategy for curve in final.curves] == ["no_mask", "flagged"]
    figure = charts.learning_curves(final, dark=True)
    lines = {each["name"]: each["line"]["color"] for each in figure.data}
    assert lines[flagged.title] == "#abcdef"
    # The Keras model of its entry says what the recurrence says of its arrays.
    assert reads_valid(one, "flagged") and strategy_lines(one, "flagged") in script(one)
    space: dict = {"keras": keras}
    exec(strategy_lines(one, "flagged"), space)
    model, batch = space["flagged"](), inputs(one).test
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=each.shape).astype(np.float32) for each in model.weights]
    model.set_weights(weights)
    said = np.asarray(model([getattr(batch, each.name) for each in model.inputs]))[:, 0]
    given = arrays_of(one, "flagged", batch)
    wanted = recurrence.said(weights, given)[..., 1][given.weights == 1]
    np.testing.assert_allclose(said, wanted, atol=2e-5)


FIELD = """
    patience: int = setting_field(5, Number(
        "Patience", TRAINING, "How long to wait for something better.",
        unit="epochs", low=0, high=50))
    # fmt: on
"""
#: The setting in the code, on the page and on the command line, all of one process.
USE = """
import contextlib, io, json, os
os.environ["PYTHONPATH"] = os.getcwd()  # of the page's worker
from streamlit.testing.v1 import AppTest
from maskdemo.cli import main
from maskdemo.experiment import NUMBERS, Experiment
page = AppTest.from_file("app.py", default_timeout=60)
page.query_params["patience"] = "9"
page.run()
sliders = {each.key: [each.label, each.min, each.max, each.value] for each in page.slider}
helped = io.StringIO()
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(helped):
    main(["run", "--help"])
one, complaints = Experiment.parse_leniently({"patience": "51", "units": "8"})
other = Experiment.from_params({"patience": "7"})
print(json.dumps({
    "slider": sliders["patience"], "errors": [each.value for each in (*page.exception, *page.warning)],
    "offered": "--patience PATIENCE" in helped.getvalue(),
    "label": NUMBERS["patience"].label, "limits": NUMBERS["patience"].limits, "default": one.patience,
    "complaints": complaints, "params": other.to_params(), "file": json.loads(other.to_json()),
}))
"""


def test_a_setting_is_one_field(tmp_path):
    """In a copy of the package: a field cannot be added to a class that is there."""
    shutil.copytree(PACKAGE, tmp_path / "maskdemo", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "maskdemo" / "experiment.py"
    before, after = file.read_text().split("\n    # fmt: on\n")
    file.write_text(before + FIELD + after)
    # Results are kept under their settings, so a setting that nothing uses yet keeps them all.
    assert all(digest_of(kind, tmp_path / "maskdemo") == digest_of(kind) for kind in SOURCES)
    for name in ("app.py", "pages"):
        (tmp_path / name).symlink_to(PACKAGE.parent / name)
    (tmp_path / "sitecustomize.py").write_text(NO_TENSORFLOW)
    run = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "slider": ["Patience, in epochs", 0, 50, 9],
        "errors": [],
        "offered": True,
        "label": "Patience, in epochs",
        "limits": [0, 50],
        "default": 5,
        "complaints": ["Patience must be from 0 to 50, not '51'. Used instead: patience 5."],
        "params": {**Experiment().to_params(), "patience": "7"},
        "file": {**json.loads(Experiment().to_json()), "patience": 7},
    }
