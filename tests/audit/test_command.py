"""`python -m maskdemo audit`: what it prints and what it returns."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from maskdemo.cli import main
from tests.audit.zoo import ZOO, lstm, masked

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name in ("masking_lstm", "custom_layer", "bits_masked_with_zero"):
        ZOO[name].build().save(folder / f"{name}.keras")
    return folder


def test_leaks_and_custom_layers_only_where_they_are_trusted(folder, capsys, tmp_path):
    path, page = str(folder / "custom_layer.keras"), tmp_path / "report.html"
    assert main(["audit", path]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["audit", path, "--trust", "--json", "--html", str(page)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["clean"] is False and found["findings"][0]["layer"] == "halved"
    assert "halved" in page.read_text(encoding="utf-8")


def test_custom_layers_from_a_module_of_the_current_folder(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = (
        "import keras\nclass Half(keras.layers.Layer):\n    def call(self, x):\n        return x / 2\n"
    )
    Path("layers_of_mine.py").write_text(code, encoding="utf-8")
    classes: dict = {}
    exec(code, classes)
    model = masked(classes["Half"](name="half"), lstm())
    model.save("model.keras")
    Path("model.json").write_text(model.to_json(), encoding="utf-8")
    assert main(["audit", "model.keras", "--trust"]) == 2
    assert "--import my_layers" in capsys.readouterr().err
    assert main(["audit", "model.keras", "--import", "layers_of_mine"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["audit", "model.keras", "--trust", "--import", "layers_of_nobody"]) == 2
    assert "No module named 'layers_of_nobody'" in capsys.readouterr().err
    quick = ["--side", "post", "--added", "1"]
    for file in ("model.keras", "model.json"):
        assert main(["audit", file, "--trust", "--import", "layers_of_mine", *quick]) == 1
        assert "half" in capsys.readouterr().out


def test_trained_weights_and_own_sequences(folder, capsys, tmp_path):
    model, npz = str(folder / "bits_masked_with_zero.keras"), tmp_path / "bits.npz"
    np.savez(npz, first=np.array([[1.0], [0.0]], "float32"), second=np.ones((3, 1), "float32"))
    assert main(["audit", model, "--sequences", str(npz), "--trained"]) == 1
    said = capsys.readouterr().out
    assert "1 of 5 real steps" in said and "with its own weights" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"PK", "no .keras file"), (b"{}", "model is expected")],
)
def test_what_is_no_model(content, words, tmp_path, capsys):
    path = tmp_path / "model.keras"
    if content is not None:
        path.write_bytes(content)
    assert main(["audit", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_a_crash_is_no_leak(folder, capsys, monkeypatch):
    def crash(*args, **kwargs):
        raise KeyError("weights of March")

    monkeypatch.setattr("maskdemo.audit.run_audit.Trial", crash)
    assert main(["audit", str(folder / "masking_lstm.keras")]) == 2
    captured = capsys.readouterr()
    assert "unexpected error. KeyError: 'weights of March'" in captured.err and not captured.out


@pytest.mark.fuzz
def test_two_inputs_that_must_be_equally_long_are_audited(capsys, tmp_path):
    a, b = (keras.Input((None, 4), name=name) for name in "ab")
    x = keras.layers.LSTM(6)(keras.layers.Masking()(keras.layers.Concatenate()([a, b])))
    keras.Model([a, b], keras.layers.Dense(2)(x)).save(tmp_path / "two.keras")
    assert main(["audit", str(tmp_path / "two.keras")]) == 0
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    np.savez(first, **{"a/0": np.ones((3, 4)), "b/0": np.ones((5, 4))})
    np.savez(second, **{"a/0": np.ones((3, 9)), "b/0": np.ones((3, 4))})
    for path, reason in ((first, "Dimension 1 in both shapes must be equal"), (second, "9")):
        assert main(["audit", str(tmp_path / "two.keras"), "--sequences", str(path)]) == 2
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "file", "words"),
    [("--html", "not there/report.html", "cannot be written"),
     ("--sequences", "bits.csv", "holds no sequences")],
)  # fmt: skip
def test_a_file_of_no_use_is_said_before_the_audit(option, file, words, folder, tmp_path, capsys):
    (tmp_path / "bits.csv").write_text("a,1\na,x\n", encoding="utf-8")
    assert main(["audit", str(folder / "masking_lstm.keras"), option, str(tmp_path / file)]) == 2
    assert words in capsys.readouterr().err


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A model with values, a mask of padding and lengths, saved."""
    a, b = (keras.Input((None, 4), name=name) for name in "ab")
    hidden = keras.Input((None,), dtype="bool", name="hidden")
    n = keras.Input((1,), dtype="float32", name="n")
    places = keras.ops.cumsum(keras.ops.ones_like(b[..., 0]), axis=1)
    x = keras.layers.LSTM(6)(a, mask=keras.ops.logical_not(hidden))
    y = keras.layers.LSTM(6)(b, mask=places <= n)
    path = tmp_path_factory.mktemp("several") / "several.keras"
    keras.Model([a, b, hidden, n], keras.layers.Concatenate()([x, y])).save(path)
    return path


def test_inputs_can_be_told(several, capsys):
    told = [
        "--lengths",
        "n=b",
        "--mask",
        "hidden:inverted",
        "--pad-value",
        "a=3",
        "--pad-value",
        "b=-1",
    ]
    assert main(["audit", str(several), *told, "--side", "post", "--added", "7"]) == 0
    said = capsys.readouterr().out
    for words in (
        "does not leak",
        "'a' was taken for sequences, padded with 3, as told",
        "'b' was taken for sequences, padded with -1, as told",
        "'hidden' was taken for the mask of 'a': True at padding, as told",
        "'n' was taken for the lengths of 'b', as told",
        "padded after the end by 7 steps",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (["--mask", "hidden:mirrored"], "can be 'inverted' alone"),
        (["--lengths", "m"], "has no input 'm'; it has 'a', 'b', 'hidden', 'n'"),
        (["--pad-value", "a=none"], "'a=none' is no number"),
        (["--pad-value", "a=1", "--pad-value", "2"], "Say --pad-value once"),
    ],
)
def test_what_is_told_wrong(several, told, words, capsys):
    assert main(["audit", str(several), *told, "--json"]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and words in json.loads(captured.out)["sentence"]
