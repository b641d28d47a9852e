"""Runs: what a held state promises, what a comparison must keep equal, what a snapshot holds."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from maskdemo.data.inputs import arrays_of, inputs
from maskdemo.data.padding import pad
from maskdemo.data.sequences import Sequences
from maskdemo.errors import InvalidSettings
from maskdemo.training import probes, program_cache, training_run
from maskdemo.training.buckets import inference_layout
from maskdemo.training.lstm import Weights
from maskdemo.training.probes import PROBES, kept_epochs
from maskdemo.training.program import infer
from maskdemo.training.run import compile_ahead, train, train_once
from maskdemo.training.scoring import Score, probabilities
from maskdemo.training.snapshot import NETWORK_BYTES, Snapshot
from maskdemo.training.training_run import Record
from tests.oracles import recurrence
from tests.samples import ALL, small

TASKS_TRIED = {
    "one label": {},
    "padding in front": {"side": "pre", "pad_value": 1.0, "mask_value": 1.0},
    "missing readings": {"missing_rate": 0.4, "pad_value": -1.0},
    "a label a step": {"task": "running_sign"},
    "a label a step, valid ones": {"task": "running_sign", "count_invalid": False, "side": "pre"},
    "a label a step, readings missing": {"task": "running_sign", "missing_rate": 0.6, "side": "pre"},
}


@cache
def last(experiment) -> Snapshot:
    return list(train(experiment))[-1]


def bits(snapshot: Snapshot) -> dict:
    """Everything but the times, comparable bit for bit."""
    return {
        "curves": [asdict(replace(curve, epoch_seconds=None)) for curve in snapshot.curves],
        "chance": snapshot.chance,
        "done": snapshot.done,
        "outputs": {name: each.tobytes() for name, each in snapshot.probes.outputs.items()},
        "networks": {
            name: [[each.epoch, *(w.tobytes() for w in weights_of(each))] for each in kept]
            for name, kept in snapshot.networks.items()
        },
    }


def weights_of(network) -> Weights:
    return Weights(*(getattr(network, name) for name in Weights._fields))


def say(experiment, strategy: str, weights, sequences: Sequences, **padding) -> np.ndarray:
    """Probabilities (N, T, classes) through the real engine."""
    batch = pad(sequences, **padding)
    made = arrays_of(experiment, strategy, batch)
    everywhere = replace(made, weights=np.ones_like(made.weights))
    sizes = {"units": experiment.units, "outputs": experiment.spec.outputs}
    return probabilities(infer(inference_layout(everywhere, every_step=True, **sizes), weights))


RECTANGLES = [
    {"padded_length": length, "side": side, "pad_value": value}
    for length in (8, 9, 16)
    for side in ("post", "pre")
    for value in (0.0, 1.0, -9.0, 1000.0)
]


def moved_by_padding(strategy: str, case: str) -> float:
    """The largest change of a trained network's outputs on real steps over all the batches."""
    experiment = small(**{**TASKS_TRIED[case], "strategies": (strategy,), "epochs": 4})
    weights = weights_of(last(experiment).networks[strategy][-1])
    test = inputs(experiment).data.test
    said = [
        say(experiment, strategy, weights, test, **shape)[~pad(test, **shape).padded]
        for shape in RECTANGLES
    ]
    return max(float(np.abs(each - said[0]).max()) for each in said)


@pytest.mark.parametrize("case", ["one label", "missing readings", "a label a step"])
def test_padding_cannot_move_a_held_state(case):
    assert moved_by_padding("held_state", case) <= 1e-6


@pytest.mark.parametrize("strategy", ["no_mask", "zeroed_input", "mask_feature"])
def test_padding_moves_a_state_that_is_not_held(strategy):
    assert moved_by_padding(strategy, "one label") > 0.01


@pytest.mark.parametrize("case", TASKS_TRIED)
def test_leak_is_the_change_against_each_sequence_alone(case):
    """For all strategies, by the plain recurrence on unpadded sequences, one by one."""
    experiment = small(**TASKS_TRIED[case], strategies=ALL)
    snapshot = last(experiment)
    test = inputs(experiment).data.test
    for curve in snapshot.curves:
        weights = weights_of(snapshot.networks[curve.strategy][-1])
        whole = inputs(experiment).test
        made = arrays_of(experiment, curve.strategy, whole)
        padded_says = recurrence.said(weights, made)
        change = 0.0
        for row, values in enumerate(test.values):
            one = Sequences((values,), test.observed[row : row + 1], test.labels[row : row + 1])
            bare = pad(one, padded_length=len(values), side="post", pad_value=experiment.pad_value)
            alone_made = arrays_of(experiment, curve.strategy, bare)
            alone_says = recurrence.said(weights, alone_made)[0]
            if experiment.per_step:
                mine = padded_says[row][whole.valid[row]]
                alone_says = alone_says[bare.valid[0]]
            else:
                mine = padded_says[row][made.weights[row] > 0]
                alone_says = alone_says[alone_made.weights[0] > 0]
            change = max(change, np.abs(mine - alone_says).max())
        assert curve.leak == pytest.approx(change, abs=2e-6), curve.strategy


