"""Code that trains and scores as `maskdemo.training.run` does, with `Model.fit`, for the exports.

The same initial weights (`maskdemo.training.lstm.initial_weights`), the same batch order and
optimizer, and accuracy over the same steps.
"""

from __future__ import annotations

from string import Template

from maskdemo.data.batches import boundaries
from maskdemo.experiment import Experiment
from maskdemo.export.keras_code import reads_valid
from maskdemo.strategies import STRATEGIES

WEIGHTS = Template('''\
def initial_weights(seed):
    """What all models of a repeat start from: an LSTM's three arrays and a dense layer's two."""
    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    kernel = keras.initializers.GlorotUniform(seeds[0])(($features, $gates))
$channel    recurrent_kernel = keras.initializers.Orthogonal(seed=seeds[3])(($units, $gates))
    bias = np.repeat([0.0, 1.0, 0.0, 0.0], $units)  # 1 for the forget gate
    readout = keras.initializers.GlorotUniform(seeds[2])(($units, $outputs))
    readout_bias = np.zeros($outputs)
    return [kernel, recurrent_kernel, bias, readout, readout_bias]''')

#: Its row is drawn apart, so that the other strategies' kernels are the same without it.
CHANNEL = Template("""\
    mask_row = keras.initializers.GlorotUniform(seeds[1])(($channels, $gates))[-1:]
    kernel = np.concatenate([kernel, mask_row])
""")

INPUTS = '''\
def inputs_of(model, batch):
    """The arrays that this model reads, by the names of its inputs."""
    arrays = [batch[each.name] for each in model.inputs]
    return arrays if len(arrays) > 1 else arrays[0]'''

TRAIN = Template('''\
def train(model, weights, batch, orders):
    """Train from these weights, one epoch for each order of the sequences."""
$set_weights
    optimizer = keras.optimizers.Adam($learning_rate)
    optimizer.build(model.trainable_variables)  # or TensorFlow traces the training step twice
    model.compile(optimizer, loss=$loss)
    for order in orders:
$epoch''')
FIT = Template("""\
        shuffled = {name: array[order] for name, array in batch.items()}
        model.fit(
            $shuffled_inputs,
            shuffled["labels"],$sample_weight
            batch_size=$batch_size,
            shuffle=False,  # the order is the given one
            verbose=0,
        )""")

TRAIN_ON_BATCHES = Template("""\
        for rows in batches(batch["lengths"], order):
            part = cut(batch, rows)
            model.train_on_batch($inputs, part["labels"]$sample_weight)""")
CONSECUTIVE = Template('''\
def batches(lengths, order):
    """The sequences of each batch, in this order."""
    return np.split(order, range($batch_size, len(order), $batch_size))''')
LIKE_LENGTHS = Template('''\
def batches(lengths, order):
    """The sequences of each batch: like lengths together, as bucket_by_sequence_length takes them."""
    waiting, full = {}, []
    for row in order:
        bucket = int(np.searchsorted($boundaries, lengths[row], side="right"))
        waiting.setdefault(bucket, []).append(row)
        if len(waiting[bucket]) == $batch_size:
            full.append(waiting.pop(bucket))
    return full + [waiting[bucket] for bucket in sorted(waiting)]''')
CUT = Template('''\
def cut(batch, rows):
    """These sequences, padded to the longest of them."""
    steps = batch["lengths"][rows].max()
    return {
        name: array[rows, $kept] if name in $timed else array[rows]
        for name, array in batch.items()
    }


def answered(model, batch):
    """Batches that are made as in training, each with the model's outputs."""
    for rows in batches(batch["lengths"], np.arange(len(batch["lengths"]))):
        part = cut(batch, rows)
        yield part, model.predict_on_batch($inputs)''')
SCORE_BATCHES = Template('''\
def $name(model, batch):
    """$summary"""
    parts = [
        (part, $answer == part["labels"]) for part, outputs in answered(model, batch)
    ]
    $rest''')
RIGHT = "np.concatenate([right.ravel() for _, right in parts]).mean()"
RIGHT_VALID = 'np.concatenate([right[part["valid"]].ravel() for part, right in parts]).mean()'
RIGHT_BOTH = f"""\
return {{
        "all steps": {RIGHT},
        "valid steps": {RIGHT_VALID},
    }}"""
