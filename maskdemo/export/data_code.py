"""Code that makes the sequences of `maskdemo.data`, for the exports.

Every function returns only the code that the experiment needs: nothing about missing readings where
none are missing, and no masks where no strategy reads them.
"""

from __future__ import annotations

import base64
import inspect
import io
from string import Template
from textwrap import fill

import numpy as np

from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import reads_valid
from maskdemo.export.own_code import own_data_code

#: Characters a line, of comments and of data.
WIDTH = 100

DRAW = Template('''\
def draw(rng, size):
    """Sequences of $lengths, each with its $label_word."""
    sequences, labels = [], []
    for length in rng.integers($min_length, $max_length + 1, size=size):
        values = $draw(rng, int(length))
        sequences.append(values)
        labels.append($label(values, rng))
    return sequences, labels''')

RECORDED = Template('''\
def recorded(split):
    """The sequences of "train" or "test", with their labels."""
    stored = np.load(io.BytesIO(base64.b64decode(RECORDING)))
    values, labels = stored[f"{split}_values"], stored[f"{split}_labels"]
    ends = stored[f"{split}_lengths"].cumsum()[:-1]
    return np.split(values, ends), $labels''')

LOSE_READINGS = Template('''\
def observed_steps(rng, sequences):
    """Which steps are observed: each is lost with probability $rate, but never all of a sequence."""
    observed = []
    for sequence in sequences:
        seen = rng.random(len(sequence)) >= $rate
        seen[rng.integers(len(sequence))] = True
        observed.append(seen)
    return observed''')

#: (drawn or recorded, with missing readings) -> the data of one repeat.
DATASETS = {
    ("drawn", False): Template('''\
def dataset(seed):
    """Training and test sequences of one repeat, with their labels."""
    train_rng, test_rng = np.random.default_rng(seed).spawn(2)
    return draw(train_rng, $train_size), draw(test_rng, $test_size)'''),
    ("drawn", True): Template('''\
def dataset(seed):
    """Training and test sequences of one repeat: values, labels and which steps are observed."""
    rngs = np.random.default_rng(seed).spawn(4)
    train, test = draw(rngs[0], $train_size), draw(rngs[1], $test_size)
    return (*train, observed_steps(rngs[2], train[0])), (*test, observed_steps(rngs[3], test[0]))'''),
    ("recorded", False): Template('''\
def dataset(seed):
    """Training and test sequences, with their labels: a recording is the same in every repeat."""
    return recorded("train"), recorded("test")'''),
    ("recorded", True): Template('''\
def dataset(seed):
    """Training and test sequences of one repeat: values, labels and which steps are observed."""
    rngs = np.random.default_rng(seed).spawn(4)
    train, test = recorded("train"), recorded("test")
    return (*train, observed_steps(rngs[2], train[0])), (*test, observed_steps(rngs[3], test[0]))'''),
}

PAD = Template("""\
def pad(sequences, dtype, value=0):
    return keras.utils.pad_sequences(
        sequences, maxlen=$padded_length, dtype=dtype, padding="$side", value=value$cut
    )""")

PADDED = Template('''\
def padded(sequences, labels$observed):
    """Sequences padded to $padded_length steps$and_valid."""
$before    return {
        "values": pad(sequences, "float32", $pad_value),$valid
        "labels": $labels,$lengths
    }''')

LENGTHS = """
        "lengths": np.array([min(len(each), {}) for each in sequences]),"""

WRITE_OVER = Template("""\
    sequences = [
        np.where(seen[:, None], sequence, $pad_value) for sequence, seen in zip(sequences, observed)
    ]
""")


def data_code(experiment: Experiment) -> str:
    """Return code of `dataset(seed)`, which returns (training, test), each the arguments of `padded`.

    With one's own sequences it is `dataset(seed, path)`.
    """
    if experiment.is_own:
        return own_data_code(experiment)
    functions = [_recorded_code(experiment) if is_recorded(experiment) else _draw_code(experiment)]
    if experiment.missing_rate:
        functions.append(LOSE_READINGS.substitute(rate=repr(experiment.missing_rate)))
    kind = "recorded" if is_recorded(experiment) else "drawn"
    functions.append(
        DATASETS[kind, experiment.missing_rate > 0].substitute(
            train_size=experiment.train_size, test_size=experiment.test_size
        )
    )
    return "\n\n\n".join(functions)


