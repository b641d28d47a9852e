"""A grid of experiments that differ in one or two settings, and the order in which to train it.

>>> study = Study(base=Experiment(repeats=2), vary="padded_length", doses=(30, 60, 120))
>>> study.cells
((30,), (60,), (120,))
>>> study.experiment((60,)).padded_length
60
>>> len(study.trainings())
24
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from maskdemo.errors import InvalidSettings, quoted
from maskdemo.evidence import BASELINE
from maskdemo.experiment import COSTLY, MOST_WORK, SETTINGS, Experiment
from maskdemo.settings import LONGEST, parse_leniently
from maskdemo.study.variables import VARIABLES, Dose, Variable

Cell = tuple[Dose, ...]
#: The most doses of one variable, cells of a grid, trainings and multiply-adds of a study.
MOST_DOSES = 12
MOST_CELLS = 64
MOST_TRAININGS = 2000
MOST_STUDY_WORK = 4 * MOST_WORK
#: Pairs of units and padded lengths: each compiles a program of its own, for seconds.
MOST_PROGRAMS = 24
#: Stands between doses in a link: numbers have dots, signs and letters of their own.
BETWEEN = "_"


@dataclass(frozen=True)
class Training:
    """The unit of work: one strategy (the experiment's only one) in one repeat of one cell."""

    experiment: Experiment
    repeat: int


@dataclass(frozen=True, kw_only=True)
class Study:
    """What to compare and what to vary. Raises `InvalidSettings` (a ValueError) with a sentence.

    base: the experiment whose settings the doses change; `no_mask` is always among its strategies.
    vary, and_vary: names in `VARIABLES`. Doses are kept in order, each once.
    """

    base: Experiment
    vary: str
    doses: tuple[Dose, ...]
    and_vary: str | None = None
    and_doses: tuple[Dose, ...] = ()

    def __post_init__(self) -> None:
        with_baseline = (BASELINE, *self.base.strategies)
        object.__setattr__(self, "base", replace(self.base, strategies=with_baseline))
        self._check_axis("vary", "doses")
        if self.and_vary is None:
            object.__setattr__(self, "and_doses", ())
        else:
            self._check_axis("and_vary", "and_doses")
            if self.and_vary == self.vary:
                raise InvalidSettings("Vary two different things, or only one.", "and_vary")
        self._check_size()

    def _check_axis(self, vary: str, doses_of: str) -> None:
        """Check the variable and the doses in these two fields; the doses are then in order."""
        name, given = getattr(self, vary), getattr(self, doses_of)
        if name not in VARIABLES:
            known = ", ".join(VARIABLES)
            raise InvalidSettings(f"{quoted(name)} cannot be varied; choose among {known}.", vary)
        variable = VARIABLES[name]
        if not isinstance(given, tuple) or len(given) > MOST_DOSES:
            raise InvalidSettings(f"Choose at most {MOST_DOSES} doses of {name}.", doses_of)
        doses = {self._usable(variable, dose, doses_of, vary) for dose in given}
        # Words in the variable's own order.
        kept = [dose for dose in variable.doses(self.base) if dose in doses]
        if len(doses) < 2:
            raise InvalidSettings(f"Choose at least two doses of {name}.", doses_of)
        object.__setattr__(self, doses_of, tuple(kept if variable.categorical else sorted(doses)))

    def _usable(self, variable: Variable, dose: Dose, *settings: str) -> Dose:
        """The dose as it is kept. Raises `InvalidSettings` that names it, to give up these settings."""
        try:
            usable = variable.setting.checked(dose)
            replace(self.base, **variable.settings(self.base, usable))
        except InvalidSettings as error:
            text, sentence = str(dose)[:LONGEST], str(error)
            named = sentence if text in sentence else f"{variable.name} {text}: {sentence}"
            raise InvalidSettings(named, *settings, *error.settings) from None
        return usable

    def _check_size(self) -> None:
        if len(self.cells) > MOST_CELLS:
            raise InvalidSettings(
                f"A grid of {len(self.doses)} by {len(self.and_doses)} doses is too large: choose "
                f"doses that make at most {MOST_CELLS} cells.",
                "and_doses",
                "doses",
                "and_vary",
            )
        experiments = self._experiments.values()
        programs = {(each.units, each.padded_length) for each in experiments}
        if len(programs) > MOST_PROGRAMS:
            raise InvalidSettings(
                "Each pair of padded length and units compiles a program of its own, and "
                f"{len(programs)} are too many: choose doses that make at most {MOST_PROGRAMS} pairs.",
                "and_doses",
                "doses",
                "and_vary",
            )
        total = len(self.cells) * len(self.base.strategies) * self.base.repeats
        work = sum(each.work for each in experiments)
        if total > MOST_TRAININGS or work > MOST_STUDY_WORK:
            raise InvalidSettings(
                "This study would train for too long here. Use fewer doses, repeats, strategies or "
                "epochs, or shorter padded lengths.",
                "and_doses",
                "doses",
                "and_vary",
                "vary",
                *COSTLY,
            )

    @cached_property
    def _experiments(self) -> Mapping[Cell, Experiment]:
        return {cell: self._changed(cell) for cell in self.cells}

    def _changed(self, cell: Cell) -> Experiment:
        changes: dict[str, Any] = {}
        for name, dose in zip(self.varied, cell, strict=True):
            changes |= VARIABLES[name].settings(self.base, dose)
        try:
            return replace(self.base, **changes)
        except InvalidSettings as error:
            # Each dose fits by itself, so this is about both.
            where = self.where(cell)
            sentence = f"{where[0].upper()}{where[1:]} nothing can be trained. {error}"
            raise InvalidSettings(
                sentence, "and_doses", "and_vary", "doses", "vary", *error.settings
            ) from None

    @property
    def varied(self) -> tuple[str, ...]:
        """The names of the one or two things that vary."""
        return (self.vary,) if self.and_vary is None else (self.vary, self.and_vary)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every combination of doses, in axis order, the first variable slowest."""
        if self.and_vary is None:
            return tuple((dose,) for dose in self.doses)
        return tuple((dose, other) for dose in self.doses for other in self.and_doses)

    def where(self, cell: Cell) -> str:
        """A cell in a sentence: "at 60 steps and with post-padding"."""
        return " and ".join(
            VARIABLES[name].at(dose) for name, dose in zip(self.varied, cell, strict=True)
        )

    def experiment(self, cell: Cell) -> Experiment:
        """The experiment at that cell, with all strategies and repeats. Raises KeyError elsewhere."""
        return self._experiments[cell]

    def training(self, cell: Cell, strategy: str, repeat: int) -> Training:
        """One training of this study. Raises KeyError for what is not part of it."""
        return self._trainings[cell, strategy, repeat]

    def trainings(self) -> tuple[Training, ...]:
        """Everything to train, coarse to fine: see `coarse_to_fine`."""
        return tuple(self._trainings.values())

    def place(self, training: Training) -> tuple[Cell, str, int]:
        """Cell, strategy and repeat of one of this study's trainings."""
        return self._places[training]

    @cached_property
    def _trainings(self) -> Mapping[tuple[Cell, str, int], Training]:
        cells = coarse_to_fine(self.doses, self.and_doses)
        # Two cells in turns: workers that start together each compile a shape, instead of waiting for
        # the same one.
        pairs = [cells[at : at + 2] for at in range(0, len(cells), 2)]
        alone = {
            (cell, strategy): replace(self.experiment(cell), strategies=(strategy,), repeats=1)
            for pair in pairs
            for strategy in self.base.strategies
            for cell in pair
        }
        return {
            (cell, strategy, repeat): Training(experiment, repeat)
            for repeat in range(self.base.repeats)
            for (cell, strategy), experiment in alone.items()
        }

    @cached_property
    def _places(self) -> Mapping[Training, tuple[Cell, str, int]]:
        return {training: place for place, training in self._trainings.items()}

    def to_params(self) -> dict[str, str]:
        """URL parameters: the base's, and what varies."""
        params = self.base.to_params() | {"vary": self.vary, "doses": _written(self.vary, self.doses)}
        if self.and_vary is not None:
            params |= {"and_vary": self.and_vary, "and_doses": _written(self.and_vary, self.and_doses)}
        return params

    @staticmethod
    def from_params(params: Mapping[str, str]) -> Study:
        """The study of `to_params`. Raises `InvalidSettings` with a sentence; ignores other keys."""
        return Study.over(Experiment.from_params(params), params)

    @staticmethod
    def over(base: Experiment, params: Mapping[str, str]) -> Study:
        """A study of `base` that varies what the parameters say. Raises `InvalidSettings`.

        Where no variable is named it is the padded length; where no doses are, the variable's own.
        """
        vary, and_vary = params.get("vary", "padded_length"), params.get("and_vary")
        return Study(
            base=base,
            vary=vary,
            doses=_read(params, "doses", vary, base),
            and_vary=and_vary,
            and_doses=() if and_vary is None else _read(params, "and_doses", and_vary, base),
        )

    @staticmethod
    def parse_leniently(params: Mapping[str, str]) -> tuple[Study, tuple[str, ...]]:
        """As much of the parameters as can be used, and a sentence for each that cannot."""
        known = (*SETTINGS, "vary", "doses", "and_vary", "and_doses")
        return parse_leniently(
            Study.from_params, {name: params[name] for name in known if name in params}
        )


def default_study() -> Study:
    """Real speech over padded lengths: four strategies, five repeats, 20 epochs."""
    base = Experiment(repeats=5)
    return Study(base=base, vary="padded_length", doses=VARIABLES["padded_length"].doses(base))


def coarse_to_fine(doses: tuple[Dose, ...], and_doses: tuple[Dose, ...] = ()) -> tuple[Cell, ...]:
    """The cells, ends and middle of each axis first, then ever finer between them.

    >>> coarse_to_fine((1, 2, 3, 4, 5, 6, 7))
    ((1,), (7,), (4,), (2,), (5,), (3,), (6,))
    """
    one, other = _levels(len(doses)), _levels(len(and_doses))
    if not and_doses:
        return tuple((doses[at],) for at in one)
    pairs = [(at, also) for at in one for also in other]
    # Stable: within a level the order of the axes stays.
    pairs.sort(key=lambda pair: max(one[pair[0]], other[pair[1]]))
    return tuple((doses[at], and_doses[also]) for at, also in pairs)


def _levels(count: int) -> dict[int, int]:
    """Index -> how fine a look needs it, in the order of looking; 0 for the ends and the middle."""
    level = dict.fromkeys([0, count - 1, (count - 1) // 2] if count else [], 0)
    depth, gaps = 1, [(0, (count - 1) // 2), ((count - 1) // 2, count - 1)]
    while len(level) < count:
        halved = []
        for low, high in gaps:
            middle = (low + high) // 2
            level.setdefault(middle, depth)
            halved += [(low, middle), (middle, high)]
        gaps, depth = halved, depth + 1
    return level


def _written(name: str, doses: tuple[Dose, ...]) -> str:
    return BETWEEN.join(VARIABLES[name].setting.write(dose) for dose in doses)


def _read(params: Mapping[str, str], where: str, name: str, base: Experiment) -> tuple[Dose, ...]:
    if where in params:
        return read_doses(name, params[where].split(BETWEEN), where)
    return VARIABLES[name].doses(base) if name in VARIABLES else ()


def read_doses(name: str, texts: Sequence[str], where: str = "doses") -> tuple[Dose, ...]:
    """Doses of the variable `name`, as links and commands write them. Raises `InvalidSettings`.

    where: the setting to give up for a text that is no dose.
    """
    if name not in VARIABLES:
        return tuple(texts)
    setting, doses = VARIABLES[name].setting, []
    for text in texts:
        try:
            doses.append(setting.read(text))
        except InvalidSettings:
            raise InvalidSettings(
                f"'{text[:LONGEST]}' is no dose of {name}: write numbers.", where
            ) from None
    return tuple(doses)
