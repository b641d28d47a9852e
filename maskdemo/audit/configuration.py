"""Check a stranger's configuration against the allow-list and return a new one that is safe to build.

The result holds only classes of the allow-list, with the modules written there: no name of the text is
ever imported. Sizes are bounded here, before anything is built, and each step takes time in
proportion to the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from maskdemo.audit import allow_list
from maskdemo.audit.allow_list import (
    checked_layer_name,
    checked_list,
    checked_mapping,
    checked_value,
)
from maskdemo.audit.resource_limits import MAX_CONFIG, MAX_LAYERS, VOCABULARY
from maskdemo.errors import UnsupportedModel, quoted

_KEY = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
#: Keys that are not needed to build a model, or that matter to a trained model alone.
_LEFT_OUT = ("build_config", "compile_config", "shared_object_id", "build_input_shape", "seed")


def safe_config(text: str) -> dict[str, Any]:
    """Return the configuration of a model, given as JSON, that is safe to build.

    Raises UnsupportedModel with a sentence where it is not as Keras 3 writes it, or not allowed.
    """
    try:
        return _Reader().model(_parse_json(text), depth=0)
    except UnsupportedModel:
        raise
    except Exception:  # anything else that is not as Keras writes it
        raise UnsupportedModel("The configuration is not as Keras 3 writes it.") from None


def _parse_json(text: str) -> Any:
    """Return the value of a JSON text, BOM allowed; UnsupportedModel if too large, deep or invalid."""
    if len(text) > MAX_CONFIG:
        raise UnsupportedModel(f"The configuration is larger than {MAX_CONFIG >> 20} MB.")
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except RecursionError:  # the parser counts levels by itself
        raise UnsupportedModel("The configuration is nested too deeply.") from None
    except ValueError:
        raise UnsupportedModel("The configuration is no valid JSON.") from None


class _Reader:
    """Reads one configuration, and counts its layers to refuse more than MAX_LAYERS.

    raw: a serialized Keras object, as parsed. depth: how many models and layers that is nested in. All
    methods raise UnsupportedModel for what is unsafe.
    """

    def __init__(self) -> None:
        self.layers = 0

    def model(self, raw: Any, depth: int) -> dict[str, Any]:
        """Return the safe configuration, `trainable` True, of a Sequential or Functional model."""
        name, inner = _checked_class(raw, allow_list.MODELS, "model")
        if depth > 8:
            raise UnsupportedModel("Models are nested in models too deeply.")
        layers = inner.get("layers")
        if not isinstance(layers, list) or not layers:
            raise UnsupportedModel("The model has no layers.")
        config: dict[str, Any] = {
            "name": checked_layer_name(inner.get("name", name.lower())),
            "trainable": True,
            "layers": [self._layer_of_model(each, depth) for each in layers],
        }
        if name == "Functional":
            for key in ("input_layers", "output_layers"):
                config[key] = _safe_structure(key, inner.get(key))
        return _keras_object(name, allow_list.MODELS[name], config)

    def _layer_of_model(self, raw: Any, depth: int) -> dict[str, Any]:
        """Return the safe configuration of a model's layer, with name and inbound nodes if in `raw`."""
        layer = self.layer(raw, depth)
        if "name" in raw:
            layer["name"] = checked_layer_name(raw["name"])
        if "inbound_nodes" in raw:
            layer["inbound_nodes"] = [_safe_node(each) for each in checked_list(raw["inbound_nodes"])]
        return layer

    def layer(self, raw: Any, depth: int) -> dict[str, Any]:
        """Count a layer, operation of OPERATIONS or nested model; return its safe configuration."""
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise UnsupportedModel(f"The model has more than {MAX_LAYERS} layers.")
        name, module = _text_value(raw, "class_name"), _text_value(raw, "module")
        if name in allow_list.MODELS:
            return self.model(raw, depth + 1)
        if name in allow_list.OPERATIONS.get(module, ()):
            name, inner = _checked_class(raw, {name: module}, "operation")
            return _keras_object(name, module, self._arguments(name, inner, depth))
        name, inner = _checked_class(raw, allow_list.LAYERS, "layer")
        return _keras_object(name, "keras.layers", self._arguments(name, inner, depth))

    def _arguments(self, of: str, inner: dict[str, Any], depth: int) -> dict[str, Any]:
        """Return the safe constructor arguments in `inner`, a layer's `config`; of: its class name.

        `unroll` and `stateful` become False, the batch size None, an Embedding's `input_dim` at most
        VOCABULARY; keys in `_LEFT_OUT` are left out. Raises UnsupportedModel if unsafe.
        """
        arguments = {
            key: self._argument(of, key, value, depth)
            for key, value in inner.items()
            if key not in _LEFT_OUT
        }
        if of == "Embedding" and isinstance(arguments.get("input_dim"), int):
            arguments["input_dim"] = min(arguments["input_dim"], VOCABULARY)
        # These make a model slow to build or tie it to one batch size.
        arguments |= {key: False for key in ("unroll", "stateful") if key in arguments}
        if isinstance(shape := arguments.get("batch_shape"), list):
            arguments["batch_shape"] = [None, *shape[1:]]
        return arguments

    def _argument(self, of: str, key: str, value: Any, depth: int) -> Any:
        """Return the safe value of the argument `key` of class `of`; raise UnsupportedModel if unsafe.

        By its key it is a layer, layers ("cells", a Pipeline's "layers"), a dtype, a `mask_value` (of a
        tensor its value), an Embedding's `input_dim` (any size), what `_BY_ENDING` reads, or plain.
        """
        if not _KEY.fullmatch(key):
            raise UnsupportedModel(f"{of} has an argument whose name is none.")
        if key in ("layer", "backward_layer", "cell"):
            return None if value is None else self._inner_layer(value, depth)
        if key == "cells" or (key == "layers" and of == "Pipeline"):
            return [self._inner_layer(each, depth) for each in checked_list(value)]
        if key == "dtype":
            return _safe_dtype(value)
        if key == "mask_value" and _text_value(value, "class_name") == "__tensor__":
            return checked_value(key, checked_mapping(value.get("config")).get("value"))
        if key == "input_dim" and of == "Embedding" and isinstance(value, int) and value > 0:
            return value
        for ending, read in _BY_ENDING.items():
            if key.endswith(ending):
                return read(value)
        return checked_value(key, value)

    def _inner_layer(self, raw: Any, depth: int) -> dict[str, Any]:
        """Return the safe configuration of a layer in a layer; raise UnsupportedModel if too deep."""
        if depth > 8:
            raise UnsupportedModel("Layers are nested in layers too deeply.")
        return self.layer(raw, depth + 1)


