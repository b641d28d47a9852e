"""The article's examples: every program run for real, and the mended layer against Keras's own.

One program runs in `make test`, in the tests' own process; all of them in `make fuzz`, each in another.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from maskdemo.article.examples import EXAMPLES, PROGRAMS, Program, program_diff
from maskdemo.article.program_run import (
    Failure,
    ProgramRun,
    Received,
    outcome_findings,
    outcome_sentence,
)
from maskdemo.article.run_program import run_program, visible_text
from maskdemo.results.precompute import run_in_clean_process
from maskdemo.scenarios import SCENARIOS

pytestmark = pytest.mark.slow

#: The other programs run in `make fuzz`: each starts a process that loads TensorFlow.
fuzz = pytest.mark.fuzz


@cache
def outcome_of(name: str) -> ProgramRun:
    """What the program did, as `make evidence` records it."""
    return run_in_clean_process(PROGRAMS[name])


def ran(name: str) -> ProgramRun:
    """The outcome of a program that has to get to its end."""
    outcome = outcome_of(name)
    assert outcome.failure is None, outcome.failure
    return outcome


def failed(outcome: ProgramRun) -> Failure:
    assert outcome.failure is not None
    return outcome.failure


def line_of(program: Program, words: str) -> int:
    """The number of the only line with these words."""
    (found,) = [at for at, line in enumerate(program.text.splitlines(), 1) if words in line]
    return found


def in_this_process(name: str) -> ProgramRun:
    return run_program(name, PROGRAMS[name].text)


@pytest.mark.parametrize("run", [in_this_process, pytest.param(outcome_of, marks=fuzz)])
def test_a_run_tells_its_versions_and_where_it_failed(run):
    name = "example_3_as_written"
    outcome = run(name)
    assert outcome.versions["Keras"] == keras.__version__
    assert outcome.versions["TensorFlow"] == tf.__version__
    accepted = inspect.signature(keras.layers.LSTMCell.get_initial_state).parameters
    if "inputs" in accepted:
        pytest.skip(f"Keras {keras.__version__} still takes the argument.")
    failure = failed(outcome)
    assert failure.kind == "TypeError"
    assert "unexpected keyword argument 'inputs'" in failure.message
    assert failure.line == line_of(PROGRAMS[name], "get_initial_state(inputs=inputs)")
    assert failure.source == "start = self.cell.get_initial_state(inputs=inputs)"
    assert f"line {failure.line} with a TypeError" in outcome_sentence(outcome)
    assert not outcome.points


@fuzz
def test_the_first_example_runs_and_a_mask_changes_nothing_in_it():
    outcome = ran("example_1_as_written")
    assert outcome.received == (Received("LSTM", None, None),)
    assert 'Model: "sequential' in outcome.output and "(LSTM)" in outcome.output
    beside = ran("example_1_beside_a_mask")
    told = re.search(r"Largest change by the mask: (\S+)", beside.output)
    assert told is not None and float(told[1]) < 1e-6


@fuzz
def test_the_second_example_lacks_an_import():
    failure = failed(outcome_of("example_2_as_written"))
    assert (failure.kind, failure.message) == ("NameError", "name 'np' is not defined")
    assert failure.line == line_of(PROGRAMS["example_2_as_written"], "sequences = np")


@fuzz
def test_the_second_example_lacks_nothing_else():
    mended = ran("example_2_mended")
    (received,) = mended.received
    assert received.steps == 1000 and received.valid is not None and 100 < received.valid < 1000
    assert mended.leak == 0
    told_by_batch(mended)


@fuzz
def test_with_its_argument_mended_the_third_example_has_a_sequence_for_each_label():
    outcome = outcome_of("example_3_argument_mended")
    assert outcome.received == (Received("ManualLSTM", None, None),)
    try:
        keras.losses.binary_crossentropy(np.ones(2), np.full((2, 3, 1), 0.5))
    except ValueError:
        failure = failed(outcome)
        assert failure.source == "reader.fit(sequences, labels, epochs=2)"
        assert not outcome.points
    else:
        assert outcome.failure is None


@fuzz
def test_with_its_last_output_only_the_third_example_trains_without_a_mask():
    outcome = ran("example_3_last_output")
    assert outcome.received == (Received("ManualLSTM", None, None),)
    assert outcome.leak is not None and outcome.leak > 1e-6


@fuzz
def test_a_mask_that_is_handed_on_meets_the_loss():
    class LastStep(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            return inputs[:, -1]

    tiny = keras.Sequential(
        [keras.layers.Input((None, 1)), keras.layers.Masking(), LastStep(), keras.layers.Dense(1)]
    )
    tiny.compile(loss="mse", run_eagerly=True)
    outcome = outcome_of("example_3_masking_layer")
    (received,) = outcome.received
    assert received.valid is not None
    try:
        tiny.train_on_batch(np.ones((4, 3, 1)), np.ones(4))
    except Exception:
        assert failed(outcome).source == "reader.fit(sequences, labels, epochs=2)"
    else:
        assert outcome.failure is None


@fuzz
def test_multiplying_by_the_mask_leaves_the_padding_in():
    outcome = ran("example_3_mask_ends")
    hides_padding(outcome)
    assert outcome.leak is not None and outcome.leak > 1e-6


@fuzz
def test_holding_the_state_leaves_the_padding_out():
    outcome = ran("example_3_state_held")
    hides_padding(outcome)
    assert outcome.leak == 0
    told_by_batch(outcome)


@fuzz
@pytest.mark.parametrize("name", PROGRAMS)
def test_loss_and_accuracy_are_reported_batch_by_batch(name):
    outcome = outcome_of(name)
    if outcome.failure is None:
        told_by_batch(outcome)
    else:
        assert not outcome.points


def hides_padding(outcome: ProgramRun) -> None:
    """The layer received a mask with some but not all steps."""
    (received,) = outcome.received
    assert received.steps == 1000 and received.valid is not None and received.valid < 1000


def told_by_batch(outcome: ProgramRun) -> None:
    """Loss and accuracy after every batch are what Keras itself prints."""
    assert (outcome.epochs, outcome.batches) == (2, 4)
    assert [(each.epoch, each.batch) for each in outcome.points] == [
        (epoch, batch) for epoch in (1, 2) for batch in (1, 2, 3, 4)
    ]
    # What Keras prints at the end of each epoch are the same numbers, rounded.
    printed = re.findall(r"accuracy: (\d\.\d+) - loss: (\d\.\d+)", outcome.output)
    ends = [each for each in outcome.points if each.batch == 4]
    assert [(float(a), float(b)) for a, b in printed] == [
        (pytest.approx(each.accuracy, abs=1e-4), pytest.approx(each.loss, abs=1e-4)) for each in ends
    ]
    assert outcome.commonest is not None and 0.5 <= outcome.commonest < 0.8


def manual_layer(program: str) -> Any:
    """The program's own layer, 4 units, with weights and biases as training might leave them."""
    before = PROGRAMS[program].text.split("\nreader = ")[0]
    defined: dict[str, Any] = {}
    exec(compile(before, program, "exec"), defined)
    layer = defined["ManualLSTM"](4)
    layer(np.zeros((1, 3, 5), np.float32))
    generator = np.random.default_rng(5)
    layer.set_weights([generator.normal(size=each.shape) for each in layer.get_weights()])
    return layer


