"""What else goes wrong with masks: copies that differ, sequences without a step, real steps masked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from maskdemo.audit.behaviour import Reference, difference, largest_number
from maskdemo.audit.entries import Entry, layers_of, mask_value
from maskdemo.audit.inherent import RECURRENT
from maskdemo.audit.pair import Pair
from maskdemo.audit.report import Finding
from maskdemo.audit.running import Batch
from maskdemo.audit.samples import Samples
from maskdemo.audit.trace import trace

Run = Callable[[Batch], list[np.ndarray]]


def other_ways(
    wanted: list[np.ndarray], ways: dict[str, Run | None], batch: Batch, allowed: float
) -> Iterator[Finding]:
    """Compare the outputs, layer by layer, with those of a graph and of a saved copy.

    ways: by cause. allowed: the share of an output's largest number that is rounding.
    """
    for cause, run in ways.items():
        if run is None:
            continue
        furthest = max(
            difference(w, g) / largest_number(w) for w, g in zip(wanted, run(batch), strict=True)
        )
        if furthest > allowed:
            yield Finding(
                cause=cause,
                layer="",
                of_class="",
                seen=f"The outputs differ by {furthest:.2g} of the largest.",
                largest=furthest,
            )


def saved_copy(model: Any) -> Any:
    """The model saved and loaded again, in a folder that is gone afterwards."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.models.load_model(path, compile=False)


def empty_row(model: Any, run: Run, samples: Samples, reference: Reference) -> Iterator[Finding]:
    """A batch with a sequence that is padding from end to end."""
    batch = {
        entry.name: np.concatenate([array, _all_padding(entry, array[:1])])
        for entry, array in zip(samples.entries, samples.rectangle([0], "post").values(), strict=True)
    }
    outputs = run(batch)
    moved = [difference(reference.rows[0][at], output[0]) for at, output in enumerate(outputs)]
    if any(each > tolerance for each, tolerance in zip(moved, reference.tolerances, strict=True)):
        yield Finding(
            cause="rows_mix",
            layer="",
            of_class="",
            seen=f"A sequence of padding beside it moves another one's outputs by {max(moved):.2g}.",
            largest=max(moved),
        )
    if all(np.isfinite(output[1]).all() for output in outputs):
        return
    for call in trace(model, batch).calls:
        finite = all(np.isfinite(given.array).all() for given in call.given)
        if finite and any(not np.isfinite(output[-1:]).all() for output in call.outputs):
            yield Finding(
                cause="empty_row",
                layer=call.name,
                of_class=type(call.layer).__name__,
                seen="A sequence of padding from end to end gives NaN.",
            )
            return


def _all_padding(entry: Entry, like: np.ndarray) -> np.ndarray:
    if not entry.is_sequence:
        return like
    return np.full_like(like, 0 if entry.kind == "mask" else entry.pad_value)


def real_rows_masked(model: Any, samples: Samples) -> Iterator[Finding]:
    """Steps of the given sequences that a layer would take for padding."""
    masking = list(layers_of(model, "Masking"))
    embeddings = [each for each in layers_of(model, "Embedding") if each.mask_zero]
    for entry in samples.entries:
        arrays = [row[entry.name] for row in samples.rows]
        if entry.kind == "values" and masking and arrays[0].ndim == 2:
            value = mask_value(masking[0])
            taken = [(array == value).all(axis=-1) for array in arrays]
            yield from _taken(taken, masking[0], entry, value)
        elif entry.kind == "tokens" and embeddings:
            yield from _taken([array == 0 for array in arrays], embeddings[0], entry, 0)


def _taken(taken: list[np.ndarray], layer: Any, entry: Entry, value: Any) -> Iterator[Finding]:
    count, steps = sum(int(each.sum()) for each in taken), sum(each.size for each in taken)
    if count:
        yield Finding(
            cause="real_rows_masked",
            layer=layer.name,
            of_class=type(layer).__name__,
            seen=f"{count} of {steps} real steps of {entry.name!r} hold the mask value {value}, "
            f"in {sum(bool(each.any()) for each in taken)} of {len(taken)} sequences.",
        )


def told_by_reading(model: Any, pair: Pair, sides: tuple[str, ...]) -> Iterator[Finding]:
    """What no run in inference shows, and the calls' masks do."""
    import keras

    keeps_on, cudnn = None, None
    for call in pair.padded.calls:
        kind, timed = type(call.layer).__name__, pair.timed(call)
        if not timed or call.is_container:
            continue
        received = pair.received(call, timed[0])
        if kind == "BatchNormalization" and received != "right":
            yield Finding(
                cause="batch_norm",
                layer=call.name,
                of_class=kind,
                seen="It received no mask." if received == "none" else "It received a wrong mask.",
            )
        maker = timed[0].maker
        if (
            keeps_on is None
            and (call.explicit is None or isinstance(model, keras.Sequential))
            and received == "right"
            and maker is not None
            and type(maker.layer).__name__ in (*RECURRENT, "Bidirectional", "TimeDistributed")
            and (kind in (*RECURRENT, "Bidirectional", "GlobalAveragePooling1D", "MultiHeadAttention"))
        ):
            keeps_on = call
        if kind in ("LSTM", "GRU") and received == "right" and call.layer.use_cudnn is not False:
            cudnn = cudnn or call
    if keeps_on is not None and _version(keras.__version__) < (3, 16):
        yield Finding(
            cause="keras_3_16",
            layer=keeps_on.name,
            of_class=type(keeps_on.layer).__name__,
            seen=f"This is Keras {keras.__version__}, where the mask still arrives.",
        )
    if cudnn is not None and "pre" in sides:
        yield Finding(
            cause="cudnn",
            layer=cudnn.name,
            of_class=type(cudnn.layer).__name__,
            seen="It was tried on the processor, where any mask is taken.",
        )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
