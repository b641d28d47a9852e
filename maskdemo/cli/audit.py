"""`audit FILE` says whether padding leaks into a Keras model, and at which layer."""

from __future__ import annotations

import json
import sys
import warnings
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Sequence
from pathlib import Path

from maskdemo.cli.export import must_be_writable

#: Exit codes: nothing leaks, something does, the model could not be audited.
CLEAN, LEAKS, NOT_AUDITED = 0, 1, 2


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo audit` and its options to the subcommands."""
    audit = commands.add_parser(
        "audit",
        help="say whether padding leaks into a Keras model",
        description="Exit code 0: nothing leaks. 1: something does. 2: it cannot be audited.",
    )
    audit.add_argument("model", type=Path, help="a .keras file, or a configuration as model.to_json()")
    audit.add_argument(
        "--sequences",
        type=Path,
        metavar="FILE",
        help="an .npz with an array a sequence, named input/sequence where there are several inputs; "
        "or a .csv: a row a step, the sequence's name first",
    )
    audit.add_argument("--json", action="store_true", help="print everything as JSON")
    audit.add_argument("--html", type=Path, metavar="FILE", help="also write the report as a page")
    _add_options_of_inputs(audit)
    audit.add_argument(
        "--trained",
        action="store_true",
        help="load the file's weights and measure with them, rather than with drawn ones",
    )
    audit.add_argument(
        "--trust",
        action="store_true",
        help="allow Lambda and custom layers: this runs code that the file brings",
    )
    audit.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module with the model's custom layers, by name; may be given again; needs --trust",
    )
    audit.set_defaults(answer=_run_command)


def _add_options_of_inputs(audit: ArgumentParser) -> None:
    """Add `--pad-value`, `--lengths`, `--mask`, `--side` and `--added`; each can be given again."""
    audit.add_argument(
        "--pad-value",
        action="append",
        metavar="[INPUT=]NUMBER",
        help="what padded steps hold; given again with the names of inputs, for each its own",
    )
    audit.add_argument(
        "--lengths",
        action="append",
        metavar="INPUT[=SEQUENCE]",
        help="an input that holds the lengths of a sequence; may be given again",
    )
    audit.add_argument(
        "--mask",
        action="append",
        metavar="INPUT[:inverted]",
        help="an input that is a mask, True at real steps, or at padding if inverted; again likewise",
    )
    audit.add_argument(
        "--side",
        action="append",
        choices=["post", "pre"],
        help="pad after the end or in front; both by default",
    )
    audit.add_argument(
        "--added",
        action="append",
        type=int,
        metavar="STEPS",
        help="padded steps beyond the longest sequence; given again, each is tried",
    )


def _run_command(args: Namespace) -> int:
    """Return the exit code of `_audit_file`, or NOT_AUDITED after an Exception, printed to stderr.

    With `--json` standard output has {"clean": null, "sentence": the error}, too. Raises ValueError,
    before the audit, for an `--html` that cannot be written. Warnings are silent.
    """
    from maskdemo.audit.exception_sentences import failure_sentence

    if args.html:
        must_be_writable(args.html)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of masks; the report says what is true of it
        try:
            return _audit_file(args)
        except Exception as failure:  # whatever a model can bring Keras to: 1 is for leaks alone
            sentence = failure_sentence(failure)
            print(sentence, file=sys.stderr)
            if args.json:
                print(json.dumps({"clean": None, "sentence": sentence}, indent=2))
            return NOT_AUDITED


def _audit_file(args: Namespace) -> int:
    """Audit the command's model, write `--html`, print the report and return CLEAN or LEAKS."""
    from maskdemo.audit import audit
    from maskdemo.audit.html_report import as_page
    from maskdemo.audit.output_change import ADDED_STEPS
    from maskdemo.cli.audit_files import read_model, read_sequences

    report = audit(
        read_model(args.model, trained=args.trained, trust=args.trust, imports=args.imports),
        read_sequences(args.sequences) if args.sequences else None,
        pad_value=_pad_values(args.pad_value or []),
        lengths=dict(each.partition("=")[::2] for each in args.lengths or ()),
        mask=args.mask,
        sides=None if args.side is None else tuple(dict.fromkeys(args.side)),
        added=tuple(dict.fromkeys(args.added or ADDED_STEPS)),
        trained=args.trained,
        saved=args.trained or args.trust,
        on_stage=lambda stage: print(f"{stage} ...", file=sys.stderr),
    )
    if args.html:
        args.html.write_text(as_page(report), encoding="utf-8")
    print(report.to_json() if args.json else report)
    return CLEAN if report.clean else LEAKS


def _pad_values(texts: Sequence[str]) -> float | dict[str, float] | None:
    """Return the number of a single text, or input -> number of texts INPUT=NUMBER; None for no text.

    Raises UnsupportedModel.
    """
    from maskdemo.errors import UnsupportedModel, quoted

    numbers: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            numbers[name] = float(number)
        except ValueError:
            raise UnsupportedModel(f"The pad value {quoted(text)} is no number.") from None
    if "" not in numbers:
        return numbers or None
    if len(texts) > 1:
        raise UnsupportedModel("Say --pad-value once for all inputs, or each time with a name: b=-1.")
    return numbers[""]
