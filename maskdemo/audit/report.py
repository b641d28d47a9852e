"""The report of an audit: findings, the layers, what was tried; to JSON and back."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from maskdemo.audit.fault_sentences import CAUSES, Severity, program
from maskdemo.audit.output_change import Measure
from maskdemo.titles import SIDES


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault, a trap or a note.

    cause: its name in `CAUSES`. layer, of_class: name and class of the layer at fault; empty where the
    whole model is. seen: the measurement, as a sentence. largest: how far outputs moved; None where
    nothing moved. cures: names of the programs that cure it; None for those of the cause.
    """

    cause: str
    layer: str = ""
    of_class: str = ""
    seen: str
    largest: float | None = None
    cures: tuple[str, ...] | None = None

    @classmethod
    def about(cls, layer: Any, cause: str, seen: str, **measured: Any) -> Finding:
        """Return a finding about a Keras model, layer or operation. measured: `largest`, `cures`."""
        return cls(cause=cause, layer=layer.name, of_class=type(layer).__name__, seen=seen, **measured)

    @property
    def severity(self) -> Severity:
        """The severity: "leak", "trap", "inherent" or "note"."""
        return CAUSES[self.cause].severity

    @property
    def title(self) -> str:
        """The title, a line that names the layer."""
        return self._fill(CAUSES[self.cause].title)

    @property
    def why(self) -> str:
        """The reason for the fault, in one or two sentences: its cause's, with the layer's name."""
        return self._fill(CAUSES[self.cause].why)

    @property
    def fix(self) -> str:
        """The text of the programs that mend the fault; "" where none is known or none helped."""
        of_cause = (CAUSES[self.cause].fix,)
        names = of_cause if self.cures is None else self.cures
        return "\n\n".join(program(each) for each in names if each)

    @property
    def about_fix(self) -> str:
        """The fix's heading: an example if `cures` is None or has "mask_in_own_code", else tried."""
        tried = self.cures is not None and "mask_in_own_code" not in self.cures
        return "Right, as tried on this layer" if tried else "An example, not tried on this model"

    @property
    def source(self) -> str:
        """The address of a discussion or documentation."""
        return CAUSES[self.cause].source

    def _fill(self, text: str) -> str:
        """Return a text with {layer} and {of_class} filled in: "the model" and "It" without a layer."""
        return text.format(layer=self.layer or "the model", of_class=self.of_class or "It")


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """What a call does with the mask.

    received, passed: "right", "none" or "wrong" (a mask that says something else); passed is "ends"
    where no axis of time is left. change: makes, keeps, uses up or loses it, in words. moved: how far
    its output moves at real steps when padding is added, as a share of its largest number; None where
    that was not looked at. sources: (index in `Report.layers`, mask state) of rows that it reads.
    """

    name: str
    of_class: str
    received: str
    passed: str
    change: str
    at_fault: bool = False
    moved: float | None = None
    sources: tuple[tuple[int, str], ...] = ()


def other_sources(layers: Sequence[LayerRow], index: int) -> list[tuple[str, str]]:
    """Return (name, mask state) of each row whose outputs row `index` takes, but the row above it."""
    return [(layers[at].name, state) for at, state in layers[index].sources if at != index - 1]


