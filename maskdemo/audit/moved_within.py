"""What moving a sequence within a fixed length cannot show: a layer that reads padding at any place.

Where no copy of a model takes another length, a sequence is moved from the end of the rectangle to its
beginning. A mean, a sum or a maximum over all steps stands still then, although it counts padded steps.
So other values are put at padded steps behind each layer that makes a mask, whose mask stays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maskdemo.audit.layer_kinds import is_a
from maskdemo.audit.lost_mask import MASK_MAKERS
from maskdemo.audit.pair import TracePair
from maskdemo.audit.trace import Call, Overrides
from maskdemo.errors import UnsupportedModel

NOTE = (
    "Its length is fixed, so sequences were only moved within it: a mean, sum or maximum over all "
    "steps of inputs that no layer masks would not be seen."
)


def refuse_reader_of_padding(pair: TracePair, tolerance: float) -> None:
    """Raise UnsupportedModel, with the layer, where outputs follow what stands at padded steps."""
    try:
        call = _reader_of_padding(pair, tolerance)
    except Exception:  # whatever a layer raises on values that it does not expect
        return
    if call is not None:
        raise UnsupportedModel(
            f"Outputs follow what stands at padded steps behind its mask, first after {call.name!r}: "
            "that layer reads padding wherever it stands. As the model has one fixed length, by how "
            "much padding moves them cannot be told: build it with an Input of any length."
        )


def _reader_of_padding(pair: TracePair, tolerance: float) -> Call | None:
    changed, other = Overrides(), replace(pair)
    for call in pair.padded.calls:
        before = pair.twin(call).outputs[0] if pair.twin(call).outputs else None
        if is_a(call.layer, *MASK_MAKERS) and before is not None and id(before) in pair.windows:
            real = pair.right_mask(before, call.outputs[0])
            real = real.reshape(*real.shape, *(1 for _ in call.outputs[0].shape[2:]))
            changed.outputs[call.order] = [np.where(real, call.outputs[0], call.outputs[0] + 1)]
    if not changed.outputs:
        return None
    other.rerun_padded(changed)
    if not other.moves(tolerance):
        return None
    moving = (
        call
        for call in other.padded.calls
        if any(other.relative_change(call, at) > tolerance for at in range(len(call.outputs)))
    )
    return next(moving, other.padded.calls[-1])