@pytest.mark.parametrize("case", TASKS_TRIED)
def test_a_held_state_leaks_exactly_nothing_and_no_mask_does(case):
    snapshot = last(small(**TASKS_TRIED[case]))
    leaks = {curve.strategy: curve.leak for curve in snapshot.curves}
    assert leaks["held_state"] == 0
    if case != "a label a step":
        assert leaks["no_mask"] > 1e-3
    else:
        # Padding after the end comes too late to change what was said before it.
        assert leaks["no_mask"] == 0


@pytest.mark.parametrize("changes", [{}, {"side": "pre"}, {"task": "running_sign"}], ids=str)
def test_multiplying_zero_padding_by_the_mask_changes_nothing(changes):
    """Example 3 of the article, bit for bit the model without a mask over the whole training."""
    snapshot = last(small(**changes, strategies=("no_mask", "zeroed_input"), epochs=5, repeats=2))
    for bare, zeroed in zip(snapshot.curves[::2], snapshot.curves[1::2], strict=True):
        assert (bare.strategy, zeroed.strategy) == ("no_mask", "zeroed_input")
        for name in ("loss", "accuracy", "test_loss", "test_accuracy", "test_valid_accuracy", "leak"):
            assert getattr(bare, name) == getattr(zeroed, name)
    one, other = (bits(snapshot)["networks"][name] for name in ("no_mask", "zeroed_input"))
    assert one == other
    padded_with_one = last(small(strategies=("no_mask", "zeroed_input"), pad_value=1.0))
    assert padded_with_one.curves[0].loss != padded_with_one.curves[1].loss


def test_the_same_experiment_gives_the_same_bits_also_among_others():
    experiment = small(strategies=ALL, repeats=2)
    alone = [bits(each) for each in train(experiment)]
    assert [bits(each) for each in train(experiment, threads=1)] == alone
    others = [small(seed=seed, strategies=ALL) for seed in (1, 2)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: list(train(one)), [experiment, *others, experiment]))
    assert [bits(each) for each in together[0]] == alone
    assert [bits(each) for each in together[3]] == alone
    assert bits(together[1][-1]) != bits(together[2][-1])


def test_a_strategy_does_not_depend_on_the_others():
    """Only the strategy differs: the same data, weights and batches for each, alone or not."""
    together = {curve.strategy: curve for curve in last(small(strategies=ALL)).curves}
    for strategy in ("no_mask", "held_state"):
        alone = last(small(strategies=(strategy,))).curves[0]
        assert replace(alone, epoch_seconds=None) == replace(together[strategy], epoch_seconds=None)


def test_more_repeats_and_more_epochs_begin_the_same():
    few, many = last(small()), last(small(repeats=2, epochs=3))
    for short, long in zip(few.curves, many.curves[:2], strict=True):
        assert long.loss[:2] == short.loss and long.test_loss[:2] == short.test_loss
    first, second = many.curves[0], many.curves[2]
    assert (first.strategy, first.repeat) == ("no_mask", 0)
    assert (second.strategy, second.repeat) == ("no_mask", 1)
    assert first.loss != second.loss


def test_with_nothing_padded_nothing_differs():
    """Example 1: one length for all."""
    snapshot = last(small(min_length=8, max_length=8, padded_length=8, strategies=ALL))
    losses = {curve.strategy: curve.loss for curve in snapshot.curves}
    assert losses.pop("mask_feature") != losses["no_mask"]
    assert len(set(losses.values())) == 1
    assert {curve.leak for curve in snapshot.curves} == {0.0}


def test_epoch_seconds_leave_out_the_first_epoch():
    epochs = {"trained": [(0.0, 0.0)] * 3, "tested": [(Score(0.0, 0.0), 0.0)] * 3}
    one = Record("no_mask", 0, scored=9, **epochs, seconds=[2.0, 2.5, 3.1])
    other = Record("no_mask", 1, scored=9, **epochs, seconds=[0.4, 1.0, 1.5])
    assert one.curve(1, finished=False).epoch_seconds is None
    assert one.curve(2, finished=False).epoch_seconds == pytest.approx(0.5)
    curves = (one.curve(3, finished=True), other.curve(3, finished=True))
    last = replace(list(train(small(epochs=1)))[-1], curves=curves)
    assert last.epoch_seconds("no_mask") == pytest.approx(0.55)
    assert last.epoch_seconds("held_state") is None


