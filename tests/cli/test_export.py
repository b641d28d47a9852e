"""`export` and `figure` on the command line: files as from the page, sentences for what cannot be."""

import io
import json
import os
import re

import pandas as pd
import pytest

from maskdemo.cli.export import FIGURES
from maskdemo.evidence import headline
from maskdemo.export.script_and_notebook import notebook, script
from maskdemo.export.table import run_table
from tests.cli.command import said
from tests.samples import made_up, small

TINY = small(repeats=2, seed=61)
SETTINGS = [f"{key}={text}" for key, text in TINY.to_params().items()]
TITLES = {
    "padded_batch": "What the LSTM receives",
    "learning_curves": "Accuracy on unseen sequences, by epoch",
    "final_accuracy": "Accuracy on unseen sequences",
    "outputs_by_step": "Output after every step",
}


def export(capsys, kind: str, file) -> str:
    code, out, _ = said(capsys, "export", "sum_sign", "--to", kind, str(file), "--set", *SETTINGS)
    assert code == 0 and out == f"Written to {file}.\n"
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "make"), [("script", script), ("notebook", notebook)])
def test_code_is_written_without_training(capsys, monkeypatch, tmp_path, kind, make):
    def refuse(experiment):
        raise AssertionError("nothing needs to be trained")

    monkeypatch.setattr("maskdemo.training.run.train", refuse)
    assert export(capsys, kind, tmp_path / "file") == make(TINY)


def test_table_and_report_are_those_of_the_run(untrained, capsys, tmp_path):
    final = made_up(TINY)
    table = export(capsys, "table", tmp_path / "results.csv")
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(table)), run_table(final))
    report = export(capsys, "report", tmp_path / "report.html")
    assert headline(final) in report
    given = re.search(r"<pre>(.*?)</pre>", report, re.S)
    assert given and json.loads(given[1].replace("&#34;", '"'))["seed"] == 61
    assert "http://localhost:8501/?task=sum_sign" in report


def test_an_old_file_is_replaced(capsys, tmp_path):
    file = tmp_path / "script.py"
    file.write_text("x" * 100_000)
    assert export(capsys, "script", file) == script(TINY)


@pytest.mark.parametrize("where", ["nowhere/file.csv", "."])
def test_a_file_that_cannot_be_written_is_a_sentence_before_any_training(
    capsys, monkeypatch, tmp_path, where
):
    monkeypatch.setattr("maskdemo.training.run.train", None)
    code, out, err = said(capsys, "export", "sum_sign", "--to", "table", str(tmp_path / where))
    assert code == 2 and out == "" and "Traceback" not in err
    assert "cannot be written" in err and err.endswith(".\n") and err.count("\n") == 1


def test_a_full_disk_is_a_sentence(capsys):
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device, not a file
        pytest.skip("This system has no device that is always full.")
    code, out, err = said(capsys, "export", "sum_sign", "--to", "script", "/dev/full")
    assert code == 2 and out == ""
    assert err.startswith("/dev/full cannot be written: ") and err.endswith(".\n")


@pytest.mark.parametrize(
    "argv", [[], ["sum_sign"], ["sum_sign", "--to", "pdf", "x"], ["sum_sign", "--to", "table"]], ids=str
)
def test_a_wrong_command_shows_the_usage(capsys, tmp_path, monkeypatch, argv):
    monkeypatch.chdir(tmp_path)
    code, out, err = said(capsys, "export", *argv)
    assert code == 2 and out == "" and err.startswith("usage: python -m maskdemo export")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", FIGURES)
def test_a_page_holds_the_chart_and_all_it_needs(untrained, capsys, tmp_path, kind):
    file = tmp_path / "chart.html"
    code, out, _ = said(capsys, "figure", "sum_sign", kind, str(file), "--set", *SETTINGS)
    assert code == 0 and out == f"Written to {file}.\n"
    text = file.read_text(encoding="utf-8")
    assert TITLES[kind] in text
    assert "Plotly.newPlot" in text and "<script src=" not in text.replace("'", '"')


def test_a_dark_page_is_dark(capsys, tmp_path):
    file = tmp_path / "chart.html"
    said(capsys, "figure", "sum_sign", "padded_batch", str(file), "--dark")
    assert '"paper_bgcolor":"#11161c"' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [("chart.svg", "learning_curves", "as SVG"), ("chart.gif", "learning_curves", "no .html")],
)
def test_other_files_are_a_sentence_before_any_training(
    capsys, monkeypatch, tmp_path, name, kind, wanted
):
    monkeypatch.setattr("maskdemo.training.run.train", None)
    code, out, err = said(capsys, "figure", "sum_sign", kind, str(tmp_path / name))
    assert code == 2 and out == "" and wanted in err and err.count("\n") == 1