def padding_code(experiment: Experiment) -> str:
    """Return code of `padded(...)`, which returns `values`, `labels` and, where it is read, `valid`."""
    missing = experiment.missing_rate > 0 or experiment.is_own
    pad_value = repr(experiment.pad_value)
    everywhere = "observed" if missing else "[np.ones(len(each)) for each in sequences]"
    valid = f'\n        "valid": pad({everywhere}, "bool"),' if needs_valid(experiment) else ""
    if experiment.per_step:
        labels = 'pad(labels, "int32")[:, :, None]'
    elif experiment.classes == 2:
        labels = "np.array(labels)[:, None]"
    else:
        labels = "labels"
    lengths = ""
    if experiment.batches != "fixed":
        lengths = LENGTHS.format(experiment.padded_length)
    padded = PADDED.substitute(
        observed=", observed" if missing else "",
        padded_length=experiment.padded_length,
        and_valid=", and where they are valid" if valid else "",
        before=WRITE_OVER.substitute(pad_value=pad_value) if missing else "",
        pad_value=pad_value,
        valid=valid,
        labels=labels,
        lengths=lengths,
    )
    cut = f', truncating="{experiment.truncating}"' if experiment.truncates else ""
    pad = PAD.substitute(padded_length=experiment.padded_length, side=experiment.side, cut=cut)
    return f"{pad}\n\n\n{padded}"


def recording_code(experiment: Experiment) -> str:
    """Return code with the recording as one long string, and its source."""
    task, stored = experiment.spec, {}
    assert task.recorded is not None
    for split, sequences in zip(("train", "test"), task.recorded(), strict=True):
        labels = sequences.labels if task.per_step else [label[:1] for label in sequences.labels]
        stored[f"{split}_lengths"] = np.array([len(values) for values in sequences.values])
        stored[f"{split}_values"] = np.concatenate(sequences.values)
        stored[f"{split}_labels"] = np.concatenate(labels)
    file = io.BytesIO()
    np.savez_compressed(file, **stored)
    text = base64.b64encode(file.getvalue()).decode("ascii")
    lines = "\n".join(text[start : start + WIDTH] for start in range(0, len(text), WIDTH))
    about = f"{task.source} A NumPy archive, written as base64 text."
    comment = fill(about, WIDTH, initial_indent="# ", subsequent_indent="# ")
    return f'{comment}\nRECORDING = """\n{lines}\n"""'


def is_recorded(experiment: Experiment) -> bool:
    """Whether the sequences come from a recording rather than from a random generator."""
    return experiment.spec.fixed is not None and not experiment.is_own


def needs_valid(experiment: Experiment) -> bool:
    """Whether anything has to know which steps are valid: a strategy's model, or the scoring."""
    return experiment.per_step or any(
        reads_valid(experiment, strategy) for strategy in experiment.strategies
    )


def _recorded_code(experiment: Experiment) -> str:
    return RECORDED.substitute(labels="np.split(labels, ends)" if experiment.per_step else "labels")


def _draw_code(experiment: Experiment) -> str:
    task, low, high = experiment.spec, experiment.min_length, experiment.max_length
    assert task.draw is not None and task.label is not None
    loop = DRAW.substitute(
        lengths=f"{low} steps" if low == high else f"{low} to {high} steps",
        label_word="labels, one per step" if experiment.per_step else "label",
        min_length=low,
        max_length=high,
        draw=task.draw.__name__,
        label=task.label.__name__,
    )
    # What draws here is what is exported.
    sources = [inspect.getsource(each).rstrip() for each in (task.draw, task.label)]
    return "\n\n\n".join([*sources, loop])
