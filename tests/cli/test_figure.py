"""`figure` on the command line: a page with the chart, and a sentence for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskdemo.cli import main
from maskdemo.cli.figure import KINDS
from tests.samples import small

TINY = small(repeats=2, seed=61)
SETTINGS = [f"{key}={text}" for key, text in TINY.to_params().items()]
TITLES = {
    "padded_batch": "What the LSTM receives",
    "learning_curves": "Accuracy on unseen sequences, by epoch",
    "accuracy_by_strategy": "Accuracy on unseen sequences",
    "outputs_by_step": "Output after every step",
}


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        code = main(argv)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_holds_the_chart_and_all_it_needs(capsys, tmp_path: Path, kind: str):
    file = tmp_path / "chart.html"
    code, out, _ = said(capsys, "figure", "sum_sign", kind, str(file), "--set", *SETTINGS)
    assert code == 0 and out == f"Written to {file}.\n"
    text = file.read_text(encoding="utf-8")
    assert TITLES[kind] in text
    assert "Plotly.newPlot" in text and "<script src=" not in text.replace("'", '"')


def test_a_dark_page_is_dark(capsys, tmp_path: Path):
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


def test_an_unknown_kind_is_a_sentence(capsys, tmp_path: Path):
    code, out, err = said(capsys, "figure", "sum_sign", "pie", str(tmp_path / "chart.html"))
    assert code == 2 and out == "" and "learning_curves" in err
