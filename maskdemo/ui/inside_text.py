"""The text of the inside page: captions, what padding and a step did, the cell's equations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.gradient_by_step import share_text
from maskdemo.charts.style import strategy_title
from maskdemo.data.padding import Batch
from maskdemo.errors import escape_markdown
from maskdemo.evidence.phrases import counted, listed, number, percent
from maskdemo.inside.activations import states_before
from maskdemo.inside.flips import flips, lead_change
from maskdemo.inside.gradient import Landing
from maskdemo.inside.inspected_sequence import InspectedSequence
from maskdemo.strategies import STRATEGIES

#: The kind of a step that a batch padded to its longest sequence does not have.
AFTER_BATCH = "beyond the longest sequence of its batch"
SYMBOLS = """
*i* input gate: how much of the new is let in. *f* forget gate: how much of the old stays. *g* cell
candidate: the new. *o* output gate: how much is shown. *c* cell state: the memory, with *c* before
the step on the right. *h* hidden state: what the next step and the read-out see. All numbers belong
to this unit and are rounded to three digits.
"""
GATES_CAPTION = (
    "Each row of a gate or state is a unit, in order of the step at which its |*h*| is largest after "
    "the newest epoch, earliest on top. Gates are blank where the state does not move on: what they "
    "compute is not used. The ring marks the step that is read out, the line the chosen step, ▸ the "
    "chosen unit. Click a step to choose it."
)
GRADIENT_CAPTION = (
    "Each bar is the norm at one step, as a share of the strategy's total; norms are summed over "
    "sequences, each with its own loss. A step that holds the state throws away what it computes: the "
    "gradient passes it by unchanged, and none lands there. A step that resets the state ends it."
)
#: The gradient with respect to these -> what its size at a step says.
GRADIENT_MEANINGS = {
    "inputs": "How much the loss would change if the input that the LSTM receives at a step changed.",
    "states": "How much the loss would change if the state (*h* and *c*) that a step computes changed.",
    "weights": "The step's own part of the gradient that changes the LSTM's weights: what the network "
    "learns from this step.",
}


def change_by_invalid_steps(after: NDArray, invalid: NDArray[np.bool_]) -> float:
    """Return how far (>= 0) all invalid steps (T,) together move the unit that they move furthest.

    after: the state after each step (T, H). A unit's changes are added up with their signs.
    """
    steps = (after - states_before(after[None])[0])[invalid]
    return float(np.abs(steps.sum(axis=0)).max()) if len(steps) else 0.0


def what_padding_did(sequence: InspectedSequence, strategy: str) -> str:
    """Return what padding and gaps did to state and output of two strategies, or that there are none.

    The other is the first whose state they moved where they did not move this one's, or the reverse.
    """
    batch = sequence.batch
    kinds = ((batch.padding_there[0], "padded step"), (batch.missing[0], "missing reading"))
    present = [counted(int(cells.sum()), noun) for cells, noun in kinds if cells.any()]
    if not present:
        return "This sequence has neither padding nor gaps: a mask has nothing to hide."
    sentences: dict[bool, str] = {}  # by whether the state moved
    for each in dict.fromkeys((strategy, *sequence.strategies)):
        change = change_by_invalid_steps(sequence.activations(each).states[0], ~batch.valid[0])
        if (change > 0) not in sentences:
            sentences[change > 0] = _effect_sentence(sequence, each, change)
        if len(sentences) == 2:
            break
    return f"What {listed(present)} did here. {' '.join(sentences.values())}"


def share_in_mean(sequence: InspectedSequence, strategy: str, *, step: int) -> str:
    """Return a sentence: how much a step (from 1) counts in the mean that is read; "" for no mean."""
    pool = sequence.arrays(strategy).pool
    if pool is None:
        return ""
    read, share = counted(int(np.count_nonzero(pool[0])), "step"), float(pool[0, step - 1])
    here = f"this step is {percent(share)} of it" if share else "this step is not one of them"
    return f"The answer is read from the mean of the states after {read}: {here}."


def _effect_sentence(sequence: InspectedSequence, strategy: str, change: float) -> str:
    """Return a sentence: the state's `change` by padding, and `label`'s probability before and after.

    Where the last real step is read, it says so, with one probability; of a mean, or where no padding
    follows, only `change`.
    """
    state, arrays = "the state did not move", sequence.arrays(strategy)
    if change:
        state = f"moved the hidden state by up to {number(change, '.2f')}"
    chances = sequence.activations(strategy).probabilities[0, :, sequence.label]
    last, final = int(sequence.batch.last_valid[0]), len(chances) - 1
    there, end = (number(float(chances[at]), ".2f") for at in (last, final))
    output = f"the probability of label {escape_markdown(sequence.label_name)}"
    if last == final or arrays.counts[0].sum() > 1:
        answer = ""
    elif arrays.read_out[0] == last:
        answer = f"; the answer, {output} of {there}, was read before the padding"
    elif change:
        answer = f", and {output} from {there} to {end}"
    else:
        answer = f", and {output} stayed at {end}"
    return f"**{STRATEGIES[strategy].title}:** {state}{answer}."


def what_step_did(sequence: InspectedSequence, strategy: str, *, step: int) -> str:
    """Return a clause: how a step (from 1) changed the label's probability, and by which unit most.

    The unit is that of `lead_change`. Of a step that holds the state, only that the probability stays;
    of the first, only that all units start from zero.
    """
    at, label, name = step - 1, sequence.label, escape_markdown(sequence.label_name)
    activations, arrays = sequence.activations(strategy), sequence.arrays(strategy)
    says = activations.probabilities[0]
    if not arrays.advance[0, at] and arrays.keep[0, at]:
        held = number(float(says[at, label]), ".2f")
        return f"the probability of label {name} stays {held}."
    if at == 0:
        return "it is the first, and every unit starts from zero."
    turned = lead_change(sequence.networks[strategy], activations, step=at, label=label)
    before, after = (number(float(says[each, label]), ".2f") for each in (at - 1, at))
    verb = "it moves the output"
    if flips(says, label)[at]:
        verb = f"it turns the output {'to' if says[at].argmax() == label else 'away from'} label {name}"
    unit = turned.unit
    (c_before, c), (h_before, h) = (
        (number(float(each[0, at - 1, unit]), ".2f"), number(float(each[0, at, unit]), ".2f"))
        for each in (activations.cells, activations.states)
    )
    cause = "the step resets both to zero"
    if arrays.advance[0, at]:
        keeps = float(activations.forget_gate[0, at, unit])
        adds = float(activations.input_gate[0, at, unit] * activations.candidate[0, at, unit])
        cause = f"the step keeps {percent(keeps, 0)} of *c* and adds {number(adds, '+.2f')}"
    return (
        f"{verb}: the probability of label {name} goes from {before} to "
        f"{after}. Unit {unit + 1} has the largest part in it, {number(turned.of_unit, '+.2f')} of "
        f"{number(turned.change, '+.2f')} in the label's lead over its strongest rival: the unit's *h* "
        f"goes from {h_before} to {h} and its memory *c* from {c_before} to {c}, because {cause}."
    )


def step_kind(batch: Batch, step: int) -> str:
    """Return "a real reading", "a missing reading", "a padded step" or `AFTER_BATCH`.

    step: from 1, of the batch's first sequence.
    """
    if batch.padded[0, step - 1]:
        return "a padded step" if batch.padding_there[0, step - 1] else AFTER_BATCH
    return "a real reading" if batch.valid[0, step - 1] else "a missing reading"


def cell_equation(
    sequence: InspectedSequence, strategy: str, *, unit: int, step: int, did: str = ""
) -> str:
    """Return Markdown: that a step (from 1) moves on, holds or resets, a unit's (from 0) c and h.

    did: a clause in place of what any such step does. A step after the batch has no equations.
    """
    at, here = step - 1, step_kind(sequence.batch, step)
    if here == AFTER_BATCH:
        return f"**Step {step} is {here}:** the network does not take it, and its numbers stay."
    activations, arrays = sequence.activations(strategy), sequence.arrays(strategy)
    c, h = _number(activations.cells[0, at, unit]), _number(activations.states[0, at, unit])
    c_before = _number(states_before(activations.cells)[0, at, unit])
    h_before = _number(states_before(activations.states)[0, at, unit])
    now, then = f"_{{{step}}}", f"_{{{step - 1}}}"
    if arrays.advance[0, at]:
        names = ("input_gate", "forget_gate", "candidate", "output_gate")
        i, f, g, o = (_number(getattr(activations, name)[0, at, unit]) for name in names)
        text = f"moves on{f':** {did}' if did else '.**'}"
        new_c = f"f \\cdot c{then} + i \\cdot g = "
        new_c += f"{f} \\cdot {_signed(c_before)} + {i} \\cdot {_signed(g)} = {c}"
        new_h = f"o \\cdot \\tanh c{now} = {o} \\cdot \\tanh {_signed(c)} = {h}"
    elif arrays.keep[0, at]:
        copied = did or "both numbers are copied."
        text = f"is held:** what the gates compute is thrown away, and {copied}"
        new_c, new_h = f"c{then} = {c_before}", f"h{then} = {h_before}"
    else:
        forgotten = f"{c_before} and {h_before} are forgotten, and both numbers start again from zero."
        text, new_c, new_h = f"is reset:** {did or forgotten}", "0", "0"
    return (
        f"**Step {step} is {here}, and the state {text}\n\n"
        f"$$\\begin{{aligned}}c{now} &= {new_c} \\\\h{now} &= {new_h}\\end{{aligned}}$$"
    )


def compare_caption(sequence: InspectedSequence, first: str, *, weights: str, over: float) -> str:
    """Return the caption of strategies side by side: the rule by which they part from the first.

    weights: "own", or the strategy whose weights all use. over: the change of a probability (0 to 1)
    beyond which they part where each uses its own; else they do at any change of the state.
    """
    title = strategy_title(first)
    rule = (
        f"A strategy parts from {title} at the first step after which a probability "
        f"differs by more than {over * 100:.0f} points."
        if weights == "own"
        else f"All use the weights trained with {strategy_title(weights)}. A strategy parts from "
        f"{title} at the first step after which any hidden state differs at all."
    )
    return (
        f"{sequence.title}. {rule} The dashed line stands before that step. Rows are the same units in "
        f"all panels, in order of the step at which their |*h*| is largest with {title} "
        "after the newest epoch."
    )


def landing_sentence(landings: Mapping[str, Landing]) -> str:
    """Return each strategy's share of the gradient on padding and on gaps, or that none lands there."""
    sentences = [
        f"Share of the gradient that lands on {words}: {_shares(landings, kind)}."
        for kind, words in (("padding", "padded steps"), ("missing", "missing readings"))
        if any(getattr(each, kind).any() for each in landings.values())
    ]
    return " ".join(sentences) or "No gradient lands on padding with any of these strategies."


def _shares(landings: Mapping[str, Landing], kind: str) -> str:
    """Return "**Title** share, ..." at "padding" or "missing" steps, "exactly 0" where none lands."""
    parts = {name: each.share(kind) for name, each in landings.items()}
    return ", ".join(
        f"**{strategy_title(name)}** {share_text(part) if part else 'exactly 0'}"
        for name, part in parts.items()
    )


def _number(value: float) -> str:
    """Return a number with three digits after the point, never "-0.000"."""
    return f"{round(float(value), 3) + 0.0:.3f}"


def _signed(number: str) -> str:
    """Return the text of a number, in brackets if it begins with "-", to stand after a sign."""
    return f"({number})" if number.startswith("-") else number
