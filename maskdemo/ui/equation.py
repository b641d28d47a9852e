"""The cell's two equations with one step's numbers, as Markdown."""

from __future__ import annotations

from maskdemo.data.padding import Batch
from maskdemo.inside.activations import Activations, states_before
from maskdemo.strategies import Arrays

SYMBOLS = """
*i* input gate: how much of the new is let in. *f* forget gate: how much of the old stays. *g* cell
candidate: the new. *o* output gate: how much is shown. *c* cell state: the memory, with *c* before
the step on the right. *h* hidden state: what the next step and the read-out see. All numbers belong
to this unit and are rounded to three digits.
"""


def step_kind(batch: Batch, step: int) -> str:
    """Return the kind of a step (from 1) of the first sequence, as part of a sentence."""
    if batch.padded[0, step - 1]:
        return "a padded step"
    return "a real reading" if batch.valid[0, step - 1] else "a missing reading"


def cell_equation(
    activations: Activations, arrays: Arrays, batch: Batch, *, unit: int, step: int, did: str = ""
) -> str:
    """Return the equations of c and h of a unit (from 0) at a step (from 1) of the first sequence.

    did: what the step did besides, as a clause; in place of what any such step does.
    """
    at, here = step - 1, step_kind(batch, step)
    c, h = _number(activations.cells[0, at, unit]), _number(activations.states[0, at, unit])
    c_before = _number(states_before(activations.cells)[0, at, unit])
    h_before = _number(states_before(activations.states)[0, at, unit])
    now, then = f"_{{{step}}}", f"_{{{step - 1}}}"
    if arrays.advance[0, at]:
        names = ("input_gate", "forget_gate", "candidate", "output_gate")
        i, f, g, o = (_number(getattr(activations, name)[0, at, unit]) for name in names)
        return (
            f"**Step {step} is {here}, and the state moves on{f':** {did}' if did else '.**'}\n\n"
            "$$\\begin{aligned}"
            f"c{now} &= f \\cdot c{then} + i \\cdot g "
            f"= {f} \\cdot {_signed(c_before)} + {i} \\cdot {_signed(g)} = {c} \\\\"
            f"h{now} &= o \\cdot \\tanh c{now} = {o} \\cdot \\tanh {_signed(c)} = {h}"
            "\\end{aligned}$$"
        )
    if arrays.keep[0, at]:
        return (
            f"**Step {step} is {here}, and the state is held:** what the gates compute is thrown "
            f"away, and {did or 'both numbers are copied.'}\n\n"
            "$$\\begin{aligned}"
            f"c{now} &= c{then} = {c_before} \\\\"
            f"h{now} &= h{then} = {h_before}"
            "\\end{aligned}$$"
        )
    return (
        f"**Step {step} is {here}, and the state is reset:** "
        f"{did or f'{c_before} and {h_before} are forgotten, and both numbers start again from zero.'}"
        "\n\n"
        "$$\\begin{aligned}"
        f"c{now} &= 0 \\\\ h{now} &= 0"
        "\\end{aligned}$$"
    )


def _number(value: float) -> str:
    # A rounded -0.000 would look like a mistake.
    return f"{round(float(value), 3) + 0.0:.3f}"


def _signed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number
