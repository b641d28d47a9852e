"""An experiment's settings in words, for people who never saw the controls."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from maskdemo.errors import quoted
from maskdemo.evidence.phrases import counted, listed, number, span
from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.scenarios import scenario_of
from maskdemo.setting_kinds import Number
from maskdemo.strategies import STRATEGIES
from maskdemo.study import Study
from maskdemo.study.variables import short_title, value_text
from maskdemo.titles import SIDES

#: So many settings are named where two results differ; the rest is counted.
MAX_NAMED = 3


def file_name(experiment: Experiment) -> str:
    """Return "maskdemo-" and the scenario's name, else the task's: of files, without an ending."""
    scenario = scenario_of(experiment)
    return f"maskdemo-{scenario.name if scenario else experiment.task}"


def lead(experiment: Experiment) -> str:
    """Return a report's first sentences: the scenario's `look_for`, else the task's summary."""
    scenario = scenario_of(experiment)
    return scenario.look_for if scenario else experiment.spec.summary


def setting_rows(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    """Return (title, sentences) of the settings but seed and strategies, related ones together.

    Mask value, invalid steps and the mean are there only where they have an effect.
    """
    task = experiment.spec
    lengths = span(experiment.min_length, experiment.max_length)
    features = "one feature" if task.features == 1 else f"{task.features} features"
    missing = "None."
    if experiment.missing_rate:
        missing = (
            f"{experiment.missing_rate:.0%} of the readings inside the sequences, written as "
            f"{experiment.pad_value:g}."
        )
    named = (("Features", task.feature_names), ("Labels", task.label_names))
    rows = [
        ("Task", title_and_text(task.title, task.summary)),
        (
            "Sequences",
            f"{experiment.train_size} to train on, {experiment.test_size} unseen; {lengths} steps of "
            f"{features}, {experiment.classes} labels.",
        ),
        *((what, f"{listed(map(quoted, all_names))}.") for what, all_names in named if all_names),
        ("Padding", _padding_text(experiment)),
        ("Missing readings", missing),
    ]
    if "masking_layer" in experiment.strategies:
        rows.append(
            (
                "Mask value",
                f"{experiment.mask_value:g}: the Masking layer takes a step for padding where all "
                "features equal it.",
            )
        )
    if experiment.per_step:
        do = "" if experiment.count_invalid else "do not "
        rows.append(("Invalid steps", f"They {do}count in the loss and in the reported accuracy."))
    if experiment.averages:
        rows.append(
            ("Answer from", "The mean of the states after all steps that a strategy does not mask.")
        )
    other = "weights and batch order" if task.fixed else "data, weights and batch order"
    epochs = counted(experiment.epochs, "epoch")
    batches = " of like lengths" if experiment.batches == "bucketed" else ""
    batches += ", each padded to its longest" if experiment.batches != "fixed" else ""
    repeats = "1" if experiment.repeats == 1 else f"{experiment.repeats}, each with other {other}"
    return (
        *rows,
        ("Network", f"One LSTM of {experiment.units} units and a dense read-out."),
        (
            "Training",
            f"{epochs} in batches of {experiment.batch_size}{batches}, by Adam with "
            f"learning rate {experiment.learning_rate:g}.",
        ),
        ("Repeats", f"{repeats}."),
    )


def title_and_text(title: str, text: str) -> str:
    """Return a title and a text as two sentences, a full stop after a title without "?"."""
    return f"{title}{'' if title.endswith('?') else '.'} {text}"


def difference_sentence(result: Experiment | Study, wanted: Experiment | Study, start: str) -> str:
    """Return a sentence on how the settings of two experiments, or of two studies, differ.

    start: how it begins. It names `MAX_NAMED` settings and counts the others; of two scenarios it names
    the scenarios alone. Without a difference it says that the settings are the same.

    >>> difference_sentence(Experiment(padded_length=80), Experiment(padded_length=81), "Result for")
    'Result for padded length 80; you set 81.'
    """
    if isinstance(result, Experiment) and isinstance(wanted, Experiment):
        before, now = scenario_of(result), scenario_of(wanted)
        if before and now:
            return f"{start} the scenario {before.title}; you chose {now.title}."
    rows = list(_differing_settings(result, wanted))
    if not rows:
        return f"{start} the same settings, but for one that is varied."
    shown, more = rows[:MAX_NAMED], len(rows) - MAX_NAMED
    here = listed(f"{title} {value}" for title, value, _ in shown)
    sentence = f"{start} {here}; you set {listed(value for *_, value in shown)}."
    if more <= 0:
        return sentence
    return f"{sentence} {counted(more, 'other setting')} {'differs' if more == 1 else 'differ'} too."


def _differing_settings(
    result: Experiment | Study, wanted: Experiment | Study
) -> Iterable[tuple[str, str, str]]:
    """Yield (title, value in the result, wanted value), phrases, of each setting that differs.

    Of two studies first variables, or else values, or else added repeats, then the settings but those
    that vary or are `dictated` by recorded data.
    """
    varied: set[str] = set()
    if isinstance(result, Study) and isinstance(wanted, Study):
        varied = {*result.varied, *wanted.varied}
        if result.varied != wanted.varied:
            yield "variable", _variable_titles(result), _variable_titles(wanted)
        elif (result.values, result.and_values) != (wanted.values, wanted.and_values):
            yield "values", *_contrast(_value_texts(result), _value_texts(wanted))
        elif result.more != wanted.more:
            before, now = ("as added" if each.more else "as set" for each in (result, wanted))
            yield "repeats", before, now
        result, wanted = result.base, wanted.base
    assert isinstance(result, Experiment) and isinstance(wanted, Experiment), "two of a kind"
    # What recorded data dictates, nobody set.
    skipped = {*result.spec.dictated, *wanted.spec.dictated, *varied}
    for name in SETTINGS:
        before, now = getattr(result, name), getattr(wanted, name)
        if name in skipped or before == now:
            continue
        title = SETTINGS[name].title.lower()
        if name == "strategies":
            yield title, *_contrast(*([STRATEGIES[each].title for each in of] for of in (before, now)))
        else:
            yield title, _value_phrase(result, name), _value_phrase(wanted, name)


def _value_phrase(experiment: Experiment, name: str) -> str:
    """Return a setting's value in a sentence: "on", "30%", "4000", "after the end", a quoted title."""
    value, setting = getattr(experiment, name), SETTINGS[name]
    if name == "task":
        return f"\N{LEFT DOUBLE QUOTATION MARK}{experiment.spec.title}\N{RIGHT DOUBLE QUOTATION MARK}"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(setting, Number):
        if setting.unit == "share":
            return f"{value:.0%}"
        return str(value) if setting.whole else number(value, ".4g")
    return setting.display(value).lower()


def _contrast(before: Collection[str], now: Collection[str]) -> tuple[str, str]:
    """Return how two selections differ, as ("with a", "with b").

    Where only b is new: ("without b", "with it"). Where only a is gone: ("with a", "without it").
    """
    gone = [each for each in before if each not in now]
    new = [each for each in now if each not in before]
    pronoun = "it" if len(gone or new) == 1 else "them"
    if not new:
        return f"with {listed(gone)}", f"without {pronoun}"
    if not gone:
        return f"without {listed(new)}", f"with {pronoun}"
    return f"with {listed(gone)}", f"with {listed(new)}"


def _variable_titles(study: Study) -> str:
    """Return the titles of a study's variables without units, in lower case: "side and spread"."""
    return listed(short_title(name).lower() for name in study.varied)


def _value_texts(study: Study) -> list[str]:
    """Return the values of a study's variables for people, those of the first before the second's."""
    pairs = zip(study.varied, (study.values, study.and_values), strict=False)
    return [value_text(name, value) for name, values in pairs for value in values]


def _padding_text(experiment: Experiment) -> str:
    """Return sentences on side, length, value of padding, "None" if all fill their batch; on cuts."""
    length, where = experiment.padded_length, SIDES[experiment.side].title
    cut = (
        f" Sequences of more than {length} steps are cut {_value_phrase(experiment, 'truncating')}."
        if experiment.truncates
        else ""
    )
    fixed = experiment.batches == "fixed"
    longest = length if fixed else min(length, experiment.max_length)
    if experiment.min_length >= longest:
        return f"None: every sequence is as long as the others.{cut}"
    upto = f"to {length} steps"
    if not fixed:
        upto = f"to the longest sequence of the batch, at most {upto}"
    return f"{where}, {upto}, written as {experiment.pad_value:g}.{cut}"
