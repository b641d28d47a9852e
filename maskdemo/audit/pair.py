"""The same sequences with and without padding, call by call: what moved, and whose mask was right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from maskdemo.audit.behaviour import aligned, difference, largest_number
from maskdemo.audit.samples import Samples, Side, padded
from maskdemo.audit.trace import Call, Detail, Given, Overrides, Trace, trace

#: right: True exactly at the real steps. wrong: there is a mask, and it says something else.
State = Literal["none", "right", "wrong"]

#: At most so many sequences are traced.
TRACED = 8
#: From the most telling down to what any model can do.
DETAILS: tuple[Detail, ...] = ("layers", "models", "nothing")


@dataclass
class Pair:
    """Two traces. steps: the number of steps of both, where the model takes no other; else None."""

    bare: Trace
    padded: Trace
    side: Side
    length: int
    steps: int | None
    model: Any
    batch: dict[str, np.ndarray]
    detail: Detail

    def again(self, overrides: Overrides) -> None:
        """Run the padded batch anew with some outputs replaced."""
        self.padded = trace(self.model, self.batch, overrides, detail=self.detail)

    def twin(self, call: Call) -> Call:
        """The same call without padding."""
        return self.bare.calls[call.order]

    def grows(self, bare: np.ndarray, got: np.ndarray) -> bool:
        """Whether a tensor has an axis of time, the batch axis aside."""
        if self.steps is not None:
            return got.ndim > 1 and got.shape[1] == self.steps
        return bare.shape[1:] != got.shape[1:]

    def own(self, bare: np.ndarray, got: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The real steps of a tensor, without and with padding; None where there is no telling."""
        if self.steps is not None:
            if self.grows(bare, got):
                return bare[:, : self.length], got[:, -self.length :]
            return bare, got
        if bare.ndim != got.ndim or not bare.ndim or len(bare) != len(got):
            return None
        return bare, aligned(got, bare.shape, self.side)

    def moved(self, call: Call, at: int) -> float:
        """How far an output of a call moved at real steps, as a share of its largest number."""
        bare = self.twin(call).outputs[at]
        both = self.own(bare, call.outputs[at])
        if both is None:
            return 0.0
        return difference(*both) / largest_number(bare)

    def real(self, bare: np.ndarray, got: np.ndarray) -> np.ndarray:
        """The mask that is right for a padded tensor: (N, steps) of bool."""
        right = np.zeros(got.shape[:2], bool)
        length = self.length if self.steps is not None else bare.shape[1]
        right[:, slice(length) if self.side == "post" else slice(-length, None)] = True
        return right

    def state(
        self, mask: np.ndarray | None, bare_mask: np.ndarray | None, bare: np.ndarray, got: np.ndarray
    ) -> State:
        """What a padded tensor's mask is worth, beside that of the same tensor without padding."""
        if mask is None:
            return "none"
        if not self.grows(bare, got) or mask.ndim != 2:
            return "right"
        right = self.real(bare, got)
        if self.steps is None and bare_mask is not None and bare_mask.shape == bare.shape[:2]:
            # A real step that holds the mask value is masked in both: that is told elsewhere.
            right[right] = bare_mask.ravel()
        return "right" if mask.shape == right.shape and (mask == right).all() else "wrong"

    def received(self, call: Call, given: Given) -> State:
        """The state of the mask with which a call received a tensor."""
        twin = self.twin(call).given[call.given.index(given)]
        if call.explicit is not None and call.given.index(given) < call.first:
            return self.state(call.explicit, self.twin(call).explicit, twin.array, given.array)
        return self.state(given.mask, twin.mask, twin.array, given.array)

    def timed(self, call: Call) -> list[Given]:
        """The tensors with an axis of time that a call received."""
        return [
            given
            for given, twin in zip(call.given, self.twin(call).given, strict=True)
            if self.grows(twin.array, given.array)
        ]

    def passed(self, call: Call, at: int) -> State:
        """The state of the mask that a call puts on an output."""
        twin = self.twin(call)
        return self.state(call.masks[at], twin.masks[at], twin.outputs[at], call.outputs[at])

    def passes_time(self, call: Call) -> bool:
        """Whether any output of a call still has an axis of time."""
        return any(
            self.grows(bare, got)
            for bare, got in zip(self.twin(call).outputs, call.outputs, strict=True)
        )


def pair(model: Any, samples: Samples, at: int, side: Side, *, total: int, steps: int | None) -> Pair:
    """Trace sequences as long as that at place `at`, bare and padded to `total` steps."""
    group = samples.by_length()[samples.lengths(samples.rows[at])]
    group = [at, *(other for other in group if other != at)][:TRACED]
    rows = [samples.rows[each] for each in group]
    length = max(samples.lengths(rows[0]))
    if steps is None:
        bare = samples.rectangle(group, side)
        batch = samples.rectangle(group, side, total - length)
    else:
        bare, batch = (
            {
                entry.name: padded([row[entry.name] for row in rows], entry, where, 0, to=steps)
                for entry in samples.entries
            }
            for where in ("post", "pre")
        )
        side = "pre"
    for detail in DETAILS:
        without, with_padding = trace(model, bare, detail=detail), trace(model, batch, detail=detail)
        if _names(without) == _names(with_padding):
            break  # else a layer is called once a step
    return Pair(without, with_padding, side, length, steps, model, batch, detail)


def _names(record: Trace) -> list[str]:
    return [call.name for call in record.calls]