SET_WEIGHTS = "    model.set_weights(weights)"
SET_SOME_WEIGHTS = """\
    kernel, *others = weights
    rows = model.weights[0].shape[0]  # one more for a model that reads the mask
    model.set_weights([kernel[:rows], *others])"""
SAMPLE_WEIGHT = """
            sample_weight=shuffled["valid"].astype("float32"),"""
VALID_STEPS_LOSS = 'keras.losses.{}Crossentropy(reduction="mean_with_sample_weight")'

SCORE = Template('''\
def $name(model, batch):
    """$summary"""
    outputs = model.predict($inputs, verbose=0)
    $rest''')
BOTH_ACCURACIES = """\
right = {} == batch["labels"]
    return {{"all steps": right.mean(), "valid steps": right[batch["valid"]].mean()}}"""

COMPARE = Template('''\
def compare(epochs, repeats$path):
    """Train every model in every repeat; returns the rows of the table, title -> accuracies."""
    table, chances = {}, {}
    for repeat in range(repeats):
        seed = int(np.random.SeedSequence([$seed, repeat]).generate_state(1)[0])
        train_data, test_data = dataset(seed$path)
        train_batch, test_batch = padded(*train_data), padded(*test_data)
        weights = initial_weights(seed)
        rng = np.random.default_rng([$seed, repeat])
        orders = [rng.permutation($train_size) for _ in range(epochs)]
        for title, build in MODELS.items():
            model = build()
            train(model, weights, train_batch, orders)
$record
        if repeat == 0:
            labels = test_batch["labels"]
            chances = {$chances}
    return {**table, **chances}


def commonest(labels):
    """The share of the commonest label: what always giving it would score."""
    return [np.bincount(labels.ravel()).max() / labels.size]


def show(table):
    print("\\nAccuracy on unseen sequences, one column a repeat")
    for title, accuracies in table.items():
        columns = "  ".join(f"{each:.4f}" for each in accuracies)
        mean = f"   mean {np.mean(accuracies):.4f}" if len(accuracies) > 1 else ""
        print(f"{title:$width}  {columns}{mean}")''')

CHANCE = '"Chance (commonest label)": commonest(labels)'
CHANCE_VALID = '"Chance (commonest label)": commonest(labels[test_batch["valid"]])'
ALL_LABELS = """\
np.concatenate([
                    cut(test_batch, rows)["labels"].ravel()
                    for rows in batches(test_batch["lengths"], np.arange(len(labels)))
                ])"""
CHANCE_BOTH = """
                "Chance, all steps": commonest($all_labels),
                "Chance, valid steps": commonest(labels[test_batch["valid"]]),
            """

RECORD_ONE = """\
            table.setdefault(title, []).append(accuracy(model, test_batch))
            print(f"repeat {repeat + 1}: {title} {table[title][-1]:.4f}", flush=True)"""
RECORD_BOTH = """\
            for steps, accuracy in accuracies(model, test_batch).items():
                row = f"{title}, {steps}"
                table.setdefault(row, []).append(accuracy)
                print(f"repeat {repeat + 1}: {row} {accuracy:.4f}", flush=True)"""


def models_code(experiment: Experiment) -> str:
    """Return code of the table of models, by the titles of their strategies."""
    rows = [f'    "{STRATEGIES[each].title}": {each},' for each in experiment.strategies]
    return "\n".join(["MODELS = {", *rows, "}"])


def weights_code(experiment: Experiment) -> str:
    """Return code of `initial_weights(seed)`, with the mask channel's row if a strategy has any."""
    features = experiment.spec.features
    gates = 4 * experiment.units
    channel = CHANNEL.substitute(channels=features + 1, gates=gates)
    return WEIGHTS.substitute(
        features=features,
        units=experiment.units,
        gates=gates,
        outputs=experiment.spec.outputs,
        channel=channel if _has_mask_channel(experiment) else "",
    )


