"""The few Keras lines behind each strategy: shown in the app, and the models of the exported script.

Each text is the whole of one function that builds a model. Its inputs are called by name: `values`
(N, T, F), the padded sequences, and where the strategy needs it `valid` (N, T) bool, True at real
steps, as in a Keras mask. The only name that the text expects is `keras`. It holds for Keras 3.12 and
later: wherever versions differ in how a mask travels, the text says where it goes.
"""

from __future__ import annotations

from collections.abc import Callable

from maskdemo.experiment import Experiment
from maskdemo.tasks import TASKS

#: Their readings are 0 and 1, so a Masking layer can take real steps for padding.
BIT_TASKS = ("last_bit", "majority_bit")

DROP_THE_MASK = """\
# Keras passes the mask on to the loss, but padding is to count there: a product drops the mask.
{states} = {states} * 1.0"""

RESETTING_CELL = '''\
@keras.saving.register_keras_serializable()
class ResettingLSTMCell(keras.layers.LSTMCell):
    """An LSTM cell whose last input channel is the mask: where it is 0, the state becomes 0."""

    def build(self, input_shape):
        super().build((*input_shape[:-1], input_shape[-1] - 1))

    def call(self, inputs, states, training=False):
        values, valid = inputs[:, :-1], inputs[:, -1:]
        output, states = super().call(values, states, training=training)
        return output * valid, [each * valid for each in states]


'''


def strategy_lines(experiment: Experiment, strategy: str) -> str:
    """A function named as the strategy that builds its Keras model with these settings.

    Ends without a line break. Raises KeyError for an unknown strategy.
    """
    return _MODELS[strategy](experiment)


def reads_valid(experiment: Experiment, strategy: str) -> bool:
    """Whether the strategy's model has the input `valid` beside `values`."""
    return 'name="valid"' in strategy_lines(experiment, strategy)


def _function(experiment: Experiment, name: str, *lines: str, valid: bool = False) -> str:
    """`lines` make `states` out of `values` and `valid`; before and after is the same for all."""
    steps, features = experiment.padded_length, TASKS[experiment.task].features
    binary = experiment.classes == 2
    dense = '1, activation="sigmoid"' if binary else f'{experiment.classes}, activation="softmax"'
    states = _states(experiment)
    mask = f'valid = keras.Input(({steps},), dtype="bool", name="valid")  # True at real steps'
    body = [
        f'values = keras.Input(({steps}, {features}), name="values")',
        *([mask] if valid else []),
        *"\n".join(lines).splitlines(),
        f"answer = keras.layers.Dense({dense})({states})",
        f"return keras.Model({'[values, valid]' if valid else 'values'}, answer)",
    ]
    return "\n".join([f"def {name}():", *(f"    {line}" for line in body)])


def _states(experiment: Experiment) -> str:
    return "states" if experiment.per_step else "state"


def _lstm(experiment: Experiment, *, sequences: bool | None = None, cudnn: bool = True) -> str:
    arguments = [str(experiment.units)]
    if experiment.per_step if sequences is None else sequences:
        arguments.append("return_sequences=True")
    if not cudnn:
        arguments.append("use_cudnn=False")
    return f"keras.layers.LSTM({', '.join(arguments)})"


def _masked(experiment: Experiment, call: str, *, only_padding: bool) -> list[str]:
    """An LSTM called with a mask. only_padding: the mask is False at the end and nowhere else."""
    states = _states(experiment)
    if experiment.per_step:
        why = ["# Where the mask is False, cuDNN (on a GPU) would give zeros, not the held state."]
    elif not only_padding:
        why = ["# cuDNN (on a GPU) takes only a mask that is False at the end and nowhere else."]
    else:
        why = []
    lines = [*why, f"{states} = {_lstm(experiment, cudnn=not why)}({call})"]
    if experiment.per_step and experiment.count_invalid:
        lines.append(DROP_THE_MASK.format(states=states))
    return lines


def _only_padding(experiment: Experiment) -> bool:
    return experiment.side == "post" and experiment.missing_rate == 0


def _no_mask(experiment: Experiment) -> str:
    return _function(
        experiment, "no_mask", f"{_states(experiment)} = {_lstm(experiment)}(values)"
    )


def _masking_layer(experiment: Experiment) -> str:
    only_padding = _only_padding(experiment) and experiment.task not in BIT_TASKS
    return _function(
        experiment,
        "masking_layer",
        f"masked = keras.layers.Masking(mask_value={experiment.mask_value!r})(values)",
        *_masked(experiment, "masked", only_padding=only_padding),
    )


def _zeroed_input(experiment: Experiment) -> str:
    return _function(
        experiment,
        "zeroed_input",
        "zeroed = values * valid[:, :, None]",
        f"{_states(experiment)} = {_lstm(experiment)}(zeroed)",
        valid=True,
    )


def _zeroed_state(experiment: Experiment) -> str:
    cell = f"ResettingLSTMCell({experiment.units})"
    if experiment.per_step:
        cell += ", return_sequences=True"
    return RESETTING_CELL + _function(
        experiment,
        "zeroed_state",
        "with_mask = keras.ops.concatenate([values, valid[:, :, None]], axis=2)",
        f"{_states(experiment)} = keras.layers.RNN({cell})(with_mask)",
        valid=True,
    )


def _held_state(experiment: Experiment) -> str:
    return _function(
        experiment,
        "held_state",
        *_masked(experiment, "values, mask=valid", only_padding=_only_padding(experiment)),
        valid=True,
    )


def _last_valid_step(experiment: Experiment) -> str:
    if experiment.per_step:
        return _function(
            experiment,
            "last_valid_step",
            "# Every step answers for itself, so this is the model without a mask.",
            f"states = {_lstm(experiment)}(values)",
        )
    return _function(
        experiment,
        "last_valid_step",
        f"states = {_lstm(experiment, sequences=True)}(values)",
        f"steps = keras.ops.where(valid, keras.ops.arange({experiment.padded_length}), 0)",
        "last = keras.ops.max(steps, axis=1)",
        "state = keras.ops.take_along_axis(states, last[:, None, None], axis=1)[:, 0]",
        valid=True,
    )


def _mask_feature(experiment: Experiment) -> str:
    return _function(
        experiment,
        "mask_feature",
        "with_mask = keras.ops.concatenate([values, valid[:, :, None]], axis=2)",
        f"{_states(experiment)} = {_lstm(experiment)}(with_mask)",
        valid=True,
    )


_MODELS: dict[str, Callable[[Experiment], str]] = {
    "no_mask": _no_mask,
    "masking_layer": _masking_layer,
    "zeroed_input": _zeroed_input,
    "zeroed_state": _zeroed_state,
    "held_state": _held_state,
    "last_valid_step": _last_valid_step,
    "mask_feature": _mask_feature,
}
