"""What each input of a model is taken for: sequences and how they are padded, a mask, lengths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from maskdemo.audit.input_readers import InputReaders, counted_inputs, mask_value, readers_of_inputs
from maskdemo.audit.layer_kinds import layers_of
from maskdemo.errors import UnsupportedModel, quoted

Kind = Literal["values", "tokens", "mask", "lengths", "fixed"]

#: Number of different tokens that are drawn where no Embedding limits them.
SMALL_VOCABULARY = 10
_MASK_NAME = re.compile(r"(^|[^a-z])masks?([^a-z]|$)")
_LENGTHS_NAME = re.compile(r"(^|_)(seq_?)?(len|length|lengths|lens|n_steps|num_steps|steps)(_|\d|$)")


@dataclass(frozen=True)
class InputHints:
    """What the caller says about inputs, by name.

    pad_value: of all sequences, or pad_values: of each. lengths: inputs of lengths -> the sequence that
    they are about, "" if not said. counted: those of `lengths` that `counted_inputs` found, no caller.
    masks: inputs of masks -> whether True stands for padding.
    """

    pad_value: float | None
    pad_values: Mapping[str, float]
    lengths: Mapping[str, str]
    masks: Mapping[str, bool]
    counted: frozenset[str] = frozenset()

    @classmethod
    def from_arguments(cls, *, pad_value: Any, lengths: Any, mask: Any) -> InputHints:
        """Return the hints in arguments of `audit`.

        lengths: `"n"`, `["n", "m"]` or `{"n": "sequence"}`. mask: `"m"`, `"m:inverted"` or a list
        of these. Raises UnsupportedModel where another word than "inverted" follows a name.
        """
        masks = {}
        for each in [mask] if isinstance(mask, str) else mask or ():
            name, _, how = each.partition(":")
            if how not in ("", "inverted"):
                raise UnsupportedModel(
                    f"The mask {quoted(name)} is said to be {quoted(how)}; it can be 'inverted' alone."
                )
            masks[name] = bool(how)
        names = [lengths] if isinstance(lengths, str) else lengths or ()
        of = lengths if isinstance(lengths, Mapping) else dict.fromkeys(names, "")
        if isinstance(pad_value, Mapping):
            return cls(None, pad_value, of, masks)
        return cls(pad_value, {}, of, masks)


@dataclass(frozen=True, kw_only=True)
class ModelInput:
    """One input of a model, without its batch axis.

    kind: "values": floats (steps, ...); "tokens": whole numbers (steps,) for an Embedding; "mask":
    (steps,), (steps, 1) or (steps, steps); "lengths": how many steps of another input are real;
    "fixed": no sequence, never padded. shape: None where any size is allowed. pad_value: the value of
    padded steps; of a mask, what says that a step is padding. vocabulary: tokens are from 0 to below
    it; 0 where there are none. of: the sequence that a mask or lengths are about. from_caller: whether
    the caller said that the input is a mask or lengths. source: where the pad value comes from, as a
    clause. masked_by: the layers that mask its own values, each with the value.
    """

    name: str
    kind: Kind
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    pad_value: float = 0.0
    vocabulary: int = 0
    of: str = ""
    from_caller: bool = False
    source: str = ""
    masked_by: tuple[tuple[float, Any], ...] = ()

    @property
    def is_sequence(self) -> bool:
        """Whether the first axis is time: values, tokens or a mask."""
        return self.kind in ("values", "tokens", "mask")

    @property
    def is_square(self) -> bool:
        """Whether the input is a mask of steps by steps, as attention takes it."""
        return self.kind == "mask" and len(self.shape) == 2 and self.shape[1] == self.shape[0]

    @property
    def steps(self) -> int | None:
        """The fixed number of steps; None for any length, and for an input that is no sequence."""
        return self.shape[0] if self.is_sequence else None

    def with_steps(self, steps: int | None) -> ModelInput:
        """Return the input with so many steps, None for any; itself if it is no sequence."""
        rest = (steps,) if self.is_square else self.shape[1:]
        return replace(self, shape=(steps, *rest)) if self.is_sequence else self

    @property
    def sentence(self) -> str:
        """The sentence on what the audit took the input for."""
        source = f", {self.source}" if self.source else ""
        return f"Input {quoted(self.name)} was taken for " + {
            "values": f"sequences, padded with {self.pad_value:g}{source}.",
            "tokens": f"sequences of whole numbers, padded with {self.pad_value:g}{source}.",
            "mask": f"the mask of {quoted(self.of)}: {'True' if self.pad_value else 'False'} at padding"
            f"{source}.",
            "lengths": f"the lengths of {quoted(self.of)}{source}.",
            "fixed": f"of one size, so it was not padded{source}.",
        }[self.kind]  # fmt: skip


def model_inputs_of(
    model: Any, rows: Sequence[Mapping[str, np.ndarray]] | None, hints: InputHints
) -> tuple[ModelInput, ...]:
    """Return the inputs of a built Keras model; without symbolic inputs, those that the rows have.

    rows: the caller's sequences. Raises UnsupportedModel where no input is a sequence or none is known,
    where one takes text, and for hints on inputs that there are not.
    """
    inputs = getattr(model, "inputs", None) or ()
    if not inputs and not rows:
        raise UnsupportedModel(
            "This model does not say what its inputs are, so no sequences can be drawn for it. "
            "Give some: audit(model, sequences)."
        )
    read = readers_of_inputs(model, rows if rows and not inputs else None)
    about = filter(None, hints.lengths.values())
    for name in (*hints.pad_values, *hints.lengths, *about, *hints.masks):
        if name not in read:
            raise UnsupportedModel(
                f"The model has no input {quoted(name)}; it has {', '.join(map(quoted, read))}."
            )
    counted = {} if rows is None else counted_inputs(rows)
    hints = replace(hints, lengths=counted | dict(hints.lengths), counted=frozenset(counted))
    found = [(_model_input(model, name, each, hints), each) for name, each in read.items()]
    model_inputs = _without_doubtful(found, hints)
    if not any(each.kind in ("values", "tokens") for each in model_inputs):
        shapes = ", ".join(f"{each.name} {each.shape}" for each in model_inputs)
        raise UnsupportedModel(
            f"No input of this model is a sequence ({shapes}), so nothing can be padded."
        )
    return _with_sequences(model_inputs, hints)


def _model_input(model: Any, name: str, found: InputReaders, hints: InputHints) -> ModelInput:
    """Return an input with its kind and pad value; raise UnsupportedModel for text.

    Its vocabulary, if it holds whole numbers, is the smallest of its Embeddings, else SMALL_VOCABULARY.
    """
    if found.dtype == "string":
        raise UnsupportedModel(
            f"The input {quoted(name)} takes text; audit the model behind its tokens."
        )
    whole = "int" in found.dtype
    anywhere = () if found.known else layers_of(model, "Embedding")
    vocabularies = found.vocabularies or [each.input_dim for each in anywhere]
    kind = _kind(name, found, hints, bool(vocabularies) if found.known else whole)
    masked_by = found.masked_by if found.known else _masking_anywhere(model, kind)
    pad_value, source = _pad_value(name, kind, found, masked_by, hints)
    vocabulary = 0
    if kind == "tokens" or (whole and kind in ("values", "fixed")):
        vocabulary = min(vocabularies, default=SMALL_VOCABULARY)
    return ModelInput(
        name=name,
        kind=kind,
        shape=found.shape,
        dtype=found.dtype,
        pad_value=pad_value,
        vocabulary=vocabulary,
        from_caller=name in hints.lengths or name in hints.masks,
        source=source,
        masked_by=tuple(masked_by),
    )


def _kind(name: str, found: InputReaders, hints: InputHints, embedded: bool) -> Kind:
    """Return an input's kind, first by hints. embedded: whether an Embedding looks its numbers up.

    By dtype, name or readers, (steps,), (steps, 1) and (steps, steps) are a "mask", a single number is
    "lengths". Other numbers, and fixed sizes (n,) that nothing reads as steps, are "fixed";
    embedded (steps,) are "tokens", all else is "values".
    """
    shape = found.shape
    if name in hints.lengths:
        return "lengths"
    if name in hints.masks:
        return "mask"
    named_mask = found.dtype == "bool" or _MASK_NAME.search(name.lower())
    if len(shape) == 1 and (found.is_mask or (named_mask and not embedded)):
        return "mask"
    if len(shape) == 2 and shape[1] in (1, shape[0]) and named_mask:
        return "mask"
    if shape in ((), (1,)):
        whole, named = "int" in found.dtype, _LENGTHS_NAME.search(name.lower())
        counts = (named and (whole or found.is_compared)) or (found.is_compared and whole)
        return "lengths" if counts and not embedded else "fixed"
    if len(shape) == 1 and embedded:
        return "tokens"
    if len(shape) == 1 and shape[0] is not None and not found.is_sequence:
        return "fixed"
    return "values"


def _without_doubtful(
    found: list[tuple[ModelInput, InputReaders]], hints: InputHints
) -> tuple[ModelInput, ...]:
    """Return the inputs, "values" and "tokens" as "fixed" where it is doubtful that they are sequences.

    Doubtful are those of a fixed length, or images, that no layer reads as steps, and decoder inputs
    with other steps than the encoder's input (`decoded_from`). Inputs whose pad value the caller gave
    stay as they are, and so do all if no other "values" or "tokens" would be left.
    """
    data = [(each, read) for each, read in found if each.kind in ("values", "tokens")]
    doubtful = {
        each.name
        for each, read in data
        if each.name not in hints.pad_values
        and (
            not (read.is_sequence or (each.steps is None and not read.is_image))
            or any(of.name in read.decoded_from and of.steps != each.steps for of, _ in data)
        )
    }
    if all(each.name in doubtful for each, _ in data):
        return tuple(each for each, _ in found)
    return tuple(
        replace(each, kind="fixed", source="") if each.name in doubtful else each for each, _ in found
    )


def _with_sequences(model_inputs: tuple[ModelInput, ...], hints: InputHints) -> tuple[ModelInput, ...]:
    """Return the inputs, each mask and lengths with the name of the sequence that it is about in `of`.

    That is, for each: what the caller said (of lengths), else by its name, else the one at its place if
    there are as many of the kind as sequences, else the first.
    """
    data, of = data_of(model_inputs), dict[str, str]()
    for kind in ("mask", "lengths"):
        names = [each.name for each in model_inputs if each.kind == kind]
        for place, name in enumerate(names):
            by_order = data[place if len(names) == len(data) else 0].name
            of[name] = hints.lengths.get(name) or sequence_of(name, data, by_order)
    return tuple(replace(each, of=of.get(each.name, "")) for each in model_inputs)


def sequence_of(name: str, data: list[ModelInput], otherwise: str = "") -> str:
    """Return the longest name of `data` that is a word, in any case, in `name`, as `b` is in `Mask_B`.

    Without any: `otherwise`, else the first sequence of `data`, else "".
    """
    words = [
        each.name
        for each in data
        if re.search(rf"(^|[^a-z0-9]){re.escape(each.name)}([^a-z0-9]|$)", name, re.IGNORECASE)
    ]
    return max(words, key=len, default=otherwise or (data[0].name if data else ""))


def data_of(model_inputs: tuple[ModelInput, ...]) -> list[ModelInput]:
    """Return the inputs that are sequences of values or tokens, without masks."""
    return [each for each in model_inputs if each.kind in ("values", "tokens")]


def _pad_value(
    name: str, kind: Kind, found: InputReaders, masked_by: list[tuple[float, Any]], hints: InputHints
) -> tuple[float, str]:
    """Return the value of padded steps of an input, and a clause on its source; 0 and "" by default.

    The caller's value comes first, then that of the first layer or operation that masks the input.
    """
    if kind == "mask":
        return (float(hints.masks[name]), "as told") if name in hints.masks else (0.0, "")
    if kind not in ("values", "tokens"):
        source = "as its numbers are" if name in hints.counted else "as told"
        return 0.0, source if name in hints.lengths else ""
    chosen = hints.pad_values.get(name, hints.pad_value)
    if chosen is not None:
        return float(chosen), "as told"
    if said := found.pad_values or (masked_by if kind == "values" else []):
        value, reader = said[0]
        return value, f"as {quoted(reader.name)} has it"
    return 0.0, ""


def _masking_anywhere(model: Any, kind: Kind) -> list[tuple[float, Any]]:
    """Return mask value and layer: of the first Masking (values) or all masking Embeddings (tokens)."""
    if kind == "tokens":
        return [(0.0, each) for each in layers_of(model, "Embedding") if each.mask_zero]
    for layer in layers_of(model, "Masking") if kind == "values" else ():
        if (value := mask_value(layer)) is not None:
            return [(value, layer)]
    return []
