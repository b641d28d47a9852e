"""Trace the same sequences with and without padding, and compare the calls: outputs and masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from maskdemo.audit.fixed_length_steps import steps_of_fixed_inputs
from maskdemo.audit.output_change import aligned_index, changes_of, largest_change, largest_number
from maskdemo.audit.run_model import batch_size
from maskdemo.audit.samples import Samples, Side
from maskdemo.audit.tolerances import MIN_SCALE, SAME_STEP, UNIT_FACTOR
from maskdemo.audit.trace import Call, Detail, InputTensor, Overrides, Trace, trace

#: right: the mask is True exactly at the real steps. wrong: it is another mask. none: there is no mask.
State = Literal["none", "right", "wrong"]

#: Number of sequences that are traced.
MAX_TRACED = 8
#: From the most detailed trace to the least, which every model allows.
DETAILS: tuple[Detail, ...] = ("layers", "models", "nothing")


@dataclass
class TracePair:
    """The traces of a batch, of sequences of one length, without and with padding.

    windows: number of real steps by `id` of those arrays of `unpadded` that have the steps of an input
    of one length. There real steps are moved within that length; else padding makes arrays longer.
    unpadded_batch, batch: the inputs of the two. tolerance: the share of its largest number by which a
    tensor may move by rounding. disturbed: what is replaced in every padded run. by_unit: whether a
    number is compared with the largest of its unit, and not of the whole array.
    """

    unpadded: Trace
    padded: Trace
    side: Side
    windows: dict[int, int]
    model: Any
    unpadded_batch: dict[str, np.ndarray]
    batch: dict[str, np.ndarray]
    detail: Detail
    tolerance: float
    disturbed: Overrides = field(default_factory=Overrides)
    by_unit: bool = False

    def rerun_padded(self, overrides: Overrides) -> None:
        """Replace `padded` by a new run of the padded batch, with these outputs and inputs replaced."""
        both = Overrides(
            self.disturbed.outputs | overrides.outputs, self.disturbed.inputs | overrides.inputs
        )
        self.padded = trace(self.model, self.batch, both, detail=self.detail)

    def moves(self) -> bool:
        """Whether the model's outputs move at real steps by more than `tolerance`."""
        return self.furthest() > self.tolerance

    def stands_still(self) -> bool:
        """Whether no output moves by more than `tolerance`, nor a unit by UNIT_FACTOR times that."""
        return not (self.moves() or replace(self, by_unit=True).moves())

    def furthest(self) -> float:
        """Return how far the model's outputs move: the largest `share`."""
        return self.change(self.padded.calls[-1])

    def twin(self, call: Call) -> Call:
        """Return the call without padding that corresponds to a call with padding."""
        return self.unpadded.calls[call.order]

    def has_time_axis(self, unpadded: np.ndarray, got: np.ndarray) -> bool:
        """Whether a tensor has a time axis: an axis but the first differs, or `windows` names it."""
        return id(unpadded) in self.windows or unpadded.shape[1:] != got.shape[1:]

    def real_index(
        self, unpadded: np.ndarray, got: np.ndarray, like: np.ndarray | None = None
    ) -> tuple[Any, ...] | None:
        """Return the index that takes the real steps of a padded tensor: its start, or end if "pre".

        Where others stand there: those that `_matched_steps` finds. None where the number of axes or
        the batch size differs. like: the array of the trace that `unpadded` replaces, as `windows`
        knows arrays by `id`.
        """
        if length := self.windows.get(id(unpadded if like is None else like)):
            return (slice(None), slice(length) if self.side == "post" else slice(-length, None))
        if unpadded.ndim != got.ndim or not unpadded.ndim or len(unpadded) != len(got):
            return None
        index = aligned_index(got.shape, unpadded.shape, self.side)
        longer = unpadded.ndim > 1 and got.shape[1] > unpadded.shape[1]
        if longer and got.shape[2:] == unpadded.shape[2:]:
            close = SAME_STEP * largest_number(unpadded)
            if largest_change(unpadded, got[index]) > close:
                matched = _matched_steps(unpadded, got, self.side, close)
                return index if matched is None else (slice(None), matched)
        return index

    def real_steps(
        self, unpadded: np.ndarray, got: np.ndarray, like: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the real steps of a tensor, without and with padding; None if shapes do not fit."""
        index = self.real_index(unpadded, got, like)
        if index is None:
            return None
        length = self.windows.get(id(unpadded if like is None else like))
        return (unpadded[:, :length] if length else unpadded), got[index]

    def share(self, unpadded: np.ndarray, got: np.ndarray, like: np.ndarray | None = None) -> float:
        """Return the largest |difference| at real steps as a share of the largest number of `unpadded`.

        0 where shapes do not fit. by_unit: the largest share of a unit's own, divided by UNIT_FACTOR.
        """
        real_steps = self.real_steps(unpadded, got, like)
        if real_steps is None:
            return 0.0
        wanted, moved = real_steps
        if self.by_unit and wanted.ndim > 1 and wanted.shape == moved.shape and wanted.size:
            units = tuple(range(wanted.ndim - 1))
            scale = np.abs(np.where(np.isfinite(wanted), wanted, 0.0)).max(axis=units)
            shares = changes_of(wanted, moved).max(axis=units) / np.maximum(scale, MIN_SCALE)
            return float(shares.max()) / UNIT_FACTOR
        return largest_change(wanted, moved) / largest_number(unpadded)

    def change(self, call: Call) -> float:
        """Return how far the outputs of a call move: the largest `share`; 0 without outputs."""
        both = zip(self.twin(call).outputs, call.outputs, strict=True)
        return max((self.share(before, after) for before, after in both), default=0.0)

    def real_without_padding(self, unpadded: np.ndarray) -> np.ndarray:
        """Return where the steps of an array without padding are real, (N, steps) of bool."""
        real = np.ones(unpadded.shape[:2], bool)
        if length := self.windows.get(id(unpadded)):
            real[:, length:] = False
        return real

    def right_mask(self, unpadded: np.ndarray, got: np.ndarray) -> np.ndarray:
        """Return the right mask for a padded tensor, (N, steps) of bool: True at real steps."""
        right = np.zeros(got.shape[:2], bool)
        index = self.real_index(unpadded, got)
        length = unpadded.shape[1]
        side = (slice(None), slice(length) if self.side == "post" else slice(-length, None))
        right[side if index is None else index[:2]] = True
        return right

    def real_elements(self, unpadded: np.ndarray, got: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where a tensor is real, without and with padding: two arrays of bool to broadcast.

        Scores of steps by steps are padded along two axes: only real steps by real steps are real.
        """
        padded_axes = [at for at in range(1, got.ndim) if unpadded.shape[at] != got.shape[at]]
        if id(unpadded) in self.windows or padded_axes == [1]:
            before, after = self.real_without_padding(unpadded), self.right_mask(unpadded, got)
            return expanded_mask(before, got.ndim), expanded_mask(after, got.ndim)
        kept = [size if at in (0, *padded_axes) else 1 for at, size in enumerate(got.shape)]
        after = np.zeros(kept, bool)
        after[aligned_index(tuple(kept), unpadded.shape, self.side)] = True
        return np.ones([min(pair) for pair in zip(kept, unpadded.shape, strict=True)], bool), after

    def mask_state(
        self,
        mask: np.ndarray | None,
        unpadded_mask: np.ndarray | None,
        unpadded: np.ndarray,
        got: np.ndarray,
    ) -> State:
        """Return whether a padded tensor's mask is "right", "wrong" or "none" (there is none).

        unpadded, got: the tensor in the run without padding and in the padded run; unpadded_mask, mask:
        their masks. A mask counts as right if its tensor has no time axis, or it is not (N, steps), and
        may be False at a real step where that without padding is, too.
        """
        if mask is None:
            return "none"
        if not self.has_time_axis(unpadded, got) or mask.ndim != 2:
            return "right"
        right = self.right_mask(unpadded, got)
        if (
            id(unpadded) not in self.windows
            and unpadded_mask is not None
            and unpadded_mask.shape == unpadded.shape[:2]
        ):
            # A real step that holds the mask value is masked in both: `other_checks` reports it.
            right[right] = unpadded_mask.ravel()
        return "right" if mask.shape == right.shape and (mask == right).all() else "wrong"

    def received(self, call: Call, input_tensor: InputTensor) -> State:
        """Return the state of the mask with which a call received a tensor."""
        place, twin = call.inputs.index(input_tensor), self.twin(call)
        masks = call.mask_at(place), twin.mask_at(place)
        return self.mask_state(*masks, twin.inputs[place].array, input_tensor.array)

    def time_inputs(self, call: Call) -> list[InputTensor]:
        """Return the inputs of a call that have a time axis."""
        return [
            input_tensor
            for input_tensor, twin in zip(call.inputs, self.twin(call).inputs, strict=True)
            if self.has_time_axis(twin.array, input_tensor.array)
        ]

    def passed(self, call: Call, index: int) -> State:
        """Return the state of the mask that a call attached to an output."""
        twin = self.twin(call)
        return self.mask_state(
            call.masks[index], twin.masks[index], twin.outputs[index], call.outputs[index]
        )

    def timed_outputs(self, call: Call) -> list[int]:
        """Return the indices of the outputs of a call with padding that have a time axis."""
        both = zip(self.twin(call).outputs, call.outputs, strict=True)
        return [index for index, each in enumerate(both) if self.has_time_axis(*each)]


def mask_of(real: np.ndarray) -> np.ndarray:
    """Return where any element of a step is real, (N, steps) of bool. real: bool, (N, steps, ...)."""
    return np.asarray(real.any(axis=tuple(range(2, real.ndim))))


def expanded_mask(mask: np.ndarray, ndim: int) -> np.ndarray:
    """Return a mask, (N, steps), with axes of size 1 behind, to be broadcast over `ndim` axes."""
    return mask.reshape(*mask.shape, *(1,) * (ndim - 2))


def trace_pair(
    model: Any,
    samples: Samples,
    index: int,
    side: Side,
    added: int,
    tolerance: float,
    among: Iterable[int],
) -> TracePair:
    """Return traces, without and with padding, of number `index` and up to 7 sequences as long as it.

    added: padded steps beyond the longest of the sequences `among`, which are indices, too. At 0, they
    are padded to that length, and by 1 step if they are the longest. The last fills a fixed batch size.
    """
    group = samples.by_length()[samples.lengths(samples.rows[index])]
    group = [index, *(other for other in group if other != index)][:MAX_TRACED]
    if (size := batch_size(model)) is not None:
        group = [group[min(place, len(group) - 1)] for place in range(size)]
    longest = max(max(samples.lengths(samples.rows[each])) for each in (*among, index))
    length = max(samples.lengths(samples.rows[index]))
    unpadded = samples.padded_batch(group, "post")
    # The longest itself moves only with a step more; the others as they were measured.
    more = added or int(length == longest)
    batch = samples.padded_batch(group, side, longest + more - length)
    without, with_padding, detail = traces_of(model, unpadded, model, batch)
    names = steps_of_fixed_inputs(without, unpadded, samples.model_inputs)
    windows = {key: len(samples.rows[index][name]) for key, name in names.items()}
    return TracePair(without, with_padding, side, windows, model, unpadded, batch, detail, tolerance)


def traces_of(
    one: Any,
    batch: dict[str, np.ndarray],
    other: Any,
    padded: dict[str, np.ndarray],
    details: Sequence[Detail] = DETAILS,
) -> tuple[Trace, Trace, Detail]:
    """Return traces of `batch` by `one` and of `padded` by `other`, and their detail.

    The two models are the same, or one is a copy. The detail is the first of `details` that gives the
    same calls, else the last.
    """
    detail, *coarser = details
    without, with_padding = trace(one, batch, detail=detail), trace(other, padded, detail=detail)
    if coarser and _call_names(without) != _call_names(with_padding):
        # A layer is called once a step.
        return traces_of(one, batch, other, padded, coarser)
    return without, with_padding, detail


def _matched_steps(
    unpadded: np.ndarray, got: np.ndarray, side: Side, close: float
) -> np.ndarray | None:
    """Return the first indices, (steps,), at which unpadded steps stand among the padded, in order.

    So padding may stand between sequences that are joined, or behind a step that a layer puts in front.
    None where a step is missing, where the first is not at the start ("post"), or where the last is not
    at the end ("pre"). close: how far equal steps may differ.
    """
    steps: list[int] = []
    for at in range(got.shape[1]):
        # Steps that repeat the one before, as a state that is held, come later than it.
        if largest_change(unpadded[:, len(steps)], got[:, at]) <= close:
            steps.append(at)
        if len(steps) == unpadded.shape[1]:
            stays = steps[0] == 0 if side == "post" else at == got.shape[1] - 1
            return np.array(steps) if stays else None
    return None


def _call_names(record: Trace) -> list[str]:
    """Return for each call its layer's name or its operation's class, whose name differs in a copy."""
    return [call.name if call.kind == "layer" else type(call.layer).__name__ for call in record.calls]
