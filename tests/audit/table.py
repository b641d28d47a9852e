"""The tables of docs/audit-zoo.md: `python -m tests.audit.table > docs/audit-zoo.md`."""

from __future__ import annotations

import sys

from maskdemo.audit.fault_sentences import CAUSES
from tests.audit.keras_io import PUBLISHED
from tests.audit.zoo import ZOO, Specimen

HEAD = """\
# The zoo

Models with a known answer: {count} made for the purpose, and {published} of keras.io's examples. The
tests build each, audit it, and hold the audit to what stands here. This file is written by
`python -m tests.audit.table`.
"""
RIGHT = """
## Right

Padding does not leak into these {count}, whatever Keras warns of.

| model | also told | about |
|---|---|---|
"""
WRONG = """
## Wrong

Padding leaks into these {count}, or into their loss.

| model | fault | layer | about |
|---|---|---|---|
"""
CANNOT = """
## Cannot be told

Nothing is claimed of these {count}, and the reason is.

| model | reason |
|---|---|
"""
EXAMPLES = """
## Examples of keras.io

Their layer stacks, written anew and smaller, audited through their configurations. A leak is no fault
of an example whose sequences have one length; it shows once somebody pads.

| example | how it pads | the audit says |
|---|---|---|
"""


def page() -> str:
    """Return the text of docs/audit-zoo.md."""
    right = [each for each in ZOO.values() if not each.cause and not each.cannot]
    cannot = [each for each in ZOO.values() if each.cannot]
    wrong = [each for each in ZOO.values() if each.cause]
    lines = [HEAD.format(count=len(ZOO), published=len(PUBLISHED)), RIGHT.format(count=len(right))]
    lines += [
        f"| {_name(each)} | {', '.join(_words(cause) for cause in each.also)} | {_about(each)} |\n"
        for each in right
    ]
    lines.append(WRONG.format(count=len(wrong)))
    lines += [
        f"| {_name(each)} | {_words(each.cause)} | `{each.layer}` | {_about(each)} |\n"
        for each in wrong
    ]
    lines.append(CANNOT.format(count=len(cannot)))
    lines += [f"| {_name(each)} | {each.cannot} |\n" for each in cannot]
    lines.append(EXAMPLES)
    for each in PUBLISHED.values():
        found = "; ".join(f"{_words(cause)}, `{layer}`" for cause, layer in each.leaks)
        verdict = f"leaks: {found}" if found else "right"
        lines.append(f"| [{each.title}]({each.link}) | {each.says} | {verdict} |\n")
    return "".join(lines)


def _name(specimen: Specimen) -> str:
    return specimen.name.replace("_", " ")


def _words(cause: str) -> str:
    """Return the name of a cause as words."""
    assert cause in CAUSES
    return cause.replace("_", " ")


def _about(specimen: Specimen) -> str:
    """Return a link to the thread about a model; "" without any."""
    if not specimen.thread:
        return ""
    parts = specimen.thread.split("/")
    return f"[{parts[-3]} #{parts[-1]}]({specimen.thread})"


if __name__ == "__main__":
    sys.stdout.write(page())
