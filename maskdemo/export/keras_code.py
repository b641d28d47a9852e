"""The few Keras lines behind each strategy: shown in the app, and the models of the exported script.

Each text is the whole of one function that builds a model. Its inputs are called by name: `values`
(N, T, F), the padded sequences, and where the strategy needs it `valid` (N, T) bool, True at real
steps, as in a Keras mask. The only name that the text expects is `keras`. It holds for Keras 3.12 and
later: wherever versions differ in how a mask travels, the text says where it goes.
"""

from __future__ import annotations

from dataclasses import dataclass

from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES, Strategy


@dataclass(frozen=True)
class LayerCode:
    """The Keras code of a strategy's LSTM, of `values` (N, T, F) and `valid` (N, T) bool.

    call: the arguments of the layer's call. before: lines that make them, with the placeholders
    `{mask_value}`, `{at}` (each step's number from 0) and `{until}` (T, T), 1 where column <= row.
    masks: whether a mask reaches the layer. cell: (code, name) of a class in place of Keras's own cell.
    """

    call: str
    before: str = ""
    masks: bool = False
    cell: tuple[str, str] | None = None


WITH_MASK = "with_mask = keras.ops.concatenate([values, valid[:, :, None]], axis=2)"
#: Before the first valid step the first step is repeated, which holds the pad value like all of these.
FORWARD_FILL = """\
steps = keras.ops.where(valid, {at}, 0)
until = {until}
newest = keras.ops.max(steps[:, None] * until, axis=2)
filled = keras.ops.take_along_axis(values, newest[:, :, None], axis=1)"""
RESETTING_CELL = '''\
@keras.saving.register_keras_serializable()
class ResettingLSTMCell(keras.layers.LSTMCell):
    """An LSTM cell whose last input channel is the mask: where it is 0, the state becomes 0."""

    def build(self, input_shape):
        super().build((*input_shape[:-1], input_shape[-1] - 1))

    def call(self, inputs, states, training=False):
        values, valid = inputs[:, :-1], inputs[:, -1:]
        output, states = super().call(values, states, training=training)
        return output * valid, [each * valid for each in states]'''
#: How Keras does each strategy.
LAYERS = {
    "no_mask": LayerCode("values"),
    "masking_layer": LayerCode(
        "masked", "masked = keras.layers.Masking(mask_value={mask_value})(values)", masks=True
    ),
    "zeroed_input": LayerCode("zeroed", "zeroed = values * valid[:, :, None]"),
    "zeroed_state": LayerCode("with_mask", WITH_MASK, cell=(RESETTING_CELL, "ResettingLSTMCell")),
    "held_state": LayerCode("values, mask=valid", masks=True),
    "last_valid_step": LayerCode("values"),
    "mask_feature": LayerCode("with_mask", WITH_MASK),
    "forward_fill": LayerCode("filled", FORWARD_FILL),
}
#: The state after the last valid step, out of the states after every step.
LAST_VALID = (
    "steps = keras.ops.where(valid, {at}, {none})",
    "last = keras.ops.max(steps, axis=1)",
    "state = keras.ops.take_along_axis(states, last[:, None, None], axis=1)[:, 0]",
)
#: The mean of the states after the steps of the mask {mask}, 0 where a sequence has none.
MEAN_OF_SOME = (
    "# GlobalAveragePooling1D would divide by zero where a sequence has no step to average.",
    "counted = keras.ops.cast({mask}, states.dtype)[:, :, None]",
    "number = keras.ops.maximum(keras.ops.sum(counted, axis=1), 1)",
    "state = keras.ops.sum(states * counted, axis=1) / number",
)
#: In batches of any length: the number of each step.
STEP_NUMBERS = 'at = keras.ops.cumsum(keras.ops.ones_like(valid, dtype="int32"), axis=1) - 1'
DROP_THE_MASK = (
    "# Keras passes the mask on to the loss, but padding is to count there: a product drops the mask.",
    "states = states * 1.0",
)


def strategy_lines(experiment: Experiment, strategy: str) -> str:
    """Return the code of a function, named like the strategy, that returns its uncompiled Keras model.

    Its Dense is one sigmoid for two labels, else a softmax; the model takes any number of steps unless
    batches are "fixed". A class that it needs stands above it. KeyError for an unknown strategy.
    """
    chosen, keras = STRATEGIES[strategy], LAYERS[strategy]
    valid, state = reads_valid(experiment, strategy), "states" if experiment.per_step else "state"
    steps = experiment.padded_length if experiment.batches == "fixed" else None
    features = experiment.spec.features
    binary = experiment.classes == 2
    dense = '1, activation="sigmoid"' if binary else f'{experiment.classes}, activation="softmax"'
    body = [
        f'values = keras.Input(({steps}, {features}), name="values")',
        *([f'valid = keras.Input(({steps},), dtype="bool", name="valid")  # True at real steps']
          if valid else []),
        *_filled_lines(experiment, *keras.before.splitlines()),
        *_layer_lines(experiment, chosen),
        f"answer = keras.layers.Dense({dense})({state})",
        f"return keras.Model({'[values, valid]' if valid else 'values'}, answer)",
    ]  # fmt: skip
    cell = f"{keras.cell[0]}\n\n\n" if keras.cell else ""
    return cell + "\n".join([f"def {strategy}():", *(f"    {line}" for line in body)])


