"""Files of other kinds and versions are named as such, with the way out; any sound text is read."""

import json

import h5py
import keras
import pytest

from maskdemo.audit.configuration import safe_config
from maskdemo.audit.keras_file import config_text, naming_version, saved_with
from maskdemo.errors import UnsupportedModel
from tests.audit.hostile import SOUND, archive

#: As Keras 2 writes it.
KERAS_2 = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_input_shape": [None, None, 4]}},
            {"class_name": "LSTM", "config": {"units": 3, "time_major": False}},
        ],
    },
}


def refusal(content: bytes) -> str:
    with pytest.raises(UnsupportedModel) as raised:
        config_text(content)
    return str(raised.value)


def hdf5(path, version, **attributes):
    with h5py.File(path, "w") as file:
        file.attrs["backend"] = "tensorflow"
        file.attrs["keras_version"] = version
        for name, value in attributes.items():
            file.attrs[name] = value
    return path.read_bytes()


@pytest.mark.parametrize("version", ["2.11.0", b"2.2.4-tf", "1.0.8"])
def test_an_hdf5_file_of_keras_2_is_named_with_its_version(tmp_path, version):
    content = hdf5(tmp_path / "old.h5", version, model_config=json.dumps(KERAS_2))
    text = version if isinstance(version, str) else version.decode()
    assert saved_with(content) == text
    said = refusal(content)
    assert f"HDF5 file (.h5), saved with Keras {text}." in said and "under Keras 3" in said


def test_what_keras_3_itself_saves_as_hdf5(tmp_path):
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.LSTM(3)])
    model.save(tmp_path / "model.h5")
    said = refusal((tmp_path / "model.h5").read_bytes())
    assert f"saved with Keras {keras.__version__}" in said and '.save("model.keras")' in said
    model.save_weights(tmp_path / "model.weights.h5")
    assert "weights alone" in refusal((tmp_path / "model.weights.h5").read_bytes())


@pytest.mark.parametrize("cut", [8, 100, 500, 900, 2000])
def test_a_damaged_hdf5_file_has_a_sentence_without_a_version(tmp_path, cut):
    content = hdf5(tmp_path / "old.h5", "2.11.0", model_config=json.dumps(KERAS_2))
    assert refusal(content[:cut]).endswith(".")


def test_a_model_without_an_input_of_keras_2_is_named_too():
    written = {"class_name": "Sequential", "config": [{"class_name": "LSTM", "config": {"units": 3}}]}
    assert "saved with Keras 2 or older" in refusal(json.dumps(written).encode())


@pytest.mark.parametrize("version", ["", "2.15.0"])
def test_a_model_of_keras_2_is_named_whether_it_has_a_version_or_not(version):
    said = {"keras_version": version, "backend": "tensorflow"} if version else {}
    metadata = {"metadata.json": json.dumps(said).encode()}
    for content in (json.dumps(KERAS_2 | said).encode(), archive(KERAS_2, extra=metadata)):
        assert f"saved with Keras {version or '2 or older'}. " in refusal(content)


def test_a_keras_file_of_another_version_is_tried_and_a_refusal_names_both():
    metadata = {"metadata.json": b'{"keras_version": "3.99.1"}'}
    assert config_text(archive(SOUND, extra=metadata))
    content = archive(SOUND | {"class_name": "NewKind"}, extra=metadata)
    with pytest.raises(UnsupportedModel) as raised, naming_version(content):
        safe_config(config_text(content))
    assert "'NewKind' is no model" in str(raised.value)
    assert str(raised.value).endswith(
        f"The file was saved with Keras 3.99.1 and is read here with Keras {keras.__version__}."
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_configuration_in_any_encoding_that_json_has(encoding):
    name = "схема слоёв"
    content = json.dumps(SOUND | {"config": SOUND["config"] | {"name": name}}, ensure_ascii=False)
    assert safe_config(config_text(content.encode(encoding)))["config"]["name"] == name
