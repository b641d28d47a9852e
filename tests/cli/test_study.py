"""`study` on the command line: the same findings as a table, as JSON, and in a file."""

import csv
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from maskdemo.cli import study as cli_study
from maskdemo.study import Findings, Study, default_study, run_study, summary
from tests.cli.command import said
from tests.cli.test_run import TINY, strict
from tests.samples import small

ARGUMENTS = ("study", "sum_sign", "--set", *TINY, "--repeats", "2")
VARIED = ("--vary", "padded_length=16,8")
STUDY = Study(base=small(repeats=2), vary="padded_length", values=(8, 16))


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """A store of this test's own, and no cluster."""
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("MASKDEMO_DASK", raising=False)
    return tmp_path / "store"


@pytest.fixture
def found(untrained: None) -> Findings:
    return list(run_study(STUDY))[-1]


def test_a_study_as_text_says_everything(capsys, found):
    code, out, err = said(capsys, *ARGUMENTS, *VARIED)
    assert code == 0
    for value in (8, 16):
        row = next(line for line in out.splitlines() if re.match(rf"{value} ", line))
        for name in STUDY.base.strategies:
            mean = found.mean((value,), name)
            assert mean is not None
            assert f"{mean.mean:.1%} ({mean.low:.1%} to {mean.high:.1%})" in row
        assert row.endswith(f"{found.chance((value,)):.1%}")
    assert "Padded length, in steps" in out and "Held state" in out
    assert all(sentence in out for sentence in summary(found)) and summary(found)
    assert re.search(r"^8 trainings in \d+\.\d seconds, 0 from the store\.$", out, re.M)
    assert "8/8" in err, "the progress bar goes to standard error"
    # The second time it costs nothing, and says the same.
    code, again, _ = said(capsys, *ARGUMENTS, *VARIED)
    assert code == 0 and re.search(r"^0 trainings in .* 8 from the store\.$", again, re.M)
    assert again.splitlines()[:-1] == out.splitlines()[:-1]


def test_a_study_as_json_is_the_study(trains_or_not, capsys, store):
    found = list(run_study(STUDY))[-1]
    code, out, _ = said(capsys, *ARGUMENTS, *VARIED, "--json", "--no-store")
    given = strict(out)
    assert code == 0 and not store.exists()
    assert given["vary"] == ["padded_length"] and given["base"]["units"] == 4
    assert [cell["doses"] for cell in given["cells"]] == [[8], [16]]
    for cell in given["cells"]:
        at = tuple(cell["doses"])
        assert cell["chance"] == found.chance(at)
        for name, one in cell["strategies"].items():
            assert one["accuracies"] == list(found.accuracies(at, name).values())
        verdict = found.verdict(at, "held_state")
        assert verdict is not None
        assert cell["strategies"]["held_state"]["verdict"]["sentence"] == verdict.sentence
        low = cell["strategies"]["held_state"]["verdict"]["difference"]["low"]
        assert low == verdict.difference.low
        assert cell["strategies"]["no_mask"]["verdict"] is None
    assert given["summary"] == list(summary(found))
    assert (given["finished"], given["trainings"], given["from_store"]) == (True, 8, 0)


def test_one_repeat_is_json_without_infinity(untrained, capsys):
    code, out, _ = said(capsys, *ARGUMENTS, *VARIED, "--repeats", "1", "--json")
    verdict = strict(out)["cells"][0]["strategies"]["held_state"]["verdict"]
    difference = verdict["difference"]
    assert code == 0 and (difference["low"], difference["high"]) == (None, None)
    assert verdict["word"] == "undecided"


def test_a_study_as_a_table_in_a_file(capsys, tmp_path, found):
    file = tmp_path / "study.csv"
    code, out, _ = said(capsys, *ARGUMENTS, *VARIED, "--csv", str(file))
    assert code == 0 and "Held state" in out
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 8
    for row in rows:
        accuracies = found.accuracies((int(row["padded_length"]),), row["strategy"])
        assert float(row["test_valid_accuracy"]) == accuracies[int(row["repeat"]) - 1]


def test_two_things_vary_and_strategies_are_chosen(untrained, capsys):
    code, out, _ = said(
        capsys, *ARGUMENTS, *VARIED, "--and", "side", "--strategies", "zeroed_input", "--json"
    )
    given = strict(out)
    assert code == 0 and given["vary"] == ["padded_length", "side"]
    cells = [[8, "post"], [8, "pre"], [16, "post"], [16, "pre"]]
    assert [cell["doses"] for cell in given["cells"]] == cells
    assert list(given["cells"][0]["strategies"]) == ["no_mask", "zeroed_input"]
    assert given["trainings"] == 16


def test_without_more_words_it_is_the_default_study(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(
        cli_study, "_run_with_progress", lambda study, given: asked.append(study) or sys.exit()
    )
    said(capsys, "study", "japanese_vowels")
    assert asked == [default_study()]


def test_an_interrupt_shows_what_is_there(untrained, capsys, monkeypatch):
    def interrupted(study, **options):
        for findings in run_study(study, **options):
            yield findings
            if findings.done == 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(cli_study, "run_study", interrupted)
    code, out, _ = said(capsys, *ARGUMENTS, *VARIED)
    assert code == 0 and "(one repeat)" in out
    assert re.search(r"^4 trainings in", out, re.M)


def test_failures_are_told_after_the_table(capsys, monkeypatch):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()

    monkeypatch.setattr(cli_study, "run_study", lambda study, **rest: run_study(study, executor=pool))
    code, out, err = said(capsys, *ARGUMENTS, *VARIED)
    assert code == 2 and "Held state" in out
    assert "Held state at 16 steps failed in repeat 2: RuntimeError." in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["nonsense"], "There is no scenario or task 'nonsense'"),
        (["sum_sign", "--vary", "length=3,4"], "'length' cannot be varied"),
        (["sum_sign", "--vary", "padded_length=15"], "at least two values of padded length"),
        (["sum_sign", "--vary", "padded_length=15,long"], "'long' is no value of padded length"),
        (["sum_sign", "--vary", "padded_length="], "is no value of padded length"),
        (["sum_sign", "--vary", "side=post,left"], "left"),
        (["sum_sign", "--vary", "side=post,in\nfront"], r"^Side must be .* not 'in front'\."),
        (["sum_sign", "--and", "padded_length=15,20"], "two different"),
        (["japanese_vowels", "--vary", "spread=0,5"], "own lengths"),
        (["sum_sign", "--repeats", "few"], "Repeats must be a whole number"),
        (["sum_sign", "--strategies", "mask"], "There is no strategy 'mask'"),
        (["sum_sign", "--dask", "nowhere"], "No Dask scheduler answers at nowhere"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_cannot_be_studied_is_a_sentence(capsys, argv, complaint):
    code, out, err = said(capsys, "study", *argv)
    assert code == 2 and out == ""
    assert re.search(complaint, err) and err.strip().endswith(".")
    assert "Traceback" not in err


def test_a_file_that_cannot_be_written_is_a_sentence(capsys, tmp_path):
    code, out, err = said(capsys, *ARGUMENTS, *VARIED, "--csv", str(tmp_path / "no" / "study.csv"))
    assert code == 2 and out == "" and "cannot be written" in err
    assert "Traceback" not in err and "trainings" not in err, "said before the training"


def test_a_store_that_cannot_be_used_is_said(untrained, capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MASKDEMO_STORE", str(tmp_path / "file"))
    code, out, err = said(capsys, *ARGUMENTS, *VARIED, "--json")
    assert code == 0 and json.loads(out)["finished"]
    assert "Finished trainings cannot be kept" in err
