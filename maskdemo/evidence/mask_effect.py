"""What a mask and truncation do to the sequences of an experiment, before anything is trained.

>>> from maskdemo.experiment import Experiment
>>> mask_effect(Experiment(pad_value=-1.0, mask_value=0.0), "masking_layer").note
'masks nothing: the mask value is 0, the padding −1'
>>> mask_effect(Experiment(pad_value=-1.0, mask_value=-1.0), "masking_layer").note
''
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from maskdemo.caching import Cache
from maskdemo.data.inputs import arrays_of, inputs, whole_sequences
from maskdemo.data.padding import Batch
from maskdemo.data.sequences import steps_lost
from maskdemo.evidence.accuracies import BASELINE
from maskdemo.evidence.phrases import capital, listed, loss_of_steps, number, percent
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES, Arrays


@dataclass(frozen=True)
class MaskEffect:
    """What a strategy's mask does to the sequences that its name does not say.

    note: the predicate of the strategy's title, as "masks nothing: ...", empty where the mask does as
    its name says. inert: whether the strategy trains the same networks as no mask. mask_value: the
    padding's value, where a Masking layer masks no invalid step.
    """

    note: str = ""
    inert: bool = False
    mask_value: float | None = None


#: The effect of a mask that does what its name says.
AS_NAMED = MaskEffect()
#: Cached effects, by experiment and strategy.
_EFFECTS: Cache[MaskEffect] = Cache(512)


def mask_effect(experiment: Experiment, strategy: str) -> MaskEffect:
    """Return the effect of a strategy's mask on all sequences of the first repeat. It is cached."""
    if strategy == BASELINE:
        return AS_NAMED
    return _EFFECTS.get((experiment, strategy), lambda: _effect(experiment, strategy))


def _effect(experiment: Experiment, strategy: str) -> MaskEffect:
    """Return the effect of a strategy's mask, from comparing its arrays with those of no mask.

    Notes are on inert masks, the Masking layer and, where it averages, `last_valid_step`.
    """
    batches = _batches(experiment)
    mine = [arrays_of(experiment, strategy, batch) for batch in batches]
    base = [arrays_of(experiment, BASELINE, batch) for batch in batches]
    inert = all(map(_equal, mine, base))
    # A batch of one sequence that is padded to its own longest has no padding.
    alone = experiment.batches != "fixed" and experiment.batch_size == 1
    invalid = []
    if not alone and any(batch.padded.any() for batch in batches):
        invalid.append("the padding")
    if any(batch.missing.any() for batch in batches):
        invalid.append("the gaps")
    note, missed = "", None
    if strategy == "masking_layer":
        note, missed = _what_is_masked(experiment, batches, mine, invalid)
    elif strategy == "last_valid_step" and experiment.averages and not inert:
        note = "averages the states after the valid steps alone"
    if inert and not note:
        note = _why_inert(experiment, strategy, invalid)
    return MaskEffect(note, inert, missed)


def unmasked_padding(experiment: Experiment) -> str:
    """Return " Masking layer masks nothing: ...", its note, where it masks no invalid step; else "".

    "" also where no step is invalid, or the run has no Masking layer.
    """
    if "masking_layer" not in experiment.strategies:
        return ""
    effect = mask_effect(experiment, "masking_layer")
    if effect.mask_value is None:
        return ""
    return f" {STRATEGIES['masking_layer'].title} {effect.note}."


def truncation_sentence(experiment: Experiment) -> str:
    """Return a sentence: how many of all sequences of repeat 0 are cut, and by how many steps."""
    data = whole_sequences(experiment)
    lost = [steps_lost(part, experiment.padded_length) for part in (data.train, data.test)]
    return f"{capital(loss_of_steps(np.concatenate(lost)))}."


def _batches(experiment: Experiment) -> tuple[Batch, Batch]:
    """Return training and test sequences of repeat 0, padded to at most `max_length` + 1 steps.

    All further padded steps are like the last. `there` is None. Sequences of one length are not padded
    unless batches are "fixed".
    """
    alike = experiment.batches != "fixed" and experiment.min_length == experiment.max_length
    length = min(experiment.padded_length, experiment.max_length + (not alike))
    repeat = inputs(replace(experiment, padded_length=length, batches="fixed"))
    return repeat.train, repeat.test


def _equal(mine: Arrays, base: Arrays) -> bool:
    """Whether two strategies have equal arrays of a batch, so that they train the same networks."""
    return all(
        np.array_equal(getattr(mine, each.name), getattr(base, each.name)) for each in fields(Arrays)
    )


def _what_is_masked(
    experiment: Experiment, batches: Sequence[Batch], arrays: Sequence[Arrays], invalid: Sequence[str]
) -> tuple[str, float | None]:
    """Return `note` and `mask_value` of a Masking layer, from the batches and its arrays of them.

    The note is on missing all invalid steps, else on masking real ones, else empty. invalid: the kinds
    of invalid steps that occur, in words.
    """
    held = np.concatenate([each.keep.ravel() > 0 for each in arrays])
    valid = np.concatenate([each.valid.ravel() for each in batches])
    real = held[valid].mean()
    some = f"{percent(real, 0) if real >= 0.005 else 'less than 1%'} of the real steps"
    mask, written = number(experiment.mask_value), number(experiment.pad_value)
    if invalid and not held[~valid].any():
        masked = f"{some} and nothing else" if real else "nothing"
        values = f"the mask value is {mask}, {listed(invalid)} {written}"
        return f"masks {masked}: {values}", experiment.pad_value
    also = " too" if invalid else ""
    return f"masks {some}{also}: they equal the mask value {mask}" if real else "", None


def _why_inert(experiment: Experiment, strategy: str, invalid: Sequence[str]) -> str:
    """Return "changes nothing: the padding is 0 already", or the reason of another strategy.

    invalid: as in `_what_is_masked`; where it is empty, that is the reason.
    """
    if not invalid:
        return "changes nothing: there is neither padding nor a gap"
    match strategy:
        case "zeroed_input":
            verb = "are" if len(invalid) > 1 or invalid == ["the gaps"] else "is"
            return f"changes nothing: {listed(invalid)} {verb} 0 already"
        case "forward_fill":
            return "changes nothing: no reading comes before the padding"
        case "last_valid_step" if experiment.per_step:
            return "changes nothing: every step has an answer of its own"
        case "last_valid_step":
            return "changes nothing: every sequence ends with a real step"
    return "changes nothing"
