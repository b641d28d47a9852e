"""A batch to train on: its loss and metrics are tried with other outputs at padded steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from maskdemo.audit.pair import expanded_mask
from maskdemo.audit.run_model import as_model_input, to_float64
from maskdemo.audit.temporary_changes import attributes_replaced
from maskdemo.audit.tolerances import MIN_SCALE, SAME_LOSS
from maskdemo.audit.trace import attach_mask, attached_mask

#: What targets at padded steps may hold where a loss of one's own leaves padding out by its targets; or
#: what padded steps of the inputs hold.
PADDED_TARGETS = (0.0, -1.0, -100.0)
Result = TypeVar("Result")


@dataclass(frozen=True)
class RealSteps:
    """Which steps of output number `output` are real: `steps`, (N, steps) of bool, for inputs `batch`.

    of_inputs: whether the output has the steps of an input, or else a number that the model fixes.
    """

    output: int
    steps: np.ndarray
    batch: dict[str, np.ndarray]
    of_inputs: bool = True


@dataclass(frozen=True)
class LossChange:
    """A loss before and after outputs change at padded steps. target: there; None as at real ones."""

    before: float
    after: float
    target: float | None = None

    @property
    def share(self) -> float:
        """The |change| as a share of the |loss| before, or of MIN_SCALE if that is larger."""
        return abs(self.after - self.before) / max(abs(self.before), MIN_SCALE)


class TrainingBatch:
    """A batch with the model's outputs for it, and losses and metrics of targets made for them.

    pad_values: of the inputs, which targets of a loss that is not Keras's may hold at padded steps.
    """

    def __init__(self, model: Any, real: RealSteps, pad_values: tuple[float, ...]) -> None:
        import keras

        self.model, self.real = model, real
        self._padding = tuple(dict.fromkeys((*PADDED_TARGETS, *pad_values)))
        self.inputs = keras.tree.map_structure(
            keras.ops.convert_to_tensor, as_model_input(model, real.batch)
        )
        self.outputs = model(self.inputs, training=False)
        self.flat = keras.tree.flatten(self.outputs)

    def losses(self, target: float | None = None, weighted: bool = False) -> list[float]:
        """Return three losses: for the model's outputs, and for two others at padded steps.

        target: what targets hold at padded steps; None for what they hold at real ones. weighted: steps
        that are padded have weight 0. NaN where the loss takes no such targets or is not finite.
        """
        losses = self._with_targets(
            target, lambda targets, outputs: self._loss(targets, outputs, weighted)
        )
        return next((each for each in losses if np.isfinite(each[0])), [math.nan] * 3)

    def change_of_loss(self, weighted: bool = False) -> LossChange | None:
        """Return the largest change of the loss by other outputs at padded steps.

        Targets there are the first of `_padded_targets` for which that is within SAME_LOSS of the first
        loss, else the first of all; those of no finite loss are skipped. None where none is left.
        """
        first: LossChange | None = None
        for target in self._padded_targets(losses_of(self.model)):
            own, *others = self.losses(target, weighted)
            if not np.isfinite(own):
                continue
            furthest = max(others, key=lambda each: abs(each - own))
            change = LossChange(own, furthest, target)
            # Not as a share of its own loss: a target of -100 makes that large.
            first = first or change
            if abs(furthest - own) <= SAME_LOSS * max(abs(first.before), MIN_SCALE):
                return change
        return first

    def metrics(self, target: float | None) -> list[dict[str, float]]:
        """Return the compiled metrics for the model's outputs, and for two others at padded steps.

        target: what targets hold at padded steps; None for what they hold at real ones. Empty where the
        metrics take none of the targets tried.
        """
        return next(self._with_targets(target, self._metrics), [])

    def _with_targets(
        self, target: float | None, compute: Callable[[Any, Any], Result]
    ) -> Iterator[list[Result]]:
        """Yield for each of `_sparse_choices` the results for `_variants`, unless `compute` raises."""
        for sparse in self._sparse_choices():
            try:
                with built_anew(self.model):
                    targets = self._targets(target, sparse)
                    results = [compute(targets, outputs) for outputs in self._variants()]
            except Exception:  # targets of other shapes
                continue
            yield results

    def _metrics(self, targets: Any, outputs: Any) -> dict[str, float]:
        """Return each compiled metric by name, as its mean, for these targets and outputs."""
        self.model.reset_metrics()
        values = self.model.compute_metrics(self.inputs, targets, outputs)
        self.model.reset_metrics()
        return {name: float(np.mean(to_float64(value))) for name, value in values.items()}

    def _loss(self, targets: Any, outputs: Any, weighted: bool) -> float:
        """Return the compiled loss, else this output's mean squared error; weighted: by real steps."""
        import keras

        weights = None
        if weighted:
            each = [np.ones(output.shape[:1], "float32") for output in self.flat]
            each[self.real.output] = self.real.steps.astype("float32")
            weights = keras.tree.pack_sequence_as(self.outputs, each)
        if losses_of(self.model):
            return float(to_float64(self.model.compute_loss(self.inputs, targets, outputs, weights)))
        loss = keras.losses.MeanSquaredError(dtype="float64")  # the square of a float32 always fits
        target, output = (keras.tree.flatten(one)[self.real.output] for one in (targets, outputs))
        weight = None if weights is None else self.real.steps.astype("float32")
        return float(to_float64(loss(target, output, sample_weight=weight)))

    def _sparse_choices(self) -> list[list[bool]]:
        """Return for each output whether its targets are class numbers: up to three choices.

        First as the losses' names say ("sparse"), then for no output, then for all.
        """
        losses = losses_of(self.model)
        if isinstance(loss := getattr(self.model, "loss", None), dict):
            keys = self.outputs if isinstance(self.outputs, dict) else self.model.output_names
            losses = [loss.get(key) for key in (sorted(keys) if keys is self.outputs else keys)]
        named = ["sparse" in name_of(each) for each in losses]
        count = len(self.flat)
        guess = named if len(named) == count else [bool(named and named[0])] * count
        shapes = [guess, [False] * count, [True] * count]
        return [each for place, each in enumerate(shapes) if each not in shapes[:place]]

    def _targets(self, padded: float | None, sparse: list[bool]) -> Any:
        """Return targets, by step in turn: first and last class (one unit: 1, 0), or classes 1 and 2.

        padded: what targets hold at padded steps; None for the same as at real steps. sparse: for each
        output whether its targets are class numbers, (N, steps), at most the last class.
        """
        import keras

        targets = []
        for index, (output, is_sparse) in enumerate(zip(self.flat, sparse, strict=True)):
            if is_sparse:
                last = output.shape[-1] - 1
                target = np.full(output.shape[:-1], min(1, last), "int32")
                target[..., 1::2] = min(2, last)
            else:
                target = np.zeros(output.shape, "float32")
                target[..., 0] = 1.0
                if target.ndim > 2:
                    target[:, 1::2] = np.eye(target.shape[-1])[-1] * (target.shape[-1] > 1)
            if padded is not None and index == self.real.output:
                target[~self.real.steps] = padded
            targets.append(keras.ops.convert_to_tensor(target))
        return keras.tree.pack_sequence_as(self.outputs, targets)

    def _variants(self) -> Iterator[Any]:
        """Yield the outputs, then two with this one's padded steps halfway to the first and last class.

        A single unit's go halfway to 1 and to 0.
        """
        import keras

        yield self.outputs
        own = self.flat[self.real.output]
        array = to_float64(own)
        for end in (0, -1):
            halfway = array / 2
            if end == 0 or array.shape[-1] > 1:
                halfway[..., end] += 0.5
            other = np.where(expanded_mask(self.real.steps, array.ndim), array, halfway)
            flat = list(self.flat)
            tensor = keras.ops.convert_to_tensor(other, dtype=own.dtype)
            flat[self.real.output] = attach_mask(tensor, attached_mask(own))
            yield keras.tree.pack_sequence_as(self.outputs, flat)

    def _padded_targets(self, losses: list[Any]) -> tuple[float | None, ...]:
        """Return what targets may hold at padded steps: None for that of real steps, then numbers.

        These are classes that a loss ignores and, if any is not Keras's, PADDED_TARGETS and pad values.
        """
        ignored = tuple(
            float(each.ignore_class)
            for each in losses
            if getattr(each, "ignore_class", None) is not None
        )
        own = any(not is_of_keras(each) for each in losses)
        return (None, *ignored, *(self._padding if own else ()))


