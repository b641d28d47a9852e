"""The article's three examples, expressed anew: programs, and what changes from one to the next.

The programs are files of their own under `programs/`: what is shown is what runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

FOLDER = Path(__file__).with_name("programs")


@dataclass(frozen=True)
class Program:
    """A program of the article. name: of its file. reason: why it differs from the program before."""

    name: str
    title: str
    reason: str

    @property
    def file_name(self) -> str:
        """The name of the program's file."""
        return f"{self.name}.py"

    @property
    def text(self) -> str:
        """The source of the program, as it stands in its file."""
        return (FOLDER / self.file_name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class ArticleExample:
    """One example: what it sets out to show, its programs in order, and a scenario that can tell.

    The first program is the article's example, the last one does what the example sets out to do.
    question: what the scenario asks, and why the example cannot answer it.
    """

    number: int
    title: str
    aim: str
    programs: tuple[Program, ...]
    question: str
    scenario: str


def program_diff(before: Program, after: Program) -> str:
    """Return the changes from a program to another as a unified diff; "" without changes."""
    lines = unified_diff(
        before.text.splitlines(),
        after.text.splitlines(),
        before.file_name,
        after.file_name,
        lineterm="",
        n=2,
    )
    return "\n".join(lines)


EXAMPLES = (
    ArticleExample(
        number=1,
        title="Fixed lengths, no mask",
        aim="An LSTM needs no mask where every sequence has the same number of steps.",
        programs=(
            Program(
                "example_1_as_written",
                "As written",
                "100 sequences of 10 steps and 5 features, all of them noise, each with a label that "
                "was tossed like a coin.",
            ),
            Program(
                "example_1_beside_a_mask",
                "Beside a mask",
                "Nothing has to be mended. To see what a mask would have changed, the trained layers "
                "are asked once more behind a Masking layer, with the same weights. The last line "
                "that it prints is the answer.",
            ),
        ),
        question="With random labels there is nothing to learn, so the example's accuracy speaks "
        "neither for nor against a mask. Here the label is the sign of the sum of all readings, and "
        "the sequences that count were not trained on.",
        scenario="fixed_length",
    ),
    ArticleExample(
        number=2,
        title="Padding and a Masking layer",
        aim="A Masking layer tells the LSTM which steps of a zero-padded sequence are padding.",
        programs=(
            Program(
                "example_2_as_written",
                "As written",
                "100 sequences of 1 to 10 steps, padded with zeros after their end to 10 steps.",
            ),
            Program(
                "example_2_mended",
                "Mended",
                "The program uses NumPy without importing it: the name came from the example before. "
                "One line makes it stand on its own.",
            ),
        ),
        question="Does the layer matter for accuracy? The same lengths and the same padding, with a "
        "label that can be learned, with the layer and without it.",
        scenario="masking_layer",
    ),
    ArticleExample(
        number=3,
        title="Masking by hand",
        aim="A layer of one's own can take a mask and leave padding out by multiplying it away.",
        programs=(
            Program(
                "example_3_as_written",
                "As written",
                "A loop over the steps around Keras's LSTM cell. Each step's input is multiplied by "
                "its mask; the layer returns its output at every step.",
            ),
            Program(
                "example_3_argument_mended",
                "1 Argument",
                "In Keras 3 a cell makes its first state from the number of sequences; Keras 2 took "
                "the inputs.",
            ),
            Program(
                "example_3_last_output",
                "2 Last output",
                "There is one label a sequence, so the layer has to give one output a sequence: that "
                "of the last step.",
            ),
            Program(
                "example_3_masking_layer",
                "3 A mask",
                "No layer of this model makes a mask, so there was none to multiply by. A Masking "
                "layer makes one.",
            ),
            Program(
                "example_3_mask_ends",
                "4 Mask ends",
                "`supports_masking` also hands the mask on, to layers and to a loss that no longer "
                "have steps. A layer that returns one output a sequence has to end it.",
            ),
            Program(
                "example_3_state_held",
                "5 Held state: mended",
                "Zeros times a mask of zeros are zeros, as before, and the cell still takes a step "
                "with them. The mask has to decide whether the state moves on: where it says no, the "
                "old state stays.",
            ),
        ),
        question="What does each of the three ideas do on a label that can be learned, the sign of the "
        "last reading: multiplying inputs by the mask as in the example, setting the state to zero as "
        "the article's text has it, holding the state as mended here?",
        scenario="manual_mask",
    ),
)

#: Every program by its name.
PROGRAMS = {program.name: program for example in EXAMPLES for program in example.programs}
