"""`--data FILE`: one's own sequences on the command line, in every command that trains or exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskdemo.data.registry import is_registered
from maskdemo.data.tasks import REGISTERED
from maskdemo.uploads.example_tables import machines
from maskdemo.uploads.registry import unregister
from tests.cli.test_run import said

QUICK = ("--epochs", "1", "--repeats", "1", "--units", "4", "--strategies", "no_mask,held_state")


def give_back() -> None:
    for name in filter(is_registered, list(REGISTERED)):
        unregister(name)


@pytest.fixture(autouse=True)
def _give_back() -> Iterator[None]:
    yield
    give_back()


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "machines.csv").write_bytes(machines().to_csv(index=False).encode())
    return str(tmp_path / "machines.csv")


def test_a_run_says_what_it_took_the_columns_for_and_trains(capsys, path):
    code, out, err = said(capsys, "run", "own", "--data", path, "--json", *QUICK)
    assert code == 0
    assert "Columns: id=run order=minute features=mode,load_kN,heat_C label=state group=machine" in err
    assert "96 sequences of 6 to 24 steps with 5 features" in err
    found = json.loads(out)
    assert found["experiment"]["train_size"] == 64 and len(found["curves"]) == 2


def test_columns_and_their_preparation_can_be_changed(capsys, path):
    given = ("--columns", "features=load_kN", "group=", "--standardise", "no", "--every", "2")
    code, out, err = said(capsys, "run", "own", "--data", path, *given, "--split-seed", "3", *QUICK)
    assert code == 0 and "No mask" in out
    assert "features=load_kN label=state, a label a step" in err
    assert "One step in 2" in err and "drawn with seed 3" in err


def test_a_study_of_them_leaves_the_store_alone(capsys, path, tmp_path, monkeypatch):
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path / "cache"))
    command = ("study", "own", "--data", path, *QUICK, "--vary", "padded_length=24,30")
    for _ in range(2):
        code, out, _ = said(capsys, *command)
        assert code == 0 and "4 trainings" in out and " 0 from the store" in out
        give_back()


def test_a_script_is_written_for_them(capsys, path, tmp_path):
    target = tmp_path / "script.py"
    code, _, _ = said(capsys, "export", "own", "--data", path, "--to", "script", str(target), *QUICK)
    assert code == 0 and 'add_argument("data"' in target.read_text()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((), "needs their file"),
        (("--data", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--data", "PATH", "--columns", "label"), "'label': write role=name"),
        (("--data", "PATH", "--columns", "label=none"), "There is no column 'none'"),
        (("--data", "PATH", "--label-per-step", "no"), "the label changes from"),
        (("--data", "PATH", "--padded-length", "20"), "at least the longest sequence"),
        (("--data", "PATH", "--set", "padded_length=20"), "at least the longest sequence"),
        (("--data", "PATH", "--every", "0"), "--every counts from 1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(capsys, path, given, sentence):
    given = [path if each == "PATH" else each for each in given]
    code, _, err = said(capsys, "run", "own", *given)
    assert code == 2 and sentence in err.strip().splitlines()[-1] and "Traceback" not in err