def _text_value(raw: Any, key: str) -> str:
    """Return the text under a key of a dictionary; "" where there is no dictionary, key or text."""
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, str) else ""


def _checked_class(raw: Any, table: Mapping[str, str], noun: str) -> tuple[str, dict[str, Any]]:
    """Return the class name and `config` of a serialized Keras object; raise UnsupportedModel if unfit.

    table: allowed class name -> its module in Keras. The module must be that, "keras.models" or, for
    Functional, "keras"; the registered name None or the class name. noun: the kind of object, in words.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("class_name"), str):
        raise UnsupportedModel(f"A {noun} is expected where there is none.")
    name, module = raw["class_name"], raw.get("module")
    registered = raw.get("registered_name")
    if name not in table:
        why = allow_list.NOT_AUDITED.get(name, "only Keras's own that compute are, no custom ones")
        raise UnsupportedModel(
            f"{quoted(name)} is no {noun} that is audited here: {why}. If you trust it: check_padding "
            "or --trust."
        )
    modules = {table[name], table[name].replace("keras.src.models.functional", "keras"), "keras.models"}
    if module not in modules or registered not in (None, name):
        raise UnsupportedModel(
            f"{quoted(name)} is said to come from {quoted(registered or module)}, not from Keras."
        )
    inner = raw.get("config")
    if not isinstance(inner, dict):
        raise UnsupportedModel(f"{name} has no configuration.")
    return name, inner


def _keras_object(name: str, module: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return a serialized object of Keras's own: the form from which Keras builds it."""
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _name_or_object_reader(
    table: Mapping[str, str], names: frozenset[str], noun: str
) -> Callable[[Any], Any]:
    """Return a function that returns a safe value, or raises UnsupportedModel.

    Safe are None and one of `names` in any case, returned as they are, and a serialized object of class
    in `table` (class name -> module), returned without its "seed". noun: the kind of object, in words.
    """

    def read(value: Any) -> Any:
        if value is None or (isinstance(value, str) and value.lower() in names):
            return value
        if isinstance(value, str):
            raise UnsupportedModel(f"{quoted(value)} is no {noun} of Keras.")
        name, inner = _checked_class(value, table, noun)
        arguments = {key: checked_value(key, each) for key, each in inner.items() if key != "seed"}
        return _keras_object(name, table[name], arguments)

    return read