@pytest.fixture(scope="module")
def padded() -> tuple[np.ndarray, np.ndarray]:
    """Sequences (6, 10, 5) of every kind of length, with their mask; one is not padded at all."""
    valid = np.arange(10) < np.array([1, 2, 5, 7, 9, 10])[:, None]
    values = np.random.default_rng(3).normal(size=(6, 10, 5)) * valid[..., None]
    return values.astype(np.float32), valid


def test_the_mended_layer_is_keras_masked_lstm(padded):
    values, valid = padded
    layer = manual_layer("example_3_state_held")
    theirs = keras.layers.LSTM(4)
    theirs.build((None, None, 5))
    theirs.set_weights(layer.get_weights())
    mine = np.asarray(layer(values, mask=valid))
    np.testing.assert_allclose(mine, theirs(values, mask=valid), atol=1e-6)
    for row, length in enumerate(valid.sum(axis=1)):
        alone = theirs(values[row : row + 1, :length])
        np.testing.assert_allclose(mine[row : row + 1], alone, atol=1e-6)


def test_the_multiplied_mask_changes_no_bit(padded):
    values, valid = padded
    layer = manual_layer("example_3_mask_ends")
    np.testing.assert_array_equal(layer(values, mask=valid), layer(values))


def test_every_step_changes_the_program_and_says_why():
    for example in EXAMPLES:
        assert example.scenario in SCENARIOS
        for before, after in zip(example.programs, example.programs[1:], strict=False):
            changed = [
                line for line in program_diff(before, after).splitlines()[2:] if line[:1] in "+-"
            ]
            assert 0 < len(changed) <= 16
            assert after.reason


def test_what_a_terminal_writes_over_is_gone():
    assert visible_text("a\r1/2\b\b\b\r2/2\nb\n") == "2/2\nb\n"
    assert visible_text("one\ntwo\r\n") == "one\ntwo\r\n"


def test_findings_say_what_was_measured():
    outcome = ProgramRun("x", received=(Received("LSTM", 3, 8),), leak=0.25)
    assert any("3 of 8" in each for each in outcome_findings(outcome))
    assert any("0.25" in each for each in outcome_findings(outcome))
    assert any("exactly the same" in each for each in outcome_findings(ProgramRun("x", leak=0.0)))
    assert outcome_findings(ProgramRun("x")) == ()
