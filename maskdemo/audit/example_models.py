"""Example models for the page: each looks masked and leaks, or warns and does not leak.

They are configurations as Keras writes them, put together without Keras.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_KERAS = "https://github.com/keras-team/keras/issues/"


@dataclass(frozen=True)
class ExampleModel:
    """A ready model to audit, and the same without its fault.

    sentence: on the model. thread: the address of a discussion. scenario: the name of the playground's
    scenario that shows the same in training. config, fixed: the two models as JSON. fix: a sentence
    on what is changed in `fixed`. `fix` and `fixed` are "" where nothing is wrong.
    """

    name: str
    title: str
    sentence: str
    thread: str
    scenario: str
    config: str
    fix: str = ""
    fixed: str = ""


def _layer(kind: str, name: str, _from: Any = None, _mask: str = "", **config: Any) -> dict[str, Any]:
    """Return a serialized layer of class `kind`. config: its constructor's arguments.

    _from: the layers called before, see `_call_args`; None (no `inbound_nodes`) in a Sequential model.
    _mask: the name of the layer whose output is passed as `mask`, if any.
    """
    layer: dict[str, Any] = {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": None,
        "name": name,
    }
    if _from is not None:
        kwargs = {"mask": _output_tensor(_mask)} if _mask else {}
        layer["inbound_nodes"] = [{"args": _call_args(_from), "kwargs": kwargs}]
    return layer


def _operation(kind: str, name: str, before: str, *args: Any, **config: Any) -> dict[str, Any]:
    """Return a serialized NumPy operation on the layer `before` and on plain arguments."""
    node = {"args": [_output_tensor(before), *args], "kwargs": {}}
    of_numpy = {"module": "keras.src.ops.numpy", "inbound_nodes": [node]}
    return _layer(kind, name, **config) | of_numpy


def _call_args(of: Any) -> list[Any]:
    """Return serialized arguments: a name is a tensor, a list one list of tensors, a tuple several."""
    if isinstance(of, tuple):
        return [_output_tensor(each) for each in of]
    return [[_output_tensor(each) for each in of] if isinstance(of, list) else _output_tensor(of)]


def _output_tensor(name: str) -> dict[str, Any]:
    """Return a layer's serialized symbolic output, always float32 of shape (None, None, None)."""
    history = [name, 0, 0]
    config = {"shape": [None, None, None], "dtype": "float32", "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def _input(name: str = "sequence", **inputs: Any) -> dict[str, Any]:
    """Return an InputLayer, (batch, steps, 4) of float32 unless `inputs` says otherwise."""
    shape: dict[str, Any] = {"batch_shape": [None, None, 4], "dtype": "float32"}
    return _layer("InputLayer", name, **(shape | inputs)) | {"inbound_nodes": []}


def _tokens() -> dict[str, Any]:
    """Return an InputLayer named "words" for token numbers, (batch, steps) of float32."""
    return _input("words", batch_shape=[None, None])


def _sequential_json(*layers: dict[str, Any]) -> str:
    """Return the configuration of a Sequential model of these layers as JSON."""
    config = {"name": "model", "layers": layers}
    return json.dumps({"module": "keras", "class_name": "Sequential", "config": config})


def _functional_json(*layers: dict[str, Any]) -> str:
    """Return the configuration of a Functional model as JSON; the last layer is the output."""
    inputs = [[each["name"], 0, 0] for each in layers if each["class_name"] == "InputLayer"]
    config = {
        "name": "model",
        "layers": layers,
        "input_layers": inputs,
        "output_layers": [[layers[-1]["name"], 0, 0]],
    }
    return json.dumps(
        {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}
    )


def _masking(of: str = "sequence", name: str = "masking") -> dict[str, Any]:
    """Return a Masking layer of the mask value 0 on the layer `of`."""
    return _layer("Masking", name, of, mask_value=0.0)


#: The mask of `sequence` as a tensor, for layers that are handed it.
_MASK = (
    _operation("NotEqual", "differs", "sequence", 0.0),
    _operation("Any", "mask", "differs", axis=-1),
)
_CONVOLUTION = _layer("Conv1D", "convolution", "masking", filters=8, kernel_size=3, padding="same")
_TWICE = _operation("Multiply", "twice", "masking", 2.0)


def _attention_model(by_hand: bool) -> str:
    """Return two attention blocks and a mean on tokens as JSON; by_hand: both are passed the mask."""
    mask = (_operation("NotEqual", "mask", "words", 0),) if by_hand else ()
    embedding = _layer("Embedding", "embedding", "words", input_dim=50, output_dim=8, mask_zero=True)
    layers = [_tokens(), *mask, embedding]
    last = "embedding"
    for index in (1, 2):
        attention = _layer(
            "MultiHeadAttention", f"attention_{index}", (last, last), num_heads=2, key_dim=4
        )
        if by_hand:
            masks = {f"{each}_mask": _output_tensor("mask") for each in ("query", "value", "key")}
            attention["inbound_nodes"][0]["kwargs"] = masks
        layers += [attention, _layer("Add", f"add_{index}", [f"attention_{index}", last])]
        layers.append(_layer("LayerNormalization", f"norm_{index}", f"add_{index}"))
        last = f"norm_{index}"
    mean = _layer("GlobalAveragePooling1D", "mean", last, _mask="mask" if by_hand else "")
    return _functional_json(*layers, mean, _layer("Dense", "answer", "mean", units=2))


def _model_with_labels_by_step(tanh_as_layer: bool) -> str:
    """Return LSTM, tanh (a layer or an operation) and Dense at every step as JSON."""
    squash = (
        _layer("Activation", "squash", "lstm", activation="tanh")
        if tanh_as_layer
        else _operation("Tanh", "squash", "lstm")
    )
    lstm = _layer("LSTM", "lstm", "masking", units=8, return_sequences=True)
    answer = _layer("Dense", "answer", "squash", units=1, activation="sigmoid")
    return _functional_json(_input(), _masking(), lstm, squash, answer)


def _readout(of: str, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an LSTM of 8 units on the layer `of`, and a Dense layer of 2 units on the LSTM."""
    return _layer("LSTM", "lstm", of, units=8, **options), _layer("Dense", "answer", "lstm", units=2)


def _half_precision_model(mask_value: float) -> str:
    """Return Masking and LSTM in mixed_float16, and Dense in float32, as JSON."""
    half = {"dtype": "mixed_float16"}
    return _sequential_json(
        _input(),
        _layer("Masking", "masking", mask_value=mask_value, **half),
        _layer("LSTM", "lstm", units=8, **half),
        _layer("Dense", "answer", units=2),
    )


def _embedding_model(mask_zero: bool) -> str:
    """Return an Embedding of tokens, a bidirectional LSTM and a Dense layer as JSON."""
    embedding = _layer("Embedding", "embedding", input_dim=50, output_dim=8, mask_zero=mask_zero)
    both = _layer("Bidirectional", "both", layer=_layer("LSTM", "lstm", units=8))
    return _sequential_json(_tokens(), embedding, both, _layer("Dense", "answer", units=2))


def _sum_model(mask_right: bool) -> str:
    """Return an LSTM on the sum of inputs "left", masked, and "right", masked if so said, as JSON."""
    left = _masking("left", "masking_left")
    masked = (_masking("right", "masking_right"),) if mask_right else ()
    merged = _layer("Add", "add", ["masking_left", "masking_right" if mask_right else "right"])
    return _functional_json(_input("left"), _input("right"), left, *masked, merged, *_readout("add"))


EXAMPLES: dict[str, ExampleModel] = {
    each.name: each
    for each in (
        ExampleModel(
            "convolution",
            "A convolution in between",
            "Masking, Conv1D, LSTM: the mask is made and never arrives. Keras warns once.",
            "https://github.com/tensorflow/tensorflow/issues/73531",
            "long_post_padding",
            _functional_json(_input(), _masking(), _CONVOLUTION, *_readout("convolution")),
            "The mask is handed to the LSTM.",
            _functional_json(
                _input(), *_MASK, _masking(), _CONVOLUTION, *_readout("convolution", _mask="mask")
            ),
        ),
        ExampleModel(
            "operation",
            "One small multiplication",
            "Masking, times 2, LSTM: an operator makes a new tensor, without the mask. Nothing warns.",
            f"{_KERAS}18416",
            "manual_mask",
            _functional_json(_input(), _masking(), _TWICE, *_readout("twice")),
            "The mask is handed to the LSTM.",
            _functional_json(_input(), *_MASK, _masking(), _TWICE, *_readout("twice", _mask="mask")),
        ),
        ExampleModel(
            "attention",
            "Two attention blocks",
            "Attention takes the mask off its own input, so the shortcut around it has none. One "
            "block is right; the second one reads padding.",
            f"{_KERAS}20455",
            "pre_padding",
            _attention_model(by_hand=False),
            "Attention and mean are handed the mask.",
            _attention_model(by_hand=True),
        ),
        ExampleModel(
            "sum",
            "A masked and an unmasked sequence",
            "Two sequences are added, one of them masked: the sum has no mask at all.",
            f"{_KERAS}19685",
            "long_post_padding",
            _sum_model(mask_right=False),
            "Both sequences are masked.",
            _sum_model(mask_right=True),
        ),
        ExampleModel(
            "half_precision",
            "A mask value in half precision",
            "Masking(0.1) under mixed_float16: rounded, 0.1 is another number, and nothing is masked.",
            "https://keras.io/api/mixed_precision/",
            "long_post_padding",
            _half_precision_model(0.1),
            "The mask value is -1, which half precision holds.",
            _half_precision_model(-1.0),
        ),
        ExampleModel(
            "loss",
            "A loss that counts padding",
            "A label at each step, and tanh as an operation: predictions are right, and the loss "
            "counts padded steps.",
            f"{_KERAS}15323",
            "inflated_accuracy",
            _model_with_labels_by_step(tanh_as_layer=False),
            "tanh is a layer, which keeps the mask.",
            _model_with_labels_by_step(tanh_as_layer=True),
        ),
        ExampleModel(
            "embedding",
            "Words without mask_zero",
            "Embedding makes a mask only where it is told to: mask_zero is False unless one says so.",
            "https://keras.io/guides/understanding_masking_and_padding/",
            "real_speech",
            _embedding_model(mask_zero=False),
            "mask_zero=True.",
            _embedding_model(mask_zero=True),
        ),
        ExampleModel(
            "warning",
            "A warning for nothing",
            "A nested Sequential: Keras warns that the mask is destroyed, and it is not.",
            "https://github.com/keras-team/keras-hub/issues/2141",
            "masking_layer",
            _sequential_json(
                _input(),
                _layer("Masking", "masking"),
                {"name": "inner"}
                | json.loads(
                    _sequential_json(
                        _input("inside"), _layer("Dense", "dense", units=4, activation="tanh")
                    )
                ),
                _layer("LSTM", "lstm", units=8),
                _layer("Dense", "answer", units=2),
            ),
        ),
    )
}
