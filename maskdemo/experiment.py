"""Experiment: the frozen, validated settings of one comparison.

>>> one = Experiment(task="last_sign", padded_length=40, strategies=("no_mask", "held_state"))
>>> Experiment.from_params(one.to_params()) == one
True
>>> Experiment(side="left")
Traceback (most recent call last):
...
maskdemo.errors.InvalidSettings: Side must be one of After the end, In front, not 'left'.

Every setting is plain data, so an experiment is hashable and travels as JSON or in a URL. The same
experiment gives the same data, the same weights and, on one machine, the same results bit for bit.
A setting is declared in one place, its line in `Experiment`: everything else reads `SETTINGS`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from maskdemo.data.tasks import OWN, TASKS, Task
from maskdemo.errors import InvalidSettings, quoted
from maskdemo.setting_kinds import (
    Choice,
    Number,
    Selection,
    Switch,
    parse_leniently,
    setting_field,
    settings_of,
)
from maskdemo.strategies import STRATEGIES
from maskdemo.titles import BATCHES, CUT_ENDS, READ_OUTS, SIDES

#: Groups of settings, in order.
SEQUENCES, PADDING, STRATEGY, TRAINING = GROUPS = ("Sequences", "Padding", "Strategies", "Training")
#: The settings that decide how long an experiment takes.
COSTLY = ("epochs", "repeats", "train_size", "units", "strategies", "padded_length")
#: Multiply-adds that one experiment may cost: minutes on two cores.
MAX_WORK = 6e12
#: Sequences x padded length x features: what the padded batches of an experiment may hold.
MAX_CELLS = 6_400_000


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Settings of one comparison. Raises `InvalidSettings` with a sentence for the first bad one.

    Lengths are in steps, `missing_rate` is a share, `count_invalid` says whether invalid steps count
    in the loss and in the reported accuracy of a task with a label at each step. Recorded data
    replaces the given sizes and lengths by its own (`Task.dictated`), so that experiments with the same
    run compare equal. own: the uploaded task, where `task` is "own"; it is in no link and no file.
    """

    # fmt: off
    task: str = setting_field("japanese_vowels", Choice(
        "Task", SEQUENCES, "What there is to learn.", options=TASKS))
    train_size: int = setting_field(500, Number(
        "Training sequences", SEQUENCES, "How many sequences there are to learn from.",
        unit="sequences", low=16, high=4000, step=100))
    test_size: int = setting_field(300, Number(
        "Test sequences", SEQUENCES, "How many unseen sequences the accuracy is about.",
        unit="sequences", low=16, high=2000, step=100))
    min_length: int = setting_field(5, Number(
        "Shortest length", SEQUENCES, "Of the sequences before they are padded.",
        unit="steps", low=1, high=100))
    max_length: int = setting_field(15, Number(
        "Longest length", SEQUENCES, "Lengths are drawn evenly from the shortest to the longest.",
        unit="steps", low=1, high=100))
    padded_length: int = setting_field(60, Number(
        "Padded length", PADDING, "What all sequences are padded to; longer ones are cut to it.",
        unit="steps", low=1, high=200))
    side: str = setting_field("post", Choice(
        "Side", PADDING, "Where the padding goes.", options=SIDES))
    truncating: str = setting_field("pre", Choice(
        "Truncation", PADDING, "Where a sequence longer than the padded length loses steps.",
        options=CUT_ENDS))
    pad_value: float = setting_field(0.0, Number(
        "Pad value", PADDING, "What is written at padded steps and missing readings.",
        low=-1000.0, high=1000.0, whole=False))
    mask_value: float = setting_field(0.0, Number(
        "Mask value", PADDING,
        "What the Masking layer takes for padding: a step where all features equal it.",
        low=-1000.0, high=1000.0, whole=False))
    missing_rate: float = setting_field(0.0, Number(
        "Missing readings", SEQUENCES,
        "Share of readings inside the sequences that were never observed.",
        unit="share", low=0.0, high=0.9, step=0.05, whole=False))
    strategies: tuple[str, ...] = setting_field(
        ("no_mask", "masking_layer", "last_valid_step", "mask_feature"), Selection(
        "Strategies", STRATEGY, "Ways of handling the padding, to be compared.",
        options=STRATEGIES, noun="strategy"))
    count_invalid: bool = setting_field(True, Switch(
        "Count invalid steps", STRATEGY,
        "Whether padded and missing steps count in the loss and the reported accuracy of a task with "
        "a label at each step."))
    read_out: str = setting_field("last", Choice(
        "Answer from", TRAINING,
        "What the answer for a sequence is read from: its last state, or the mean of the states after "
        "all steps that the strategy does not mask.",
        options=READ_OUTS))
    units: int = setting_field(32, Number(
        "Units", TRAINING, "Size of the LSTM's state.",
        unit="units", low=1, high=128, offered=(4, 8, 16, 32, 64)))
    epochs: int = setting_field(20, Number(
        "Epochs", TRAINING, "How often the training goes through all sequences.",
        unit="epochs", low=1, high=200))
    batch_size: int = setting_field(32, Number(
        "Batch size", TRAINING, "How many sequences one step of the training takes.",
        unit="sequences", low=1, high=512, offered=(16, 32, 64, 128)))
    batches: str = setting_field("fixed", Choice(
        "Batches padded to", TRAINING,
        "What a batch is padded to: the padded length, or its own longest sequence, alone or with "
        "sequences of like length together.", options=BATCHES))
    learning_rate: float = setting_field(0.003, Number(
        "Learning rate", TRAINING, "Adam's step size.",
        low=1e-5, high=1.0, step=0.001, whole=False))
    repeats: int = setting_field(5, Number(
        "Repeats", TRAINING, "Each repeat has other data, weights and batch order.",
        unit="repeats", low=1, high=20))
    seed: int = setting_field(0, Number(
        "Seed", TRAINING, "The same seed gives the same data, weights and curves.",
        low=0, high=2**31 - 1))
    # fmt: on
    own: Task | None = None

    def __post_init__(self) -> None:
        """Bring every setting into its normal form; raise `InvalidSettings` if one is not allowed.

        So too where min_length exceeds max_length, or the whole exceeds `MAX_WORK` or `MAX_CELLS`. What
        recorded data dictate is set unchecked, whatever was given for it.
        """
        self._check_task()
        dictated = self.spec.dictated
        for name, setting in SETTINGS.items():
            value = dictated[name] if name in dictated else getattr(self, name)
            checked = value if name in {"task", *dictated} else setting.checked(value)
            object.__setattr__(self, name, checked)
        if self.min_length > self.max_length:
            raise InvalidSettings(
                f"The shortest length ({self.min_length}) must not exceed the longest "
                f"({self.max_length}).",
                "min_length",
                "max_length",
            )
        if self.work > MAX_WORK:
            raise InvalidSettings(
                "This would train for too long here. Use fewer sequences, epochs, repeats, units or "
                "strategies, or a shorter padded length.",
                *COSTLY,
            )
        sequences = self.train_size + self.test_size
        if sequences * self.padded_length * self.spec.features > MAX_CELLS:
            raise InvalidSettings(
                f"{sequences:,} sequences with {self.spec.features} features, padded to "
                f"{self.padded_length} steps, take too much memory here. Use a shorter padded length, "
                "or fewer sequences.",
                "padded_length",
                "train_size",
            )

    def _check_task(self) -> None:
        """Raise InvalidSettings for an unknown task, or for the task "own" without `own`.

        For every other task, set `own` to None.
        """
        if self.task != OWN:
            SETTINGS["task"].checked(self.task)
            object.__setattr__(self, "own", None)
        elif self.own is None:
            raise InvalidSettings(
                "This was made with somebody's own sequences, which are in no link: it needs their "
                "file. Give the file on the playground, under Your own sequences.",
                "task",
            )

    @property
    def work(self) -> float:
        """Multiply-adds of all trainings: 12 x units x (features + 2 + units) a padded step."""
        step = 3 * 4 * self.units * (self.spec.features + 2 + self.units)
        trained = self.train_size * self.padded_length * self.epochs
        return float(step * trained * len(self.strategies) * self.repeats)

    @property
    def spec(self) -> Task:
        """The task itself: the uploaded task, or that of the name in `TASKS`."""
        return self.own or TASKS[self.task]

    @property
    def is_own(self) -> bool:
        """Whether the sequences were uploaded: then they stay in that session."""
        return self.own is not None

    @property
    def truncates(self) -> bool:
        """Whether `max_length` exceeds the padded length, to which longer sequences are cut."""
        return self.padded_length < self.max_length

    @property
    def per_step(self) -> bool:
        """Whether the task has a label at each step."""
        return self.spec.per_step

    @property
    def averages(self) -> bool:
        """Whether a sequence's one answer is read from the mean of its states; not if `per_step`."""
        return self.read_out == "mean" and not self.per_step

    @property
    def classes(self) -> int:
        """How many labels the task has."""
        return self.spec.classes

    def to_params(self) -> dict[str, str]:
        """Return URL parameters: each setting not in `dictated`, defaults too; no uploaded data."""
        dictated = self.spec.dictated
        return {
            name: setting.format(getattr(self, name))
            for name, setting in SETTINGS.items()
            if name not in dictated
        }

    @staticmethod
    def from_params(params: Mapping[str, str], own: Task | None = None) -> Experiment:
        """Return the experiment of `to_params`; other keys are ignored. Raises `InvalidSettings`.

        A setting without a key has its default. own: the uploaded task, used for `task` "own".
        """
        settings: dict[str, Any] = {
            name: SETTINGS[name].parse(text) for name, text in params.items() if name in SETTINGS
        }
        return Experiment(**settings, own=own)

    @staticmethod
    def parse_leniently(
        params: Mapping[str, str], own: Task | None = None
    ) -> tuple[Experiment, tuple[str, ...]]:
        """Return the experiment of all usable parameters, and a sentence for each unusable one."""
        settings = {name: params[name] for name in SETTINGS if name in params}
        return parse_leniently(
            partial(Experiment.from_params, own=own), settings, Experiment.fallback_sentence
        )

    def fallback_sentence(self, name: str) -> str:
        """Return `Used instead: padded length 60.`, with the value here for an unusable parameter.

        For a parameter that is no setting: `The default is used instead.`
        """
        if (setting := SETTINGS.get(name)) is None:
            return "The default is used instead."
        text = setting.display(getattr(self, name))
        if name == "task":
            text = f"\N{LEFT DOUBLE QUOTATION MARK}{text}\N{RIGHT DOUBLE QUOTATION MARK}"
        return f"Used instead: {setting.title.lower()} {text}."

    def to_json(self) -> str:
        """Return all settings as a JSON object, without the uploaded task."""
        return json.dumps(self.settings)

    @property
    def settings(self) -> dict[str, Any]:
        """The value of every setting, by its name."""
        return {name: getattr(self, name) for name in SETTINGS}

    @staticmethod
    def from_json(text: str, own: Task | None = None) -> Experiment:
        """Return the experiment of `to_json`; own, defaults: as `from_params`.

        Raises ValueError, also for a name that is no setting.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("This is not the JSON of an experiment.") from None
        if not isinstance(values, dict):
            raise ValueError("An experiment is a JSON object of settings.")
        unknown = set(values) - SETTINGS.keys()
        if unknown:
            raise ValueError(f"There is no setting {quoted(sorted(unknown)[0])}.")
        # JSON has lists where Python has tuples.
        settings: dict[str, Any] = {
            name: tuple(each) if isinstance(each, list) else each for name, each in values.items()
        }
        return Experiment(**settings, own=own)


#: Every setting of an experiment by its name, in the order of the fields.
SETTINGS = settings_of(Experiment)
#: The default of each.
DEFAULTS: Mapping[str, Any] = MappingProxyType({name: getattr(Experiment, name) for name in SETTINGS})
#: The settings that are numbers.
NUMBERS: Mapping[str, Number] = MappingProxyType(
    {name: each for name, each in SETTINGS.items() if isinstance(each, Number)}
)
#: In steps.
MAX_PADDED_LENGTH = int(NUMBERS["padded_length"].high)