@dataclass(frozen=True, kw_only=True)
class TrialSummary:
    """What the audit tried.

    drawn: whether sequences were, not given. moved: whether they were moved within a fixed length, in
    place of more padding. inputs: for each a sentence on what it was taken for. weights: "drawn" or
    "its own". power: a sentence on the leaks that would have been missed. also: notes. left_out: how
    many sequences, which `sequences` does not count, give NaN or infinity.
    """

    sequences: int
    lengths: tuple[int, ...]
    drawn: bool
    sides: tuple[str, ...]
    added: tuple[int, ...]
    moved: bool = False
    pad_values: dict[str, float]
    inputs: tuple[str, ...] = ()
    weights: str
    precision: str
    power: str
    also: tuple[str, ...] = ()
    keras: str = ""
    left_out: int = 0
    why_left_out: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences on the sequences and their padding, those left out, inputs, power, and notes."""
        lengths = ", ".join(map(str, self.lengths))
        sides = " and ".join(SIDES[side].phrase for side in self.sides)
        amounts = ", ".join(map(str, self.added))
        by = f"by {amounts} steps" if self.added else "to the longest"
        how = "moved within the fixed length" if self.moved else f"padded {sides} {by}"
        return (
            f"Tried {self.sequences} sequences of {lengths} steps, "
            f"{'drawn to fit the input' if self.drawn else 'as given'}, {how}, with {self.weights} "
            f"weights, in {self.precision}, with Keras {self.keras}.",
            *(f"Left out, as the outputs are no numbers: {each}" for each in self.why_left_out),
            *self.inputs,
            self.power,
            *self.also,
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of an audit; `sentence` is the answer. model: its name. outputs: their names."""

    model: str
    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...]
    layers: tuple[LayerRow, ...]
    tried: TrialSummary
    outputs: tuple[str, ...] = field(default=())

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings of severity "leak": padding changes what the model says or learns."""
        return tuple(each for each in self.findings if each.severity == "leak")

    @property
    def clean(self) -> bool:
        """Whether nothing leaks. Traps and inherent effects are no leaks."""
        return not self.leaks

    @property
    def largest(self) -> float:
        """The largest difference of a measure that leaks, or else of any, in the output's own units."""
        return max((each.largest for each in self._decisive_measures), default=0.0)

    @property
    def share(self) -> float:
        """The largest share: an output's difference over the largest number of its unit."""
        return max((each.largest / each.scale for each in self._decisive_measures), default=0.0)

    @property
    def _decisive_measures(self) -> list[Measure]:
        """The measures that leak; if none, all but those before an activation."""
        return [each for each in self.measures if each.leaks] or [
            each for each in self.measures if not each.before_activation
        ]

    @property
    def sentence(self) -> str:
        """The answer in one sentence, and a second sentence if sequences were left out."""
        count = self.tried.left_out
        if not count:
            return self._answer_sentence
        return (
            f"{self._answer_sentence} This was tried without {count} of {self.tried.sequences + count} "
            "sequences, for which the outputs are NaN or infinite."
        )

    @property
    def _answer_sentence(self) -> str:
        """The answer in a sentence: the first leak, or moves that no mask helps, or no leak."""
        if self.leaks:
            count = len(self.leaks)
            which = "The fault" if count == 1 else f"The first of {count} faults"
            return f"{self._leak_clause}. {which}: {self.leaks[0].title}."
        if any(each.severity == "inherent" for each in self.findings) and any(
            each.leaks for each in self.measures
        ):
            return (
                f"No mask is lost. Outputs move by up to {self.largest:.2g} with padding all the same, "
                "for a reason that no mask can help."
            )
        return (
            f"Padding does not leak into this model: outputs moved by at most {self.largest:.1g}, "
            "which is rounding."
            if self.largest
            else "Padding does not leak into this model: not one output moved by a single bit."
        )

    @property
    def _leak_clause(self) -> str:
        """The beginning of the sentence on a leak: how far outputs move, or that none does."""
        leaking = [each for each in self.measures if each.leaks]
        if not leaking:
            moved = "the place of padding" if self.tried.moved else "padding alone"
            return f"Something leaks, though {moved} moves no output"
        leaks = "Padding leaks into this model"
        if all(each.before_activation for each in leaking):
            return (
                f"{leaks}, though its outputs are saturated and hardly move: what goes into the last "
                f"activation moves by {self.largest:.2g}"
            )
        if math.isinf(self.largest):
            return f"{leaks}: the outputs change altogether"
        share = f"{self.share:.0%} of the largest output"
        return f"{leaks}: added padding moves the outputs by up to {self.largest:.2g}, {share}"

    def __str__(self) -> str:
        """Return the answer, findings with the fixes of leaks, the mask's path, and what was tried."""
        lines = [f"{self.model}: {self.sentence}"]
        for each in self.findings:
            lines += ["", f"{each.severity.upper()}: {each.title}", f"  {each.seen}", f"  {each.why}"]
            lines += [f"  {each.source}"]
            if each.severity == "leak" and each.fix:
                lines += [f"  {each.about_fix}:"]
                lines += [f"    {line}".rstrip() for line in each.fix.splitlines()]
        width = max((len(each.name) for each in self.layers), default=0)
        lines += ["", "The path of the mask:"]
        for index, each in enumerate(self.layers):
            fault = "  <- at fault" if each.at_fault else ""
            names = " and ".join(name for name, _ in other_sources(self.layers, index))
            lines.append(
                f"  {each.name:{width}}  {each.change}{f' (from {names})' if names else ''}{fault}"
            )
        lines += ["", *self.tried.sentences]
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return everything as JSON, findings with their sentences; NaN and infinity as null."""
        data = asdict(self) | {"clean": self.clean, "sentence": self.sentence}
        data["findings"] = [
            asdict(each)
            | {"severity": each.severity, "title": each.title, "why": each.why, "source": each.source}
            for each in self.findings
        ]
        return json.dumps(_without_infinity(data), indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Return a report from JSON; null: infinite `largest` of measures, NaN pad value, else None."""
        data = _with_tuples(json.loads(text))
        measures = [
            each | {"largest": math.inf if each["largest"] is None else each["largest"]}
            for each in data["measures"]
        ]
        names = {each.name for each in fields(Finding)}
        findings = [{key: each[key] for key in names} for each in data["findings"]]
        tried = data["tried"]
        tried["pad_values"] = {k: math.nan if v is None else v for k, v in tried["pad_values"].items()}
        return cls(
            model=data["model"],
            findings=tuple(Finding(**each) for each in findings),
            measures=tuple(Measure(**each) for each in measures),
            layers=tuple(LayerRow(**each) for each in data["layers"]),
            tried=TrialSummary(**tried),
            outputs=data["outputs"],
        )


def _with_tuples(value: Any) -> Any:
    """Return a value of JSON with tuples for lists."""
    if isinstance(value, dict):
        return {key: _with_tuples(each) for key, each in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _without_infinity(value: Any) -> Any:
    """Return a value for JSON: None for NaN and infinity, lists for tuples, Python's numbers."""
    if isinstance(value, dict):
        return {key: _without_infinity(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_infinity(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
