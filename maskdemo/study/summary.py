"""What the findings say, in sentences computed from their verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from maskdemo.evidence import BASELINE, Verdict, mask_effect
from maskdemo.evidence.phrases import capital, counted, listed, number, percent
from maskdemo.evidence.verdict import MARGIN_POINTS
from maskdemo.strategies import STRATEGIES
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study
from maskdemo.study.variables import VARIABLES, Cell, Variable

#: With more values of the second variable than this, cells are counted rather than listed.
MAX_LINES = 3
#: Word -> the verb after one strategy and after several.
VERBS = {
    "required": ("is required", "are required"),
    "helps": ("helps", "help"),
    "hurts": ("hurts", "hurt"),
    "the same": ("is the same as no mask", "are the same as no mask"),
    "undecided": ("is undecided", "are undecided"),
}
EFFECTS = ("required", "helps", "hurts")
#: (word, the cells that have it) of one strategy.
_Effects = tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class _Line:
    """Cells along one variable, in the order of its values.

    axis: the variable's index in a cell. where: the other's value, as the beginning of a sentence.
    """

    variable: Variable
    axis: int
    cells: tuple[Cell, ...]
    where: str = ""

    def at(self, *cells: Cell) -> str:
        """Return the values of cells on this line as part of a sentence: "at 60 and 90 steps"."""
        return self.variable.at(*(cell[self.axis] for cell in cells))


def summary(findings: Findings) -> tuple[str, ...]:
    """Return sentences, of a grid the headline first; () until a cell can be judged.

    Effects are told along each of `_lines`; with more than `MAX_LINES`, cells are counted instead. Of
    a finished study with fewer repeats than a word takes, the sentence says how many are needed.
    """
    needed = findings.needed
    if all(findings.study.repeats(cell) < needed for cell in findings.study.cells):
        why = "are needed to tell an effect from luck"
        lacking = f"At least {needed} repeats {why}: choose {needed} or more."
        return (lacking,) if findings.finished else ()
    judged = [cell for cell in findings.study.cells if _can_be_judged(findings, cell)]
    if not judged:
        return ()
    lines = _lines(findings, judged)
    if len(lines) > MAX_LINES:
        sentences = [_count_sentence(findings, name, judged) for name in findings.others]
    else:
        sentences = [sentence for line in lines for sentence in _comparison_sentences(findings, line)]
        sentences += [_baseline_sentence(findings, line) for line in lines]
    if len(findings.study.varied) > 1 and findings.others:
        sentences.insert(0, _grid_headline(findings, lines))
    missing = _missing_sentences(findings, judged)
    if missing:
        sentences[0] = f"So far: {sentences[0]}"
    notes = (*_broken_masks(findings.study), _chance(findings, judged), *_method(findings))
    return (*sentences, *notes, *missing)


def _can_be_judged(findings: Findings, cell: Cell) -> bool:
    """Whether no mask has a mean in the cell, and every other strategy a verdict not withheld."""
    verdicts = [findings.verdict(cell, name) for name in findings.others]
    judged = all(verdict is not None and not verdict.withheld for verdict in verdicts)
    return judged and findings.mean(cell, BASELINE) is not None


def _lines(findings: Findings, judged: Sequence[Cell]) -> list[_Line]:
    """Return the judged cells in lines along the first variable that is not categorical, if any is."""
    variables = [VARIABLES[name] for name in findings.study.varied]
    if len(variables) == 1:
        return [_Line(variables[0], 0, tuple(judged))]
    axis = 1 if variables[0].categorical else 0
    other = 1 - axis
    return [
        _Line(
            variables[axis],
            axis,
            tuple(cell for cell in judged if cell[other] == value),
            f"{variables[other].in_sentence(value)}: ",
        )
        for value in dict.fromkeys(cell[other] for cell in judged)
    ]


def _verdict(findings: Findings, cell: Cell, name: str) -> Verdict:
    """Return the verdict on a strategy in a cell that can be judged."""
    verdict = findings.verdict(cell, name)
    assert verdict is not None, "only of cells that can be judged"
    return verdict


def _cells_with(findings: Findings, name: str, cells: Sequence[Cell], word: str) -> tuple[Cell, ...]:
    """Return the cells in which the strategy has this word."""
    return tuple(cell for cell in cells if _verdict(findings, cell, name).word == word)


def _comparison_sentences(findings: Findings, line: _Line) -> list[str]:
    """Return a sentence for each group of strategies with the same words, effects first.

    Where a strategy has an effect in any cell, cells where it is the same as no mask are left out.
    """
    alike: dict[_Effects, list[str]] = {}
    for name in findings.others:
        by_word = ((word, _cells_with(findings, name, line.cells, word)) for word in VERBS)
        effects = tuple((word, cells) for word, cells in by_word if cells)
        if any(word in EFFECTS for word, _ in effects):
            effects = tuple((word, cells) for word, cells in effects if word != "the same")
        alike.setdefault(effects, []).append(name)
    order = list(VERBS)
    return [
        _effect_sentence(findings, line, effects, alike[effects])
        for effects in sorted(alike, key=lambda effects: order.index(effects[0][0]))
    ]


def _effect_sentence(findings: Findings, line: _Line, effects: _Effects, names: Sequence[str]) -> str:
    """Return the sentence on the strategies `names`, which have equal effects along the line."""
    subject = listed(STRATEGIES[name].title for name in names)
    by_word, parts = dict(effects), []
    for word, cells in effects:
        unsure = by_word.get("undecided", ()) if word in EFFECTS else ()
        required = by_word.get("required", ())
        # What is required from some value on helps too, so that helping goes on there.
        goes_on = word == "helps" and required and _range(line, required, required, unsure)[1]
        where, since = _range(line, cells, cells + required if goes_on else cells, unsure)
        amount = f" ({_amount(findings, line, cells, since, names)})" if word in EFFECTS else ""
        parts.append(f"{VERBS[word][len(names) > 1]} {where}{amount}")
    return capital(f"{line.where}{subject} {listed(parts)}.")


def _amount(
    findings: Findings, line: _Line, cells: Sequence[Cell], since: Cell | None, names: Sequence[str]
) -> str:
    """Return a clause on the differences of `names`, in points, at `since`, else the last of `cells`.

    At `since` it also has the least that is sure: the limit nearest to 0 of them all.
    """
    at = since or cells[-1]
    verdicts = [_verdict(findings, at, name) for name in names]
    sizes = [_whole_points(each) for each in sorted(abs(each.difference.mean) for each in verdicts)]
    sure = min(min(abs(each.difference.low), abs(each.difference.high)) for each in verdicts)
    if since:
        return f"by {_from_to(sizes)} points there, at least {math.floor(100 * sure)}"
    return f"by {_from_to(sizes)} points" + (f" {line.at(at)}" if len(cells) > 1 else "")


def _range(
    line: _Line, cells: Sequence[Cell], reaching: Sequence[Cell], unsure: Sequence[Cell] = ()
) -> tuple[str, Cell | None]:
    """Return the values of `cells` as text, and the cell where its "from 60 steps on" begins or None.

    So for numbers, unless `cells` are the whole line, where all from one of `cells` to the line's end
    are `reaching` or `unsure`, the last and two others `reaching`: fewer do not show what lies beyond.
    """
    if tuple(cells) == line.cells and len(cells) > 1:
        return "at every value", None
    since = len(line.cells)
    while since and line.cells[since - 1] in (*reaching, *unsure):
        since -= 1
    beyond = [cell for cell in line.cells[since:] if cell in reaching]
    ends = line.cells[-1] in reaching and beyond[0] in cells
    if not ends or len(beyond) < 3 or line.variable.categorical:
        return line.at(*cells), None
    alone = [cell for cell in cells if line.cells.index(cell) < line.cells.index(beyond[0])]
    on = f"from {line.variable.in_sentence(beyond[0][line.axis])} on"
    return listed([on, line.at(*alone)] if alone else [on]), beyond[0]


def _grid_headline(findings: Findings, lines: Sequence[_Line]) -> str:
    """Return a sentence: where strategies have the first of `EFFECTS` that any has; or none has."""
    by_answer: dict[tuple[str, ...], list[str]] = {}
    words = {
        name: [_verdict(findings, cell, name).word for line in lines for cell in line.cells]
        for name in findings.others
    }
    strongest = next((each for each in EFFECTS if any(each in of for of in words.values())), None)
    if strongest is None:
        unclear = sum(of.count("undecided") for of in words.values())
        total = sum(map(len, words.values()))
        more = f", and {unclear} of {total} comparisons are undecided" if unclear else ""
        return f"No strategy helps, hurts or is required anywhere{more}."
    for name in words:
        answer = tuple(_where(findings, line, name, strongest) for line in lines)
        by_answer.setdefault(answer, []).append(name)
    answer, names = next(each for each in by_answer.items() if strongest in words[each[1][0]])
    other = 1 - lines[0].axis
    values = {where: [] for where in sorted(answer, key=lambda each: each.startswith("nowhere"))}
    for where, line in zip(answer, lines, strict=True):
        values[where].append(line.cells[0][other])
    variable = VARIABLES[findings.study.varied[other]]
    parts = [f"{where} {variable.at(*at)}" for where, at in values.items()]
    subject = listed(STRATEGIES[name].title for name in names)
    return f"{subject} {VERBS[strongest][len(names) > 1]} {listed(parts)}."


def _where(findings: Findings, line: _Line, name: str, word: str) -> str:
    """Return where the strategy has a word; "nowhere", with an undecided cell "nowhere for certain"."""
    cells = _cells_with(findings, name, line.cells, word)
    unsure = _cells_with(findings, name, line.cells, "undecided")
    if cells:
        return _range(line, cells, cells, unsure)[0]
    return "nowhere for certain" if unsure else "nowhere"


def _baseline_sentence(findings: Findings, line: _Line) -> str:
    """Return a sentence on the accuracy of no mask, at the first value and at the last."""
    reached = [
        f"{percent(mean.mean, 0)} {line.at(cell)}"
        for cell in dict.fromkeys((line.cells[0], line.cells[-1]))
        if (mean := findings.mean(cell, BASELINE)) is not None
    ]
    return capital(f"{line.where}no mask reaches {listed(reached)}.")


def _count_sentence(findings: Findings, name: str, judged: Sequence[Cell]) -> str:
    """Return a sentence: in how many cells a strategy has each word, and each effect's largest."""
    parts = []
    for word in VERBS:
        cells = _cells_with(findings, name, judged, word)
        if not cells:
            continue
        part = f"{VERBS[word][0]} in {len(cells)} of {len(judged)} cells"
        if word in EFFECTS:
            sizes = {cell: abs(_verdict(findings, cell, name).difference.mean) for cell in cells}
            largest = max(cells, key=sizes.__getitem__)
            part += f" (by {_whole_points(sizes[largest])} points {findings.study.where(largest)})"
        parts.append(part)
    return f"{STRATEGIES[name].title} {listed(parts)}."


