"""How the property tests draw their examples, which tests are which, and what runs first."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from maskdemo.loading import garbage_collection_paused
from maskdemo.training import compile_cache
from tests.compiling_ahead import without

# Neither what a person keeps nor what another run of the tests has kept: workers inherit it.
_STORE = tempfile.TemporaryDirectory(prefix="maskdemo-tests-")
os.environ["MASKDEMO_STORE"] = _STORE.name
# A program that a process of this run has compiled is loaded by all other processes, as the app's
# processes do: the first process chooses the folder, and its children inherit the choice. `make check`
# and `make test` name a folder that stays for the next run; `make fuzz` compiles everything anew, as
# does `training/test_compile_cache.py`, which has folders of its own.
_COMPILED = os.environ.get("MASKDEMO_TESTS_COMPILED", Path(_STORE.name) / "compiled")
# The tests have more shapes than an app: with its limit, each run would compile what another let go.
compile_cache.MAX_BYTES = 256 * 2**20
os.environ.update(compile_cache.cache_environment(Path(_COMPILED)))
# Workers inherit it too. What compiles the programs of the scenarios has a test of its own.
Path(_STORE.name, "sitecustomize.py").write_text(without("compile_scenarios"))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_STORE.name, os.environ.get("PYTHONPATH"))))

HERE = Path(__file__).parent
ORACLES = HERE / "oracles"
#: Files and folders that take longest. They begin first, so that the processes that share the suite
#: end together on small ones, and neither waits for the other's last journey.
FIRST = (
    "browser",
    # Before the others of its folder: it has a worker killed that still imports (`make fuzz`).
    "server/test_worker.py",
    "server",
    "ui",
    "oracles/test_keras.py",
    "training",
    "audit",
    "test_package.py",
    "uploads",
    "cli",
    "export/test_script.py",
    "article",
    "results",
    "study",
)
#: What trains, audits models, reads many tables, simulates, or opens pages with a worker: slow.
SLOW = (
    "article/test_claims.py",
    "audit/test_random_graphs.py",
    "audit/test_backends.py",
    "audit/test_compositions.py",
    "audit/test_example_models.py",
    "audit/test_fixes.py",
    "audit/test_non_finite.py",
    "audit/test_temporary_changes.py",
    "audit/test_pytest_checks.py",
    "audit/test_report.py",
    "cli/test_data.py",
    "cli/test_export.py",
    "cli/test_run.py",
    "evidence/test_simulated.py",
    "guide/test_guide.py",
    "inside",
    "server/test_server.py",
    "test_adding.py",
    "training/test_buckets.py",
    "training/test_program.py",
    "training/test_run.py",
    "ui/test_padding_handle.py",
    "uploads/test_export.py",
    "uploads/test_field.py",
    "uploads/test_round_trip.py",
    "uploads/test_training.py",
    *(f"ui/test_{page}.py" for page in ("arrival", "article", "audit", "inside", "live_job", "own")),
    *(f"ui/test_{page}.py" for page in ("playground", "precomputed", "study", "take_away", "upload")),
)
assert not [each for each in (*FIRST, *SLOW) if not (HERE / each).exists()], "renamed or gone"
#: Folders whose files share a worker with TensorFlow: one process runs all of a folder. Journeys also
#: share a Chromium, and where they wait the other processes compute. A file's tests always stay in one
#: process, so that they compile a shape once.
SHARING = ("browser", "server", "ui")

# The same examples every time, and no deadline: machines that run tests are busy.
settings.register_profile("same", max_examples=25, derandomize=True, deadline=None, database=None)
# New ones, and more of them: what is found is kept until it is mended (`make fuzz`).
settings.register_profile("fuzz", max_examples=1000, deadline=None)
settings.load_profile("same")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import everything, without a search for garbage in it then or later."""
    with garbage_collection_paused():
        return (yield)


# Before the hook that looks for groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; say what stays in one process, and what `make check` leaves out."""
    items.sort(key=lambda item: place(item.path, FIRST))
    for item in items:
        file = item.path.relative_to(HERE)
        together = file.parts[0] if file.parts[0] in SHARING else str(file)
        item.add_marker(pytest.mark.xdist_group(together))
        if ORACLES in item.path.parents:
            item.add_marker(pytest.mark.oracle)
        if place(item.path, SLOW) < len(SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where groups are lost: their tests would be shared out without a word, and take longer."""
    if getattr(session.config.option, "loadgroup", False):
        assert all("@" in item.nodeid for item in session.items), "pytest-xdist has lost the groups"


def place(path: Path, files: tuple[str, ...]) -> int:
    """Where a file, or the folder that it is in, stands in a list; its length where it does not."""
    file = path.relative_to(HERE)
    within = (at for at, each in enumerate(files) if file.is_relative_to(each))
    return next(within, len(files))