def _safe_activation(value: Any) -> Any:
    """Return None or an activation's name, bare or "config" of a function of "builtins"; else raise."""
    if isinstance(value, dict) and value.get("class_name") == "function":
        if value.get("module") != "builtins":
            raise UnsupportedModel("An activation is a function that is not Keras's.")
        value = value.get("config")
    if value is None or (isinstance(value, str) and value in allow_list.ACTIVATIONS):
        return value
    raise UnsupportedModel(f"{quoted(value)} is no activation of Keras.")


_BY_ENDING: dict[str, Callable[[Any], Any]] = {
    "activation": _safe_activation,
    "initializer": _name_or_object_reader(
        allow_list.INITIALIZERS, allow_list.INITIALIZER_NAMES, "initializer"
    ),
    "regularizer": _name_or_object_reader(
        allow_list.REGULARIZERS, allow_list.REGULARIZER_NAMES, "regularizer"
    ),
    "constraint": _name_or_object_reader(allow_list.CONSTRAINTS, frozenset(), "constraint"),
}


def _safe_dtype(value: Any) -> Any:
    """Return a dtype's name, also from a dtype policy, or None; raise UnsupportedModel for others."""
    if isinstance(value, dict):
        _, inner = _checked_class(value, allow_list.DTYPE_POLICIES, "dtype")
        value = inner.get("name")
    if value is None or (isinstance(value, str) and value in allow_list.DTYPES):
        return value
    raise UnsupportedModel(f"{quoted(value)} is no dtype that is audited here.")


def _safe_node(raw: Any) -> dict[str, Any]:
    """Return a call's safe args and kwargs; raise UnsupportedModel for unsafe values and other keys."""
    if not isinstance(raw, dict) or set(raw) != {"args", "kwargs"}:
        raise UnsupportedModel("The connections between layers are not as Keras 3 writes them.")
    return {
        "args": [_safe_call_argument("args", each) for each in checked_list(raw["args"])],
        "kwargs": {
            checked_layer_name(key): _safe_call_argument(key, each)
            for key, each in checked_mapping(raw["kwargs"]).items()
        },
    }


def _safe_structure(key: str, value: Any) -> Any:
    """Return `input_layers` or `output_layers` (key) by `checked_value`, or a dict name -> such."""
    if isinstance(value, dict):
        return {checked_layer_name(name): checked_value(key, each) for name, each in value.items()}
    return checked_value(key, value)


def _safe_call_argument(key: str, value: Any) -> Any:
    """Return a safe argument of a layer's call; raise UnsupportedModel for any other value.

    Safe: symbolic tensors, slices, `...`, a "dtype", what `checked_value` allows, and lists of these.
    """
    if isinstance(value, list):
        return [_safe_call_argument(key, each) for each in checked_list(value)]
    if isinstance(value, dict):
        name, inner = value.get("class_name"), value.get("config")
        if name == "__ellipsis__":
            return {"class_name": name, "config": {}}
        if name == "__slice__" and isinstance(inner, dict):
            parts = {
                part: _safe_call_argument(part, inner.get(part)) for part in ("start", "stop", "step")
            }
            return {"class_name": name, "config": parts}
        if name == "__keras_tensor__" and isinstance(inner, dict):
            return {"class_name": name, "config": _safe_tensor(inner)}
        raise UnsupportedModel(f"A layer is called on {quoted(name)}, which is no tensor of the model.")
    if key == "dtype":
        return _safe_dtype(value)
    return checked_value(key, value)


def _safe_tensor(inner: dict[str, Any]) -> dict[str, Any]:
    """Return the safe `config` of a serialized symbolic tensor; raise UnsupportedModel if unfit."""
    history = checked_list(inner.get("keras_history"))
    if len(history) != 3 or not all(isinstance(each, int) for each in history[1:]):
        raise UnsupportedModel("The connections between layers are not as Keras 3 writes them.")
    return {
        "shape": checked_value("shape", inner.get("shape")),
        "dtype": _safe_dtype(inner.get("dtype")),
        "keras_history": [checked_layer_name(history[0]), *history[1:]],
    }