def reads_valid(experiment: Experiment, strategy: str) -> bool:
    """Whether the strategy's model has the input `valid` beside `values`."""
    return STRATEGIES[strategy].reads_valid or _picks_valid_steps(experiment, STRATEGIES[strategy])


def _picks_valid_steps(experiment: Experiment, strategy: Strategy) -> bool:
    """Whether a sequence's one answer is read from its last valid step, or the mean of all valid."""
    return strategy.reads_last_valid and not experiment.per_step


def _layer_lines(experiment: Experiment, strategy: Strategy) -> list[str]:
    """Return the lines after `before`, which make `states`, (N, T, H), if per_step, else `state`."""
    every_state = _picks_valid_steps(experiment, strategy) or experiment.averages or experiment.per_step
    keras = LAYERS[strategy.name]
    why = _no_cudnn_comment(experiment, strategy)
    arguments = [f"{keras.cell[1]}({experiment.units})" if keras.cell else str(experiment.units)]
    if every_state:
        arguments.append("return_sequences=True")
    if why:
        arguments.append("use_cudnn=False")
    layer = f"keras.layers.{'RNN' if keras.cell else 'LSTM'}({', '.join(arguments)})"
    lines = [*why, f"{'states' if every_state else 'state'} = {layer}({keras.call})"]
    if strategy.reads_last_valid and experiment.per_step:
        lines.insert(0, "# Every step answers for itself, so this is the model without a mask.")
    if keras.masks and experiment.per_step and experiment.count_invalid:
        lines += DROP_THE_MASK
    if experiment.averages:
        lines += _mean_lines(experiment, strategy)
    elif _picks_valid_steps(experiment, strategy):
        # Only a sequence that was cut can be left without any valid step: then the last step counts.
        none = -1 if _may_lack_valid_steps(experiment) else 0
        lines += _filled_lines(experiment, *LAST_VALID, none=none)
    return lines


def _mean_lines(experiment: Experiment, strategy: Strategy) -> list[str]:
    """Return the lines of `state`, the mean of `states`: at all steps, at `valid`, or at Masking's."""
    computed = strategy.name == "masking_layer"
    if not (computed or LAYERS[strategy.name].masks or strategy.reads_last_valid):
        return ["state = keras.layers.GlobalAveragePooling1D()(states)"]
    masks_real_steps = computed and (experiment.spec.discrete or experiment.is_own)
    if masks_real_steps or _may_lack_valid_steps(experiment):
        mask = f"keras.ops.any(values != {experiment.mask_value!r}, axis=2)" if computed else "valid"
        return [line.format(mask=mask) for line in MEAN_OF_SOME]
    # The mask of a Masking layer travels with the states.
    mask = "" if computed else ", mask=valid"
    return [f"state = keras.layers.GlobalAveragePooling1D()(states{mask})"]


def _may_lack_valid_steps(experiment: Experiment) -> bool:
    """Whether a sequence may have no valid step: it is cut, and uploaded or with readings missing."""
    return experiment.truncates and (experiment.missing_rate > 0 or experiment.is_own)


def _filled_lines(experiment: Experiment, *lines: str, **values: object) -> list[str]:
    """Return the lines with `{at}`, `{until}`, `{mask_value}` and the names in `values` filled in.

    `{at}` is an `arange` in "fixed" batches, else the name `at`; if needed, a line before computes it.
    """
    at, until = "at", 'keras.ops.cast(at[:, None] <= at[:, :, None], "int32")'
    before = [STEP_NUMBERS] if any("{at}" in line for line in lines) else []
    if experiment.batches == "fixed":
        steps, before = experiment.padded_length, []
        at, until = f"keras.ops.arange({steps})", f'keras.ops.tri({steps}, dtype="int32")'
    values |= {"at": at, "until": until, "mask_value": repr(experiment.mask_value)}
    return before + [line.format(**values) for line in lines]


def _no_cudnn_comment(experiment: Experiment, strategy: Strategy) -> list[str]:
    """Return a comment, one line, on why an LSTM with a mask must not use cuDNN; [] where it may.

    It must not if `per_step`, or if the mask can be False elsewhere than at the end.
    """
    if not LAYERS[strategy.name].masks:
        return []
    if experiment.per_step:
        return ["# Where the mask is False, cuDNN (on a GPU) would give zeros, not the held state."]
    # A mask that is read off the values takes real steps that equal the mask value for padding.
    holes = experiment.spec.discrete and not strategy.reads_valid
    missing = experiment.missing_rate > 0 or experiment.is_own
    if experiment.side == "pre" or missing or holes:
        return ["# cuDNN (on a GPU) takes only a mask that is False at the end and nowhere else."]
    return []
