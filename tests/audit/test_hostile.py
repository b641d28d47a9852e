"""Nobody's file runs anything, takes memory, or leaves anything behind: it comes to a sentence."""

import gc
import json
import os
import random
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from maskdemo.audit.configuration import safe_config
from maskdemo.audit.keras_file import config_text
from maskdemo.audit.resource_limits import MAX_CONFIG
from maskdemo.errors import UnsupportedModel
from tests.audit.hostile import CANARY, CONFIGURATIONS, FILES, LARGE, SOUND, archive, layer, model


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())
    assert not [path for path in (Path("/etc") / CANARY, tmp_path.parent / CANARY) if path.exists()]


@pytest.fixture(autouse=True)
def nothing_run(monkeypatch):
    def canary(*args, **kwargs):
        raise SystemExit("something was run")

    for name in ("system", "popen", "execv", "posix_spawn"):
        monkeypatch.setattr(os, name, canary, raising=False)


def sentence(work) -> str:
    with pytest.raises(UnsupportedModel) as raised:
        work()
    text = str(raised.value)
    assert text.endswith(".") and len(text) < 400 and "\n" not in text and "Traceback" not in text
    return text


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_comes_to_a_sentence(name):
    data = FILES[name]()
    tracemalloc.start()
    try:
        sentence(lambda: safe_config(config_text(data)))
        assert tracemalloc.get_traced_memory()[1] < 12 * MAX_CONFIG
    finally:
        tracemalloc.stop()


#: Texts of any size, of shapes that parsers and patterns have been slow with.
SHAPES = {
    "escaped_quotes": lambda size: '{"a": "' + '\\"' * (size // 2),
    "backslashes": lambda size: '{"a": "' + "\\" * size,
    "quotes": lambda size: '{"a": ' + '"' * size,
    "strings": lambda size: "[" + '"",' * (size // 3) + '""]',
    "open_lists": lambda size: "[" * size,
    "open_objects": lambda size: '{"a":' * (size // 5),
    "empty_lists": lambda size: "[" + "[]," * (size // 3) + "[]]",
    "empty_objects": lambda size: "[" + "{}," * (size // 3) + "{}]",
    "digits": lambda size: "9" * size,
    "digits_after_the_point": lambda size: "0." + "1" * size,
    "exponent": lambda size: "1e" + "9" * size,
    "spaces": lambda size: " " * size + "{",
    "a_longername": lambda size: json.dumps(model(layer("Dense", {"name": "a " * (size // 2) + "!"}))),
    "a_longerargument": lambda size: json.dumps(model(layer("Dense", {"a_" * (size // 2) + "!": 1}))),
    "a_longerformula": lambda size: json.dumps(model(layer("Dense", {"equation": "a " * (size // 2)}))),
}


def seconds(text: str) -> float:
    """Of the processor, the least of three times; without the walks over all that the tests hold."""
    took = []
    gc.disable()
    for _ in range(3):
        began = time.process_time()
        with suppress(UnsupportedModel):
            safe_config(text)
        took.append(time.process_time() - began)
    gc.enable()
    return min(took)


@pytest.mark.parametrize("name", SHAPES)
def test_reading_takes_time_in_proportion_to_the_text(name):
    """Sixteen times the text: 16 times as long where that is so, 256 times where it is quadratic."""
    text = SHAPES[name]
    short, longer = seconds(text(4_000)), seconds(text(64_000))
    assert longer < 64 * short + 0.02, f"{short:.4f} s, then {longer:.4f} s"


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_hostile_configuration_comes_to_a_sentence(name):
    text = json.dumps(CONFIGURATIONS[name])
    sentence(lambda: safe_config(text))
    if text.startswith("{"):
        sentence(lambda: safe_config(config_text(archive(text))))


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_when_built_is_refused_before(name):
    from maskdemo.audit.build_from_config import audit_config

    text = json.dumps(LARGE[name])
    assert "at most" in sentence(lambda: audit_config(safe_config(text)))


def test_a_sound_file_is_read():
    for data in (archive(SOUND), json.dumps(SOUND).encode()):
        assert safe_config(config_text(data))["class_name"] == "Sequential"


def test_what_is_built_from_names_only_what_we_wrote():
    odd = model(
        SOUND["config"]["layers"][1] | {"build_config": {"evil": 1}, "shared_object_id": 5},
        compile_config={"optimizer": {"class_name": "evil"}},
    )
    text = json.dumps(safe_config(json.dumps(odd)))
    assert "evil" not in text and "compile_config" not in text and "shared_object_id" not in text


@pytest.mark.parametrize("most", [64, pytest.param(None, marks=pytest.mark.fuzz)])
def test_a_truncated_file_comes_to_a_sentence(most):
    """most: how many lengths are tried, from nothing to all but the last byte; None: every one."""
    content = archive(SOUND)
    for length in np.linspace(0, len(content) - 1, most or len(content), dtype=int):
        sentence(lambda length=length: safe_config(config_text(content[:length])))


def with_changed_bytes(rng: random.Random) -> bytes:
    damaged = bytearray(archive(SOUND))
    for _ in range(rng.randint(1, 8)):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def random_bytes(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(300))


def with_a_changed_configuration(rng: random.Random) -> bytes:
    text = json.dumps(SOUND)
    swaps = ('"keras"', "null", "[]", "{}", "1e999", "-1", "99999999999", '"os"', "true", "", ",", '"')
    start = rng.randrange(len(text))
    return (text[:start] + rng.choice(swaps) + text[start + rng.randrange(12) :]).encode()


#: count: `make test` makes few damaged files, `make fuzz` all.
@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("damaged", [with_changed_bytes, random_bytes, with_a_changed_configuration])
def test_a_damaged_file_is_read_or_refused_with_a_sentence(damaged, count):
    rng = random.Random(1)
    for _ in range(count):
        content = damaged(rng)
        try:
            safe_config(config_text(content))
        except UnsupportedModel as refused:
            assert str(refused).endswith(".")