def test_with_an_interval_only_the_newest_is_made_and_the_first_and_last_come_at_once():
    experiment = small(repeats=3, epochs=3)
    whole = list(train(experiment))
    first, final = train(experiment, interval_s=3600)
    assert [bits(first), bits(final)] == [bits(whole[0]), bits(whole[-1])]
    assert final.finished and final.done == 1


def test_snapshots_arrive_epoch_by_epoch_and_stay_as_they_are():
    experiment = small(repeats=2, epochs=3, strategies=("no_mask", "held_state", "mask_feature"))
    seen, copies = [], []
    for snapshot in train(experiment):
        seen.append(snapshot)
        copies.append(bits(snapshot))
    assert [bits(each) for each in seen] == copies
    assert len(seen) == 6
    assert [each.done for each in seen] == pytest.approx([n / 6 for n in range(1, 7)])
    assert [each.finished for each in seen] == [False] * 5 + [True]
    assert all(one.seconds < other.seconds for one, other in pairwise(seen))
    for number, snapshot in enumerate(seen):
        repeat, epoch = divmod(number, 3)
        wanted = [(r, s) for r in range(repeat + 1) for s in experiment.strategies]
        assert [(curve.repeat, curve.strategy) for curve in snapshot.curves] == wanted
        reached = 3 if repeat else epoch + 1
        for curve in snapshot.curves:
            epochs = 3 if curve.repeat < repeat else epoch + 1
            for name in ("loss", "accuracy", "test_loss", "test_accuracy", "test_valid_accuracy"):
                values = getattr(curve, name)
                assert len(values) == epochs and np.isfinite(values).all()
            assert (curve.leak is None) == (epochs < 3)
            assert curve.finished == (curve.leak is not None)
            assert curve.scored == experiment.test_size
        assert snapshot.probes.epochs == tuple(range(1, reached + 1))
        for output in snapshot.probes.outputs.values():
            assert output.shape == (reached, PROBES, experiment.padded_length, 2)
            np.testing.assert_allclose(output.sum(axis=-1), 1, atol=1e-6)


@pytest.mark.parametrize("case", TASKS_TRIED)
def test_what_is_reported_is_what_the_kept_network_says(case):
    """Accuracy and probe outputs, recomputed by the plain recurrence from the last weights."""
    experiment = small(**TASKS_TRIED[case], strategies=ALL)
    snapshot = last(experiment)
    test = inputs(experiment).test
    for curve in snapshot.curves:
        network = snapshot.networks[curve.strategy][-1]
        assert network.epoch == experiment.epochs
        made = arrays_of(experiment, curve.strategy, test)
        said = recurrence.said(weights_of(network), made)
        right = said.argmax(axis=2) == made.targets
        reported = (right * made.weights).sum() / made.weights.sum()
        on_valid = right[test.valid].mean() if experiment.per_step else reported
        # A test sequence on the very edge may fall to either side by rounding.
        edge = 1.5 / float(made.weights.sum())
        assert curve.test_accuracy[-1] == pytest.approx(reported, abs=edge)
        assert experiment.per_step or curve.test_accuracy == curve.test_valid_accuracy
        assert curve.test_valid_accuracy[-1] == pytest.approx(on_valid, abs=1.5 / int(test.valid.sum()))
        assert curve.test_loss[-1] == pytest.approx(
            recurrence.loss(weights_of(network), made), abs=1e-5
        )
        rows = [int(at) for at in np.linspace(0, experiment.test_size - 1, PROBES)]
        np.testing.assert_array_equal(snapshot.probes.values, test.values[rows])
        np.testing.assert_allclose(snapshot.probes.outputs[curve.strategy][-1], said[rows], atol=5e-6)


