"""Build a model from a stranger's configuration, with new weights, and audit it; nothing is loaded.

Weights and code of the file play no part. The model is first built without memory for its weights, to
count them; only a model that is small enough is then built for real.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from maskdemo.audit.configuration import safe_config
from maskdemo.audit.exception_sentences import short_reason
from maskdemo.audit.report import Report
from maskdemo.audit.resource_limits import MAX_OUTPUTS, MAX_WEIGHTS
from maskdemo.audit.run_audit import audit
from maskdemo.audit.samples import SEQUENCES
from maskdemo.errors import UnsupportedModel

#: Steps of the sequence whose outputs are counted; windows may be wider than the first of these.
_KNOWN_LENGTHS = (40, 200, 1000)
#: Outputs of all layers for all sequences: larger models get fewer sequences, down to a minimum.
_MAX_OUTPUTS_OF_ALL, _MIN_SEQUENCES = 16_000_000, 4


def audit_config(
    config: dict[str, Any], *, on_stage: Callable[[str], None] = lambda stage: None
) -> Report:
    """Return the report on a configuration's model, with new random weights.

    From 4 to SEQUENCES are drawn: as many as `_MAX_OUTPUTS_OF_ALL` numbers of all layers allow. config:
    as `safe_config` returns it. on_stage: is called with a phrase as each stage begins. Raises
    UnsupportedModel where the model cannot be built or is too large, and where `audit` does.
    """
    on_stage("Building the model from its configuration")
    outputs = _count_outputs(config)
    sequences = max(_MIN_SEQUENCES, min(SEQUENCES, _MAX_OUTPUTS_OF_ALL // max(outputs, 1)))
    return audit(_build_model(config), count=sequences, saved=False, on_stage=on_stage)


def model_of(text: str) -> Any:
    """Return the Keras model, however large, that JSON describes, unaudited; raise UnsupportedModel."""
    return _build_model(safe_config(text))


def _count_outputs(config: dict[str, Any]) -> int:
    """Return how many numbers all layers together put out for one sequence, and allocate none of them.

    An unknown length is the first of 40, 200 and 1,000 with which the model can be built. Raises
    UnsupportedModel where none is, and where that has over MAX_OUTPUTS numbers or MAX_WEIGHTS weights.
    """
    import keras

    model: Any = None
    for steps in _KNOWN_LENGTHS:
        try:
            with keras.StatelessScope(initialize_variables=False):
                model = _build_model(_with_known_length(config, steps))
            break
        except UnsupportedModel:
            if steps == _KNOWN_LENGTHS[-1]:
                raise
    weights = sum(math.prod(variable.shape) for variable in model.weights)
    if weights > MAX_WEIGHTS:
        raise UnsupportedModel(
            f"The model has {weights:,} weights; at most {MAX_WEIGHTS:,} are built here."
        )
    outputs = sum(
        math.prod(size or 1 for size in tensor.shape[1:])
        for operation in _all_operations(model)
        for node in operation._inbound_nodes
        for tensor in node.output_tensors
    )
    if outputs > MAX_OUTPUTS:
        raise UnsupportedModel(
            f"Its layers put out {outputs:,} numbers a sequence; at most {MAX_OUTPUTS:,} are "
            "computed here."
        )
    return outputs


def _with_known_length(config: Any, steps: int) -> Any:
    """Return a copy with `steps` for each None in every `batch_shape`, and None as batch size."""
    if isinstance(config, list):
        return [_with_known_length(each, steps) for each in config]
    if not isinstance(config, dict):
        return config
    fixed = {key: _with_known_length(each, steps) for key, each in config.items()}
    if isinstance(shape := config.get("batch_shape"), list):
        fixed["batch_shape"] = [None, *(steps if size is None else size for size in shape[1:])]
    return fixed


def _all_operations(model: Any) -> list[Any]:
    """Return a model's operations or, without any, its layers; nested models are replaced by theirs."""
    result = []
    for operation in getattr(model, "operations", None) or model.layers:
        result += _all_operations(operation) if hasattr(operation, "layers") else [operation]
    return result


def _build_model(config: dict[str, Any]) -> Any:
    """Return the Keras model of a configuration; raise UnsupportedModel if invalid or without Input."""
    import keras

    try:
        model = keras.saving.deserialize_keras_object(deepcopy(config), safe_mode=True)
        if not model.built or not getattr(model, "inputs", None):
            raise UnsupportedModel(
                "The configuration does not say what goes into the model: start it with an Input."
            )
    except UnsupportedModel:
        raise
    except Exception as refused:  # whatever Keras raises on arguments that do not fit
        raise UnsupportedModel(f"Keras cannot build this model: {short_reason(refused)}") from None
    return model
