"""What the findings say, in sentences computed from them.

A strategy is called better or worse than no mask at a dose only where the difference is sure
(`Difference.sure`): paired by repeat, two repeats or more, corrected for all comparisons of the study.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskdemo.evidence.former import BASELINE
from maskdemo.strategies import STRATEGIES
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Cell
from maskdemo.study.variables import VARIABLES, Variable, listed

#: With more values of the second variable than this, cells are counted rather than listed.
MOST_LINES = 3


@dataclass(frozen=True)
class _Line:
    """Cells along one variable, in the order of its doses; `where` says at which value of the other."""

    variable: Variable
    axis: int
    cells: tuple[Cell, ...]
    where: str = ""

    def at(self, *cells: Cell) -> str:
        return self.variable.at(*(cell[self.axis] for cell in cells))


def summary(findings: Findings) -> tuple[str, ...]:
    """Sentences, the headline first; empty until repeats can be compared.

    A study of one repeat is told what it lacks when it is finished.
    """
    if findings.study.base.repeats == 1:
        return ("One repeat cannot tell an effect from luck: choose two or more.",) * findings.finished
    told = [cell for cell in findings.study.cells if _can_be_told(findings, cell)]
    if not told:
        return ()
    lines = _lines(findings, told)
    if len(lines) > MOST_LINES:
        sentences = [_counted(findings, name, told) for name in _others(findings)]
    else:
        sentences = [each for line in lines for each in _compared(findings, line)]
        sentences += [_bare(findings, line) for line in lines]
    return (*sentences, _chance(findings, told), *_method(findings), *_so_far(findings, told))


def _others(findings: Findings) -> list[str]:
    return [name for name in findings.study.base.strategies if name != BASELINE]


def _can_be_told(findings: Findings, cell: Cell) -> bool:
    own = findings.mean(cell, BASELINE)
    found = [findings.difference(cell, name) for name in _others(findings)]
    return own is not None and own.repeats > 1 and all(each and each.repeats > 1 for each in found)


def _lines(findings: Findings, told: Sequence[Cell]) -> list[_Line]:
    variables = [VARIABLES[name] for name in findings.study.varied]
    if len(variables) == 1:
        return [_Line(variables[0], 0, tuple(told))]
    # Along the one whose doses have an order.
    axis = 1 if variables[0].categorical else 0
    value = 1 - axis
    return [
        _Line(
            variables[axis],
            axis,
            tuple(cell for cell in told if cell[value] == dose),
            f"{variables[value].say(dose)}: ",
        )
        for dose in dict.fromkeys(cell[value] for cell in told)
    ]


def _compared(findings: Findings, line: _Line) -> list[str]:
    """Better, worse or neither: one sentence for all strategies of which the same is true."""
    said: dict[tuple[str, tuple[Cell, ...]], list[str]] = {}
    for name in _others(findings):
        marked = [(word, _sure(findings, name, line.cells, word)) for word in ("better", "worse")]
        for key in [each for each in marked if each[1]] or [("neither", ())]:
            said.setdefault(key, []).append(name)
    return [
        _sentence(findings, line, word, cells, said[word, cells])
        for word, cells in sorted(said, key=lambda key: ("better", "worse", "neither").index(key[0]))
    ]


def _sure(findings: Findings, name: str, cells: Sequence[Cell], word: str) -> tuple[Cell, ...]:
    found = ((cell, findings.difference(cell, name)) for cell in cells)
    return tuple(
        cell for cell, each in found if each and each.sure and (each.mean > 0) == (word == "better")
    )


def _sentence(
    findings: Findings, line: _Line, word: str, cells: tuple[Cell, ...], names: Sequence[str]
) -> str:
    who = listed(STRATEGIES[name].title for name in names)
    if word == "neither":
        return _capital(f"{line.where}no sure difference from no mask at any dose: {who}.")
    is_are = "is" if len(names) == 1 else "are"
    last = cells[-1]
    amounts = sorted(
        {f"{abs(each.mean):.0%}"[:-1] for name in names if (each := findings.difference(last, name))},
        key=int,
    )
    points = " to ".join([amounts[0], *amounts[1:][-1:]])
    there = f" {line.at(last)}" if len(cells) > 1 else ""
    return _capital(
        f"{line.where}{who} {is_are} surely {word} than no mask {_range(line, cells)} "
        f"(by {points} points{there})."
    )


def _range(line: _Line, cells: tuple[Cell, ...]) -> str:
    """Where, in words: from the smallest dose on from which all are among `cells`, and others."""
    if cells == line.cells and len(cells) > 1:
        return "at every dose"
    since = len(line.cells)
    while since and line.cells[since - 1] in cells:
        since -= 1
    if len(line.cells) - since < 2 or line.variable.categorical:
        return line.at(*cells)
    alone = [cell for cell in cells if cell not in line.cells[since:]]
    on = f"from {line.variable.say(line.cells[since][line.axis])} on"
    return listed([on, line.at(*alone)] if alone else [on])


def _bare(findings: Findings, line: _Line) -> str:
    """What no mask does by itself, from the first dose to the last."""
    reached = [
        f"{estimate.mean:.0%} {line.at(cell)}"
        for cell in dict.fromkeys((line.cells[0], line.cells[-1]))
        if (estimate := findings.mean(cell, BASELINE))
    ]
    return _capital(f"{line.where}no mask reaches {listed(reached)}.")


def _counted(findings: Findings, name: str, told: Sequence[Cell]) -> str:
    """How many cells of the grid a strategy wins and loses, and where it differs most."""
    parts = []
    for word in ("better", "worse"):
        cells = _sure(findings, name, told, word)
        part = f"{word} than no mask in {len(cells)} of {len(told)} cells"
        if cells:
            most = max(cells, key=lambda cell: _size(findings, name, cell))
            points = f"{_size(findings, name, most):.0%}"[:-1]
            part += f" (by {points} points {findings.study.where(most)})"
        parts.append(part)
    return f"{STRATEGIES[name].title} is surely {listed(parts)}."


def _size(findings: Findings, name: str, cell: Cell) -> float:
    found = findings.difference(cell, name)
    return abs(found.mean) if found else 0.0


def _chance(findings: Findings, told: Sequence[Cell]) -> str:
    levels = sorted({f"{findings.chance(cell):.0%}" for cell in told}, key=lambda each: int(each[:-1]))
    return f"Chance, always giving the commonest label, is {' to '.join(levels[:1] + levels[1:][-1:])}."


def _method(findings: Findings) -> list[str]:
    if not findings.comparisons:
        return []
    return [
        "Sure means that the interval (Student's t, paired by repeat) leaves zero after Bonferroni's "
        f"correction for the {findings.comparisons} comparisons of this study."
    ]


def _so_far(findings: Findings, told: Sequence[Cell]) -> list[str]:
    """What is not counted in yet."""
    total = len(findings.study.cells)
    if len(told) < total:
        places = "doses" if len(findings.study.varied) == 1 else "cells"
        return [f"{total - len(told)} of {total} {places} lack the two repeats that this takes."]
    return [] if findings.finished else ["More repeats are to come."]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
