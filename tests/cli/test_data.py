"""`--data FILE`: one's own sequences on the command line, in every command that trains or exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from maskdemo.uploads.example_tables import machines
from tests.cli.command import said

QUICK = ("--epochs", "1", "--repeats", "1", "--units", "4", "--strategies", "no_mask,held_state")


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "machines.csv").write_bytes(machines().to_csv(index=False).encode())
    return str(tmp_path / "machines.csv")


def test_a_run_says_what_it_took_the_columns_for_and_gives_its_curves(trains_or_not, capsys, path):
    code, out, err = said(capsys, "run", "own", "--data", path, "--json", *QUICK)
    assert code == 0
    for line in (
        "run: 96 words, such as run-000: id",
        "minute: numbers, such as 0: order",
        "mode: 3 words, such as normal: features",
        "machine: 12 words, such as M00: group",
        "state: 2 words, such as fine: label",
        "A label for each step.",
    ):
        assert line.split(", such as")[0] in err and line.rpartition(": ")[2] in err, line
    assert "96 sequences of 6 to 24 steps with 5 features" in err
    found = json.loads(out)
    assert found["experiment"]["train_size"] == 64 and len(found["curves"]) == 2


def test_a_dry_run_says_what_is_taken_for_what_and_stops(capsys, path):
    roles = ("--features", "load_kN", "--group", "", "--order", "", "--standardise", "no")
    how = ("--steps", "every:2", "--split-seed", "3", "--dry-run")
    code, out, err = said(capsys, "run", "own", "--data", path, *roles, *how)
    assert code == 0 and not out
    assert "machine: 12 words: not used, it was not chosen" in err
    assert "One step in 2 was kept" in err and "drawn with seed 3" in err and "kept whole" not in err


def test_a_study_of_them_leaves_the_store_alone(untrained, capsys, path, tmp_path, monkeypatch):
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path / "cache"))
    command = ("study", "own", "--data", path, *QUICK, "--vary", "padded_length=24,30")
    for _ in range(2):
        code, out, _ = said(capsys, *command)
        assert code == 0 and "4 trainings" in out and " 0 from the store" in out


def test_a_script_is_written_for_them(capsys, path, tmp_path):
    target = tmp_path / "script.py"
    code, _, _ = said(capsys, "export", "own", "--data", path, "--to", "script", str(target), *QUICK)
    assert code == 0 and 'add_argument("data"' in target.read_text()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--data", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--data", "PATH", "--label", "none"), "There is no column 'none'"),
        (
            ("--data", "PATH", "--label", ""),
            "Choose the column that holds the label. Say it with --label.",
        ),
        (("--data", "PATH", "--label-per-step", "no"), "the label changes from"),
        (("--data", "PATH", "--truncating", "left"), "Truncation must be one of From the start"),
        (("--data", "PATH", "--steps", "2"), "--steps is first, last or every:N"),
        (("--data", "PATH", "--steps", "every:0"), "a whole number from 1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(capsys, path, given, sentence):
    given = [path if each == "PATH" else each for each in given]
    code, _, err = said(capsys, "run", "own", *given)
    assert code == 2 and sentence in err.strip().splitlines()[-1] and "Traceback" not in err
