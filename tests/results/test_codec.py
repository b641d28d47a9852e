"""A result comes back from its file as it was; any other file gives nothing and runs nothing."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from maskdemo.article.measurements import Measurements, measure_run
from maskdemo.article.program_run import Failure, Point, ProgramRun, Received
from maskdemo.results import codec
from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Outcome, Snapshot
from tests.samples import made_up, small


@pytest.fixture(scope="module")
def run() -> Snapshot:
    return made_up(small(strategies=("no_mask", "masking_layer"), epochs=3, repeats=2))


def back(form: Any, result: object, **options: bool) -> Any:
    file = io.BytesIO()
    codec.write(result, file, **options)
    file.seek(0)
    return codec.read(form, file)


def arrays_in(value: Any) -> Iterator[NDArray]:
    """Every array below a result, however deep."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from arrays_in(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from arrays_in(each)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from arrays_in(getattr(value, name))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_run_comes_back_bit_for_bit(run, compressed):
    again = back(Snapshot, run, compressed=compressed)
    assert again.probes.outputs.keys() == run.probes.outputs.keys()
    assert again.networks.keys() == run.networks.keys()
    assert replace(again, probes=run.probes, networks=run.networks) == run
    assert again.probes.epochs == run.probes.epochs
    pairs = list(zip(arrays_in(again), arrays_in(run), strict=True))
    assert len(pairs) > 20
    for one, other in pairs:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_findings_come_back_with_each_outcome_at_its_training():
    study = Study(
        base=small(repeats=2),
        vary="pad_value",
        values=(0.0, 1.5),
        and_vary="side",
        and_values=("post", "pre"),
    )
    outcomes = {each: Outcome(0.1 + 0.2, 0.5, 1 / 3, n, 30) for n, each in enumerate(study.trainings())}
    findings = Findings(study, outcomes, reused=1, failures=("One.",), seconds=1.5, finished=True)
    assert back(Findings, findings) == findings


def test_measurements_and_programs_come_back(run):
    known = Measurements({run.experiment: measure_run(run)}, {"one": {"a": [1.5], "b": None}})
    assert back(Measurements, known) == known
    programs = {
        "failed": ProgramRun("failed", failure=Failure("ValueError", "No.", None, "x = 1")),
        "ran": ProgramRun(
            "ran",
            {"keras": "3"},
            commonest=0.5,
            points=(Point(1, 2, 0.7, 0.5),),
            received=(Received("lstm", None, None), Received("lstm", 3, 4)),
        ),
    }
    assert back(Mapping[str, ProgramRun], programs) == programs


@pytest.mark.parametrize(
    ("form", "plain"),
    [
        (Outcome, []),
        (Outcome, {"accuracy": 1.0}),
        (Outcome, {"accuracy": "1", "valid_accuracy": 1, "loss": 1, "seconds": 1, "scored": 1}),
        (Outcome, {"accuracy": 1, "valid_accuracy": 1, "loss": 1, "seconds": 1, "scored": True}),
        (Outcome, {"accuracy": 1, "valid_accuracy": 1, "loss": 1, "seconds": 1, "scored": 1, "x": 1}),
        (tuple[int, int], [1]),
        (tuple[int, ...], 1),
        (Mapping[int, float], {"1": 0.5}),
        (int | None, "1"),
        (NDArray[np.float32], ["float32", 0, [2]]),
    ],
    ids=str,
)
def test_a_value_of_another_form_is_refused(form, plain):
    with pytest.raises(codec.OTHER_FORM):
        codec.from_plain(form, plain, {"float32": np.zeros(1, np.float32)})


@dataclass(frozen=True)
class Small:
    """A result with all that a file can have in it."""

    name: str
    numbers: tuple[float, ...]
    arrays: Mapping[str, NDArray[np.float32]]


SMALL = Small("one", (0.5, float("inf")), {"a": np.arange(6, dtype=np.float32).reshape(2, 3)})


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=3),
    length=st.floats(0, 1),
    compressed=st.booleans(),
)
def test_a_damaged_file_is_no_result_or_the_whole_one(flips, length, compressed, tmp_path):
    path = tmp_path / "result.npz"
    codec.write(SMALL, path, compressed=compressed)
    content = bytearray(path.read_bytes())
    for position, change in flips:
        content[int(position * len(content))] ^= change
    path.write_bytes(content[: round(length * len(content))])
    found = codec.read(Small, path)
    if found is not None:
        assert (found.name, found.numbers) == (SMALL.name, SMALL.numbers)
        np.testing.assert_array_equal(found.arrays["a"], SMALL.arrays["a"])


class Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_in_the_place_of_a_result_is_never_run(tmp_path):
    """Neither as the file itself nor as an array of objects in the archive."""
    made = tmp_path / "made"
    (tmp_path / "pickle").write_bytes(pickle.dumps(Touch(made)))
    np.savez(tmp_path / "objects.npz", json=np.array([Touch(made)], object))
    for name in ("pickle", "objects.npz"):
        assert codec.read(Small, tmp_path / name) is None
    assert not made.exists()
    pickle.loads((tmp_path / "pickle").read_bytes())
    assert made.exists(), "reading it by pickle would have"