def _broken_masks(study: Study) -> list[str]:
    """Return a sentence on where, by `mask_effect`, a compared mask misses padding; [] if nowhere."""
    effects = {cell: mask_effect(study.experiment(cell), "masking_layer") for cell in study.cells}
    broken = [cell for cell, effect in effects.items() if effect.mask_value is not None]
    if not broken or "masking_layer" not in study.base.strategies:
        return []
    if study.and_vary is not None:
        where = f"in {len(broken)} of {len(study.cells)} cells"
    elif len(broken) == len(study.cells):
        where = "at every value"
    else:
        where = VARIABLES[study.vary].at(*(cell[0] for cell in broken))
    does = effects[broken[0]].note.partition(":")[0]
    value = number(study.base.mask_value)
    return [f"{STRATEGIES['masking_layer'].title} {does} {where}: the mask value is {value}."]


def _whole_points(size: float) -> str:
    """Return a share as whole points, such as "12", with its sign if below 0."""
    return number(100 * size, ".0f")


def _from_to(texts: Sequence[str]) -> str:
    """Return the first and the last text as "3 to 9", or one where they are equal."""
    return " to ".join(dict.fromkeys((texts[0], texts[-1])))


def _chance(findings: Findings, judged: Sequence[Cell]) -> str:
    """Return the sentence on chance, from its lowest to its highest in the judged cells."""
    levels = [percent(level, 0) for level in sorted(findings.chance(cell) for cell in judged)]
    return f"Chance, always giving the commonest label, is {_from_to(levels)}."


def _method(findings: Findings) -> list[str]:
    """Return a sentence on how the intervals were computed; empty where nothing is compared."""
    if not findings.comparisons:
        return []
    twice = " Where repeats were added, a comparison counts twice." if findings.study.more else ""
    return [
        f"The intervals of all {findings.comparisons} comparisons hold together with 95% (Student's t, "
        f"paired by repeat, Bonferroni); the same means within {MARGIN_POINTS} points.{twice}"
    ]


def _missing_sentences(findings: Findings, judged: Sequence[Cell]) -> list[str]:
    """Return a sentence on cells not judged or, in a study not finished, repeats to come; else []."""
    total = len(findings.study.cells)
    if len(judged) < total:
        places = "values" if len(findings.study.varied) == 1 else "cells"
        lacking = f"the {counted(findings.needed, 'repeat')} that this takes"
        return [f"{total - len(judged)} of {total} {places} lack {lacking}."]
    return [] if findings.finished else ["More repeats are to come."]
