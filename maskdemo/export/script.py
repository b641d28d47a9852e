"""An experiment as one Python file in plain Keras that needs nothing of this project."""

from __future__ import annotations

from string import Template
from textwrap import fill

from maskdemo.evidence.phrases import counted
from maskdemo.experiment import Experiment
from maskdemo.export.program import (
    RECORDING,
    Part,
    export_title,
    imports,
    installed_versions,
    link_parameters,
    packages,
    program,
)

WIDTH = 96

HEADER = Template('''\
"""$title

$introduction

How to run it, with $packages and keras 3.12 or later:

    python FILE$data                           $epochs epochs and $repeats_text, as on the page
    python FILE$data --epochs 2 --repeats 1    a short try

Written with $versions.
The same settings on the page: put this behind its address.

    $link
"""
''')

MAIN = Template('''\
def at_least_one(text):
    """The whole number of an argument."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few, it takes at least 1")
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
$data_argument    parser.add_argument("--epochs", type=at_least_one, default=$epochs)
    parser.add_argument("--repeats", type=at_least_one, default=$repeats)
    given = parser.parse_args()
    show(compare(given.epochs, given.repeats$path))
''')

DATA = """\
    parser.add_argument("data", help="a file like the one on the page")
"""

CALL = """\
if __name__ == "__main__":
    main()
"""


def script(experiment: Experiment) -> str:
    """Return the text of a .py file that trains this experiment with Keras and prints its accuracies.

    It imports numpy and keras only. A recorded data set is in it, at the end, so it works offline; a
    person's own is not: the script is given their file, and reads it with pandas.
    """
    exported = program(experiment)
    paragraphs = (fill(each, WIDTH) for each in exported.introduction)
    settings = {
        "title": export_title(experiment),
        "introduction": "\n\n".join(paragraphs),
        "packages": packages(experiment),
        "data": " DATA" if experiment.is_own else "",
        "epochs": experiment.epochs,
        "repeats": experiment.repeats,
        "repeats_text": counted(experiment.repeats, "repeat"),
        "versions": installed_versions(),
        "link": link_parameters(experiment),
        "data_argument": DATA if experiment.is_own else "",
        "path": ", given.data" if experiment.is_own else "",
    }
    recording = [each for each in exported.parts if each.title == RECORDING]
    return "\n\n".join(
        [
            HEADER.substitute(settings) + "\n" + imports(experiment, "argparse"),
            *(_section(each) for each in exported.parts if each not in recording),
            MAIN.substitute(settings),
            *(each.code + "\n" for each in recording),
            CALL,
        ]
    )


def _section(part: Part) -> str:
    text = fill(part.text, WIDTH, initial_indent="# ", subsequent_indent="# ")
    return f"# {part.title}\n# {'-' * len(part.title)}\n{text}\n\n\n{part.code}\n"
