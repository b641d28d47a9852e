"""What the caller of an audit says about the inputs of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from maskdemo.errors import UnsupportedModel, quoted


@dataclass(frozen=True)
class InputHints:
    """What the caller says about inputs, by name.

    pad_value: a number for all sequences, or one for each name. lengths: inputs of lengths -> the
    sequence that they are about, "" if not said. counted: those of `lengths` that `counted_inputs`
    found, no caller. masks: inputs of masks -> whether True stands for padding.
    """

    pad_value: float | Mapping[str, float] | None = None
    lengths: Mapping[str, str] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    masks: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def from_arguments(cls, pad_value: Any, lengths: Any, mask: Any) -> InputHints:
        """Return the hints in arguments of `audit`.

        lengths: `"n"`, `["n", "m"]` or `{"n": "sequence"}`. mask: `"m"`, `"m:inverted"` or a list
        of these. Raises UnsupportedModel where another word than "inverted" follows a name.
        """
        masks = {}
        for each in _as_names(mask):
            name, _, how = each.partition(":")
            if how not in ("", "inverted"):
                raise UnsupportedModel(
                    f"The mask {quoted(name)} is said to be {quoted(how)}; it can be 'inverted' alone."
                )
            masks[name] = bool(how)
        names = lengths if isinstance(lengths, Mapping) else dict.fromkeys(_as_names(lengths), "")
        return cls(pad_value=pad_value, lengths=names, masks=masks)

    def refuse_unknown(self, names: Iterable[str]) -> None:
        """Raise UnsupportedModel where a hint is about an input that is not among `names`."""
        known = list(names)
        pads = self.pad_value if isinstance(self.pad_value, Mapping) else {}
        for name in (*pads, *self.lengths, *filter(None, self.lengths.values()), *self.masks):
            if name not in known:
                raise UnsupportedModel(
                    f"The model has no input {quoted(name)}; it has {', '.join(map(quoted, known))}."
                )


def _as_names(names: Any) -> list[str]:
    """Return names as a list: none for None, one for a text."""
    return [] if names is None else [names] if isinstance(names, str) else list(names)