def test_networks_are_kept_evenly_and_within_their_bytes():
    experiment = small(epochs=12)
    snapshot = last(experiment)
    epochs = [each.epoch for each in snapshot.networks["no_mask"]]
    assert epochs == list(range(1, 13))
    one = snapshot.networks["no_mask"][0].nbytes
    for size in (one, NETWORK_BYTES // 10, NETWORK_BYTES // 2, NETWORK_BYTES, 3 * NETWORK_BYTES):
        kept = kept_epochs(experiment.epochs, NETWORK_BYTES // (2 * size))
        assert 12 in kept and kept <= set(range(1, 13))
        assert len(kept) == 1 or len(kept) * size * 2 <= NETWORK_BYTES


def test_outputs_of_probes_are_kept_evenly_and_within_their_bytes(monkeypatch):
    whole = list(train(small(epochs=12)))
    one = 2 * whole[-1].probes.outputs["no_mask"][:1].nbytes
    monkeypatch.setattr(probes, "PROBE_BYTES", 4 * one)
    for snapshot, full in zip(train(small(epochs=12)), whole, strict=True):
        epochs, newest = snapshot.probes.epochs, full.probes.epochs[-1]
        assert epochs == (*(at for at in (1, 4, 8, 12) if at < newest), newest)
        for name, outputs in snapshot.probes.outputs.items():
            kept = [full.probes.outputs[name][at - 1] for at in epochs]
            np.testing.assert_array_equal(outputs, kept)
    assert [snapshot.probes.index(at) for at in (0, 1, 3, 4, 11, 12)] == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("side", ["post", "pre"])
def test_probes_know_where_the_answer_is_read(side):
    probes = last(small(side=side, strategies=("no_mask", "last_valid_step"))).probes
    steps = probes.valid.shape[1]
    assert (probes.read_out["no_mask"] == steps - 1).all()
    for row, at in enumerate(probes.read_out["last_valid_step"]):
        assert probes.valid[row, at] and not probes.valid[row, at + 1 :].any()
    per_step = last(small(task="running_sign", side="post", count_invalid=False)).probes
    assert [per_step.valid[row, at] for row, at in enumerate(per_step.read_out["no_mask"])]
    assert (per_step.read_out["no_mask"] == per_step.valid.sum(axis=1) - 1).all()


def test_a_test_set_without_a_real_step_is_a_sentence():
    settings = {"train_size": 16, "test_size": 16, "missing_rate": 0.9, "padded_length": 1}
    with pytest.raises(InvalidSettings, match="In repeat 1 no test sequence has a real step"):
        last(small(task="running_sign", count_invalid=False, seed=42, **settings))


def curve_threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("curve")}


def test_closing_a_run_stops_it():
    before = curve_threads()
    run = train(small(epochs=200))
    next(run)
    assert curve_threads() - before
    run.close()
    assert not curve_threads() - before


def test_compiling_ahead_leaves_nothing_to_compile_and_trains_nothing(monkeypatch):
    experiment = small(units=3, strategies=ALL)
    trained = []
    real = training_run.train_epoch
    monkeypatch.setattr(training_run, "train_epoch", lambda *given: trained.append(1) or real(*given))
    before = program_cache.programs_compiled()
    compile_ahead(experiment)
    compiled = program_cache.programs_compiled()
    assert compiled > before and not trained
    assert last(experiment).finished
    assert trained and program_cache.programs_compiled() == compiled
    compile_ahead(small(units=5), stop=lambda: True)
    assert program_cache.programs_compiled() == compiled


@pytest.mark.parametrize("case", TASKS_TRIED)
def test_a_training_alone_ends_as_its_curve_does(case):
    experiment = small(**TASKS_TRIED[case], repeats=2)
    for curve in last(experiment).curves:
        alone = train_once(replace(experiment, strategies=(curve.strategy,)), curve.repeat)
        assert alone.accuracy == curve.test_accuracy[-1] and alone.loss == curve.test_loss[-1]
        assert alone.valid_accuracy == curve.test_valid_accuracy[-1]
        assert alone.scored == curve.scored


def test_a_failure_ends_the_run_with_its_reason(monkeypatch):
    def broken(self):
        raise RuntimeError("no more memory")

    run = train(small(epochs=3))
    next(run)
    monkeypatch.setattr(training_run.TrainingRun, "score", broken)
    with pytest.raises(RuntimeError, match="no more memory"):
        list(run)


def test_later_repeats_fill_the_cores_but_appear_later(monkeypatch):
    """One strategy and four threads: all repeats train at once, snapshots come in order."""
    meeting = threading.Barrier(3, timeout=60)
    real = training_run.TrainingRun.score

    def score(self):
        if len(self.record.trained) == 1:
            meeting.wait()
        real(self)

    monkeypatch.setattr(training_run.TrainingRun, "score", score)
    seen = list(train(small(strategies=("no_mask",), repeats=3), threads=3))
    assert [len(each.curves) for each in seen] == [1, 1, 2, 2, 3, 3]
    assert [each.curves[-1].repeat for each in seen] == [0, 0, 1, 1, 2, 2]