def training_code(experiment: Experiment) -> str:
    """Return code of `train(model, weights, batch, orders)`, and of what scores the model."""
    only_valid = experiment.per_step and not experiment.count_invalid
    loss = '"binary_crossentropy"' if experiment.classes == 2 else '"sparse_categorical_crossentropy"'
    kind = "Binary" if experiment.classes == 2 else "SparseCategorical"
    fixed = experiment.batches == "fixed"
    if fixed:
        epoch = FIT.substitute(
            shuffled_inputs=_inputs_code(experiment, "shuffled"),
            sample_weight=SAMPLE_WEIGHT if only_valid else "",
            batch_size=experiment.batch_size,
        )
    else:
        weight = ', sample_weight=part["valid"].astype("float32")' if only_valid else ""
        inputs = _inputs_code(experiment, "part")
        epoch = TRAIN_ON_BATCHES.substitute(inputs=inputs, sample_weight=weight)
    code = TRAIN.substitute(
        set_weights=SET_SOME_WEIGHTS if _has_mask_channel(experiment) else SET_WEIGHTS,
        learning_rate=repr(experiment.learning_rate),
        loss=VALID_STEPS_LOSS.format(kind) if only_valid else loss,
        epoch=epoch,
    )
    parts = [INPUTS] if _some_read_valid(experiment) else []
    if not fixed:
        parts += _batches_code(experiment)
    return "\n\n\n".join([*parts, code, _score_code(experiment)])


def _batches_code(experiment: Experiment) -> list[str]:
    """Return code of `batches(lengths, order)`, `cut(batch, rows)` and `answered(model, batch)`."""
    made = LIKE_LENGTHS if experiment.batches == "bucketed" else CONSECUTIVE
    timed = ("values", "valid", "labels") if experiment.per_step else ("values", "valid")
    return [
        made.substitute(batch_size=experiment.batch_size, boundaries=boundaries(experiment)),
        CUT.substitute(
            kept=":steps" if experiment.side == "post" else "-steps:",
            timed=str(timed).replace("'", '"'),
            inputs=_inputs_code(experiment, "part"),
        ),
    ]


def comparison_code(experiment: Experiment) -> str:
    """Return code of `compare(epochs, repeats)`, which trains everything, and `show(table)`."""
    both = experiment.per_step and experiment.count_invalid
    all_labels = "labels" if experiment.batches == "fixed" else ALL_LABELS
    chance_both = CHANCE_BOTH.replace("$all_labels", all_labels)
    return COMPARE.substitute(
        path=", path" if experiment.is_own else "",
        seed=experiment.seed,
        train_size=experiment.train_size,
        record=RECORD_BOTH if both else RECORD_ONE,
        chances=chance_both if both else CHANCE_VALID if experiment.per_step else CHANCE,
        width=31 if both else 24,
    )


def _score_code(experiment: Experiment) -> str:
    if experiment.batches != "fixed":
        return _score_batches_code(experiment)
    inputs = _inputs_code(experiment, "batch")
    if experiment.per_step and experiment.count_invalid:
        summary = "The share of right answers at all steps, padding included, and at valid steps only."
        rest = BOTH_ACCURACIES.format(_answer_code(experiment))
        return SCORE.substitute(name="accuracies", summary=summary, inputs=inputs, rest=rest)
    right = f'({_answer_code(experiment)} == batch["labels"])'
    if experiment.per_step:
        summary = "The share of right answers at valid steps."
        rest = f'return {right}[batch["valid"]].mean()'
    else:
        summary = "The share of sequences with the right answer."
        rest = f"return {right}.mean()"
    return SCORE.substitute(name="accuracy", summary=summary, inputs=inputs, rest=rest)


def _score_batches_code(experiment: Experiment) -> str:
    name, summary, rest = "accuracy", "The share of right answers.", f"return {RIGHT}"
    if experiment.per_step:
        summary, rest = "The share of right answers at valid steps.", f"return {RIGHT_VALID}"
        if experiment.count_invalid:
            name, summary = "accuracies", "The share of right answers at all steps and at valid ones."
            rest = RIGHT_BOTH
    answer = _answer_code(experiment)
    return SCORE_BATCHES.substitute(name=name, summary=summary, answer=answer, rest=rest)


def _answer_code(experiment: Experiment) -> str:
    """The label that a model gives, in the shape of the true ones."""
    if experiment.classes == 2:
        return "(outputs > 0.5)"
    return "outputs.argmax(axis=2)[:, :, None]" if experiment.per_step else "outputs.argmax(axis=1)"


def _inputs_code(experiment: Experiment, batch: str) -> str:
    return f"inputs_of(model, {batch})" if _some_read_valid(experiment) else f'{batch}["values"]'


def _some_read_valid(experiment: Experiment) -> bool:
    return any(reads_valid(experiment, strategy) for strategy in experiment.strategies)


def _has_mask_channel(experiment: Experiment) -> bool:
    return any(STRATEGIES[each].mask_channel for each in experiment.strategies)
