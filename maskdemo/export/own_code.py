"""Code that reads a person's own file and makes the same sequences of it as the page did.

The functions are those of `maskdemo.uploads.recipe` as they stand there: what ran is what is exported.
"""

from __future__ import annotations

import inspect
from string import Template
from textwrap import fill

from maskdemo.errors import quoted
from maskdemo.experiment import Experiment
from maskdemo.uploads import recipe
from maskdemo.uploads.task import OwnTask

READ = Template('''\
def sequences_of(path):
    """(training, test) from a file like the one on the page: values, labels and observed steps."""
    table = $read
    rows, values, is_number = steps_of(
        without_blank_rows(table),
$steps
    )
    return parts_of(
        rows,
        values,
        is_number,
$parts
    )''')

#: With missing readings of the settings, or with those of the file alone -> the data of one repeat.
DATASETS = {
    False: Template('''\
def dataset(seed, path):
    """Training and test sequences, the same in every repeat: values, labels, observed steps."""
    train, test = sequences_of(path)
    return $train, $test'''),
    True: Template('''\
def dataset(seed, path):
    """Training and test sequences of one repeat: values, labels and which steps are observed."""
    rngs = np.random.default_rng(seed).spawn(4)
    train, test = sequences_of(path)
    train[2], test[2] = lose_readings(rngs[2], train[2]), lose_readings(rngs[3], test[2])
    return $train, $test'''),
}
FIRST_LABEL = '''\
def one_label_each(sequences, labels, observed):
    """The label of the first step stands for the sequence."""
    return sequences, np.array([each[0] for each in labels]), observed'''

LOSE_READINGS = Template('''\
def lose_readings(rng, observed):
    """The steps still observed: each is lost with probability $rate, but never all of a sequence."""
    left = []
    for seen in observed:
        kept = seen & (rng.random(len(seen)) >= $rate)
        kept[np.flatnonzero(seen)[rng.integers(seen.sum())]] = True
        left.append(kept)
    return left''')


def own_data_code(experiment: Experiment) -> str:
    """`dataset(seed, path)` -> (training, test), each the arguments of `padded`."""
    own = _own(experiment)
    functions = [inspect.getsource(each).rstrip() for each in _functions(own)]
    functions.append(f"{_numbers(own)}\n{_reading(own)}")
    missing = experiment.missing_rate > 0
    if missing:
        functions.append(LOSE_READINGS.substitute(rate=repr(experiment.missing_rate)))
    if not experiment.per_step:
        functions.append(FIRST_LABEL)
    whole = "{}" if experiment.per_step else "one_label_each(*{})"
    functions.append(
        DATASETS[missing].substitute(train=whole.format("train"), test=whole.format("test"))
    )
    return "\n\n\n".join(functions)


def own_imports(experiment: Experiment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Modules of the standard library, and the import statements of the others, that it needs."""
    parquet = ("import pyarrow.parquet as pq",) if _own(experiment).table.kind == "parquet" else ()
    return ("re",), ("import pandas as pd", *parquet)


def _own(experiment: Experiment) -> OwnTask:
    assert isinstance(experiment.own, OwnTask), "a task that was made of a file"
    return experiment.own


def _functions(own: OwnTask) -> list:
    return [
        *([recipe.long_table] if own.table.kind == "npz" else []),
        recipe.without_blank_rows,
        recipe.numbers_in,
        recipe.times_in,
        recipe.features_of,
        recipe.steps_of,
        recipe.classes_of,
        recipe.split_by_seed,
        recipe.drawn,
        recipe.standardised,
        recipe.parts_of,
    ]


def _numbers(own: OwnTask) -> str:
    """A comment with the number of each label."""
    numbers = ", ".join(f"{at} is {quoted(name)}" for at, name in enumerate(own.label_names))
    return fill(f"The labels: {numbers}.", 100, initial_indent="# ", subsequent_indent="# ")


def _reading(own: OwnTask) -> str:
    steps, parts = (
        "\n".join(f"        {name}={value!r}," for name, value in each.items()) for each in own.recipe
    )
    return READ.substitute(read=_read(own), steps=steps, parts=parts)


def _read(own: OwnTask) -> str:
    table = own.table
    if table.kind == "npz":
        return "long_table(np.load(path, allow_pickle=False))"
    if table.kind == "parquet":
        return "pq.read_table(path).to_pandas(ignore_metadata=True)"
    given = [
        *([f"sep={table.separator!r}"] if table.separator != "," else []),
        *([f"skiprows={table.skipped}"] if table.skipped else []),
        "dtype=str",
        "keep_default_na=False",
        'encoding="utf-8-sig"',
        "skipinitialspace=True",
    ]
    return f"pd.read_csv(path, {', '.join(given)})"
