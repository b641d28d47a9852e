"""Finished runs: found by their settings, bounded by their size, whatever the disk does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from pytest import MonkeyPatch, mark

from maskdemo.data.inputs import Chance
from maskdemo.experiment import Experiment
from maskdemo.results.finished_runs import FinishedRuns, array_bytes
from maskdemo.training.snapshot import Probes, Snapshot
from tests.results.test_codec import arrays_in
from tests.samples import SMALL, made_up, small
from tests.uploads.files import experiment_with
from tests.uploads.test_memory import own_of


def finished(seed: int, bytes_: int = 1000, experiment: Experiment | None = None) -> Snapshot:
    outputs = {"no_mask": np.zeros((1, 1, bytes_ // 4, 1), np.float32)}
    nothing = np.zeros((0, 0, 0), np.float32)
    none: Any = np.zeros((0, 0))
    probes = Probes(nothing, none, none, none, outputs)
    return Snapshot(experiment or small(seed=seed), (), probes, Chance(0.5, 0.5), True, 1.0, 1.0)


def test_a_finished_run_is_found_by_equal_settings_only():
    results = FinishedRuns()
    one = finished(1)
    assert results.find(small(seed=1)) is None
    results.keep(replace(one, finished=False))
    assert results.find(small(seed=1)) is None
    results.keep(one)
    assert results.find(small(seed=1)) is one
    assert results.find(small(seed=2)) is None


def test_those_not_asked_for_longest_go_first_and_one_too_large_pushes_nobody_out():
    results = FinishedRuns(max_bytes=3000, in_memory=0)
    for seed in (1, 2, 3):
        results.keep(finished(seed))
    assert results.find(small(seed=1))
    results.keep(finished(4))
    results.keep(finished(5, bytes_=3004))
    assert [seed for seed in range(6) if results.find(small(seed=seed))] == [1, 3, 4]


def test_what_does_not_fit_into_memory_comes_back_from_its_file_as_it_was():
    runs = [made_up(small(seed=seed)) for seed in (1, 2)]
    results = FinishedRuns(in_memory=array_bytes(runs[0]) + 500)
    for each in (*runs, finished(3)):
        results.keep(each)
    for each in runs:
        found = results.find(each.experiment)
        assert found is not None and found is not each
        assert found.curves == each.curves and found.chance == each.chance
        for name in each.experiment.strategies:
            assert (found.probes.outputs[name] == each.probes.outputs[name]).all()
            assert (found.networks[name][-1].kernel == each.networks[name][-1].kernel).all()
    assert results.find(runs[1].experiment) is found, "the last one used stays in memory"


def test_the_size_of_a_run_is_nearly_all_of_its_arrays():
    run = made_up(small(epochs=4))
    whole = sum(each.nbytes for each in arrays_in(run))
    assert 0.9 * whole <= array_bytes(run) <= whole


@contextmanager
def no_disk(kind: str, patch: MonkeyPatch) -> Iterator[None]:
    """No temporary file can be opened, or none can be longer than its first bytes."""
    if kind == "unwritable":
        patch.setattr("tempfile.tempdir", os.devnull)
        yield
        return
    import resource

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@mark.skipif(os.name == "nt", reason="The size of a file can be limited elsewhere.")
@mark.parametrize("kind", ["unwritable", "full"])
def test_without_room_for_temporary_files_runs_stay_in_memory_and_the_oldest_go(kind, monkeypatch):
    results = FinishedRuns(in_memory=1500, without_disk=3500)
    with no_disk(kind, monkeypatch):
        for seed in range(5):
            results.keep(finished(seed))
        assert [seed for seed in range(5) if results.find(small(seed=seed))] == [2, 3, 4]
        assert not results.disk_works
    monkeypatch.undo()
    results.keep(finished(5))
    assert results.disk_works
    assert all(results.find(small(seed=seed)) for seed in (2, 3, 4, 5)), "there is room on disk again"


def test_a_temporary_file_that_cannot_be_read_is_a_run_that_is_not_there():
    results = FinishedRuns(in_memory=1500)
    for seed in (1, 2):
        results.keep(finished(seed))
    file = results._files.find((small(seed=1),))
    assert file is not None
    file.file.truncate(200)
    assert results.find(small(seed=1)) is None
    assert results.find(small(seed=2)) is not None


def test_what_a_session_looks_at_of_its_own_sequences_goes_last_and_is_never_on_disk():
    owns = [own_of(seed) for seed in range(3)]
    results = FinishedRuns(in_memory=1500, own=4000)

    def run(viewer: int, seed: int) -> Experiment:
        return experiment_with(owns[viewer], Experiment(**{**SMALL, "seed": seed}))

    def keep(viewer: int, seed: int) -> None:
        results.keep(finished(seed, experiment=run(viewer, seed)))

    def there() -> set[tuple[int, int]]:
        return {(v, s) for v in range(3) for s in range(3) if results.find(run(v, s))}

    keep(0, 0)
    keep(1, 0)
    for seed in range(8):
        results.keep(finished(seed))
    assert results.find(run(0, 0)) and results.find(run(1, 0)), "others' runs take no room of theirs"
    keep(2, 0)
    keep(2, 1)
    keep(2, 2)
    assert there() == {(0, 0), (1, 0), (2, 1), (2, 2)}, "the oldest that nobody looks at"
    keep(0, 1)
    assert there() == {(1, 0), (2, 1), (2, 2), (0, 1)}
    assert not results._files.find((run(1, 0),))
