"""What is taken away reads the same file, makes the same sequences of it and trains as the page did."""

from __future__ import annotations

import subprocess
import sys
from html import unescape
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from maskdemo import charts
from maskdemo.charts.padded_batch import unseen_batch
from maskdemo.data.inputs import inputs
from maskdemo.data.sequences import Sequences, repeat_seed
from maskdemo.experiment import Experiment
from maskdemo.export.report import run_report, study_report
from maskdemo.export.script_and_notebook import import_statements, notebook, script
from maskdemo.study import Findings, Study
from maskdemo.uploads.example_tables import machines
from maskdemo.uploads.roles import Preparation
from maskdemo.uploads.task import OwnTask
from tests.export.test_script import assert_agrees, expected
from tests.samples import SMALL, exported_code, made_up
from tests.uploads.files import FORMATS, experiment_with, own


def experiment_of(
    content: bytes, name: str, *, how: Preparation | None = None, roles: dict | None = None, **given
) -> Experiment:
    task = own(content, name, how=how or Preparation(), **(roles or {}))
    return experiment_with(task, Experiment(**{**SMALL, "padded_length": 30, **given}))


def sequences_in(code: str, experiment: Experiment, path: Path, repeat: int) -> list:
    """What the exported `dataset` gives, in a namespace that knows nothing of this project."""
    before_keras = import_statements(experiment).partition("os.environ")[0]
    namespace: dict = {}
    exec(compile(before_keras + code, "exported", "exec"), namespace)
    return namespace["dataset"](repeat_seed(experiment.seed, repeat), path)


def parts_of(size: int, *, seed: int, per_step: bool) -> Sequences:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, size=size)
    seen = [np.append(True, rng.random(length - 1) > 0.2) for length in lengths]
    labels = [rng.integers(3, size=length if per_step else 1) + np.zeros(length) for length in lengths]
    values = [rng.normal(5, 3, size=(length, 2)).astype(np.float32) for length in lengths]
    return Sequences(tuple(values), tuple(seen), tuple(each.astype(np.int32) for each in labels))


def assert_the_same_sequences(code: str, experiment: Experiment, path: Path, repeat: int = 0) -> None:
    data = inputs(experiment, repeat).data
    found = sequences_in(code, experiment, path, repeat)
    for (values, labels, observed), part in zip(found, (data.train, data.test), strict=True):
        assert all(map(np.array_equal, values, part.values))
        assert all(map(np.array_equal, observed, part.observed))
        assert all(map(np.array_equal, labels, part.labels))


@pytest.fixture(scope="module")
def readings() -> Experiment:
    """With the readings of machines, as people bring them."""
    return experiment_of(machines().to_csv(index=False).encode(), "m.csv")


#: A table with other marks, and forms that are no text; `make fuzz` has the other notations.
EXPORTED = {"german.csv", "table.parquet", "padded.npz"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *(
            pytest.param(name, {}, marks=() if name in EXPORTED else pytest.mark.fuzz)
            for name in FORMATS
        ),
        ("plain.csv", {"missing_rate": 0.4}),
    ],
)
def test_the_exported_code_makes_the_same_sequences(name, changes, tmp_path):
    both = (parts_of(20, seed=1, per_step=True), parts_of(18, seed=2, per_step=True))
    content = FORMATS[name](*both)
    path = tmp_path / name
    path.write_bytes(content)
    for repeat, split in enumerate(("split", None)):
        roles = {"split": split, "features": ("x1", "x2"), "per_step": True}
        one = experiment_of(content, name, roles=roles, **changes)
        assert_the_same_sequences(exported_code(one, "The sequences"), one, path, repeat)


def test_groups_words_dates_and_thinning_are_exported_too(tmp_path):
    table = machines()
    table["minute"] = pd.to_datetime("2026-01-31") + pd.to_timedelta(table["minute"], unit="min")
    path = tmp_path / "m.csv"
    table.sample(frac=1, random_state=0).to_csv(path, index=False)
    one = experiment_of(path.read_bytes(), "m.csv", how=Preparation(every=2, seed=5))
    assert isinstance(one.own, OwnTask)
    assert (one.own.roles.order, one.own.roles.group) == (("minute",), "machine")
    assert_the_same_sequences(exported_code(one, "The sequences"), one, path)


# `make test` runs a script of `tests/export/test_script` in a clean process.
@pytest.mark.slow
@pytest.mark.fuzz
def test_the_script_run_on_the_file_reproduces_the_app(tmp_path):
    """Three labels, one at each step, and missing readings: what no shipped task has."""
    table = machines().assign(
        state=lambda rows: pd.cut(rows["load_kN"].rank(pct=True), 3, labels=["a", "b", "c"])
    )
    content = table.to_csv(index=False, sep=";", decimal=",").encode()
    one = experiment_of(
        content, "m.csv", count_invalid=False,
        strategies=("masking_layer", "mask_feature"), epochs=4, batch_size=8, units=8,
    )  # fmt: skip
    assert (one.classes, one.per_step) == (3, True)
    (tmp_path / "m.csv").write_bytes(content)
    (tmp_path / "m.py").write_text(script(one))
    run = subprocess.run(
        [sys.executable, "-I", "m.py", "m.csv"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert_agrees(run.stdout, expected(one), one)


def test_what_is_taken_away_names_no_data_and_no_person(readings):
    text = script(readings)
    assert "M07" not in text and "run-001" not in text, "columns are named, rows are not"
    cells = nbformat.reads(notebook(readings), 4).cells
    assert 'path = "data.csv"' in cells[-2].source and "path=path" in cells[-2].source


def test_a_report_does_not_name_the_session_s_task(readings):
    study = Study(base=readings, vary="side", values=("post", "pre"))
    for report in (
        run_report(made_up(readings), link="?task=own"),
        study_report(Findings(study, {}), link="?task=own"),
    ):
        assert '"task": "own"' in unescape(report) and "M07" not in report
        assert "who opens it needs their file" in report


def test_charts_and_reports_name_features_and_labels_as_the_file_does():
    frame = machines()[lambda rows: rows["minute"] < 6].drop(columns=["machine", "mode"])
    frame["state"] = frame.groupby("run")["state"].transform("first")
    one = experiment_of(frame.to_csv(index=False).encode(), "m.csv")
    run = made_up(one)
    batch = charts.padded_batch(unseen_batch(one), features=one.spec.feature_names)
    assert batch.data[0]["colorbar"]["title"]["text"] == one.spec.feature_names[0]
    assert "load_kN: " in batch.data[0]["hovertemplate"]
    output = charts.outputs_by_step(run, probe=0, epoch=1).plotly().to_json()
    label = one.spec.label_names[int(run.probes.labels[0].max())]
    assert label in ("fine", "worn") and f"true label {label}" in output
    report = unescape(run_report(run, link="?task=own"))
    assert "'load_kN'" in report and "'fine' and 'worn'" in report and "First feature" not in report
    assert "# The labels: 0 is 'fine', 1 is 'worn'." in script(one)


def test_column_names_cannot_run(tmp_path):
    evil = '"""\n__import__("os").abort()\n"""'
    path = tmp_path / "m.csv"
    machines().rename(columns={"load_kN": evil}).to_csv(path, index=False)
    one = experiment_of(path.read_bytes(), "m.csv")
    assert len(sequences_in(exported_code(one, "The sequences"), one, path, 0)) == 2
    compile(script(one), "exported", "exec")