def built_anew(model: Any) -> AbstractContextManager[None]:
    """Give the model unbuilt copies of its loss and metrics within the context, then its own again.

    Keras settles once and for all which accuracy is meant, from the first targets that come.
    """
    loss, metrics = model._compile_loss, model._compile_metrics
    new: list[tuple[Any, str, Any]] = []
    if loss is not None:
        again = type(loss)(loss._user_loss, loss._user_loss_weights, output_names=loss.output_names)
        new.append((model, "_compile_loss", again))
    if metrics is not None:
        weighted = metrics._user_weighted_metrics
        again = type(metrics)(metrics._user_metrics, weighted, output_names=metrics.output_names)
        new.append((model, "_compile_metrics", again))
    # The model's own setter would keep them among its metrics.
    return attributes_replaced(new)


def losses_of(model: Any) -> list[Any]:
    """Return the losses that the model was compiled with, without None; [] if it is not compiled."""
    import keras

    loss = getattr(model, "loss", None) if model.compiled else None
    return [each for each in keras.tree.flatten(loss) if each is not None]


def name_of(loss: Any) -> str:
    """Return the name of a loss or of its class, in small letters."""
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return str(name).lower()


def is_of_keras(function: Any) -> bool:
    """Whether a loss or metric, and the function that it wraps, is Keras's own, a name or None."""
    if isinstance(function, str) or function is None:
        return True
    inner = getattr(function, "fn", None) or getattr(function, "_fn", None)
    parts = [each for each in (function, inner) if each is not None]
    return all(
        (each if hasattr(each, "__name__") else type(each)).__module__.startswith("keras.")
        for each in parts
    )
