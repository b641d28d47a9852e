"""What can be at fault: each cause's weight, its words, a program that does it right, a source."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Literal

#: leak: padding changes what the model says or learns. trap: it will, on data that was not tried.
#: inherent: it does, whatever was tried against it. note: good to know.
Severity = Literal["leak", "trap", "inherent", "note"]

_PROGRAMS = [Path(__file__).with_name(name) for name in ("fix_programs.py", "fix_reductions.py")]
_KERAS = "https://github.com/keras-team/keras/issues/"
_TENSORFLOW = "https://github.com/tensorflow/tensorflow/issues/"
_GUIDE = "https://keras.io/guides/understanding_masking_and_padding/"


@dataclass(frozen=True)
class Cause:
    """What can be at fault: its severity, its words, and a program that does it right.

    title, why: sentences that may name the {layer} and its {of_class}. source: an address. fix: the
    name of a program in `fix_programs` or `fix_reductions`; "" for none. It is shown if no cures
    were tried on the layer, or the right mask, handed on, helped; else the program that did, if any.
    """

    severity: Severity
    title: str
    why: str
    source: str
    fix: str = ""


@cache
def program(name: str) -> str:
    """Return the body of a function of `fix_programs` or `fix_reductions` as a whole program's text.

    The docstring comes first, then imports, the functions that it calls, and the body without its
    `return`. Raises KeyError where there is no such function.
    """
    text = "\n".join(each.read_text(encoding="utf-8") for each in _PROGRAMS)
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    lines = text.splitlines()

    def lines_of(first: ast.stmt, last: ast.stmt) -> str:
        return "\n".join(lines[first.lineno - 1 : last.end_lineno])

    node = functions[name]
    docstring, rest = node.body[0], node.body[1]
    body = dedent(lines_of(rest, node)).rpartition("\nreturn model")[0]
    used = [lines_of(each, each) for called, each in functions.items() if f"{called}(" in body]
    code = "\n\n\n".join([*used, body])
    names = ", ".join(["layers", "ops"] if "ops." in code else ["layers"])
    about = dedent(lines_of(docstring, docstring))
    gap = "\n\n" if used or code.startswith("class") else "\n"
    return f"{about}\n\nimport keras\nfrom keras import {names}\n{gap}{code}\n"


CAUSES: dict[str, Cause] = {
    "no_mask": Cause(
        "leak",
        "{layer} reads padding: nothing makes a mask for it",
        "No layer before {layer} ({of_class}) makes a mask, so padded steps count like any other.",
        _GUIDE,
        "make_a_mask",
    ),
    "dropped_with_warning": Cause(
        "leak",
        "{layer} loses the mask, with a warning",
        "{of_class} has no notion of a mask. Keras warns once, and every layer after it sees padding "
        "as data.",
        f"{_TENSORFLOW}73531",
        "hand_the_mask_on",
    ),
    "dropped_silently": Cause(
        "leak",
        "{layer} loses the mask, without a word",
        "{of_class} is an operation, not a layer. The mask is attached to the tensor that goes in; the "
        "tensor that comes out is another one, without it.",
        f"{_KERAS}18416",
        "hand_the_mask_on",
    ),
    "dropped_by_layer": Cause(
        "leak",
        "{layer} does not pass the mask on",
        "{of_class} receives a mask, and its compute_mask returns none, or one of other steps.",
        f"{_KERAS}18543",
        "compute_the_mask",
    ),
    "unrecorded": Cause(
        "leak",
        "The mask is lost in plain operations after {layer}",
        "Between {layer} and the next layer the model's own code works on the tensor. The result is "
        "another tensor, without the mask.",
        f"{_KERAS}18416",
        "hand_the_mask_on",
    ),
    "ignored": Cause(
        "leak",
        "{layer} reads padded steps although it has the mask",
        "A right mask reaches {layer} ({of_class}), and its outputs at real steps depend on padding.",
        f"{_KERAS}19311",
        "compute_the_mask",
    ),
    "mixed": Cause(
        "leak",
        "{layer} merges a masked sequence with what has no mask",
        "Add and the like then drop the mask; Concatenate makes one that says that every step is real.",
        f"{_KERAS}19685",
        "mask_both",
    ),
    "taken_off": Cause(
        "leak",
        "{layer} takes the mask off its own input",
        "{of_class} removes its inputs' masks when it runs: what uses the same tensor afterwards has "
        "none.",
        f"{_KERAS}20455",
        "keep_beside_attention",
    ),
    "initial_state": Cause(
        "leak",
        "{layer} ignores the mask because it is given an initial state",
        "Keras fills `mask` in by itself only where a layer is called on a single tensor.",
        _GUIDE,
        "initial_state",
    ),
    "recurrent_passes_none": Cause(
        "leak",
        "{layer} passes no mask on",
        "From Keras 3.16 on, recurrent layers, Bidirectional and TimeDistributed pass no mask on.",
        f"{_KERAS}23228",
        "explicit_masks",
    ),
    "mask_never_matches": Cause(
        "leak",
        "{layer} makes a mask that hides no padding",
        "What stands at padded steps never equals its mask value: NaN equals nothing, half precision "
        "rounds most numbers, and another pad value is another number.",
        "https://keras.io/api/layers/core_layers/masking/",
        "mask_value",
    ),
    "border": Cause(
        "leak",
        "{layer} sees across the border between data and padding",
        "A window over neighbouring steps ({of_class}) reaches into the padding, where other numbers "
        "stand than beyond the end of a sequence. A mask for the layers after it comes too late.",
        _GUIDE,
    ),
    "own_code": Cause(
        "leak",
        "{layer} reads padded steps in code of its own",
        "What {of_class} computes between the layers that it calls takes padded steps as data: no "
        "layer moves by itself, and what goes into the next one has moved already.",
        f"{_KERAS}18416",
        "mask_in_own_code",
    ),
    "wrong_mask": Cause(
        "leak",
        "{layer} is handed a mask of other steps",
        "The mask that {of_class} is handed is not True at the real steps and False at padded ones. "
        "Keras's masks are True where a step counts; those of PyTorch are the other way round.",
        _GUIDE,
        "hand_the_mask_on",
    ),
    "other_steps": Cause(
        "leak",
        "{layer} takes other steps where there is padding",
        "{of_class} takes or cuts steps by their number, counted from an end where padding stands. "
        "Count from the first or the last real step, and turn and cut the mask in the same way.",
        f"{_KERAS}18416",
        "count_from_the_real_steps",
    ),
    "windows": Cause(
        "inherent",
        "{layer} lays its windows otherwise with padding",
        "{of_class} takes several steps at once, and where the windows begin depends on how many steps "
        "there are. Pad by a multiple of its stride.",
        _GUIDE,
    ),
    "positions": Cause(
        "inherent",
        "{layer} counts positions, and padding in front moves them",
        "What stands at padded steps makes no difference to {layer}, only how many there are. Pad "
        "after the end, or count positions from the first real step.",
        "https://github.com/huggingface/transformers/issues/26569",
    ),
    "batch_norm": Cause(
        "inherent",
        "{layer} normalises with padded steps while training",
        "It receives no mask, so its means and variances count padding. In inference they stand still.",
        f"{_KERAS}18759",
    ),
    "loss_counts_padding": Cause(
        "leak",
        "The loss counts padded steps",
        "Keras leaves padded steps out of the loss only where the outputs carry a mask, and {layer} "
        "({of_class}) passes none on.",
        f"{_KERAS}15323",
        "weigh_the_loss",
    ),
    "loss_not_finite": Cause(
        "leak",
        "{layer} puts out NaN at padded steps, and so the loss is NaN",
        "Keras multiplies the loss at a masked step by 0, and 0 times NaN or infinity is NaN. After "
        "such a batch the weights are NaN, too.",
        f"{_KERAS}18152",
        "finite_padding",
    ),
    "metric_counts_padding": Cause(
        "leak",
        "The metric {layer} counts padded steps",
        "Only metrics that are a mean of a function read masks. {of_class} takes every step as real.",
        f"{_KERAS}15323",
        "weigh_the_loss",
    ),
    "more_at_fault": Cause(
        "note",
        "More layers may be at fault",
        "Once what is named here is put right, outputs of {layer} still move. Mend it and audit again.",
        _GUIDE,
    ),
    "output_unmasked": Cause(
        "note",
        "Give sample weights when training",
        "The outputs at every step carry no mask, so a loss counts padded steps unless their weight "
        "is 0.",
        f"{_KERAS}23228",
        "weigh_the_loss",
    ),
    "steps_lost": Cause(
        "leak",
        "{layer} loses steps when the length is not known in advance",
        "Where time has no fixed size, TimeDistributed takes the size of the batch for it.",
        f"{_KERAS}22037",
        "no_time_distributed",
    ),
    "graph_differs": Cause(
        "leak",
        "predict says something else than calling the model",
        "As one graph, as `predict` and `fit` run it, the model gives other outputs.",
        _GUIDE,
    ),
    "saved_differs": Cause(
        "leak",
        "The model changes when it is saved and loaded",
        "A copy that was saved and loaded gives other outputs, from the same weights.",
        f"{_KERAS}20791",
    ),
    "rows_mix": Cause(
        "leak",
        "The sequences of a batch influence one another",
        "A sequence gives other outputs in a batch than alone, without any padding. {layer} is where "
        "they meet.",
        _GUIDE,
    ),
    "real_rows_masked": Cause(
        "leak",
        "{layer} masks real steps of these sequences",
        "A step all of whose values equal the mask value is taken for padding, wherever it stands.",
        "https://keras.io/api/layers/core_layers/masking/",
        "mask_value",
    ),
    "empty_row": Cause(
        "trap",
        "A sequence without a real step gives no number",
        "{layer} divides by the number of real steps, which is 0 there.",
        f"{_KERAS}18152",
        "masked_mean",
    ),
    "cudnn": Cause(
        "note",
        "On a GPU, pad after the end or say use_cudnn=False",
        "cuDNN's kernels take only masks that are True up to the length, and no empty sequence.",
        f"{_KERAS}18397",
    ),
    "keras_3_16": Cause(
        "note",
        "From Keras 3.16 on, hand the mask over yourself",
        "{layer} relies on a mask that a recurrent layer passes on, which ends with Keras 3.16.",
        f"{_KERAS}23228",
        "explicit_masks",
    ),
}
