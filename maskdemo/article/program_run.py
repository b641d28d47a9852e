"""The record of a program that was run, and sentences about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Outputs are probabilities in single precision: below this a change is rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Point:
    """Loss and accuracy (0 to 1) after a batch: means since the epoch began. Both count from 1."""

    epoch: int
    batch: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Failure:
    """The error that ended the program, and number (from 1) and text of its line that was being run."""

    kind: str
    message: str
    line: int | None
    source: str


@dataclass(frozen=True)
class Received:
    """The mask that a layer received: how many elements are True, and how many there are.

    Both are None where it received no mask. layer: the name of its class.
    """

    layer: str
    valid: int | None
    steps: int | None


@dataclass(frozen=True)
class ProgramRun:
    """What happened when a program was run.

    epochs, batches (an epoch): what `fit` was asked for, 0 before it began. commonest: the share of
    the commonest training label. leak: the largest change of an output when the training sequences
    are given without their padding; None where it was not measured. seconds: from the program's
    first line to its end, without loading TensorFlow. output: the end of printed text and warnings.
    """

    program: str
    versions: Mapping[str, str] = field(default_factory=dict)
    epochs: int = 0
    batches: int = 0
    commonest: float | None = None
    points: tuple[Point, ...] = ()
    received: tuple[Received, ...] = ()
    leak: float | None = None
    output: str = ""
    failure: Failure | None = None
    seconds: float = 0.0


def outcome_sentence(outcome: ProgramRun) -> str:
    """Return a sentence on how the run ended: line and kind of its error, or its seconds."""
    if outcome.failure is not None:
        where = f"at line {outcome.failure.line}" if outcome.failure.line else "outside its own lines"
        kind = outcome.failure.kind
        return f"Stopped {where} with {'an' if kind[:1] in 'AEIOU' else 'a'} {kind}."
    return f"Ran to its end in {outcome.seconds:.1f} s, without an error."


def outcome_findings(outcome: ProgramRun) -> tuple[str, ...]:
    """Return sentences in Markdown on accuracy, received masks and leak, as far as known."""
    sentences = []
    if outcome.points and outcome.commonest is not None:
        sentences.append(
            f"Accuracy {outcome.points[-1].accuracy:.0%} on its own training sequences. Always giving "
            f"the commoner of its random labels gets {outcome.commonest:.0%}."
        )
    sentences += [_mask_sentence(each) for each in outcome.received]
    if outcome.leak is not None:
        sentences.append(_leak_sentence(outcome.leak))
    return tuple(sentences)


def _mask_sentence(received: Received) -> str:
    """Return a sentence in Markdown on the mask that a layer received."""
    if received.valid is None:
        return f"`{received.layer}` received **no mask**."
    return (
        f"`{received.layer}` received **a mask**: {received.valid} of {received.steps} steps are to be "
        "used."
    )


def _leak_sentence(leak: float) -> str:
    """Return a sentence in Markdown: outputs change without the padding, unless below `ROUNDING`."""
    if leak == 0:
        return "Without their padding the same sequences get **exactly the same outputs**."
    if leak < ROUNDING:
        return f"Without their padding the same sequences get the same outputs, but for {leak:.0e}."
    return (
        "Without their padding the same sequences get **other outputs**: they change by up to "
        f"{leak:.2g}."
    )
