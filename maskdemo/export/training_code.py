"""Code that trains and scores as `maskdemo.training.run` does, with `Model.fit`, for the exports.

The same initial weights (`maskdemo.training.lstm.initial_weights`), the same batch order and
optimizer, and accuracy over the same steps.
"""

from __future__ import annotations

from string import Template

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
        shuffled = {name: array[order] for name, array in batch.items()}
        model.fit(
            $shuffled_inputs,
            shuffled["labels"],$sample_weight
            batch_size=$batch_size,
            shuffle=False,  # the order is the given one
            verbose=0,
        )''')

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
CHANCE_BOTH = """
                "Chance, all steps": commonest(labels),
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
    code = TRAIN.substitute(
        set_weights=SET_SOME_WEIGHTS if _has_mask_channel(experiment) else SET_WEIGHTS,
        learning_rate=repr(experiment.learning_rate),
        loss=VALID_STEPS_LOSS.format(kind) if only_valid else loss,
        shuffled_inputs=_inputs_code(experiment, "shuffled"),
        sample_weight=SAMPLE_WEIGHT if only_valid else "",
        batch_size=experiment.batch_size,
    )
    parts = [INPUTS] if _some_read_valid(experiment) else []
    return "\n\n\n".join([*parts, code, _score_code(experiment)])


def comparison_code(experiment: Experiment) -> str:
    """Return code of `compare(epochs, repeats)`, which trains everything, and `show(table)`."""
    both = experiment.per_step and experiment.count_invalid
    return COMPARE.substitute(
        path=", path" if experiment.is_own else "",
        seed=experiment.seed,
        train_size=experiment.train_size,
        record=RECORD_BOTH if both else RECORD_ONE,
        chances=CHANCE_BOTH if both else CHANCE_VALID if experiment.per_step else CHANCE,
        width=31 if both else 24,
    )


def _score_code(experiment: Experiment) -> str:
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
