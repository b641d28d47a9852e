"""Files and configurations that mean harm: each must come to one clear sentence, and nothing run."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

#: What would be left behind if anything of these ran.
CANARY = "maskdemo-canary"


def layer(name: str, config: dict | None = None, **said: Any) -> dict:
    return {
        "module": "keras.layers",
        "class_name": name,
        "config": {"name": name.lower()} | (config or {}),
        "registered_name": None,
    } | said


def model(*layers: dict, **said: Any) -> dict:
    inputs = layer("InputLayer", {"batch_shape": [None, None, 4], "dtype": "float32"})
    config = {"name": "model", "trainable": True, "layers": [inputs, *layers]}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": config,
        "registered_name": None,
    } | said


def archive(
    config: str | bytes | dict = "{}",
    *,
    extra: dict[str, bytes] | None = None,
    name: str = "config.json",
) -> bytes:
    text = json.dumps(config) if isinstance(config, dict) else config
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as into:
        # With the time of a member's entry the same file would be another one two seconds later.
        for member, content in {name: text, **(extra or {})}.items():
            into.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


SOUND = model(layer("Masking"), layer("LSTM", {"units": 4}), layer("Dense", {"units": 2}))


def _with_link() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as into:
        link = zipfile.ZipInfo("config.json")
        link.external_attr = 0o120777 << 16
        into.writestr(link, "elsewhere/config.json")
    return data.getvalue()


def _twice() -> bytes:
    """The second member's entry, twice in the table of contents."""
    raw = archive(SOUND, extra={"confiX.json": b"{}"})
    return raw.replace(b"confiX.json", b"config.json")


def _many_members() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as into:
        for at in range(3000):
            into.writestr(f"{at}", b"")
    return data.getvalue()


def _says_it_is_small() -> bytes:
    """A member whose sizes in the table of contents are not those of what is packed."""
    raw = bytearray(archive(b"[" * 6_000_000))
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(raw)


def _claims_millions() -> bytes:
    raw = bytearray(archive(SOUND))
    at = raw.rfind(b"PK\x05\x06")
    raw[at + 8 : at + 16] = struct.pack("<HHI", 65535, 65535, 2**31)
    return bytes(raw)


#: Whole files.
FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no_archive": lambda: b"MZ" + b"\0" * 500,
    "an_hdf5_file": lambda: b"\x89HDF\r\n\x1a\n" + b"\0" * 500,
    "bomb": lambda: archive(SOUND, extra={"model.weights.h5": b"\0" * 50_000_000}),
    "bomb_as_configuration": lambda: archive(b" " * 50_000_000),
    "says_it_is_small": _says_it_is_small,
    "claims_millions_of_members": _claims_millions,
    "many_members": _many_members,
    "leads_out": lambda: archive(SOUND, extra={f"../../{CANARY}": b"x"}),
    "absolute_path": lambda: archive(SOUND, extra={f"/etc/{CANARY}": b"x"}),
    "windows_path": lambda: archive(SOUND, extra={f"C:\\{CANARY}": b"x"}),
    "link": _with_link,
    "two_configurations": _twice,
    "no_configuration": lambda: archive("{}", name="other.json"),
    "configuration_no_text": lambda: archive(b"\xff\xfe\x00{"),
    "configuration_of_20_MB": lambda: b'{"a": "' + b"x" * 20_000_000 + b'"}',
    "list_of_20_MB": lambda: b'{"a": [' + b"1," * 10_000_000 + b"1]}",
    "deeply_nested": lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deeply_nested_lists": lambda: b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "never_closed": lambda: b'{"class_name": "Sequential", "config": {"layers": [',
    "number_of_a_million_digits": lambda: b'{"a": ' + b"9" * 1_000_000 + b"}",
}

_RUNS = f"open('{CANARY}','w')"


def _in(**config: Any) -> dict:
    return model(layer("Dense", {"units": 2} | config))


def _nested() -> dict:
    inner = SOUND
    for at in range(12):
        inner = model(inner) | {"name": f"inner_{at}"}
    return inner


