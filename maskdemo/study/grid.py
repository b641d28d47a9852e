"""A grid of experiments that differ in one or two settings, and the order in which to train it.

>>> study = Study(base=Experiment(repeats=2), vary="padded_length", values=(30, 60, 120))
>>> study.cells
((30,), (60,), (120,))
>>> study.experiment((60,)).padded_length
60
>>> len(study.trainings())
24
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from itertools import pairwise, product
from typing import Any

from maskdemo.data.tasks import Task
from maskdemo.errors import InvalidSettings, one_line, quoted
from maskdemo.evidence import BASELINE
from maskdemo.evidence.phrases import capital
from maskdemo.experiment import COSTLY, MAX_WORK, SETTINGS, Experiment
from maskdemo.setting_kinds import parse_leniently
from maskdemo.study.variables import (
    BETWEEN,
    VARIABLES,
    Cell,
    Value,
    Variable,
    read_repeats,
    read_values,
    write_repeats,
    write_values,
)

#: The most values of one variable, cells of a grid, trainings and multiply-adds of a study.
MAX_VALUES = 12
MAX_GRID_CELLS = 64
MAX_TRAININGS = 2000
MAX_STUDY_WORK = 4 * MAX_WORK


@dataclass(frozen=True)
class Training:
    """The unit of work: one strategy (the experiment's only one) in one repeat of one cell."""

    experiment: Experiment
    repeat: int


@dataclass(frozen=True, kw_only=True)
class Study:
    """What to compare and what to vary. Raises `InvalidSettings` (a ValueError) with a sentence.

    base: the experiment whose settings the values change; `no_mask` is always among its strategies.
    vary, and_vary: names in `VARIABLES` that change different settings. Values are kept once:
    numbers rising, options in their own order. more: (cell, repeats), kept if more than the base's.
    """

    base: Experiment
    vary: str
    values: tuple[Value, ...]
    and_vary: str | None = None
    and_values: tuple[Value, ...] = ()
    more: tuple[tuple[Cell, int], ...] = ()

    def __post_init__(self) -> None:
        with_baseline = (BASELINE, *self.base.strategies)
        object.__setattr__(self, "base", replace(self.base, strategies=with_baseline))
        self._check_axis("")
        if self.and_vary is None:
            object.__setattr__(self, "and_values", ())
        else:
            self._check_axis("and_")
            first = VARIABLES[self.vary].settings(self.base, self.values[0])
            second = VARIABLES[self.and_vary].settings(self.base, self.and_values[0])
            if first.keys() & second.keys():
                raise InvalidSettings("Vary two different things, or only one.", "and_vary")
        self._check_more()
        self._check_size()

    def _check_axis(self, prefix: str) -> None:
        """Check and sort 2 to `MAX_VALUES` values; raise `InvalidSettings`. prefix: "" or "and_"."""
        vary, doses = f"{prefix}vary", f"{prefix}doses"
        name, values = getattr(self, vary), getattr(self, f"{prefix}values")
        if name not in VARIABLES:
            choices = ", ".join(VARIABLES)
            raise InvalidSettings(f"{quoted(name)} cannot be varied; choose among {choices}.", vary)
        variable = VARIABLES[name]
        if not isinstance(values, tuple) or len(values) > MAX_VALUES:
            raise InvalidSettings(f"Choose at most {MAX_VALUES} values of {variable.label}.", doses)
        checked = {self._checked(variable, value, doses, vary) for value in values}
        if len(checked) < 2:
            raise InvalidSettings(f"Choose at least two values of {variable.label}.", doses)
        # Choices stay in the variable's own order.
        in_order = (
            [value for value in variable.usual_values(self.base) if value in checked]
            if variable.categorical
            else sorted(checked)
        )
        object.__setattr__(self, f"{prefix}values", tuple(in_order))

    def _checked(self, variable: Variable, value: Value, *settings: str) -> Value:
        """Return the value as the setting stores it; raise `InvalidSettings` that blames `settings`."""
        try:
            checked = variable.setting.checked(value)
            replace(self.base, **variable.settings(self.base, checked))
        except InvalidSettings as error:
            text, sentence = one_line(value), str(error)
            named = sentence if text in sentence else f"{variable.name} {text}: {sentence}"
            raise InvalidSettings(named, *settings, *error.settings) from None
        return checked

    def _check_more(self) -> None:
        """Keep of `more` the cells with more repeats than the base; raise `InvalidSettings` if bad."""
        try:
            counts = {cell: SETTINGS["repeats"].checked(count) for cell, count in self.more}
        except InvalidSettings as error:
            raise InvalidSettings(str(error), "more") from None
        more = [cell for cell in self.cells if counts.get(cell, 0) > self.base.repeats]
        object.__setattr__(self, "more", tuple((cell, counts[cell]) for cell in more))

    def _check_size(self) -> None:
        """Raise `InvalidSettings` for too many cells, trainings or multiply-adds, or a clash."""
        if len(self.cells) > MAX_GRID_CELLS:
            raise InvalidSettings(
                f"A grid of {len(self.values)} by {len(self.and_values)} values is too large: choose "
                f"values that make at most {MAX_GRID_CELLS} cells.",
                *("and_doses", "doses", "and_vary"),
            )
        total = len(self.base.strategies) * sum(map(self.repeats, self.cells))
        work = sum(each.work for each in self._experiments.values())
        if total > MAX_TRAININGS or work > MAX_STUDY_WORK:
            raise InvalidSettings(
                "This study would train for too long here. Use fewer values, repeats, strategies or "
                "epochs, or shorter padded lengths.",
                *("and_doses", "doses", "and_vary", "vary", "more", *COSTLY),
            )

    @cached_property
    def _experiments(self) -> Mapping[Cell, Experiment]:
        """The base with each cell's settings and repeats; raises `InvalidSettings` where two clash."""
        experiments = {}
        for cell in self.cells:
            changes: dict[str, Any] = {"repeats": self.repeats(cell)}
            for name, value in zip(self.varied, cell, strict=True):
                changes |= VARIABLES[name].settings(self.base, value)
            try:
                experiments[cell] = replace(self.base, **changes)
            except InvalidSettings as error:
                # Each value fits by itself, so this is about both.
                sentence = f"{capital(self.where(cell))} nothing can be trained. {error}"
                settings = ("and_doses", "and_vary", "doses", "vary", *error.settings)
                raise InvalidSettings(sentence, *settings) from None
        return experiments

    @property
    def varied(self) -> tuple[str, ...]:
        """The names of the one or two variables."""
        return (self.vary,) if self.and_vary is None else (self.vary, self.and_vary)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every combination of values, in the order of the axes; the first variable changes slowest."""
        return tuple(product(*filter(None, (self.values, self.and_values))))

    def repeats(self, cell: Cell) -> int:
        """Return how many repeats a cell has: as `more` says, else those of the base."""
        return dict(self.more).get(cell, self.base.repeats)

    def where(self, cell: Cell) -> str:
        """Return a cell as part of a sentence: "at 60 steps and with post-padding"."""
        return " and ".join(
            VARIABLES[name].at(value) for name, value in zip(self.varied, cell, strict=True)
        )

    def experiment(self, cell: Cell) -> Experiment:
        """Return a cell's experiment, with all strategies and the cell's repeats; or raise KeyError."""
        return self._experiments[cell]

    def training(self, cell: Cell, strategy: str, repeat: int) -> Training:
        """Return a training of this study. Raises KeyError where the study has no such training."""
        return self._trainings[cell, strategy, repeat]

    def trainings(self) -> tuple[Training, ...]:
        """Return all trainings: by repeat, then by cell `coarse_to_fine`, then by strategy."""
        return tuple(self._trainings.values())

    def coordinates(self, training: Training) -> tuple[Cell, str, int]:
        """Return cell, strategy and repeat of a training; raise KeyError if it is not of this study."""
        return self._coordinates[training]

    @cached_property
    def _trainings(self) -> Mapping[tuple[Cell, str, int], Training]:
        """The training of each cell, strategy and repeat, in the order of `trainings`."""
        alone = {
            (cell, strategy): replace(self.experiment(cell), strategies=(strategy,), repeats=1)
            for cell in coarse_to_fine(self.values, self.and_values)
            for strategy in self.base.strategies
        }
        return {
            (cell, strategy, repeat): Training(experiment, repeat)
            for repeat in range(max(map(self.repeats, self.cells)))
            for (cell, strategy), experiment in alone.items()
            if repeat < self.repeats(cell)
        }

    @cached_property
    def _coordinates(self) -> Mapping[Training, tuple[Cell, str, int]]:
        """The cell, strategy and repeat of each training."""
        return {training: at for at, training in self._trainings.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """The fields by name, "base" as the dict of its settings; nothing of an uploaded task."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"base": self.base.settings}

    def to_params(self) -> dict[str, str]:
        """Return URL parameters: base's, "vary", "doses"; "and_vary", "and_doses" and "more" if any."""
        params = self.base.to_params()
        params |= {"vary": self.vary, "doses": write_values(self.vary, self.values)}
        if self.and_vary is not None:
            params["and_vary"] = self.and_vary
            params["and_doses"] = write_values(self.and_vary, self.and_values)
        if self.more:
            params["more"] = write_repeats(self.varied, self.more)
        return params

    @staticmethod
    def from_params(params: Mapping[str, str], own: Task | None = None) -> Study:
        """Return the study of `to_params`; other keys are ignored. Raises `InvalidSettings`."""
        return Study.over(Experiment.from_params(params, own), params)

    @staticmethod
    def over(base: Experiment, params: Mapping[str, str]) -> Study:
        """Return a study of `base` by vary, doses, and_vary, and_doses, more. Raises `InvalidSettings`.

        Without vary it is the padded length; without doses, the variable's usual values.
        """
        vary, and_vary = params.get("vary", "padded_length"), params.get("and_vary")
        return Study(
            base=base,
            vary=vary,
            values=_read(params, "doses", vary, base),
            and_vary=and_vary,
            and_values=() if and_vary is None else _read(params, "and_doses", and_vary, base),
            more=read_repeats((vary, and_vary) if and_vary else (vary,), params.get("more", "")),
        )

    @staticmethod
    def parse_leniently(
        params: Mapping[str, str], own: Task | None = None
    ) -> tuple[Study, tuple[str, ...]]:
        """Return a study from the parameters that can be used, and a sentence for each that cannot."""
        names = (*SETTINGS, "vary", "doses", "and_vary", "and_doses", "more")
        settings = {name: params[name] for name in names if name in params}
        make = partial(Study.from_params, own=own)
        return parse_leniently(make, settings, lambda study, name: study.base.fallback_sentence(name))


def coarse_to_fine(values: tuple[Value, ...], and_values: tuple[Value, ...] = ()) -> tuple[Cell, ...]:
    """Return the cells of a grid by `_fineness`: first, last, middle, middles of the halves, and so on.

    Of two axes the finer value decides; ties are in that order of the first axis, then of the second.

    >>> coarse_to_fine((1, 2, 3, 4, 5, 6, 7))
    ((1,), (7,), (4,), (2,), (5,), (3,), (6,))
    """
    rows, columns = _fineness(len(values)), _fineness(len(and_values))
    if not and_values:
        return tuple((values[row],) for row in rows)
    pairs = [(row, column) for row in rows for column in columns]
    pairs.sort(key=lambda pair: max(rows[pair[0]], columns[pair[1]]))
    return tuple((values[row], and_values[column]) for row, column in pairs)


def _fineness(count: int) -> dict[int, int]:
    """Return index -> fineness, rising: 0 for first, last, middle (rounded down), 1 for quarters."""
    fineness = dict.fromkeys([0, count - 1, (count - 1) // 2] if count else [], 0)
    halvings, ends = 1, [0, (count - 1) // 2, count - 1]
    while len(fineness) < count:
        middles = [(low + high) // 2 for low, high in pairwise(ends)]
        fineness |= {each: halvings for each in middles if each not in fineness}
        ends, halvings = sorted({*ends, *middles}), halvings + 1
    return fineness


def default_study() -> Study:
    """Return the default experiment, with five repeats, over its usual padded lengths."""
    base = Experiment(repeats=5)
    return Study(base=base, vary="padded_length", values=VARIABLES["padded_length"].usual_values(base))


def _read(params: Mapping[str, str], where: str, name: str, base: Experiment) -> tuple[Value, ...]:
    """Return the values in the parameter `where`, else the usual ones; () if `name` is no variable."""
    if where in params:
        return read_values(name, params[where].split(BETWEEN), where)
    return VARIABLES[name].usual_values(base) if name in VARIABLES else ()