#: Configurations that are JSON. The comments name what they stand for.
CONFIGURATIONS: dict[str, Any] = {
    "not_a_model": [],
    "a_number": 3,
    "no_layers": model() | {"config": {"name": "m", "layers": []}},
    # CVE-2024-3660: Lambda with bytecode.
    "lambda_bytecode": model(
        layer("Lambda", {"function": {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}})
    ),
    "lambda_by_name": model(
        layer("Lambda", {"function": "os.system", "arguments": {"command": _RUNS}})
    ),
    # CVE-2025-1550: any function by its module's path.
    "function_by_path": _in(
        activation={
            "module": "os",
            "class_name": "function",
            "config": "system",
            "registered_name": None,
        }
    ),
    "class_by_path": model(layer("Popen", {"args": ["touch", CANARY]}, module="subprocess")),
    "layer_from_elsewhere": model(layer("Dense", {"units": 2}, module="builtins")),
    "registered_name_of_another": model(layer("Dense", {"units": 2}, registered_name="evil>Dense")),
    "model_from_elsewhere": SOUND | {"module": "os"},
    "keras_function_that_reads_files": _in(
        activation={"module": "keras.utils", "class_name": "function", "config": "get_file"}
    ),
    # CVE-2025-8747, CVE-2025-9906: ways around safe mode through Keras's own functions.
    "get_file_as_a_layer": model(
        layer("get_file", {"origin": "http://localhost/"}, module="keras.utils")
    ),
    "enable_unsafe": model(layer("enable_unsafe_deserialization", module="keras.config")),
    "load_model_as_initializer": _in(
        kernel_initializer={
            "module": "keras.models",
            "class_name": "load_model",
            "config": {"filepath": "x"},
        }
    ),
    # CVE-2025-49655.
    "torch_module": model(layer("TorchModuleWrapper", {"module": {"class_name": "__bytes__"}})),
    # CVE-2025-12058: files read while loading.
    "string_lookup": model(layer("StringLookup", {"vocabulary": "/etc/passwd"})),
    "text_vectorization": model(layer("TextVectorization", {"vocabulary": "/etc/passwd"})),
    # CVE-2026-1462.
    "saved_model": model(layer("TFSMLayer", {"filepath": "/etc"})),
    "jax_layer": model(layer("JaxLayer")),
    "flax_layer": model(layer("FlaxLayer")),
    # CVE-2026-12481: safe mode switched off from within.
    "safe_mode_in_a_layer": model(
        layer("TimeDistributed", {"layer": layer("Lambda"), "safe_mode": None})
    ),
    "lambda_in_a_cell": model(layer("RNN", {"cell": layer("Lambda")})),
    "lambda_in_cells": model(
        layer("RNN", {"cell": layer("StackedRNNCells", {"cells": [layer("Lambda")]})})
    ),
    "type_spec": _in(
        dtype={"class_name": "__typespec__", "spec_name": "x", "module": "os", "config": []}
    ),
    "map_operation": model(layer("Map", module="keras.src.ops.core")),
    "private_module": model(layer("Dense", {"units": 2}, module="keras.src.layers.core.dense")),
    "operation_from_elsewhere": model(layer("Multiply", module="keras.src.ops.core")),
    "unknown_activation": _in(activation="os.system"),
    "unknown_initializer": _in(kernel_initializer="../../x"),
    "unknown_dtype": _in(dtype="int4"),
    "words_for_a_number": _in(use_bias="yes, rm -rf"),
    "object_for_a_number": _in(units={"class_name": "Dense", "config": {}}),
    "name_that_is_a_path": model(layer("Dense", {"name": "../../x", "units": 2})),
    "name_without_end": model(layer("Dense", {"name": "x" * 100_000, "units": 2})),
    "argument_without_a_name": _in(**{"__class__": 1, "a b": 2}),
    # CVE-2026-0897: shapes that are bombs.
    "huge_units": _in(units=2**40),
    "huge_negative": _in(units=-(2**40)),
    "huge_list": model(layer("Reshape", {"target_shape": [1] * 100_000})),
    "many_layers": model(*(layer("Masking", {"name": f"m{at}"}) for at in range(1000))),
    "models_in_models": _nested(),
    "unhashable_class": model({"class_name": [], "module": {}, "config": {}}),
    "config_is_a_list": model({"class_name": "Dense", "module": "keras.layers", "config": []}),
    "nodes_of_another_kind": {
        "module": "keras",
        "class_name": "Functional",
        "registered_name": None,
        "config": {
            "layers": [
                layer("InputLayer", {"batch_shape": [None, None, 4]}, inbound_nodes=[[["x", 0, 0, {}]]])
            ],
            "input_layers": [],
            "output_layers": [],
        },
    },
    "tensor_with_a_value": model(
        layer(
            "Dense",
            {"units": 2},
            inbound_nodes=[{"args": [{"class_name": "__tensor__"}], "kwargs": {}}],
        )
    ),
}


#: Small in JSON, large when built: refused before any memory is taken.
LARGE: dict[str, dict] = {
    "wide_layers": model(
        layer("Dense", {"name": "a", "units": 16_000}), layer("Dense", {"units": 16_000})
    ),
    "steps_multiplied": model(
        layer("UpSampling1D", {"name": "a", "size": 16_000}), layer("UpSampling1D", {"size": 16_000})
    ),
    "padding_without_end": model(
        layer("ZeroPadding1D", {"padding": 16_000}), layer("Dense", {"units": 16_000})
    ),
}
